"""Payloads and ignored events are removed when they are old, in batches, by one process."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from billing.domain.events.event import EventSource, EventState
from billing.domain.logged_request import MICROSECONDS
from billing.domain.sessions.timeline import EntryKind
from billing.json_codec import loads
from billing.maintenance.retention import BATCH_SIZE, LEASE, Removed, Retention
from billing.settings.model import Settings
from billing.store import events, leases, requests
from billing.store.events import ProcessingResult, ReceivedEvent
from billing.timings import DEFAULT_TIMINGS
from tests.support.database.records import event_rows
from tests.support.logged_request import REQUEST, batch_of
from tests.support.servers.after_sale import payment_of, refund, sell
from tests.support.servers.shop import connected_shop
from tests.support.stripe_account import event_object, session_object
from tests.support.waiting import until, wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from billing.domain.sessions.timeline import TimelineEntry
    from billing.store import Store
    from tests.support.servers.shop import Shop

pytestmark = pytest.mark.anyio

DAY = 86_400.0
NOW = 100 * DAY
OLD, NEW = NOW - 8 * DAY, NOW - 6 * DAY


def retention_of(store: Store, days: int = 7, now: float = NOW) -> Retention:
    return Retention(Settings(event_days=days), store, clock=lambda: now, pause=0)


def event(name: str) -> dict[str, Any]:
    return event_object(name, "completed", session_object(1, "pro", 1, 5))


async def record(store: Store, name: str, state: EventState, at: float) -> None:
    arrival = ReceivedEvent(event(name), EventSource.WEBHOOK, EventState.PENDING, at)
    await store.write_each(events.record, arrival)
    if state is not EventState.PENDING:
        result = ProcessingResult([name], state, at)
        await store.write_each(events.mark_processed, result)


async def whole(store: Store) -> set[str]:
    """The events that still have the whole of what Stripe sent."""
    rows = await event_rows(store)
    found = {name for name, row in rows.items() if row["payload_removed_at"] is None}
    assert found == {name for name, row in rows.items() if "buyer1@example.com" in row["payload"]}
    return found


async def test_old_handled_events_lose_their_payload_old_requests_go_and_others_do_not(
    store: Store,
) -> None:
    for state in (EventState.HANDLED, EventState.FAILED, EventState.PENDING, EventState.IGNORED):
        await record(store, f"evt_old_{state}", state, OLD)
        await record(store, f"evt_new_{state}", state, NEW)
    for at in (OLD, NEW):
        batch = batch_of(replace(REQUEST, id=int(at * MICROSECONDS)))
        await store.write(partial(requests.add, batch=batch))
    assert await retention_of(store).apply() == Removed(payloads=3, events=1, requests=1)
    assert await whole(store) == {
        *("evt_old_failed", "evt_old_pending"),
        *("evt_new_failed", "evt_new_pending", "evt_new_handled"),
    }
    rows = await event_rows(store)
    assert "evt_old_ignored" not in rows
    row = rows["evt_old_handled"]
    assert (row["state"], row["type"], row["object_id"], row["payload_removed_at"]) == (
        *("handled", "checkout.session.completed", "cs_test_000000000001"),
        NOW,
    )
    assert loads(row["payload"])["data"]["object"]["payment_status"] == "unpaid"
    assert await retention_of(store).apply() == Removed()


async def test_an_ignored_event_is_stored_without_its_payload(store: Store) -> None:
    arrival = ReceivedEvent(event("evt_1"), EventSource.POLL, EventState.IGNORED, NEW)
    await store.write_each(events.record, arrival)
    assert await whole(store) == set()
    assert (await event_rows(store))["evt_1"]["payload_removed_at"] == NEW


async def test_many_are_removed_batch_by_batch(store: Store) -> None:
    count = 2 * BATCH_SIZE + 1
    names = [f"evt_{number:04d}" for number in range(count)]
    arrivals = [
        ReceivedEvent(event(name), EventSource.WEBHOOK, EventState.PENDING, OLD) for name in names
    ]
    await store.write(partial(events.record_processed, arrivals=arrivals))
    assert await retention_of(store).apply() == Removed(payloads=count)


async def test_while_another_process_holds_the_lease_nothing_is_removed(store: Store) -> None:
    await record(store, "evt_1", EventState.HANDLED, OLD)
    await store.write(partial(leases.acquire, name=LEASE, holder="another", seconds=60.0))
    assert await retention_of(store).apply() == Removed()
    await store.write(partial(leases.release, name=LEASE, holder="another"))
    assert await retention_of(store).apply() == Removed(payloads=1)
    assert await store.write(partial(leases.acquire, name=LEASE, holder="another", seconds=60.0))


async def test_a_running_server_removes_by_itself(store: Store) -> None:
    await record(store, "evt_1", EventState.HANDLED, OLD)
    timings = replace(DEFAULT_TIMINGS, retention_seconds=0.01, retention_check_seconds=0.01)
    retention = Retention(Settings(event_days=7), store, timings, clock=lambda: NOW)
    running = asyncio.create_task(retention.run())

    async def is_done() -> bool:
        return not await whole(store)

    try:
        await until(is_done, "the payload to be removed")
    finally:
        running.cancel()


def test_without_payloads_a_timeline_says_the_same_and_events_are_replayed(tmp_path: Path) -> None:
    with connected_shop(tmp_path) as shop:
        session_id = sell(shop)
        refunded = refund(shop, payment_of(shop, session_id), amount=297)
        call, services = shop.server.portal.call, shop.services

        def told() -> list[TimelineEntry]:
            lookup = call(services.sessions.look_up, session_id)
            entries = call(services.sessions.details, session_id, lookup).entries
            return [one for one in entries if one.event or one.kind is EntryKind.CREATED]

        wait_for(lambda: f"refund {refunded}" in tellers(told()), "the refund in the timeline")
        before = [one for one in told() if not (one.event and one.event.state == "ignored")]
        retention = retention_of(services.store, now=before[0].at + 30 * DAY)
        assert call(retention.apply).payloads >= 2
        after = told()
        assert [says(one) for one in after] == [says(one) for one in before]
        assert any(one.event and one.event.payload_removed_at for one in after)
        about_refund = next(
            one.event for one in after if one.event and one.event.object_id == refunded
        )
        assert call(services.event_log.replay, about_refund.id) == 1
        wait_for(lambda: is_handled_again(shop, about_refund.id), "the replayed event")
        found = call(services.event_log.get, about_refund.id)
        assert found is not None
        assert found.session is not None
        assert found.session.id == session_id


def tellers(entries: list[TimelineEntry]) -> set[str]:
    return {
        f"{one.event.type.partition('.')[0]} {one.event.object_id}" for one in entries if one.event
    }


def says(entry: TimelineEntry) -> tuple[object, ...]:
    return (entry.kind, entry.at, entry.title, entry.detail, entry.request_id, entry.until)


def is_handled_again(shop: Shop, event_id: str) -> bool:
    found = shop.server.portal.call(shop.services.event_log.get, event_id)
    return found is not None and found.event.state == "handled" and found.event.attempts > 1
