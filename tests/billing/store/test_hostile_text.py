"""Whatever people type into Stripe is text to us, and comes back as it was.

Half a surrogate pair and NUL are no characters: a replacement character comes back.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, update

from billing.domain.events.event import EventFilter, EventSource, EventState
from billing.domain.sessions.checkout_session import CheckoutSession
from billing.domain.sessions.details import SessionReading
from billing.domain.sessions.filters import SessionFilter
from billing.json_codec import loads
from billing.ledger.fulfillment import SyncBatch, upsert_and_grant
from billing.store import events, sessions, tables
from tests.support.database import stored
from tests.support.database.records import event_rows, granted_totals
from tests.support.database.stored import copies
from tests.support.servers.timings import RETRIES
from tests.support.stripe_account import event_object, session_object

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from billing.store import Store

pytestmark = pytest.mark.anyio

TEXTS = (
    'it\'s "quoted" `so`',
    "'; DROP TABLE ledger; --",
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


def sound(text: str) -> str:
    return text.replace("\ud83d", "\ufffd").replace("\x00", "\ufffd")


def hostile() -> list[dict[str, Any]]:
    made = []
    for number, text in enumerate(TEXTS):
        session = session_object(number, "credits", 1)
        session["metadata"]["note"] = text
        session["customer_details"]["email"] = text
        session["client_reference_id"] = text
        made.append(session)
    return made


async def test_it_is_stored_in_a_session_and_found_again(store: Store) -> None:
    await store.write(lambda connection: sessions.upsert_sessions(connection, [copies(hostile())]))
    found = await store.read(lambda connection: sessions.recent(connection, len(TEXTS)))
    assert {session.customer_email for session in found} == {sound(text) for text in TEXTS}
    terms = await store.read(
        lambda connection: set(connection.scalars(select(tables.session_terms.c.term)))
    )
    assert {f"pi_{number}" for number in range(len(TEXTS))} <= terms
    assert {
        "'; drop table ledger; --",
        "before\ufffdafter",
        "half a surrogate \ufffd pair",
    } <= terms
    assert all(len(term) <= tables.TERM_LENGTH for term in terms)


async def test_it_is_stored_in_an_event_whole(store: Store) -> None:
    told = {f"evt_{n}": event_object(f"evt_{n}", "expired", one) for n, one in enumerate(hostile())}

    def write(connection: Connection) -> None:
        for event in told.values():
            events.record(
                connection,
                [events.ReceivedEvent(event, EventSource.WEBHOOK, EventState.PENDING, 0)],
            )

    await store.write(write)
    rows = await event_rows(store)
    for (name, event), text in zip(told.items(), TEXTS, strict=True):
        kept = loads(rows[name]["payload"])
        assert kept["data"]["object"]["metadata"]["note"] == sound(text)
        if text == sound(text):
            assert kept == event


async def test_it_never_stands_between_a_payment_and_its_grant(store: Store) -> None:
    def write(connection: Connection) -> None:
        for number, text in enumerate(TEXTS):
            session = session_object(number, "credits", 5)
            session |= {"status": "complete", "payment_status": "paid"}
            session["customer_details"] = {"email": text, "name": text}
            reading = SessionReading(
                session, CheckoutSession.from_stripe(session), time.time(), bought=5
            )
            assert upsert_and_grant(connection, [SyncBatch.of([reading])])

    await store.write(write)
    assert await store.read(granted_totals) == {"credits": 5 * len(TEXTS)}


# As releases before wrote them, or a damaged disk.
STORED = {
    "NaN": '{"data": {"object": {"id": "cs_test_1", "created": NaN}}}',
    "a number over 64 bits": f'{{"data": {{"object": {{"id": "cs_test_1", "created": {2**70}}}}}}}',
    "half a character": r'{"data": {"object": {"id": "cs_test_1", "email": "\ud83d"}}}',
    "no object": "[]",
    "no data": "{}",
    "no JSON": '{"data": {"obj',
    "nothing": "",
    "too deep": "[" * 900 + "]" * 900,
}


async def test_an_event_of_which_no_sound_copy_is_stored_is_handled_all_the_same(
    store: Store,
) -> None:
    names = [f"evt_{number}" for number in range(len(STORED))]

    def write(connection: Connection) -> None:
        for name, payload in zip(names, STORED.values(), strict=True):
            event = event_object(name, "completed", session_object(1, "credits", 1))
            event["data"]["object"]["id"] = "cs_test_1"
            events.record(
                connection,
                [events.ReceivedEvent(event, EventSource.WEBHOOK, EventState.PENDING, 1.0)],
            )
            rows = tables.events
            connection.execute(update(rows).where(rows.c.id == name).values(payload=payload))

    await store.write(write)
    due = await store.write(lambda connection: events.due(connection, 1e9, RETRIES, 100))
    assert {one.id for one in due} == set(names)
    assert {one.subject_id for one in due} == {"cs_test_1"}
    again = await store.write(lambda connection: events.mark_for_replay(connection, names))
    assert {one.id for one in again} == set(names)

    def read(connection: Connection) -> int:
        page = events.page(connection, EventFilter(), 100)
        session = {"id": "cs_test_1", "created": 1, "mode": "payment"}
        told = sessions.events_of_session(connection, session)
        assert {one.event.id for one in told} < set(names)
        return len(page.events)

    assert await store.read(read) == len(STORED)


async def test_a_session_of_which_no_sound_copy_is_stored_costs_itself_alone(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    copies = [session_object(number, "credits", 1) for number in range(len(STORED) + 1)]
    *damaged, good = [copy["id"] for copy in copies]

    def write(connection: Connection) -> None:
        sessions.upsert_sessions(connection, [stored.copies(copies)])
        rows = tables.checkout_sessions
        for name, data in zip(damaged, STORED.values(), strict=True):
            connection.execute(update(rows).where(rows.c.id == name).values(data=data))

    await store.write(write)

    def read(connection: Connection) -> None:
        wanted = SessionFilter()
        assert [one.id for one in sessions.recent(connection, 100)] == [good]
        assert [one.id for one in sessions.page(connection, wanted, 100).sessions] == [good]
        assert [one.session.id for one in sessions.iter_stored(connection, wanted, 100)] == [good]
        assert [one.id for one in sessions.get_many(connection, [*damaged, good])] == [good]
        assert sessions.get(connection, damaged[0]) is None

    with caplog.at_level(logging.ERROR):
        await store.read(read)
    assert damaged[0] in caplog.text
