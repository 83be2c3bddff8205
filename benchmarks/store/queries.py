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
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from streamlit.testing.v1 import AppTest

from benchmarks.pages.warm_rerun import TIMEOUT_SECONDS, database_in, services_handed_over
from benchmarks.stripe.answers import past_session
from benchmarks.stripe.process import fake_stripe
from benchmarks.support.processes import ROOT
from benchmarks.support.tables import number, print_table
from billing.domain.sessions.checkout_session import CheckoutSession, Kind, Outcome
from billing.domain.sessions.filters import SessionFilter
from billing.domain.sessions.page import Cursor
from billing.domain.sessions.source import Source
from billing.store import Store, sessions
from billing.store.sessions import SessionRows

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

DAY = 86_400
YEAR = 365 * DAY
SHOWN = 25
TOGETHER = 5_000
TIMES = 5
KEPT = (
    *("id", "object", "created", "expires_at", "status", "payment_status", "mode", "metadata"),
    *("amount_total", "currency", "customer", "customer_details", "subscription", "url"),
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
    month = SessionFilter(since=newest - 30 * DAY)
    charted = partial(sessions.compute_stats, wanted=month, zone=ZONE)
    took["30 days: numbers and chart"] = await best(store, charted)
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
            del page.session_state["session_numbers"]
            started = time.perf_counter()
            page.run()
            times.append(time.perf_counter() - started)
            assert not page.exception, page.exception
            assert len(page.dataframe) == 1, "the table of sessions"
        took[f"the Sessions page, {name}"] = min(times) * 1000
    return took


def asked(count: int, stripe_url: str) -> dict[str, float]:
    """What the questions and the page take over so many sessions, in milliseconds."""
    newest = int(time.time())
    with tempfile.TemporaryDirectory() as folder:
        store = Store(database_in(Path(folder)))
        asyncio.run(filled(store, count, newest))
        took = asyncio.run(questions(store, newest))
        store.close()
        with services_handed_over(stripe_url, Path(folder)):
            return reruns() | took


def measure(*, quick: bool) -> None:
    """Print the table."""
    logging.disable(logging.WARNING)  # Streamlit warns that no browser is there
    few, many = (10_000, 100_000) if quick else (10_000, 1_000_000)
    with fake_stripe() as fake:
        small, large = asked(few, fake.url), asked(many, fake.url)
    print_table(
        "Pages and filters over the mirrored sessions, milliseconds",
        ["", f"{few:,}", f"{many:,}", "ratio"],
        [
            [name, number(took, 1), number(large[name], 1), number(large[name] / took, 1)]
            for name, took in small.items()
        ],
    )
