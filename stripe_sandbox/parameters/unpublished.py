"""What Stripe knows of parameters beyond its SDK's types: it takes cards in the
`payment_method_data` of intents, by a test card's token or number
(https://docs.stripe.com/testing), and has an error of its own for a parameter that it took once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NotRequired, Union

from stripe.params._payment_intent_confirm_params import (
    PaymentIntentConfirmParams,
    PaymentIntentConfirmParamsPaymentMethodData,
)
from stripe.params._payment_intent_create_params import (
    PaymentIntentCreateParams,
    PaymentIntentCreateParamsPaymentMethodData,
)
from stripe.params._payment_intent_update_params import (
    PaymentIntentUpdateParams,
    PaymentIntentUpdateParamsPaymentMethodData,
)
from stripe.params._payment_method_create_params import PaymentMethodCreateParamsCard
from stripe.params._setup_intent_confirm_params import SetupIntentConfirmParamsPaymentMethodData
from stripe.params._setup_intent_create_params import (
    SetupIntentCreateParams,
    SetupIntentCreateParamsPaymentMethodData,
)
from stripe.params._setup_intent_update_params import (
    SetupIntentUpdateParams,
    SetupIntentUpdateParamsPaymentMethodData,
)

from stripe_sandbox import errors

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
_TOOK_METHOD_TYPES = frozenset(
    {
        PaymentIntentConfirmParams,
        PaymentIntentCreateParams,
        PaymentIntentUpdateParams,
        SetupIntentCreateParams,
        SetupIntentUpdateParams,
    }
)
_METHOD_TYPES = "payment_method_types"


def check_removed(cls: type, names: Iterable[str]) -> None:
    """StripeError: the parameters of the SDK's TypedDict have one that Stripe takes no more
    (https://docs.stripe.com/changelog/endive)."""
    if cls in _TOOK_METHOD_TYPES and _METHOD_TYPES in names:
        raise errors.bad_parameter(
            f"The parameter `{_METHOD_TYPES}` is no longer supported in this API version. Use "
            f"`allowed_{_METHOD_TYPES}`, or leave it out to take what your settings allow.",
            _METHOD_TYPES,
            f"{_METHOD_TYPES}_no_longer_supported",
        )


def with_unpublished(cls: type, hints: Mapping[str, Any]) -> dict[str, Any]:
    """The types of the parameters of one of the SDK's TypedDicts, with those that Stripe takes
    besides."""
    if cls not in _TAKES_CARDS:
        return dict(hints)
    kinds: Any = Union.__getitem__((hints["type"], Literal["card"]))
    return {**hints, "card": NotRequired[PaymentMethodCreateParamsCard], "type": kinds}
