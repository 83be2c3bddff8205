"""The shapes of Stripe's objects, filled from the SDK's annotations.

What is nullable is there and null unless a value is given, or left out until it applies, as Stripe
does (`left_out`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, get_args

from stripe_sandbox.schema.sdk_types import StripeClass, object_class, object_fields
from stripe_sandbox.storage.objects import Object

EXPANDED: dict[str, frozenset[str]] = {
    "billing_portal.configuration.Features.SubscriptionUpdate": frozenset({"products"}),
    "charge": frozenset({"refunds"}),
    "checkout.session": frozenset({"line_items"}),
    "checkout.session.TotalDetails": frozenset({"breakdown"}),
    "coupon": frozenset({"applies_to", "currency_options"}),
    "customer": frozenset({"cash_balance", "sources", "subscriptions", "tax", "tax_ids"}),
    "invoice": frozenset({"confirmation_secret", "payments"}),
    "plan": frozenset({"tiers"}),
    "price": frozenset({"currency_options", "tiers"}),
    "promotion_code.Restrictions": frozenset({"currency_options"}),
}
"""Fields that Stripe sends only in answers that expand them."""

_ONLY_WHAT_APPLIES = frozenset({"account"})
"""Objects whose every nullable field is left out: most of an account's are for connected ones."""


@cache
def _published() -> dict[str, frozenset[str]]:
    text = files("stripe_sandbox.schema").joinpath("left_out.json").read_bytes()
    return {path: frozenset(names) for path, names in json.loads(text).items()}


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
    """The fields that Stripe leaves out until they apply: never null, as Stripe's types for node
    say (`left_out.json`), or only in answers that expand them."""
    none: frozenset[str] = frozenset()
    names = _published().get(path, none) | EXPANDED.get(path, none)
    if path in _ONLY_WHAT_APPLIES:
        names |= {name for name, hint in object_fields(sdk_class(path)).items() if nullable(hint)}
    return names


@cache
def only_expanded(cls: StripeClass, name: str) -> bool:
    """Whether Stripe sends that field of the class only in answers that expand it."""
    return any(sdk_class(path) is cls and name in names for path, names in EXPANDED.items())


@dataclass(frozen=True)
class _Template:
    known: frozenset[str]
    required: frozenset[str]
    absent: frozenset[str]
    names: tuple[str, ...]
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
        absent,
        tuple(names),
        blank,
    )


def build(path: str, values: Mapping[str, Any]) -> Object:
    """An object of Stripe's, or a part of one: the values given, null for what Stripe has as null,
    and nothing for what Stripe leaves out (`left_out`). `path` is one of `sdk_class`.

    TypeError: a value for a field that Stripe has not, or none for one that is never null.
    """
    template = _template(path)
    given = values.keys()
    if not given <= template.known:
        raise TypeError(f"{path} has no field {', '.join(sorted(given - template.known))}")
    if not template.required <= given:
        raise TypeError(f"{path} lacks {', '.join(sorted(template.required - given))}")
    filled = {**template.blank, **values}
    applies = False
    for name in template.absent & given:
        if filled[name] is None:
            del filled[name]
        else:
            applies = True
    if applies:  # behind all others so far
        return {name: filled[name] for name in template.names if name in filled}
    return filled


def apply_changes(value: Object, changes: Mapping[str, Any]) -> Object:
    """Change the object in place; returns the former values of what changed, as an `*.updated`
    event's `previous_attributes` holds them."""
    previous = former_values(value, {**value, **changes})
    value.update(changes)
    return previous


def former_values(old: Object, new: Object) -> Object:
    """What `old` had where `new` differs: of an object inside it only what differs there, and null
    for what it had not."""
    return {
        name: former_values(was, now) if isinstance(was, dict) and isinstance(now, dict) else was
        for name in {**old, **new}
        if (was := old.get(name)) != (now := new.get(name))
    }


def restored(value: Object, previous: Object) -> Object:
    """The object as it was before the change that left it with these former values."""
    return {
        **value,
        **{
            name: restored(now, was)
            if isinstance(was, dict) and isinstance(now := value.get(name), dict)
            else was
            for name, was in previous.items()
        },
    }


def deleted_object(value: Object) -> Object:
    """What Stripe answers once the object is deleted."""
    return {"id": value["id"], "object": value["object"], "deleted": True}


def shipping(path: str, given: Mapping[str, Any] | None) -> Object | None:
    """An object's `shipping`, of the class at the path; None: there is none."""
    if given is None:
        return None
    return build(path, {**given, "address": build(f"{path}.Address", given["address"])})


def merge_metadata(old: Mapping[str, str] | None, new: Mapping[str, str] | None) -> dict[str, str]:
    """Metadata after an update: null clears it, an empty value removes its key."""
    if new is None:
        return {}
    return {key: value for key, value in {**(old or {}), **new}.items() if value}
