"""What pages ask our copy, over 10,000 sessions and over 1,000,000, on SQLite.

Of each session only what pages ask for is stored: a million take about a gigabyte in a temporary
folder, and some minutes to store. Each figure is the best of a few.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from benchmarks.stripe_answers import past_session
from benchmarks.tables import number, print_table
from billing.checkout_session import Kind
from billing.session_filter import SessionFilter
from billing.store import Store, session_numbers, session_queries, sessions

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
    "open": SessionFilter(statuses=frozenset({"open"})),
    "paid, Pro, ours": SessionFilter(
        payment_statuses=frozenset({"paid"}), kinds=frozenset({Kind.PRO}), only_ours=True
    ),
    "nothing matches": SessionFilter(
        statuses=frozenset({"expired"}), payment_statuses=frozenset({"paid"})
    ),
    "search: an e-mail": SessionFilter(search="buyer77@example.com"),
    "search: a domain": SessionFilter(search="example.com"),
    "search: $99.00": SessionFilter(search="$99.00"),
    "search: no match": SessionFilter(search="zebra"),
}


async def filled(store: Store, count: int, newest: int) -> None:
    """``count`` sessions, evenly over the last year."""
    for start in range(0, count, TOGETHER):
        made = [
            past_session(place, newest - YEAR + YEAR * (place + 1) // count)
            for place in range(start, min(start + TOGETHER, count))
        ]
        kept = [{name: session[name] for name in KEPT} for session in made]
        await store.write(partial(sessions.keep, copies=[sessions.Copies.of(kept)]))


async def best(store: Store, question: Callable[[Connection], Any]) -> float:
    """Milliseconds."""
    times = []
    for _ in range(TIMES):
        started = time.perf_counter()
        await store.read(question)
        times.append(time.perf_counter() - started)
    return min(times) * 1000


async def asked(count: int) -> dict[str, float]:
    """What each question takes, in milliseconds."""
    newest = int(time.time())
    half_a_year_ago = session_queries.Place(newest - YEAR // 2, "cs_test_")
    with tempfile.TemporaryDirectory() as folder:
        store = Store(SecretStr(f"sqlite:///{Path(folder)}/billing.sqlite3"))
        await filled(store, count, newest)
        took = {}
        for name, wanted in FILTERS.items():
            for what, question in (
                ("a page", partial(session_queries.page, wanted=wanted, limit=SHOWN)),
                ("counted", partial(session_queries.count, wanted=wanted)),
            ):
                took[f"{name}: {what}"] = await best(store, question)
        deep = partial(
            session_queries.page, wanted=SessionFilter(), limit=SHOWN, below=half_a_year_ago
        )
        took["all: a page half a year down"] = await best(store, deep)
        month = SessionFilter(since=newest - 30 * DAY)
        charted = partial(session_numbers.numbers, wanted=month, zone=ZONE)
        took["30 days: numbers and chart"] = await best(store, charted)
        store.close()
    return took


def measure(*, quick: bool) -> None:
    """Print the table."""
    few, many = (10_000, 100_000) if quick else (10_000, 1_000_000)
    small, large = asyncio.run(asked(few)), asyncio.run(asked(many))
    print_table(
        "Pages and filters over the mirrored sessions, milliseconds",
        ["", f"{few:,}", f"{many:,}", "ratio"],
        [
            [name, number(took, 1), number(large[name], 1), number(large[name] / took, 1)]
            for name, took in small.items()
        ],
    )
