"""The events that say which request caused them. https://docs.stripe.com/api/events/object"""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.domain.logged_request import CausedEvent
from billing.domain.stripe_json import text_at
from billing.json_codec import loads
from billing.store import events

if TYPE_CHECKING:
    from billing.domain.logged_request import LoggedRequest
    from billing.store import Connection


def caused_events(connection: Connection, request: LoggedRequest) -> tuple[CausedEvent, ...]:
    """Those about objects that the request touched, the oldest first, as far as they have arrived
    and their payloads are stored."""
    if request.method == "GET":
        return ()
    return tuple(
        CausedEvent(event.id, event.type)
        for event, payload in events.newest_about(connection, request.object_ids)
        if _is_caused_by(payload, request)
    )


def _is_caused_by(payload: str, request: LoggedRequest) -> bool:
    try:
        event = loads(payload)
    except ValueError:
        return False
    named = text_at(event, "request", "id"), text_at(event, "request", "idempotency_key")
    own = request.request_id, request.idempotency_key
    return any(one and one == other for one, other in zip(named, own, strict=True))
