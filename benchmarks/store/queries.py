"""The Sessions page and what it asks our copy, over few sessions and over many, on both engines.

Of each session only what pages ask for is stored: a million take about a gigabyte in a temporary
folder, and some minutes to store. Each figure is the CPU time of the best of a few, the
database's with it. The page's are of a whole rerun, numbers and chart calculated anew, by
``AppTest`` on SQLite.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
import time
from contextlib import contextmanager
from functools import partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from pydantic import SecretStr
from sqlalchemy import func, select
from streamlit.testing.v1 import AppTest

from benchmarks.report.figures import RUNS, Goal, Section, goal
from benchmarks.store.many_sessions import EVERY, FREQUENT, RARE, YEAR, store_many
from benchmarks.stripe.process import fake_stripe
from benchmarks.support.page_services import TIMEOUT_SECONDS, database_in, services_handed_over
from benchmarks.support.processes import ROOT
from benchmarks.support.tables import number, print_table
from benchmarks.webhooks.acknowledged import postgresql
from billing.domain.sessions.checkout_session import Kind, Outcome
from billing.domain.sessions.filters import SessionFilter
from billing.domain.sessions.page import Cursor
from billing.domain.sessions.source import Source
from billing.maintenance.rollups import Rollups
from billing.store import Store, sessions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

    from benchmarks.report.figures import Table

DAY = 86_400
SHOWN = 25
TIMES = 5
SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
SIZES, QUICK_SIZES = (10_000, 1_000_000), (10_000, 30_000)
REPORT_SIZES = (10_000, 100_000)  # a million take some minutes to store
MONTH, YEARS = "30 days: numbers and chart", "all: numbers and chart"
NUMBERS = "session_numbers"  # what the page has calculated, in its session state
BACKEND = select(func.pg_backend_pid())
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
}
FAILED = frozenset({Outcome.FAILED})
ONE_OF_300, ONE_OF_3, ALL = "of 1 in 300", "of 1 in 3", "of all"
SEARCHED = {ONE_OF_300: RARE, ONE_OF_3: FREQUENT, ALL: EVERY}
SEARCHES = {
    **{f"search {name}": SessionFilter(search=text) for name, text in SEARCHED.items()},
    f"search {ALL}, paid": SessionFilter(search=EVERY, outcomes=frozenset({Outcome.PAID})),
    f"search {ALL}, failed, which none is": SessionFilter(search=EVERY, outcomes=FAILED),
    "search: $99.00": SessionFilter(search="$99.00"),
    "search: no match": SessionFilter(search="zebra"),
}
# What the page's address asks for.
ADDRESSES: dict[str, dict[str, str]] = {
    "as it opens": {},
    "open": {"outcome": "open"},
    "search of 1 in 300": {"q": RARE},
    "search of all": {"q": EVERY},
}
# Of these, many sessions are to take at most 1.3 times what few take.
FLAT = ("the Sessions page, as it opens", MONTH, YEARS)
FLAT_SEARCHES = (
    *(f"search {name}: a page" for name in SEARCHED),
    *(f"search {ALL}{rest}" for rest in (": a page half a year down", ": figures")),
    f"search {ALL}, failed, which none is: a page",
)
WANTED = 1.3


async def best(store: Store, question: Callable[[Connection], Any]) -> float:
    """Milliseconds of CPU, here and in PostgreSQL's process."""

    def read(connection: Connection) -> float:
        server = connection.scalar(BACKEND) if store.is_shared else None
        started = cpu_seconds(server)
        question(connection)
        return cpu_seconds(server) - started

    return min([await store.read(read) for _ in range(TIMES)]) * 1000


def cpu_seconds(server: int | None) -> float:
    """Of this thread, and of the process that serves its connection."""
    here = time.thread_time()
    if server is None:
        return here
    # The first figure: nanoseconds on a core. https://docs.kernel.org/scheduler/sched-stats.html
    return here + int(Path(f"/proc/{server}/schedstat").read_text().split()[0]) / 1e9


async def searches(store: Store, newest: int) -> dict[str, float]:
    """What each search takes, in milliseconds of CPU."""
    took = {}
    half_a_year_ago = Cursor(newest - YEAR // 2, "cs_test_")
    for name, wanted in SEARCHES.items():
        page = partial(sessions.page, wanted=wanted, limit=SHOWN)
        took[f"{name}: a page"] = await best(store, page)
    for name, text in SEARCHED.items():
        wanted = SessionFilter(search=text)
        deep = partial(sessions.page, wanted=wanted, limit=SHOWN, below=half_a_year_ago)
        took[f"search {name}: a page half a year down"] = await best(store, deep)
        charted = partial(sessions.compute_stats, wanted=wanted, zone=ZONE)
        took[f"search {name}: figures"] = await best(store, charted)
    return took


async def questions(store: Store, newest: int) -> dict[str, float]:
    """What each question that searches no text takes, in milliseconds of CPU."""
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
    """What a rerun of the Sessions page takes with each address, in milliseconds of CPU."""
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
            started = time.process_time()
            page.run()
            times.append(time.process_time() - started)
            assert not page.exception, page.exception
            assert len(page.dataframe) == 1, "the table of sessions"
        took[f"the Sessions page, {name}"] = min(times) * 1000
    return took


@contextmanager
def stored(engine: str, count: int, newest: int) -> Iterator[tuple[SecretStr, Path]]:
    """A database with so many sessions, until the block is left; SQLite's file is in the folder."""
    with tempfile.TemporaryDirectory(prefix="bench-queries-") as folder:
        if engine == SQLITE:
            url = database_in(Path(folder))
            asyncio.run(filled(url, count, newest))
            yield url, Path(folder)
        else:
            with postgresql() as address:
                url = SecretStr(address)
                asyncio.run(filled(url, count, newest))
                yield url, Path(folder)


async def filled(url: SecretStr, count: int, newest: int) -> None:
    """Sessions, and the rollups of them that pages read."""
    store_many(url, count, newest)
    store = Store(url)
    find = partial(sessions.missing_phases, wanted=SessionFilter(), zone=ZONE)
    await store.write(partial(sessions.add_phases, wanted=await store.read(find)))
    await Rollups(store).rebuild()
    store.close()


async def asked(url: SecretStr, newest: int, *, of_searches_alone: bool) -> dict[str, float]:
    """What the questions take over the sessions stored there, in milliseconds of CPU."""
    store = Store(url)
    took = {} if of_searches_alone else await questions(store, newest)
    took |= await searches(store, newest)
    store.close()
    return took


def compared(few: int, many: int, runs: int) -> Table:
    """Each question as a row, with the engines and both sizes as columns."""
    logging.disable(logging.WARNING)  # Streamlit warns that no browser is there
    newest = int(time.time())
    table: Table = {}
    try:
        for engine in (SQLITE, POSTGRESQL):
            with (
                fake_stripe() as fake,
                stored(engine, few, newest) as small,
                stored(engine, many, newest) as large,
            ):
                for _, (count, (url, folder)) in product(
                    range(runs), ((few, small), (many, large))
                ):
                    took = {}
                    if engine == SQLITE:
                        with services_handed_over(fake.url, folder):
                            took = reruns()
                    took |= asyncio.run(asked(url, newest, of_searches_alone=engine == POSTGRESQL))
                    for question, milliseconds in took.items():
                        row = table.setdefault(question, {})
                        row.setdefault(column(engine, count), []).append(milliseconds)
    finally:
        logging.disable(logging.NOTSET)
    return table


def column(engine: str, count: int) -> str:
    return f"{engine}, {count:,} ms"


def section(quick: bool) -> Section:
    """Figures and searches over few and over many sessions, interleaved."""
    few, many = QUICK_SIZES if quick else REPORT_SIZES
    table = compared(few, many, 1 if quick else RUNS)
    about = (
        f"CPU of the Sessions page and of what it asks, over {few:,} and over {many:,} sessions: "
        "whole reruns by AppTest on SQLite, figures calculated anew, and single questions. "
        f"A search {ONE_OF_3} sessions matches a hundred times as many as one {ONE_OF_300}. "
        "`python -m benchmarks queries` does so over a million."
    )
    return Section("Sessions: figures and searches", about, table, goals(table, few, many))


def goals(table: Table, few: int, many: int) -> list[Goal]:
    """What is to take about as long over many sessions, and where many match."""
    found = []
    for question in FLAT:
        figures = [(question, column(SQLITE, count)) for count in (many, few)]
        found += goal(table, f"{question}, many of few", *figures, at_most=WANTED)
    for engine in (SQLITE, POSTGRESQL):
        for name in (ONE_OF_3, ALL):
            figures = [
                (f"search {one}: a page", column(engine, many)) for one in (name, ONE_OF_300)
            ]
            named = f"search {name}, of one {ONE_OF_300}, {engine}"
            found += goal(table, named, *figures, at_most=WANTED)
        for question in FLAT_SEARCHES:
            figures = [(question, column(engine, count)) for count in (many, few)]
            found += goal(table, f"{question}, many of few, {engine}", *figures, at_most=WANTED)
    return found


def measure(*, quick: bool) -> None:
    """Print the table."""
    few, many = QUICK_SIZES if quick else SIZES
    table = compared(few, many, 1)
    columns = [
        (engine, column(engine, few), column(engine, many)) for engine in (SQLITE, POSTGRESQL)
    ]
    print_table(
        "Pages and filters over the stored sessions, milliseconds",
        [
            "",
            *(
                f"{one}: {size}"
                for one, *_ in columns
                for size in (f"{few:,}", f"{many:,}", "ratio")
            ),
        ],
        [
            [name, *(word for _, one, other in columns for word in words(figures, one, other))]
            for name, figures in table.items()
        ],
    )


def words(figures: dict[str, list[float]], few: str, many: str) -> list[str]:
    """Both and their ratio; nothing where they were not measured."""
    if few not in figures:
        return ["", "", ""]
    one, other = figures[few][0], figures[many][0]
    return [number(one, 1), number(other, 1), number(other / one, 1)]
