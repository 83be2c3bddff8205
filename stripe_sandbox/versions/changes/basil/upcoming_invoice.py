"""The upcoming invoice gave way to previews."""

from __future__ import annotations

from stripe_sandbox.schema.sdk_operations import Operation
from stripe_sandbox.versions.change import Change

CHANGE = Change(
    "2025-03-31.basil",
    operations=(
        Operation("GET", "/v1/invoices/upcoming"),
        Operation("GET", "/v1/invoices/upcoming/lines"),
    ),
)
