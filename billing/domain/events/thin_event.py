"""Thin events: they name the object that changed, and Stripe tells the rest when it is asked.

What is stored of one has the shape of a snapshot event: it gets ``data.object``, which holds the
id and the type of its object alone, until that is read from Stripe.
https://docs.stripe.com/event-destinations#thin-payload
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from billing.domain.stripe_json import JSON, id_at, object_at, text_at

if TYPE_CHECKING:
    from collections.abc import Mapping

THIN = "v2.core.event"
TWINS_WITHIN = 1  # seconds between the times of the snapshot and the thin event of one change
_V1 = "v1."  # how the type begins of what a snapshot event tells as well
# Where the objects are read that themselves say what to look at.
_PATHS = {
    "charge": "/v1/charges/",
    "dispute": "/v1/disputes/",
    "invoice": "/v1/invoices/",
    "payment_intent": "/v1/payment_intents/",
    "refund": "/v1/refunds/",
}


def is_thin(event: Mapping[str, Any]) -> bool:
    """Whether an event (Stripe's object, or what is left of it) came as a thin one."""
    return event.get("object") == THIN


def with_reference(notification: JSON) -> JSON:
    """A notification as Stripe sent it, with ``data.object``."""
    related = object_at(notification, "related_object")
    named = {"id": id_at(related, "id"), "object": text_at(related, "type")}
    return notification | {"data": {"object": {key: one for key, one in named.items() if one}}}


def with_object(event: JSON, found: JSON) -> JSON:
    """The event with its object, as it was read from Stripe."""
    return event | {"data": {"object": found}}


def as_sent(event: JSON) -> JSON:
    """The event without what ``with_reference`` and ``with_object`` put into it."""
    return {name: one for name, one in event.items() if name != "data"} if is_thin(event) else event


def type_of(event: JSON) -> str:
    """The type as a snapshot event names it; of what only thin events tell, their own."""
    return str(event["type"]).removeprefix(_V1)


def created_at(event: JSON) -> int:
    """When Stripe created the event, in whole Unix seconds. Raises ``ValueError`` where it says no
    such time."""
    created = event["created"]
    if is_thin(event):
        created = datetime.fromisoformat(created)
        if created.tzinfo is None:
            raise ValueError("it names no time zone")
        return int(created.timestamp())
    return int(created)


def unread_path(event: JSON) -> str | None:
    """Where in Stripe's API the object of a thin event is read that is not read yet, and that is
    not itself what to look at; None of every other event."""
    found = object_at(event, "data", "object")
    if not is_thin(event) or found.keys() > {"id", "object"} or "id" not in found:
        return None
    path = _PATHS.get(found.get("object", ""))
    return f"{path}{found['id']}" if path else None


def request_id(event: JSON) -> str | None:
    """The id of the API request that caused an event, where it names one."""
    # Before 2017 `request` was the id itself. https://docs.stripe.com/upgrades#2017-05-25
    return id_at(event, "request") or id_at(event, "reason", "request")
