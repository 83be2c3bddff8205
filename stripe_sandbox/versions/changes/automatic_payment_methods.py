"""Payments and setups came to take whatever the account's settings allow, instead of cards alone,
unless the request says otherwise."""

from __future__ import annotations

from stripe_sandbox.versions.change import Change, OlderRequest


def _raise(request: OlderRequest) -> None:
    form = request.form
    if "automatic_payment_methods" not in form and "payment_method_types" not in form:
        form["payment_method_types"] = {"0": "card"}


CHANGE = Change(
    "2023-08-16", requests={"POST /v1/payment_intents": _raise, "POST /v1/setup_intents": _raise}
)
