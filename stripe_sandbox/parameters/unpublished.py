"""What Stripe takes although its SDK's types leave it out: cards in the `payment_method_data` of
intents, by a test card's token or number (https://docs.stripe.com/testing)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NotRequired, Union

from stripe.params._payment_intent_confirm_params import PaymentIntentConfirmParamsPaymentMethodData
from stripe.params._payment_intent_create_params import PaymentIntentCreateParamsPaymentMethodData
from stripe.params._payment_intent_update_params import PaymentIntentUpdateParamsPaymentMethodData
from stripe.params._payment_method_create_params import PaymentMethodCreateParamsCard
from stripe.params._setup_intent_confirm_params import SetupIntentConfirmParamsPaymentMethodData
from stripe.params._setup_intent_create_params import SetupIntentCreateParamsPaymentMethodData
from stripe.params._setup_intent_update_params import SetupIntentUpdateParamsPaymentMethodData

_TAKES_CARDS = frozenset(
    {
        PaymentIntentConfirmParamsPaymentMethodData,
        PaymentIntentCreateParamsPaymentMethodData,
        PaymentIntentUpdateParamsPaymentMethodData,
        SetupIntentConfirmParamsPaymentMethodData,
        SetupIntentCreateParamsPaymentMethodData,
        SetupIntentUpdateParamsPaymentMethodData,
    }
)


def with_unpublished(cls: type, hints: Mapping[str, Any]) -> dict[str, Any]:
    """The types of the parameters of one of the SDK's TypedDicts, with those that Stripe takes
    besides."""
    if cls not in _TAKES_CARDS:
        return dict(hints)
    kinds: Any = Union.__getitem__((hints["type"], Literal["card"]))
    return {**hints, "card": NotRequired[PaymentMethodCreateParamsCard], "type": kinds}
