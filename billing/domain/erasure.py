"""Taking names and addresses out of Stripe's objects; ids, amounts and states stay."""

from __future__ import annotations

import re
from typing import Any

from billing.domain.events.event_summary import related_ids
from billing.domain.sessions.checkout_session import APP_METADATA, REFERENCE
from billing.domain.stripe_json import JSON, id_at, text_at

ERASED = "[erased]"
EMAIL = re.compile(r"[^\s\"'<>()\[\],;:@=&?/]+(?:@|%40)[^\s\"'<>()\[\],;:@=&?/]+", re.IGNORECASE)

_TEXTS = frozenset(
    (
        *("email", "customer_email", "receipt_email", "billing_email", "verified_email"),
        *("name", "customer_name", "individual_name", "business_name", "verified_name"),
        *("phone", "customer_phone", "verified_phone", "customer_purchase_ip"),
    )
)
_LISTS = frozenset(("tax_ids", "customer_tax_ids", "custom_fields"))
_METADATA = frozenset((*APP_METADATA, REFERENCE))
_NOBODY = frozenset(("product", "price", "coupon"))  # objects whose name is no person's


def ids_in(stripe_object: JSON) -> set[str]:
    """The ids by which an object of Stripe's is somebody's: its own, the Customer's and those of
    the rest of the sale."""
    own = (id_at(stripe_object, "id"), id_at(stripe_object, "customer"))
    return {one for one in (*own, *related_ids(stripe_object)) if one}


def anonymize(stripe_object: JSON) -> JSON:
    """The object without names, emails, addresses and phone numbers. Of metadata only what this
    app writes is left."""
    kind = text_at(stripe_object, "object")
    if kind in _NOBODY:
        return stripe_object
    found = {name: _value(name, value) for name, value in stripe_object.items()}
    if kind == "customer":
        found["description"] = None
    return found


def anonymize_text(text: str) -> str:
    """The text without emails."""
    return EMAIL.sub(ERASED, text)


def _value(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        if name == "evidence" or name.endswith("address"):
            return {key: None if isinstance(one, str) else one for key, one in value.items()}
        if name == "metadata":
            value = {key: value[key] for key in value if key in _METADATA}
        return anonymize(value)
    if isinstance(value, list):
        return [] if name in _LISTS else [_value("", one) for one in value]
    if isinstance(value, str):
        return None if name in _TEXTS or name.endswith("address") else anonymize_text(value)
    return value
