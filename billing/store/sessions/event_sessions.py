"""The sessions that events belong to: their own, or those of their payments and subscriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from billing.domain.events.event_summary import related_ids
from billing.domain.stripe_json import object_at
from billing.json_codec import loads
from billing.safe_text import sanitize
from billing.store.readable_rows import read_each
from billing.store.sessions.queries import get_many
from billing.store.tables import TERM_LENGTH, events, session_terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from billing.domain.sessions.checkout_session import CheckoutSession

STEPS = 3  # charge, payment intent, invoice


def sessions_of_events(
    connection: Connection, event_ids: Sequence[str]
) -> dict[str, CheckoutSession]:
    """The session of each of these events, by the event's id, as far as that is known.

    They share an id with the session (of itself, a payment, an invoice, a subscription) or its
    reference; or with another of these events that does.
    """
    columns = (events.c.id, events.c.object_id, events.c.reference, events.c.payload)
    rows = connection.execute(select(*columns).where(events.c.id.in_(event_ids))).all()
    named = dict(read_each(rows, _named_ids))
    terms = {name.lower()[:TERM_LENGTH]: name for names in named.values() for name in names}
    found = connection.execute(
        select(session_terms.c.term, session_terms.c.session_id).where(
            session_terms.c.term.in_(sorted(terms))
        )
    ).all()
    known = {terms[row.term]: row.session_id for row in found}
    known |= {name: name for names in named.values() for name in names if name.startswith("cs_")}
    owners: dict[str, str] = {}
    for _ in range(STEPS):
        for event_id, names in named.items():
            owner = next((known[name] for name in names if name in known), None)
            if owner:
                owners[event_id] = owner
                known |= dict.fromkeys(names, owner)
    loaded = {one.id: one for one in get_many(connection, sorted(set(owners.values())))}
    return {event: loaded[owner] for event, owner in owners.items() if owner in loaded}


def _named_ids(row: Any) -> tuple[str, list[str]]:
    """The event's id, and all that it may have in common with a session or another event."""
    about = object_at(loads(row.payload), "data", "object")
    names = {row.object_id, row.reference, *related_ids(about)}
    return row.id, sorted(sanitize(name) for name in names if name)
