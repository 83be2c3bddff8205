"""The story of a session, whatever the API version that wrote its events, and whatever got lost."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from billing.domain.events.event import EventSource, EventState
from billing.domain.sessions.checkout_session import CheckoutSession
from billing.domain.sessions.timeline import EntryKind, TimelineEntry
from billing.sessions.timeline import timeline_entries
from billing.store import events, sessions
from tests.support.stripe_account import PAID, event_object, session_object

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from billing.store import Store

pytestmark = pytest.mark.anyio

JSON = dict[str, Any]
CLOSED = "The bank account has been closed."


def session(**values: Any) -> JSON:
    return session_object(1, "credits", 4, int(time.time()) - 100) | values


def without(name: str) -> JSON:
    return {key: value for key, value in session(**PAID).items() if key != name}


async def timeline_after(
    store: Store, event: JSON, data: JSON, failure: str | None = None
) -> tuple[list[sessions.SessionEvent], tuple[TimelineEntry, ...]]:
    """The events of a session and its steps, once the event has arrived."""

    def work(connection: Connection) -> list[sessions.SessionEvent]:
        arrival = events.ReceivedEvent(event, EventSource.WEBHOOK, EventState.HANDLED, time.time())
        events.record(connection, [arrival])
        return sessions.events_of_session(connection, data)

    found = await store.write(work)
    return found, timeline_entries(CheckoutSession.from_stripe(data, failure=failure), found)


@pytest.mark.parametrize(
    ("request_told", "expected"),
    [
        ("req_of_2017", "req_of_2017"),
        (None, None),
        ({"id": None, "idempotency_key": None}, None),
        ({"id": "req_of_today"}, "req_of_today"),
        (["req"], None),
        (7, None),
    ],
)
async def test_the_request_behind_an_event_is_named_however_its_version_writes_it(
    store: Store, request_told: object, expected: str | None
) -> None:
    event = event_object("evt_1", "completed", session(**PAID)) | {"request": request_told}
    found, steps = await timeline_after(store, event, session(**PAID))
    assert [one.request_id for one in found] == [expected]
    assert EntryKind.COMPLETED in {step.kind for step in steps}


async def test_a_test_event_is_none_of_the_steps(store: Store) -> None:
    event = event_object("evt_000000001", "completed", session(**PAID))
    _, steps = await timeline_after(store, event, session())
    assert EntryKind.COMPLETED not in {step.kind for step in steps}
    (sent,) = [step for step in steps if step.kind is EntryKind.OTHER]
    assert sent.title == "Test event checkout.session.completed"


@pytest.mark.parametrize("status", ["paid", "no_payment_required"])
async def test_an_event_without_a_payment_status_says_what_the_session_says(
    store: Store, status: str
) -> None:
    data = session(**PAID | {"payment_status": status})
    event = event_object("evt_1", "completed", without("payment_status"))
    _, steps = await timeline_after(store, event, data)
    (completed,) = [step for step in steps if step.kind is EntryKind.COMPLETED]
    assert (
        completed.detail
        == {"paid": "Paid", "no_payment_required": "No payment was required"}[status]
    )


@pytest.mark.parametrize(
    ("kind", "odd"),
    [
        ("completed", {"payments": None, "payment_intent": None}),
        ("completed", {"payments": {"data": None}, "invoice": {"payments": None}}),
        ("completed", {"payments": {"data": ["pi_1", None, {"payment": "pi_2"}]}}),
        ("completed", {"payment_status": None, "metadata": None, "subscription": 7}),
        ("completed", {"latest_charge": {"id": None}, "charge": {"payment_intent": {}}}),
        ("payment_intent.payment_failed", {"last_payment_error": "declined"}),
        ("payment_intent.payment_failed", {"last_payment_error": {"code": 7, "message": None}}),
        ("payment_intent.succeeded", {"amount": None, "currency": None}),
        ("payment_intent.created", {"amount": "4", "currency": ["usd"]}),
    ],
)
async def test_what_an_event_leaves_out_or_writes_otherwise_is_passed_over(
    store: Store, kind: str, odd: JSON
) -> None:
    event = event_object("evt_1", kind, session(**PAID) | odd)
    _, steps = await timeline_after(store, event, session(**PAID))
    assert [step.event.id for step in steps if step.event] == ["evt_1"]


async def test_an_event_about_nothing_with_an_id_belongs_to_no_session(store: Store) -> None:
    event = event_object("evt_1", "balance.available", {"object": "balance"})
    data = session(**PAID, payments={"data": [{"id": None}]}, payment_intent={"object": "x"})
    found, _ = await timeline_after(store, event, data)
    assert found == []


@pytest.mark.parametrize(
    ("values", "failure", "kind", "detail"),
    [
        ({"status": "complete"}, CLOSED, EntryKind.ASYNC_PAYMENT_FAILED, CLOSED),
        ({"status": "expired"}, None, EntryKind.EXPIRED, "can no longer be used to pay"),
    ],
)
def test_an_end_that_no_event_has_reported_is_a_step_all_the_same(
    values: JSON, failure: str | None, kind: EntryKind, detail: str
) -> None:
    ended = CheckoutSession.from_stripe(session(**values), failure=failure)
    (last,) = [step for step in timeline_entries(ended, []) if step.kind is kind]
    assert detail in last.detail
    assert ended.created <= last.at <= time.time() + 1


def test_a_purchase_of_something_else_waits_for_no_grant() -> None:
    paid = CheckoutSession.from_stripe(session(**PAID), quantity=0)
    last = timeline_entries(paid, [])[-1]
    assert (last.kind, last.title) == (EntryKind.NOT_GRANTED, "Paid, but nothing to grant")
