"""What the launcher and the commands have to agree on about the embedded sandbox."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import SecretStr

SANDBOX_DATABASE = Path(".data/stripe_sandbox.sqlite3")
# Beside the one for Stripe, so that a later key does not meet the sandbox's sessions.
BILLING_DATABASE = SecretStr("sqlite:///.data/billing_sandbox.sqlite3")
# Parameters of Stripe's: https://docs.stripe.com/api/prices/create
PRO_PRICE: dict[str, Any] = {
    "currency": "usd",
    "lookup_key": "pro_monthly",
    "product_data": {"name": "Pro plan", "description": "Everything in Pro, billed monthly"},
    "recurring": {"interval": "month"},
    "unit_amount": 9900,
}
CREDIT_PRICE: dict[str, Any] = {
    "currency": "usd",
    "lookup_key": "extra_load_credit",
    "product_data": {"name": "Extra load credit", "description": "One load credit, bought once"},
    "unit_amount": 99,
}
ENDPOINT_DESCRIPTION = "This dashboard"  # of the sandbox's endpoint that leads to this app
