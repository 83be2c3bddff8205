"""Whatever people type into Stripe is text to us, and comes back as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from billing.store import events, grants, sessions
from billing.store.tables import session_terms
from tests.store.test_grants import LINE
from tests.support.quick_services import event_rows, granted_totals
from tests.support.stripe_account import event_object, session_object

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from billing.store import Store

pytestmark = pytest.mark.anyio

TEXTS = (
    'it\'s "quoted" `so`',
    "'; DROP TABLE grants; --",
    "50% _ \\ \\n \\u0000 \\\\u0000",
    "🎈 ünïcödé 漢字 \u202eright to left",
    "before\x00after",
    "\x00",
    "half a surrogate \ud83d pair",
    "<script>alert(1)</script> [x](javascript:y) $latex$",
    "line\nline\ttab\r\x1b[31m",
    "x" * 100_000,
    "{curly} %s %(name)s :name ?",
)


def hostile() -> list[dict[str, Any]]:
    made = []
    for number, text in enumerate(TEXTS):
        session = session_object(number, "credits", 1)
        session["metadata"]["note"] = text
        session["customer_details"]["email"] = text
        session["client_reference_id"] = text
        made.append(session)
    return made


async def test_it_is_kept_in_a_session_and_found_again(store: Store) -> None:
    await store.write(lambda connection: sessions.keep(connection, [sessions.Copies.of(hostile())]))
    found = await store.read(lambda connection: sessions.recent(connection, len(TEXTS)))
    assert {session.customer_email for session in found} == set(TEXTS)
    terms = await store.read(
        lambda connection: set(connection.scalars(select(session_terms.c.term)))
    )
    assert {f"pi_{number}" for number in range(len(TEXTS))} <= terms
    assert {"'; drop table grants; --", "beforeafter"} <= terms
    assert all(len(term) <= sessions.TERM_LENGTH for term in terms)


async def test_it_is_kept_in_an_event_whole(store: Store) -> None:
    told = {f"evt_{n}": event_object(f"evt_{n}", "expired", one) for n, one in enumerate(hostile())}

    def write(connection: Connection) -> None:
        for event in told.values():
            events.record(connection, [events.Arrival(event, "webhook", "ignored", 0)])

    await store.write(write)
    rows = await event_rows(store)
    assert {name: json.loads(row["payload"]) for name, row in rows.items()} == told


async def test_it_never_stands_between_a_payment_and_its_grant(store: Store) -> None:
    def write(connection: Connection) -> None:
        for number, text in enumerate(TEXTS):
            line = replace(LINE, session_id=f"cs_test_{number}", customer_email=text)
            assert grants.add(connection, line)

    await store.write(write)
    assert await store.read(granted_totals) == {"credits": 5 * len(TEXTS)}
