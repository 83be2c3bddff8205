"""Questions about events and refused deliveries: what they answer, and that they stay quick."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert

from billing.domain.events.event import COUNT_LIMIT, Cursor, EventFilter, EventSource, EventState
from billing.store import events, tables
from billing.store.events.queries import PREFIX_LIMIT, SCAN_LIMIT

if TYPE_CHECKING:
    from billing.store import Store

pytestmark = pytest.mark.anyio

COMPLETED = "checkout.session.completed"
HOSTILE = ("'; DROP TABLE events; --", "50%_", "🎈", "a\x00b", "half \ud83d", "x" * 100_000, "")


def row(number: int, **values: Any) -> dict[str, Any]:
    """An event that arrived ``number`` seconds after the first, by a webhook, and was handled."""
    return {
        "id": f"evt_{number:07d}",
        "type": COMPLETED,
        "created": 1_000 + number,
        "object_id": f"cs_test_{number}",
        "received_at": 1_000.5 + number,
        "source": "webhook",
        "deliveries": 1,
        "state": "handled",
        "attempts": 1,
        "error": None,
        "processed_at": 1_001.0 + number,
        "payload": "{}",
    } | values


async def keep(store: Store, *rows: dict[str, Any]) -> None:
    await store.write(lambda connection: connection.execute(insert(tables.events), list(rows)))


def filtered(
    state: str = "", source: str = "", *, relevant: bool = False, **by: str
) -> EventFilter:
    return EventFilter(
        EventState(state) if state else None,
        EventSource(source) if source else None,
        by.get("type"),
        by.get("about"),
        relevant,
    )


async def found(
    store: Store, limit: int = 100, below: Cursor | None = None, **by: Any
) -> list[int]:
    """The numbers of the events that match, in the order they come."""
    page = await store.read(
        lambda connection: events.page(connection, filtered(**by), limit, below)
    )
    return [int(event.id[4:]) for event in page.events]


async def counted(store: Store, **by: Any) -> dict[str, int]:
    counts = await store.read(lambda connection: events.count_by_state(connection, filtered(**by)))
    return {state: number for state, number in counts.states.items() if number}


async def test_pages_follow_each_other_without_a_gap_though_new_events_arrive(store: Store) -> None:
    same_moment = [row(number, received_at=5_000.0) for number in range(7)]
    await keep(store, *same_moment, *(row(number) for number in range(10, 15)))
    newest = await store.read(lambda c: events.page(c, EventFilter(), 4))
    assert [event.id for event in newest.events] == [f"evt_{n:07d}" for n in (6, 5, 4, 3)]
    assert newest.older == newest.events[-1].cursor
    await keep(store, row(99, received_at=9_000.0))
    below = newest.older
    assert await found(store, 5, below) == [2, 1, 0, 14, 13]
    last = await store.read(
        lambda c: events.page(c, EventFilter(), 5, Cursor(1_013.5, "evt_0000013"))
    )
    assert [event.id for event in last.events] == [f"evt_{n:07d}" for n in (12, 11, 10)]
    assert last.older is None


async def test_filters_narrow_by_state_type_way_and_what_an_event_is_about(store: Store) -> None:
    await keep(
        store,
        row(1, state="failed", error="Stripe is down."),
        row(2, source="poll", deliveries=0, object_id="cs_test_same"),
        row(3, source="poll", deliveries=2, state="failed"),
        row(4, type="invoice.created", state="ignored", object_id="cs_test_same"),
    )
    assert await found(store, state="failed") == [3, 1]
    assert await found(store, type="invoice.created") == [4]
    assert await found(store, source="webhook") == [4, 3, 1]
    assert await found(store, source="poll") == [2]
    assert await found(store, about="cs_test_same") == [4, 2]
    assert await found(store, about="evt_0000003") == [3]
    assert await found(store, about="cs_test_same", state="ignored") == [4]
    assert await found(store, state="failed", source="poll") == []
    assert await store.read(events.known_types) == [COMPLETED, "invoice.created"]


async def test_relevant_events_are_those_that_a_session_s_timeline_tells_of(store: Store) -> None:
    types = ("price.created", "payment_intent.succeeded", COMPLETED, "charge.succeeded")
    rows = [row(number, type=types[number % 4], state="ignored") for number in range(20)]
    await keep(store, *rows)
    relevant = [number for number in range(19, -1, -1) if number % 4 in (1, 2)]
    assert await found(store, relevant=True) == relevant
    first = await store.read(lambda c: events.page(c, filtered(relevant=True), 4))
    assert await found(store, 4, first.older, relevant=True) == relevant[4:8]
    assert await found(store, relevant=True, source="poll") == []
    counts = await store.read(lambda c: events.count_by_state(c, filtered(relevant=True)))
    assert (counts.relevant, counts.states[EventState.IGNORED]) == (10, 20)


async def test_the_beginning_of_an_id_finds_events_and_what_they_are_about(store: Store) -> None:
    await keep(
        store,
        row(1, object_id="cs_test_aB_1"),
        row(2, object_id="cs_test_aB_2"),
        row(3, object_id="cs_test_ab_3"),
        row(4, object_id="pi_aB"),
    )
    assert await found(store, about="cs_test_aB") == [2, 1]
    assert await found(store, about="evt_000000") == [4, 3, 2, 1]
    assert await found(store, about="cs_test_aB_") == [2, 1]
    assert await found(store, about="Session.Comp") == await found(
        store, type="checkout.session.completed"
    )
    assert await found(store, about="aB") == []
    assert await counted(store, about="cs_test_a") == {"handled": 3}


async def test_a_beginning_that_fits_many_finds_the_newest_of_them(store: Store) -> None:
    await keep(
        store, *(row(number) for number in range(PREFIX_LIMIT + 5)), row(-1, object_id="pi_1")
    )
    assert await found(store, 3, about="cs_") == [
        PREFIX_LIMIT + 4,
        PREFIX_LIMIT + 3,
        PREFIX_LIMIT + 2,
    ]
    assert await counted(store, about="cs_") == {"handled": PREFIX_LIMIT + 5}
    assert await found(store, about="cs_test_7", limit=2) == [799, 798]


async def test_counts_tell_each_state_under_the_other_filters(store: Store) -> None:
    assert await counted(store) == {}
    await keep(
        store,
        row(1, state="failed"),
        row(2, state="pending", source="poll", deliveries=0),
        row(3),
        row(4),
        row(5, type="invoice.created", state="ignored"),
    )
    assert await counted(store) == {"handled": 2, "pending": 1, "failed": 1, "ignored": 1}
    assert await counted(store, state="failed") == await counted(store)
    assert await counted(store, type=COMPLETED) == {"handled": 2, "pending": 1, "failed": 1}
    assert await counted(store, source="poll") == {"pending": 1}
    assert await counted(store, about="cs_test_3") == {"handled": 1}
    assert await store.read(events.count_failed) == 1


async def test_one_event_comes_with_its_times_and_payload(store: Store) -> None:
    await keep(store, row(7, payload='{"id":"evt_0000007"}', attempts=3))
    event = await store.read(lambda c: events.get(c, "evt_0000007"))
    assert event is not None
    assert (event.created, event.received_at, event.processed_at) == (1_007, 1_007.5, 1_008.0)
    assert (event.delay, event.attempts) == (0.5, 3)
    assert await store.read(lambda c: events.payload_of(c, event.id)) == '{"id":"evt_0000007"}'
    assert await store.read(lambda c: events.get(c, "evt_x")) is None
    assert await store.read(lambda c: events.payload_of(c, "evt_x")) is None


@pytest.mark.parametrize("text", HOSTILE)
async def test_whatever_is_asked_for_is_text(store: Store, text: str) -> None:
    await keep(store, row(1))
    for asked in (EventFilter(about=text), EventFilter(type=text)):
        page = await store.read(partial(events.page, wanted=asked, limit=9))
        assert len(page.events) == (text == "")
        await store.read(partial(events.count_by_state, wanted=asked))
    assert await store.read(lambda c: events.get(c, text)) is None
    assert await found(store) == [1]


async def test_no_answer_looks_further_back_than_it_must(store: Store) -> None:
    """However many events there are, a count ends and a question no index answers ends too."""
    total = SCAN_LIMIT + 5_000
    for start in range(0, total, 5_000):
        rows = [
            row(number, source="poll", deliveries=0, type=f"type.{number % 5}")
            for number in range(start, start + 5_000)
        ]
        await keep(store, *rows)
    assert await found(store, 2, source="poll") == [total - 1, total - 2]
    assert (await counted(store))["handled"] == COUNT_LIMIT + 1
    assert sum((await counted(store, source="poll")).values()) == SCAN_LIMIT
    await keep(store, row(total + 1, received_at=1.0, deliveries=1), row(total + 2, type="rare"))
    assert await found(store, source="webhook") == [total + 2]  # the other lies too far back
    assert await found(store, type="rare") == [total + 2]
