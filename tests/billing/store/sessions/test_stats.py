"""The numbers over sessions are those of the sessions one by one."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from functools import partial
from statistics import median_low
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, text

from billing.domain.events.event import EventSource, EventState
from billing.domain.sessions.checkout_session import Outcome
from billing.domain.sessions.filters import SessionFilter
from billing.domain.sessions.stats import Revenue, SessionStats
from billing.maintenance.rollups import Rollups
from billing.store import events, sessions
from billing.store.sessions.search import found as search_found
from tests.billing.store.sessions.history import (
    FILTERS,
    NOW,
    expected,
    history,
    keep,
    keep_history,
    reasons,
)
from tests.support.database.stored import copies
from tests.support.stripe_account import event_object, session_object

if TYPE_CHECKING:
    from billing.store import Store


pytestmark = pytest.mark.anyio

UTC = ZoneInfo("UTC")


async def figures(store: Store, wanted: SessionFilter, zone: ZoneInfo = UTC) -> SessionStats:
    """As they are calculated at first; and the same once all is counted by period."""
    compute = partial(sessions.compute_stats, wanted=wanted, zone=zone)
    at_first = await store.read(compute)
    missing = await store.read(partial(sessions.missing_phases, wanted=wanted, zone=zone))
    await store.write(partial(sessions.add_phases, wanted=missing))
    while await Rollups(store).fold():
        pass
    assert await store.read(compute) == at_first
    return at_first


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/New_York"])
async def test_the_numbers_are_those_of_the_sessions_one_by_one(store: Store, zone: str) -> None:
    made = history(150)
    await keep_history(store, made)
    here = ZoneInfo(zone)
    for wanted in FILTERS[::7]:
        ids = set(expected(made, wanted.for_any_outcome))
        of = [session for session, _ in made if session.id in ids]
        outcomes = [session.outcome for session in of]
        numbers = await figures(store, wanted, here)
        assert numbers.created == len(of)
        paid = [one for one in of if one.is_paid]
        assert numbers.paid == len(paid)
        gross = sum(one.amount_total or 0 for one in paid)
        net = gross - sum(one.amount_refunded + one.amount_disputed for one in paid)
        assert numbers.revenue == ({"usd": Revenue(gross, net)} if gross else {})
        days: dict[Any, Counter[Outcome]] = {}
        for one, outcome in zip(of, outcomes, strict=True):
            day = datetime.fromtimestamp(one.created, here).date()
            days.setdefault(day, Counter())[outcome] += 1
        assert {day: counts for day, counts in numbers.days.items() if counts} == days
        assert list(numbers.days) == sorted(numbers.days)
        assert numbers.reasons == Counter(reason for one in of for reason in reasons(one))


@pytest.mark.parametrize(
    "zone",
    ["Europe/Berlin", "Africa/Casablanca", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"],
)
async def test_days_begin_at_midnight_there_whatever_the_clocks_do(store: Store, zone: str) -> None:
    here = ZoneInfo(zone)
    first = datetime(2011, 12, 1, tzinfo=here)  # Apia left a day out at the end of that month
    midnights = [int((first + timedelta(days=number)).timestamp()) for number in range(800)]
    times = [midnight + beside for midnight in midnights for beside in (-1, 0, 3 * 3600)]
    await keep(
        store,
        [session_object(number, "pro", 1, created) for number, created in enumerate(times)],
    )
    numbers = await figures(store, SessionFilter(), here)
    days = Counter(datetime.fromtimestamp(created, here).date() for created in times)
    assert {day: counts.total() for day, counts in numbers.days.items() if counts} == days


async def test_each_currency_has_its_own_revenue(store: Store) -> None:
    paid = {"status": "complete", "payment_status": "paid"}
    await keep(
        store,
        [
            session_object(1, "pro", 1, NOW) | paid,
            session_object(2, "pro", 1, NOW) | paid | {"currency": "eur", "amount_total": 100},
            session_object(3, "pro", 1, NOW) | paid | {"currency": None, "amount_total": None},
            session_object(4, "pro", 1, NOW) | paid | {"currency": "eur", "amount_total": 200},
        ],
    )
    numbers = await figures(store, SessionFilter())
    in_order = [(currency, one.gross) for currency, one in numbers.revenue.items()]
    assert in_order == [("eur", 300), ("usd", 9900)]  # the most sold first
    assert numbers.conversion == 1


async def test_the_numbers_over_nothing_are_nothing(store: Store) -> None:
    numbers = await figures(store, SessionFilter())
    assert (numbers.created, numbers.conversion, numbers.seconds_to_pay) == (0, None, None)
    assert numbers.days == {}


async def test_of_very_many_that_hold_a_text_some_are_calculated_with_and_it_is_said(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_found, "SEARCH_LIMIT", 10)
    await keep(store, [session_object(number, "pro", 1, NOW - number) for number in range(30)])
    for wanted, counted in ((SessionFilter(search="cs_test_"), 10), (SessionFilter(), 30)):
        numbers = await figures(store, wanted)
        assert (numbers.created, numbers.is_partial) == (counted, counted < 30)


async def test_the_time_to_pay_is_reported_by_the_completion_events(store: Store) -> None:
    waits = [5, 60, 61, 300]
    made = [session_object(number, "credits", 1, NOW) for number in range(5)]
    paid = {"status": "complete", "payment_status": "paid"}

    def complete(connection: Connection) -> None:
        for session, wait in zip(made, waits, strict=False):
            told = event_object(f"evt_{wait}", "completed", session) | {"created": NOW + wait}
            events.record(
                connection,
                [
                    events.ReceivedEvent(
                        told, EventSource.WEBHOOK, EventState.PENDING, NOW + wait + 1
                    )
                ],
            )
            again = told | {"id": f"evt_{wait}_again", "created": NOW + wait + 100}
            events.record(
                connection,
                [
                    events.ReceivedEvent(
                        again, EventSource.WEBHOOK, EventState.PENDING, NOW + wait + 1
                    )
                ],
            )
            sessions.upsert_sessions(connection, [copies([session])])  # still open here: nothing
            sessions.upsert_sessions(connection, [copies([session | paid])])
        sessions.upsert_sessions(connection, [copies([made[4] | paid])])  # no event told of it

    await keep(store, made)
    await store.write(complete)
    numbers = await figures(store, SessionFilter())
    assert numbers.seconds_to_pay == pytest.approx(median_low(waits), rel=0.032)
    assert numbers.timed == len(waits)
    assert numbers.paid == 5


async def test_a_later_copy_keeps_when_checkout_was_completed(store: Store) -> None:
    session = session_object(1, "credits", 1, NOW)
    paid = session | {"status": "complete", "payment_status": "paid"}

    def complete(connection: Connection) -> int | None:
        told = event_object("evt_1", "completed", session) | {"created": NOW + 9}
        events.record(
            connection,
            [events.ReceivedEvent(told, EventSource.WEBHOOK, EventState.PENDING, NOW + 10)],
        )
        sessions.upsert_sessions(connection, [copies([paid])])
        sessions.upsert_sessions(connection, [copies([paid])])
        found: int | None = connection.scalar(text("SELECT completed_at FROM checkout_sessions"))
        return found

    assert await store.write(complete) == NOW + 9
