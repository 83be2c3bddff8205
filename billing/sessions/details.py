"""All that is known of one session: its copy, what Stripe says now, and what followed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from billing.domain.sessions.details import SessionDetails
from billing.domain.stripe_json import id_at
from billing.request_log.reading import TOUCHING_LIMIT
from billing.sessions.records import read_lines, read_related
from billing.sessions.timeline import timeline_entries
from billing.store import requests, sessions
from billing.store.events import claims, deliveries

if TYPE_CHECKING:
    from billing.domain.sessions.details import RelatedObjects, SessionReading
    from billing.domain.stripe_json import JSON
    from billing.store import Connection
    from billing.store.sessions import StoredSession

_DASHBOARD = "https://dashboard.stripe.com/test"


def read_details(
    connection: Connection,
    session_id: str,
    reading: SessionReading | None,
    *,
    has_dashboard: bool,
) -> SessionDetails | None:
    """What the store knows of the session, with Stripe's ``reading`` of it; None where neither has
    it. ``has_dashboard``: the account is one at Stripe."""
    copy = next(iter(sessions.load(connection, [session_id])), None)
    found = _most_advanced(copy, reading)
    if found is None:
        return None
    session, data = found.session, found.data
    related = read_related(connection, data)
    known = read_lines(connection, data)
    object_ids = _object_ids(data, related)
    its_events = sessions.events_of_session(
        connection, data | (reading.data if reading else {}), related.ids
    )
    event_ids = [one.event.id for one in its_events]
    return SessionDetails(
        session=session,
        data=data,
        entries=timeline_entries(
            session,
            its_events,
            known,
            related,
            sessions.request_id_of(connection, session_id),
            requests.touching(connection, object_ids, TOUCHING_LIMIT),
        ),
        line_items=reading.line_items if reading else (),
        lines=known,
        is_stored=copy is not None,
        dashboard_url=_dashboard_url(data) if has_dashboard else None,
        deliveries=deliveries.of_events(connection, event_ids),
        claims=claims.of_events(connection, event_ids),
        object_ids=object_ids,
    )


def _most_advanced(
    copy: StoredSession | None, reading: SessionReading | None
) -> StoredSession | SessionReading | None:
    """The newer of two states of a session, with what only our copy knows: what went back."""
    if copy is None or reading is None:
        return copy or reading
    if copy.session.outcome.progress > reading.session.outcome.progress:
        return copy
    session = replace(
        reading.session,
        amount_refunded=copy.session.amount_refunded,
        amount_disputed=copy.session.amount_disputed,
    )
    return replace(reading, session=session)


def _object_ids(data: JSON, related: RelatedObjects) -> frozenset[str]:
    """The session, its payment and what followed; the Customer has others as well."""
    own = (id_at(data, name) for name in ("id", "payment_intent", "subscription", "invoice"))
    return frozenset(one for one in (*own, *related.ids) if one)


def _dashboard_url(data: JSON) -> str:
    for name, path in (("payment_intent", "payments"), ("subscription", "subscriptions")):
        if found := id_at(data, name):
            return f"{_DASHBOARD}/{path}/{found}"
    return f"{_DASHBOARD}/search?query={data['id']}"
