"""The Sessions page and what it asks our copy, over 10,000 sessions and over 1,000,000, on SQLite.

Of each session only what pages ask for is stored: a million take about a gigabyte in a temporary
folder, and a few minutes to store. Each figure is the best of a few. The page's are of a whole
rerun, numbers and chart calculated anew, by ``AppTest``.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from streamlit.testing.v1 import AppTest

from benchmarks.report.figures import RUNS, Goal, Section
from benchmarks.stripe.answers import past_session
from benchmarks.stripe.process import fake_stripe
from benchmarks.support.page_services import TIMEOUT_SECONDS, database_in, services_handed_over
from benchmarks.support.processes import ROOT
from benchmarks.support.tables import number, print_table
from billing.domain.sessions.checkout_session import CheckoutSession, Kind, Outcome
from billing.domain.sessions.filters import SessionFilter
from billing.domain.sessions.page import Cursor
from billing.domain.sessions.source import Source
from billing.maintenance.rollups import Rollups
from billing.store import Store, sessions
from billing.store.sessions import SessionRows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

    from benchmarks.report.figures import Table

DAY = 86_400
YEAR = 365 * DAY
SHOWN = 25
TOGETHER = 5_000
TIMES = 5
KEPT = (
    *("id", "object", "created", "expires_at", "status", "payment_status", "mode", "metadata"),
    *("amount_total", "currency", "customer", "customer_details", "subscription", "url"),
)
SIZES, QUICK_SIZES = (10_000, 1_000_000), (1_000, 10_000)
REPORT_SIZES = (10_000, 300_000)  # a million take seven minutes to store
MONTH, YEARS = "30 days: numbers and chart", "all: numbers and chart"
NUMBERS = "session_numbers"  # what the page has calculated, in its session state
GOALS = (
    *("the Sessions page, as it opens", MONTH, YEARS),
    *("search: an e-mail: a page", "search: a domain: a page"),
)
ZONE = ZoneInfo("Europe/Berlin")
FILTERS = {
    "all": SessionFilter(),
    "open": SessionFilter(outcomes=frozenset({Outcome.OPEN})),
    "paid, Pro, page and API": SessionFilter(
        outcomes=frozenset({Outcome.PAID}),
        kinds=frozenset({Kind.PRO}),
        sources=frozenset({Source.PAGE, Source.API}),
    ),
    "not Test kit, not demo": SessionFilter(
        sources=frozenset({Source.PAGE, Source.API, Source.OTHER})
    ),
    "nothing matches": SessionFilter(outcomes=frozenset({Outcome.FAILED})),
    "search: an e-mail": SessionFilter(search="buyer77@example.com"),
    "search: a domain": SessionFilter(search="example.com"),
    "search: $99.00": SessionFilter(search="$99.00"),
    "search: no match": SessionFilter(search="zebra"),
}
# What the page's address asks for.
ADDRESSES: dict[str, dict[str, str]] = {
    "as it opens": {},
    "open": {"outcome": "open"},
    "search: an e-mail": {"q": "buyer77@example.com"},
    "search: a domain": {"q": "example.com"},
}


async def filled(store: Store, count: int, newest: int) -> None:
    """``count`` sessions, evenly over the last year."""
    for start in range(0, count, TOGETHER):
        made = [
            past_session(place, newest - YEAR + YEAR * (place + 1) // count)
            for place in range(start, min(start + TOGETHER, count))
        ]
        kept = [
            (CheckoutSession.from_stripe(session), {name: session[name] for name in KEPT})
            for session in made
        ]
        await store.write(partial(sessions.upsert_sessions, batches=[SessionRows.of(kept)]))
    find = partial(sessions.missing_phases, wanted=SessionFilter(), zone=ZONE)
    await store.write(partial(sessions.add_phases, wanted=await store.read(find)))
    await Rollups(store).rebuild()


async def best(store: Store, question: Callable[[Connection], Any]) -> float:
    """Milliseconds."""
    times = []
    for _ in range(TIMES):
        started = time.perf_counter()
        await store.read(question)
        times.append(time.perf_counter() - started)
    return min(times) * 1000


async def questions(store: Store, newest: int) -> dict[str, float]:
    """What each question takes, in milliseconds."""
    took = {}
    for name, wanted in FILTERS.items():
        page = partial(sessions.page, wanted=wanted, limit=SHOWN)
        took[f"{name}: a page"] = await best(store, page)
    half_a_year_ago = Cursor(newest - YEAR // 2, "cs_test_")
    deep = partial(sessions.page, wanted=SessionFilter(), limit=SHOWN, below=half_a_year_ago)
    took["all: a page half a year down"] = await best(store, deep)
    for name, wanted in {
        MONTH: SessionFilter(since=newest - 30 * DAY),
        YEARS: SessionFilter(),
    }.items():
        charted = partial(sessions.compute_stats, wanted=wanted, zone=ZONE)
        took[name] = await best(store, charted)
    return took


def reruns() -> dict[str, float]:
    """What a rerun of the Sessions page takes with each address, in milliseconds."""
    took = {}
    for name, address in ADDRESSES.items():
        page = AppTest.from_file(ROOT / "pages" / "dashboard.py", default_timeout=TIMEOUT_SECONDS)
        page.run().switch_page("sessions.py")
        for word, value in address.items():
            page.query_params[word] = value
        page.run()
        times = []
        for _ in range(TIMES):
            if NUMBERS in page.session_state:
                del page.session_state[NUMBERS]
            started = time.perf_counter()
            page.run()
            times.append(time.perf_counter() - started)
            assert not page.exception, page.exception
            assert len(page.dataframe) == 1, "the table of sessions"
        took[f"the Sessions page, {name}"] = min(times) * 1000
    return took


@contextmanager
def stored(count: int, newest: int) -> Iterator[Path]:
    """The folder of a database with so many sessions, until the block is left."""
    with tempfile.TemporaryDirectory(prefix="bench-queries-") as folder:
        store = Store(database_in(Path(folder)))
        asyncio.run(filled(store, count, newest))
        store.close()
        yield Path(folder)


def asked(folder: Path, newest: int, stripe_url: str) -> dict[str, float]:
    """What the page and the questions take over the sessions stored there, in milliseconds."""
    with services_handed_over(stripe_url, folder):
        took = reruns()
    store = Store(database_in(folder))
    took |= asyncio.run(questions(store, newest))
    store.close()
    return took


def compared(few: int, many: int, runs: int) -> Table:
    """Each question as a row, with both sizes as columns."""
    logging.disable(logging.WARNING)  # Streamlit warns that no browser is there
    newest = int(time.time())
    table: Table = {}
    try:
        with fake_stripe() as fake, stored(few, newest) as small, stored(many, newest) as large:
            for _ in range(runs):
                for column, folder in ((size(few), small), (size(many), large)):
                    for question, took in asked(folder, newest, fake.url).items():
                        table.setdefault(question, {}).setdefault(column, []).append(took)
    finally:
        logging.disable(logging.NOTSET)
    return table


def size(count: int) -> str:
    return f"{count:,} ms"


def section(quick: bool) -> Section:
    """Figures and searches over few and over many sessions, interleaved."""
    few, many = QUICK_SIZES if quick else REPORT_SIZES
    table = compared(few, many, 1 if quick else RUNS)
    goals = []
    for question in GOALS:
        runs = [
            large / small
            for small, large in zip(
                table[question][size(few)], table[question][size(many)], strict=True
            )
        ]
        goals.append(Goal(f"{question}, many of few", runs, 1.3, at_least=False))
    about = (
        f"The Sessions page and what it asks, over {few:,} and over {many:,} sessions of a year in "
        "SQLite: whole reruns by AppTest, figures calculated anew, and single questions. A search "
        f"that matches in both finds {many // few} times as many in the larger. "
        "`python -m benchmarks queries` does so over a million."
    )
    return Section("Sessions: figures and searches", about, table, goals)


def measure(*, quick: bool) -> None:
    """Print the table."""
    few, many = QUICK_SIZES if quick else SIZES
    table = compared(few, many, 1)
    print_table(
        "Pages and filters over the mirrored sessions, milliseconds",
        ["", f"{few:,}", f"{many:,}", "ratio"],
        [
            [name, number(one, 1), number(other, 1), number(other / one, 1)]
            for name, figures in table.items()
            for one, other in [(figures[size(few)][0], figures[size(many)][0])]
        ],
    )
