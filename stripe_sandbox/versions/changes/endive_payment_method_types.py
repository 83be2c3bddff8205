"""`payment_method_types` can be written no more: Checkout's `allowed_payment_method_types` took its
place."""

from __future__ import annotations

from stripe_sandbox import errors
from stripe_sandbox.parameters.param_types import Array, String
from stripe_sandbox.storage.objects import Object
from stripe_sandbox.versions.change import Change, Lookup, OlderRequest

_NAME = "payment_method_types"
_TYPES = Array(String())
_SIMULATED = ("card", "us_bank_account")


def _raise(request: OlderRequest) -> None:
    """StripeError: a type that would be left out without a word."""
    if _NAME not in request.form:
        return
    for index, kind in enumerate(_TYPES.read(request.form[_NAME], _NAME)):
        if kind not in _SIMULATED:
            raise errors.not_simulated(f"{_NAME}[{index}]", f"{_NAME}={kind}")
    request.rename(_NAME, f"allowed_{_NAME}")


def _lower(value: Object, _: Lookup) -> None:
    value.pop(f"allowed_{_NAME}", None)


CHANGE = Change(
    "2026-09-30.endive",
    requests={
        "POST /v1/checkout/sessions": _raise,
        "POST /v1/payment_intents": _raise,
        "POST /v1/payment_intents/:payment_intent": _raise,
        "POST /v1/payment_intents/:payment_intent/confirm": _raise,
        "POST /v1/setup_intents": _raise,
        "POST /v1/setup_intents/:setup_intent": _raise,
    },
    answers={"checkout.session": _lower},
)
