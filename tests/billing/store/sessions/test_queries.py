"""Filters and pages find what looking at each session finds."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, event

from billing.domain.reason import Reason
from billing.domain.sessions.checkout_session import Outcome
from billing.domain.sessions.filters import SessionFilter
from billing.domain.sessions.page import Cursor, SessionPage
from billing.domain.sessions.source import Source
from billing.store import sessions
from billing.store.sessions import matching as matching_sessions
from billing.store.sessions.search import found as search_found
from billing.store.sessions.search import texts
from tests.billing.store.sessions.history import (
    FILTERS,
    JSON,
    NOW,
    REASONS,
    expected,
    found,
    history,
    keep,
    keep_history,
)
from tests.support.database.databases import store_on
from tests.support.stripe_account import session_object

if TYPE_CHECKING:
    from collections.abc import Collection

    from billing.store import Store


pytestmark = pytest.mark.anyio
EVERYTHING = SessionFilter()
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


async def test_any_filters_together_find_what_looking_at_each_session_finds(store: Store) -> None:
    made = history(120)
    await keep_history(store, made)
    for wanted in FILTERS[::2]:
        assert await found(store, wanted) == expected(made, wanted), wanted


async def test_reasons_go_together_with_every_filter(store: Store) -> None:
    made = history(120)
    await keep_history(store, made)
    for reason in REASONS:
        for wanted in FILTERS[::9]:
            because = replace(wanted, reason=reason)
            assert await found(store, because) == expected(made, because), because
        searching = SessionFilter(search="example.com", reason=reason)
        assert await found(store, searching) == expected(made, searching), searching


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
        *("cus_3", "pi_3", "Summer 2026", "summer", "QA-1234 iOS", "qa-1234"),
        *("yer3@", "R3@EXA", "mer 20", "r 2", "er3", "1234", "0003", "r3"),
        *("$4.95", "4.95", "4.95 usd"),
    ],
)
async def test_a_session_is_found_by_what_people_know_of_it(store: Store, search: str) -> None:
    made = [session_object(number, "credits", 1, NOW - number) for number in (1, 2, 4)]
    sought = session_object(3, "credits", 5, NOW) | {"id": "cs_test_000000000003"}
    sought["metadata"] |= {"campaign": "Summer 2026", "label": "QA-1234 iOS", "source": "api"}
    await keep(store, [*made, sought])
    assert sought["id"] in await found(store, SessionFilter(search=search))
    if search != "cs_test_00000000000":
        assert await found(store, SessionFilter(search=search)) == [sought["id"]]


@pytest.mark.parametrize("search", ["example.com", "@example.com", "exam", "xam", "@", "m"])
async def test_a_domain_finds_all_of_its_customers(store: Store, search: str) -> None:
    await keep(store, [session_object(number, "pro", 1, NOW - number) for number in range(3)])
    assert len(await found(store, SessionFilter(search=search))) == 3


@pytest.mark.parametrize(
    "search",
    [
        "uyer4",
        "credits",
        "billing-dashboard",
        "%",
        "u_er3",
        "b%r3",
        "*",
        "",
        "4.9",
        "\x00",
        "\ud800",
    ],
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
    parts = (text_of_others[:4], text_of_others[2:], text_of_others[-5:-1])
    for search in (text_of_others, text_of_others.upper(), *parts):
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


async def test_pages_of_a_search_go_on_to_the_end_whatever_arrives_in_one_second(
    store: Store,
) -> None:
    made = [session_object(number, "pro", 1, NOW - number // 7) for number in range(40)]
    await keep(store, made[::3])
    await keep(store, made)
    wanted = SessionFilter(search="@example.com")
    shown: list[str] = []
    below = None
    while True:
        page = await store.read(partial(sessions.page, wanted=wanted, limit=3, below=below))
        assert not page.is_partial
        shown += [one.id for one in page.sessions]
        below = page.older
        if below is None:
            break
    ordered = sorted(made, key=lambda one: (one["created"], one["id"]), reverse=True)
    assert shown == [one["id"] for one in ordered]


async def test_a_search_finds_what_reading_all_would(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name, bound in (
        *((search_found, "NEWEST", 6), (search_found, "NEWER", 20), (search_found, "FREQUENT", 2)),
        *((search_found, "SEARCH_LIMIT", 91), (matching_sessions, "FEW", 9)),
    ):
        monkeypatch.setattr(module, name, bound)
    made = history(90)
    labels: dict[str, Collection[int]] = {
        "rare": (50, 83),
        "some": range(3, 90, 8),
        "often": range(0, 90, 2),
        "bygone": range(40, 90),
        "zz": range(40, 90, 3),
        "4.95": (20, 60),
    }
    for label, numbers in labels.items():
        for number in numbers:
            made[number][1]["metadata"][label] = f"a {label} day"
    await keep_history(store, made)
    reasons = (Reason.ABANDONED, Reason.NOT_GRANTED, "lost_card")
    narrowed = [*FILTERS[::17], *(SessionFilter(reason=reason) for reason in reasons)]
    for label, numbers in labels.items():
        holding = [
            one
            for number, one in enumerate(made)
            if number in numbers or (label == "4.95" and one[0].amount_total == 495)
        ]
        for wanted in narrowed:
            search = replace(wanted, search=label)
            assert await found(store, search) == expected(holding, wanted), search
        search = SessionFilter(search=label)
        figures = partial(sessions.compute_stats, wanted=search, zone=ZoneInfo("Europe/Berlin"))
        stats = await store.read(figures)
        assert (stats.created, stats.is_partial) == (len(holding), False), search
        assert sum(day.total() for day in stats.days.values()) == len(holding), search
        not_granted = expected(holding, SessionFilter(reason=Reason.NOT_GRANTED))
        assert stats.reasons[Reason.NOT_GRANTED] == len(not_granted), search


async def test_more_than_are_looked_through_is_said_so(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_found, "SEARCH_LIMIT", 10)
    monkeypatch.setattr(texts, "SCAN_LIMIT", 10)
    monkeypatch.setattr(search_found, "SCAN_LIMIT", 10)
    await keep(store, [session_object(number, "pro", 1, NOW - number) for number in range(15)])
    others = frozenset({Source.OTHER})
    for text, is_partial in {"example.com": True, "buyer7@": False, "@": True, "zz": True}.items():
        wanted = SessionFilter(search=text, sources=others)
        page = await store.read(partial(sessions.page, wanted=wanted, limit=3))
        assert (page.sessions, page.is_partial) == ((), is_partial), text


@pytest.mark.parametrize(
    "wanted",
    [
        *(FILTERS[0], FILTERS[13], FILTERS[30], FILTERS[-1], SessionFilter().for_figures),
        *(SessionFilter(reason=reason) for reason in REASONS),
    ],
)
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
            sessions.compute_stats(connection, wanted, ZoneInfo("UTC"))
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
