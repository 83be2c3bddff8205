"""Payments came to be captured asynchronously unless the request says otherwise."""

from __future__ import annotations

from stripe_sandbox.versions.change import Change, OlderRequest


def _raise(request: OlderRequest) -> None:
    form = request.form
    data = form.setdefault("payment_intent_data", {}) if form.get("mode") == "payment" else None
    if isinstance(data, dict):
        data.setdefault("capture_method", "automatic")


def _raise_intent(request: OlderRequest) -> None:
    request.form.setdefault("capture_method", "automatic")


CHANGE = Change(
    "2024-04-10",
    requests={"POST /v1/checkout/sessions": _raise, "POST /v1/payment_intents": _raise_intent},
)
