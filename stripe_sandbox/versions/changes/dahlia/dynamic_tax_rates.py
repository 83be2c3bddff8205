"""The line items of a Checkout Session lost their `dynamic_tax_rates`."""

from __future__ import annotations

from stripe_sandbox.versions.change import Change, OlderRequest


def _raise(request: OlderRequest) -> None:
    request.refuse("line_items", "*", "dynamic_tax_rates")


CHANGE = Change("2026-07-29.dahlia", requests={"POST /v1/checkout/sessions": _raise})
