"""Every event once, what became of it, and the deliveries that were refused."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from billing.domain.events.event import EventSource, EventState, Subject
from billing.store import events
from billing.store.events import DueEvent, ProcessingResult, ReceivedEvent, RecordedEvent
from billing.timings import Retries
from tests.support.database.records import event_rows
from tests.support.stripe_account import event_object, session_object

if TYPE_CHECKING:
    from billing.store import Store

pytestmark = pytest.mark.anyio

CREATED = 1_800_000_000
RETRIES = Retries(fresh=20.0, first=5.0, longest=30.0, give_up_after=100.0)


def event(name: str, session: str = "cs_test_1") -> dict[str, Any]:
    return event_object(name, "completed", session_object(1, "pro", 1, CREATED) | {"id": session})


async def record(
    store: Store,
    name: str,
    *,
    source: EventSource = EventSource.WEBHOOK,
    state: EventState = EventState.PENDING,
    at: float = 100.0,
) -> RecordedEvent:
    return await store.write_each(
        events.record, events.ReceivedEvent(event(name), source, state, at)
    )


async def settle(
    store: Store, name: str, state: EventState, at: float, error: str | None = None
) -> None:
    await store.write_each(events.mark_processed, events.ProcessingResult([name], state, at, error))


async def due(store: Store, now: float, limit: int = 10) -> list[str]:
    found = await store.read(lambda connection: events.due(connection, now, RETRIES, limit))
    return [one.id for one in found]


async def test_an_event_is_stored_whole_under_its_id(store: Store) -> None:
    assert await record(store, "evt_1") == RecordedEvent(EventState.PENDING, 1)
    row = (await event_rows(store))["evt_1"]
    assert json.loads(row["payload"]) == event("evt_1") | {"created": row["created"]}
    assert (row["type"], row["object_id"]) == ("checkout.session.completed", "cs_test_1")
    assert (row["received_at"], row["attempts"], row["error"]) == (100.0, 0, None)


async def test_outcomes_that_are_written_together_stay_apart(store: Store) -> None:
    for name in ("evt_1", "evt_2", "evt_3"):
        await record(store, name)
    results = [
        ProcessingResult(["evt_1"], EventState.HANDLED, 101.0),
        ProcessingResult(["evt_2"], EventState.FAILED, 102.0, "Stripe did not answer."),
        ProcessingResult(["evt_3"], EventState.HANDLED, 103.0),
    ]
    await store.write(partial(events.mark_processed, results=results))
    known = (await event_rows(store)).items()
    assert {name: (row["state"], row["error"], row["attempts"]) for name, row in known} == {
        "evt_1": ("handled", None, 1),
        "evt_2": ("failed", "Stripe did not answer.", 1),
        "evt_3": ("handled", None, 1),
    }


async def test_deliveries_of_one_event_that_are_written_together_are_each_counted(
    store: Store,
) -> None:
    twice = [
        ReceivedEvent(event("evt_1"), EventSource.WEBHOOK, EventState.PENDING, at)
        for at in (100.0, 101.0)
    ]
    polled = ReceivedEvent(event("evt_1"), EventSource.POLL, EventState.PENDING, 102.0)
    other = ReceivedEvent(event("evt_2"), EventSource.WEBHOOK, EventState.IGNORED, 103.0)
    arrivals = [*twice, other, polled]
    known = await store.write(partial(events.record, arrivals=arrivals))
    pending = RecordedEvent(EventState.PENDING, 2)
    assert known == [pending, pending, RecordedEvent(EventState.IGNORED, 1), pending]
    assert (await event_rows(store))["evt_1"]["received_at"] == 100.0


async def test_a_second_delivery_is_counted_and_changes_nothing_else(store: Store) -> None:
    await record(store, "evt_1")
    await settle(store, "evt_1", EventState.HANDLED, 101.0)
    before = (await event_rows(store))["evt_1"]
    assert await record(store, "evt_1", at=500.0) == RecordedEvent(EventState.HANDLED, 2)
    assert (await event_rows(store))["evt_1"] == before | {"deliveries": 2}


async def test_polling_is_no_delivery(store: Store) -> None:
    assert (await record(store, "evt_1", source=EventSource.POLL)).deliveries == 0
    assert (await record(store, "evt_1", source=EventSource.POLL)).deliveries == 0
    assert (await record(store, "evt_1", source=EventSource.WEBHOOK)).deliveries == 1
    assert (await event_rows(store))["evt_1"]["source"] == "poll"


async def test_how_handling_went_is_written_down(store: Store) -> None:
    await record(store, "evt_1")
    await settle(store, "evt_1", EventState.FAILED, 110.0, "Stripe is down.")
    row = (await event_rows(store))["evt_1"]
    assert (row["state"], row["error"], row["attempts"]) == ("failed", "Stripe is down.", 1)
    await settle(store, "evt_1", EventState.HANDLED, 120.0)
    row = (await event_rows(store))["evt_1"]
    assert (row["state"], row["error"], row["attempts"]) == ("handled", None, 2)
    assert row["settled_at"] == 120.0
    await settle(store, "evt_1", EventState.FAILED, 130.0, "Somebody slower did not manage.")
    assert (await event_rows(store))["evt_1"] == row


async def test_a_fresh_event_is_left_to_who_received_it_for_a_while(store: Store) -> None:
    await record(store, "evt_1", at=100.0)
    assert await due(store, 119.9) == []
    assert await due(store, 120.0) == ["evt_1"]


async def fail_for_now(store: Store, name: str, at: float) -> None:
    await store.write_each(
        events.mark_processed, ProcessingResult([name], EventState.FAILED, at, "Away.", RETRIES)
    )


async def test_a_cause_that_passes_is_waited_for_ever_longer_until_it_is_given_up(
    store: Store,
) -> None:
    await record(store, "evt_1")
    for at, next_at in ((200, 205), (205, 210), (210, 220), (220, 240), (240, 270), (299, 329)):
        await fail_for_now(store, "evt_1", at)
        assert await due(store, next_at - 0.1) == []
        assert await due(store, next_at) == ["evt_1"]
    await fail_for_now(store, "evt_1", 300)
    assert await due(store, 1e9) == []
    await store.write(lambda connection: events.mark_for_replay(connection, ["evt_1"]))
    await fail_for_now(store, "evt_1", 5_000)
    assert await due(store, 5_005) == ["evt_1"]


async def test_what_failed_for_good_is_not_tried_again(store: Store) -> None:
    await record(store, "evt_1")
    await fail_for_now(store, "evt_1", 200)
    await settle(store, "evt_1", EventState.FAILED, 205, "No such session.")
    await store.write(events.mark_for_retry)
    assert await due(store, 1e9) == []


async def test_once_a_cause_has_passed_all_that_waits_for_it_is_due(store: Store) -> None:
    for number, at in enumerate((200, 300, 400)):
        await record(store, f"evt_{number}", at=float(number))
        await fail_for_now(store, f"evt_{number}", at)
    assert await due(store, 400) == ["evt_0", "evt_1"]
    await store.write(events.mark_for_retry)
    assert await due(store, 400) == ["evt_0", "evt_1", "evt_2"]


async def test_a_try_that_was_planned_before_the_clock_was_set_back_is_due(store: Store) -> None:
    await record(store, "evt_1", at=1e9)
    await fail_for_now(store, "evt_1", 1e9)
    assert await due(store, 1e9 - 3_600) == ["evt_1"]
    await fail_for_now(store, "evt_1", 1e9 - 3_600)
    assert await due(store, 1e9 - 3_600 + 5) == ["evt_1"]


async def test_what_is_handled_or_ignored_is_never_due(store: Store) -> None:
    await record(store, "evt_1")
    await settle(store, "evt_1", EventState.HANDLED, 101.0)
    await record(store, "evt_2", state=EventState.IGNORED)
    assert await due(store, 1e9) == []


async def test_the_oldest_are_due_first_and_no_more_than_asked_for(store: Store) -> None:
    for number in (3, 1, 2):
        await record(store, f"evt_{number}", at=float(number))
    assert await due(store, 1e9, limit=2) == ["evt_1", "evt_2"]


async def test_a_replay_names_its_events_or_takes_all_that_failed(store: Store) -> None:
    for name in ("evt_handled", "evt_failed", "evt_failed_too"):
        await record(store, name)
    await record(store, "evt_ignored", state=EventState.IGNORED)
    await settle(store, "evt_handled", EventState.HANDLED, 1.0)
    await settle(store, "evt_failed", EventState.FAILED, 1.0, "no")
    await settle(store, "evt_failed_too", EventState.FAILED, 1.0, "no")

    async def replay(ids: list[str] | None) -> set[str]:
        again = await store.write(lambda connection: events.mark_for_replay(connection, ids))
        assert all(one == DueEvent(one.id, Subject.SESSION, "cs_test_1", CREATED) for one in again)
        return {one.id for one in again}

    assert await replay(["evt_handled", "evt_ignored", "evt_unknown"]) == {"evt_handled"}
    assert await replay(None) == {"evt_failed", "evt_failed_too"}
    assert await replay(None) == set()
    rows = await event_rows(store)
    assert rows["evt_ignored"]["state"] == "ignored"
    assert {rows[name]["error"] for name in rows} == {None}
