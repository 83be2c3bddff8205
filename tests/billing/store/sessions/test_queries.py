"""Every way to ask for sessions gives what looking at each of them would give."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta
from functools import partial
from itertools import product
from statistics import median_low
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, event, text

from billing.domain.checkout_session import CheckoutSession, Kind, Outcome
from billing.domain.session_filter import SEARCHED, Cursor, SessionFilter
from billing.store import events, sessions
from billing.store.sessions import SessionPage
from tests.support.databases import store_on
from tests.support.stored import copies
from tests.support.stripe_account import event_object, session_object

if TYPE_CHECKING:
    from collections.abc import Iterable

    from billing.store import Store

pytestmark = pytest.mark.anyio

NOW = 1_780_000_000
EVERYTHING = SessionFilter()
JSON = dict[str, Any]
Stored = tuple[CheckoutSession, JSON]
STATES: tuple[tuple[str, str, str | None], ...] = (
    ("open", "unpaid", None),
    ("complete", "paid", None),
    ("complete", "unpaid", None),
    ("complete", "unpaid", "The account has insufficient funds."),
    ("complete", "no_payment_required", None),
    ("expired", "unpaid", None),
)
HOSTILE = (
    "50% off",
    "under_score",
    "' OR 1=1 --",
    'a "quoted" word',
    "<script>alert(1)</script>",
    "**bold** :red[x] $a$",
    "🎉 party 🎉",
    "back\\slash",
    "=cmd()",
    "ÄÖÜ Zoë",
)


def history(number: int) -> list[Stored]:
    """Sessions of every kind and state, several in the same second."""
    chance = random.Random(7)  # noqa: S311 - the same history at every run
    made = []
    for index in range(number):
        kind = chance.choice(("pro", "credits"))
        created = NOW - index // 3 * 7_000
        session = session_object(
            index, kind, chance.choice((1, 5, 10)), created, ours=chance.random() < 0.8
        )
        if session["metadata"].get("kind") and chance.random() < 0.1:
            session["metadata"]["kind"] = "gold"  # ours, of a version that sold something else
        status, payment_status, failure = chance.choice(STATES)
        session |= {"status": status, "payment_status": payment_status}
        made.append((CheckoutSession.from_stripe(session, failure=failure), session))
    return made


async def keep(store: Store, made: Iterable[JSON]) -> None:
    await store.write(lambda connection: sessions.upsert_sessions(connection, [copies(made)]))


async def keep_history(store: Store, made: list[Stored]) -> None:
    await store.write(
        lambda connection: sessions.upsert_sessions(connection, [sessions.SessionRows.of(made)])
    )


async def found(store: Store, wanted: SessionFilter, limit: int = 7) -> list[str]:
    """All that match, page by page."""
    ids: list[str] = []
    below: Cursor | None = None
    while True:
        page = await store.read(partial(sessions.page, wanted=wanted, limit=limit, below=below))
        ids += [session.id for session in page.sessions]
        if page.older is None:
            return ids
        below = page.older


def expected(made: Iterable[Stored], wanted: SessionFilter) -> list[str]:
    """The same, by looking at each."""
    matching = [
        session
        for session, _ in made
        if (not wanted.outcomes or session.outcome in wanted.outcomes)
        and (not wanted.kinds or session.kind in wanted.kinds)
        and (session.ours or not wanted.only_ours)
        and (wanted.since is None or session.created >= wanted.since)
        and (wanted.until is None or session.created < wanted.until)
    ]
    matching.sort(key=lambda session: (session.created, session.id), reverse=True)
    return [session.id for session in matching]


FILTERS = [
    SessionFilter(
        outcomes=frozenset(outcomes),
        kinds=frozenset(kinds),
        only_ours=only_ours,
        since=since,
        until=until,
    )
    for outcomes, kinds, only_ours, (since, until) in product(
        ((), (Outcome.OPEN,), (Outcome.FAILED,), (Outcome.PROCESSING, Outcome.PAID)),
        ((), (Kind.PRO,), (Kind.PRO, Kind.CREDITS)),
        (False, True),
        ((None, None), (NOW - 200_000, NOW - 14_000)),
    )
]


async def test_any_filters_together_find_what_looking_at_each_session_finds(store: Store) -> None:
    made = history(120)
    await keep_history(store, made)
    for wanted in FILTERS:
        assert await found(store, wanted) == expected(made, wanted), wanted


async def test_a_search_goes_together_with_every_filter(store: Store) -> None:
    made = history(60)
    await keep_history(store, made)
    for wanted in FILTERS[::5]:
        searching = SessionFilter(**(wanted.__dict__ | {"search": "example.com"}))
        assert await found(store, searching) == expected(made, wanted), wanted


@pytest.mark.parametrize(
    "search",
    [
        *("cs_test_000000000003", "cs_test_00000000000"),
        *("buyer3@example.com", "BUYER3@Example.COM", "buyer3", " buyer3@example.com "),
        *("cus_3", "pi_3", "Summer 2026", "summer"),
        *("$4.95", "4.95", "4.95 usd"),
    ],
)
async def test_a_session_is_found_by_what_people_know_of_it(store: Store, search: str) -> None:
    made = [session_object(number, "credits", 1, NOW - number) for number in (1, 2, 4)]
    sought = session_object(3, "credits", 5, NOW) | {"id": "cs_test_000000000003"}
    sought["metadata"]["campaign"] = "Summer 2026"
    await keep(store, [*made, sought])
    assert sought["id"] in await found(store, SessionFilter(search=search))
    if search != "cs_test_00000000000":
        assert await found(store, SessionFilter(search=search)) == [sought["id"]]


@pytest.mark.parametrize("search", ["example.com", "@example.com", "exam"])
async def test_a_domain_finds_all_of_its_customers(store: Store, search: str) -> None:
    await keep(store, [session_object(number, "pro", 1, NOW - number) for number in range(3)])
    assert len(await found(store, SessionFilter(search=search))) == 3


@pytest.mark.parametrize(
    "search",
    ["uyer3", "xample.com", "%", "_", "buyer_", "b%", "*", "", "@", "4.9", "\x00", "\ud800"],
)
async def test_what_stands_in_no_session_finds_none(store: Store, search: str) -> None:
    await keep(store, [session_object(3, "credits", 5, NOW)])
    wanted = SessionFilter(search=search)
    assert await found(store, wanted) == ([] if search else ["cs_test_000000000003"])


@pytest.mark.parametrize("text_of_others", HOSTILE)
async def test_text_of_others_is_found_as_it_stands(store: Store, text_of_others: str) -> None:
    sought = session_object(1, "credits", 1, NOW)
    sought["metadata"]["note"] = text_of_others
    await keep(store, [sought, session_object(2, "credits", 1, NOW)])
    for search in (text_of_others, text_of_others[:4], text_of_others.upper()):
        assert await found(store, SessionFilter(search=search)) == [sought["id"]]


async def test_an_amount_is_meant_in_its_currency(store: Store) -> None:
    def of(number: int, amount: int, currency: str) -> JSON:
        made = session_object(number, "credits", 1, NOW - number)
        return made | {"amount_total": amount, "currency": currency}

    made = [of(1, 990, "usd"), of(2, 990, "eur"), of(3, 990, "jpy"), of(4, 99_000, "usd")]
    await keep(store, made)
    ids = [session["id"] for session in made]
    for search, matching in {
        "9.90": ids[:2],
        "$9.90": ids[:1],
        "€9,90": ids[1:2],
        "990": ids[2:],
        "990 JPY": ids[2:3],
        "990.00": ids[2:],
    }.items():
        assert await found(store, SessionFilter(search=search)) == matching, search


async def new(store: Store, shown: SessionPage, wanted: SessionFilter = EVERYTHING) -> int:
    ids = [session.id for session in shown.sessions]
    count = partial(sessions.count_new, wanted=wanted, shown=ids, end=shown.older)
    return await store.read(count)


async def test_what_arrives_while_turning_pages_shifts_nothing(store: Store) -> None:
    made = [session_object(number, "pro", 1, NOW - number) for number in range(10)]
    await keep(store, made)
    first = await store.read(partial(sessions.page, wanted=SessionFilter(), limit=5))
    newer = session_object(99, "pro", 1, NOW + 5)
    await keep(store, [newer])
    second = await store.read(
        partial(sessions.page, wanted=SessionFilter(), limit=5, below=first.older)
    )
    shown = [session.id for session in (*first.sessions, *second.sessions)]
    assert shown == [session["id"] for session in made]
    assert await new(store, first) == 1


async def test_what_belongs_on_the_first_page_meanwhile_is_counted(store: Store) -> None:
    made = [session_object(number, "pro", 1, NOW - number) for number in range(10, 20)]
    await keep(store, made)
    everything = partial(sessions.page, wanted=SessionFilter(), limit=5)
    first = await store.read(everything)
    assert await new(store, first) == 0
    of_the_same_second = session_object(1, "pro", 1, NOW - 10)
    assert of_the_same_second["id"] < made[0]["id"]
    await keep(store, [of_the_same_second, session_object(99, "pro", 1, NOW)])
    await keep(store, [session_object(98, "pro", 1, NOW - 60)])  # belongs further down
    assert await new(store, first) == 2
    assert await new(store, await store.read(everything)) == 0


async def test_what_has_changed_so_that_it_matches_is_new(store: Store) -> None:
    made = [session_object(number, "pro", 1, NOW - number) for number in range(3)]
    paid = {"status": "complete", "payment_status": "paid"}
    await keep(store, [made[0] | paid, *made[1:]])
    wanted = SessionFilter(outcomes=frozenset({Outcome.PAID}))
    shown = await store.read(partial(sessions.page, wanted=wanted, limit=5))
    assert [session.id for session in shown.sessions] == [made[0]["id"]]
    assert await new(store, shown, wanted) == 0
    await keep(store, [made[2] | paid])
    assert await new(store, shown, wanted) == 1


async def test_more_than_are_looked_through_is_said_so(sqlite_url: str) -> None:
    with store_on(sqlite_url) as store:
        made = [session_object(number, "pro", 1, NOW - number) for number in range(SEARCHED + 50)]
        await keep(store, made)
        everybody = SessionFilter(search="example.com")
        assert await store.read(partial(sessions.searched_too_many, wanted=everybody))
        page = await store.read(partial(sessions.page, wanted=everybody, limit=3))
        assert [session.id for session in page.sessions] == [one["id"] for one in made[:3]]
        somebody = SessionFilter(search="buyer77@example.com")
        assert not await store.read(partial(sessions.searched_too_many, wanted=somebody))


@pytest.mark.parametrize("wanted", [FILTERS[0], FILTERS[13], FILTERS[30], FILTERS[-1]])
async def test_a_page_reads_a_stretch_of_an_index_and_never_the_whole_table(
    sqlite_url: str, wanted: SessionFilter
) -> None:
    with store_on(sqlite_url) as store:

        def plans(connection: Connection) -> list[str]:
            asked: list[tuple[str, Any]] = []

            def note(_c: object, _cu: object, statement: str, values: Any, *_: object) -> None:
                asked.append((statement, values))

            event.listen(connection, "before_cursor_execute", note)
            sessions.page(connection, wanted, 5, Cursor(NOW, "cs_test_x"))
            sessions.numbers(connection, wanted, ZoneInfo("UTC"))
            event.remove(connection, "before_cursor_execute", note)
            return [
                str(step[3])
                for statement, values in asked
                for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            ]

        steps = [step for step in await store.read(plans) if "checkout_sessions" in step]
        assert steps
        for step in steps:
            assert "USING COVERING INDEX" in step or "(id=?)" in step, step


# Numbers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/New_York"])
async def test_the_numbers_are_those_of_the_sessions_one_by_one(store: Store, zone: str) -> None:
    made = history(150)
    await keep_history(store, made)
    here = ZoneInfo(zone)
    for wanted in FILTERS[::7]:
        matching = set(expected(made, wanted))
        of = [session for session, _ in made if session.id in matching]
        outcomes = [session.outcome for session in of]
        numbers = await store.read(partial(sessions.numbers, wanted=wanted, zone=here))
        assert numbers.created == len(of)
        assert numbers.paid == outcomes.count(Outcome.PAID)
        revenue = sum(
            one.amount_total or 0
            for one, outcome in zip(of, outcomes, strict=True)
            if outcome is Outcome.PAID
        )
        assert numbers.revenue == ({"usd": revenue} if revenue else {})
        days: dict[Any, Counter[Outcome]] = {}
        for one, outcome in zip(of, outcomes, strict=True):
            day = datetime.fromtimestamp(one.created, here).date()
            days.setdefault(day, Counter())[outcome] += 1
        assert {day: counts for day, counts in numbers.days.items() if counts} == days
        assert list(numbers.days) == sorted(numbers.days)


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
    numbers = await store.read(
        partial(sessions.numbers, wanted=SessionFilter(), zone=here, most=len(times))
    )
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
    numbers = await store.read(
        partial(sessions.numbers, wanted=SessionFilter(), zone=ZoneInfo("UTC"))
    )
    assert list(numbers.revenue.items()) == [("eur", 300), ("usd", 9900)]  # the most sold first
    assert numbers.conversion == 1


async def test_the_numbers_over_nothing_are_nothing(store: Store) -> None:
    numbers = await store.read(
        partial(sessions.numbers, wanted=SessionFilter(), zone=ZoneInfo("UTC"))
    )
    assert (numbers.created, numbers.conversion, numbers.seconds_to_pay) == (0, None, None)
    assert numbers.days == {}


async def test_over_very_many_the_newest_are_calculated_with_and_it_is_said(store: Store) -> None:
    await keep(store, [session_object(number, "pro", 1, NOW - number) for number in range(30)])
    numbers = await store.read(
        partial(sessions.numbers, wanted=SessionFilter(), zone=ZoneInfo("UTC"), most=10)
    )
    assert (numbers.created, numbers.since) == (10, NOW - 9)


async def test_the_time_to_pay_is_told_by_the_completion_events(store: Store) -> None:
    waits = [5, 60, 61, 300]
    made = [session_object(number, "credits", 1, NOW) for number in range(5)]
    paid = {"status": "complete", "payment_status": "paid"}

    def complete(connection: Connection) -> None:
        for session, wait in zip(made, waits, strict=False):
            told = event_object(f"evt_{wait}", "completed", session) | {"created": NOW + wait}
            events.record(
                connection, [events.ReceivedEvent(told, "webhook", "pending", NOW + wait + 1)]
            )
            again = told | {"id": f"evt_{wait}_again", "created": NOW + wait + 100}
            events.record(
                connection, [events.ReceivedEvent(again, "webhook", "pending", NOW + wait + 1)]
            )
            sessions.record_completions(connection, [session["id"]])  # still open here: nothing
            sessions.upsert_sessions(connection, [copies([session | paid])])
            sessions.record_completions(connection, [session["id"]])
        sessions.upsert_sessions(connection, [copies([made[4] | paid])])
        sessions.record_completions(connection, [made[4]["id"]])  # no event told of it

    await keep(store, made)
    await store.write(complete)
    numbers = await store.read(
        partial(sessions.numbers, wanted=SessionFilter(), zone=ZoneInfo("UTC"))
    )
    assert (numbers.seconds_to_pay, numbers.timed) == (median_low(waits), len(waits))
    assert numbers.paid == 5


async def test_a_later_copy_keeps_when_checkout_was_completed(store: Store) -> None:
    session = session_object(1, "credits", 1, NOW)
    paid = session | {"status": "complete", "payment_status": "paid"}

    def complete(connection: Connection) -> int | None:
        told = event_object("evt_1", "completed", session) | {"created": NOW + 9}
        events.record(connection, [events.ReceivedEvent(told, "webhook", "pending", NOW + 10)])
        sessions.upsert_sessions(connection, [copies([paid])])
        sessions.record_completions(connection, [session["id"]])
        sessions.upsert_sessions(connection, [copies([paid])])
        found: int | None = connection.scalar(text("SELECT completed_at FROM checkout_sessions"))
        return found

    assert await store.write(complete) == NOW + 9
