"""What is left of an event once its payload is removed: what a timeline says of it.

Ids, states and amounts, by which it can still be handled again, and neither names nor addresses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from billing.domain.events.thin_event import THIN, is_thin, request_id
from billing.domain.sessions.checkout_session import REFERENCE
from billing.domain.stripe_json import JSON, compact, id_at, object_at, objects_at

if TYPE_CHECKING:
    from collections.abc import Iterator

# The fields by which one object of Stripe's names another of the same sale.
RELATED = (
    *("payment_intent", "subscription", "invoice", "setup_intent"),
    *("latest_charge", "latest_invoice", "charge", "order_reference"),
)
# What holds such fields, besides the objects that they name.
HOLDERS = ("last_payment_error", "payment", "payment_details", "parent", "subscription_details")

_EVENT = ("account", "context")
_LEFT = frozenset(
    (
        *RELATED,
        *HOLDERS,
        *("id", "object", "created", "customer", "payments", "data", "metadata", REFERENCE),
        *("status", "payment_status", "currency", "amount", "amount_paid", "amount_due"),
        *("reason", "failure_reason", "billing_reason", "message", "code", "decline_code"),
        *("attempt_count", "next_payment_attempt", "cancel_at", "cancel_at_period_end"),
        *("pause_collection", "behavior"),
    )
)


def summarize(event: JSON) -> JSON:
    """The event (Stripe's object) without its payload, and without what stands in columns. Of a
    summary: the same."""
    found = {name: event[name] for name in _EVENT if event.get(name)}
    if request := request_id(event):
        found["request"] = {"id": request}
    if is_thin(event):
        found["object"] = THIN
    data = {name: _summary(value) for name, value in object_at(event, "data").items()}
    left: JSON = compact(found | {"data": data})
    return left | {"data": {"object": {}} | left.get("data", {})}


def related_ids(stripe_object: JSON) -> Iterator[str]:
    """The ids of others of the same sale that an object of Stripe's names."""
    waiting = [stripe_object]
    while waiting:
        found = waiting.pop()
        for name in RELATED:
            if related := id_at(found, name):
                yield related
        nested = [object_at(found, name) for name in (*RELATED, *HOLDERS)]
        payments = objects_at(found, "payments")
        yield from filter(None, map(id_at, payments))
        waiting += [one for one in (*nested, *payments) if one]


def _summary(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _summary(one) for name, one in value.items() if name in _LEFT}
    if isinstance(value, list):
        return [_summary(one) for one in value]
    return value
