"""The shapes of Stripe's objects, filled from the SDK's annotations.

What is nullable is there and null unless a value is given; what Stripe leaves out until it applies
is named, with the reason, in `LEFT_OUT`, `ONLY_WHAT_APPLIES` and `BY_TYPE`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args

from stripe._stripe_object import StripeObject

from stripe_sandbox.schema.sdk_types import StripeClass, object_class, object_fields
from stripe_sandbox.storage.objects import Object

_EXPANDED = "only in answers that expand it"
_DELETED = "only in the answer to a deletion"
_OTHER_CURRENCY = "only when another currency was shown than is settled"

LEFT_OUT: dict[str, dict[str, str]] = {
    "charge": {
        "refunds": _EXPANDED,
        "authorization_code": "only for cards whose network gives one to the merchant",
        "level3": "only for merchants that send Level III data",
        "presentment_details": _OTHER_CURRENCY,
        "source": "only for charges created with the legacy Sources API",
        "transfer": "only for Connect's destination charges",
    },
    "checkout.session": {"line_items": _EXPANDED, "presentment_details": _OTHER_CURRENCY},
    "checkout.session.TotalDetails": {"breakdown": _EXPANDED},
    "customer": {
        **dict.fromkeys(("cash_balance", "sources", "subscriptions", "tax", "tax_ids"), _EXPANDED),
        "deleted": _DELETED,
    },
    "event": dict.fromkeys(("account", "context"), "only for events of connected accounts"),
    "event.Data": {"previous_attributes": "only for *.updated events"},
    "invoice": {
        "confirmation_secret": _EXPANDED,
        "payments": _EXPANDED,
        "deleted": _DELETED,
        "threshold_reason": "only for invoices that a billing threshold created",
    },
    "invoice_payment.Payment": dict.fromkeys(
        ("charge", "payment_record"), "only when `type` names it"
    ),
    "plan": {"tiers": _EXPANDED, "deleted": _DELETED},
    "price": {"currency_options": _EXPANDED, "tiers": _EXPANDED, "deleted": _DELETED},
    "product": {"deleted": _DELETED},
    "subscription_item": {"deleted": _DELETED},
    "webhook_endpoint": {"secret": "only in the answer to its creation", "deleted": _DELETED},
}
"""Single fields that Stripe leaves out until they apply, each with its reason."""

ONLY_WHAT_APPLIES: dict[str, str] = {
    "account": "most is for connected accounts and their onboarding",
    "account.Capabilities": "only what the account asked for",
    "account.Controller": "all but `type` is for connected accounts",
    "charge.FraudDetails": "only when somebody reported fraud",
    "charge.RadarOptions": "only what the request set",
    "checkout.session.PaymentMethodOptions.Card": "only what the request set",
    "payment_intent.AmountDetails": "only what the request set",
    "payment_intent.AmountDetails.Tip": "only when a terminal took a tip",
    "payment_intent.LastPaymentError": "only what concerns the error, as in every error",
    "payment_intent.PaymentMethodOptions.Card": "only what the request set",
    "setup_intent.LastSetupError": "only what concerns the error, as in every error",
}
"""Objects whose every nullable field Stripe leaves out until it applies, with the reason."""

BY_TYPE = frozenset(
    {
        "charge.PaymentMethodDetails",
        "checkout.session.PaymentMethodOptions",
        "payment_intent.NextAction",
        "payment_intent.PaymentMethodOptions",
        "payment_method",
        "setup_intent.NextAction",
        "setup_intent.PaymentMethodOptions",
    }
)
"""Classes of which Stripe sends, of the parts for each type of payment method or action, only
those that apply."""


def sdk_class(path: str) -> StripeClass:
    """The SDK's class at a path such as `charge` or `charge.PaymentMethodDetails.Card`."""
    names = path.split(".")
    nested = next((i for i, name in enumerate(names) if name[0].isupper()), len(names))
    cls = object_class(".".join(names[:nested]))
    for name in names[nested:]:
        cls = getattr(cls, name)
    return cls


def nullable(hint: Any) -> bool:
    """Whether an annotation takes null."""
    return type(None) in get_args(hint)


@cache
def left_out(path: str) -> frozenset[str]:
    """The fields that Stripe leaves out until they apply."""
    cls = sdk_class(path)
    names = set(LEFT_OUT.get(path, ()))
    if path in ONLY_WHAT_APPLIES:
        names |= {name for name, hint in object_fields(cls).items() if nullable(hint)}
    if path in BY_TYPE:
        names |= {
            name
            for name, hint in object_fields(cls).items()
            if nullable(hint)
            and any(
                isinstance(member, type)
                and issubclass(member, StripeObject)
                and member.__qualname__.startswith(cls.__qualname__ + ".")
                for member in get_args(hint)
            )
        }
    return frozenset(names)


@cache
def only_expanded(cls: StripeClass, name: str) -> bool:
    """Whether Stripe sends that field of the class only in answers that expand it."""
    return any(
        sdk_class(path) is cls and fields.get(name) == _EXPANDED
        for path, fields in LEFT_OUT.items()
    )


@dataclass(frozen=True)
class _Template:
    known: frozenset[str]
    required: frozenset[str]
    blank: Object


@cache
def _template(path: str) -> _Template:
    fields = object_fields(sdk_class(path))
    absent = left_out(path)
    # In Stripe's order: id and object first, then by the alphabet.
    names = sorted(fields, key=lambda name: (name != "id", name != "object", name))
    blank = {name: None for name in names if not (nullable(fields[name]) and name in absent)}
    return _Template(
        frozenset(fields),
        frozenset(name for name, hint in fields.items() if not nullable(hint)),
        blank,
    )


def build(path: str, values: Mapping[str, Any]) -> Object:
    """An object of Stripe's, or a part of one: the values given, and null for what Stripe has as
    null. `path` is one of `sdk_class`.

    TypeError: a value for a field that Stripe has not, or none for one that is never null.
    """
    template = _template(path)
    given = values.keys()
    if not given <= template.known:
        raise TypeError(f"{path} has no field {', '.join(sorted(given - template.known))}")
    if not template.required <= given:
        raise TypeError(f"{path} lacks {', '.join(sorted(template.required - given))}")
    return {**template.blank, **values}


def apply_changes(value: Object, changes: Mapping[str, Any]) -> Object:
    """Change the object in place; returns the former values of what changed, as an `*.updated`
    event's `previous_attributes` holds them."""
    previous = {name: value.get(name) for name, new in changes.items() if value.get(name) != new}
    value.update(changes)
    return previous


def merge_metadata(old: Mapping[str, str] | None, new: Mapping[str, str] | None) -> dict[str, str]:
    """Metadata after an update: null clears it, an empty value removes its key."""
    if new is None:
        return {}
    return {key: value for key, value in {**(old or {}), **new}.items() if value}
