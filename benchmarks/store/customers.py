"""The list of customers over 10,000 and over 100,000 of them, on SQLite: pages and filters, one in
detail, what it takes to calculate all anew, and what marking them adds to storing their sessions.

Each customer has two sessions; every tenth is a guest. The figures of questions are the best of a
few. The page's are of a whole rerun by ``AppTest``.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamlit.testing.v1 import AppTest

from benchmarks.store.queries import DAY, best
from benchmarks.stripe.process import fake_stripe
from benchmarks.support.page_services import TIMEOUT_SECONDS, database_in, services_handed_over
from benchmarks.support.processes import ROOT
from benchmarks.support.tables import number, print_table
from billing.customers.details import read_details
from billing.customers.refresh import CustomerRefresh
from billing.domain.customers.customer import ProStatus
from billing.domain.customers.page import Cursor, CustomerFilter
from billing.domain.ledger.line import Cause, LedgerLine
from billing.domain.sessions.checkout_session import CheckoutSession, Kind
from billing.store import Store, customers, sessions
from billing.store.ledger import lines
from billing.store.sessions import SessionRows

if TYPE_CHECKING:
    from sqlalchemy import Connection

SHOWN = 25
TOGETHER = 2_500
TIMES = 5
GUEST = 10  # every so many
FILTERS = {
    "all": CustomerFilter(),
    "no Pro, with refunds": CustomerFilter(frozenset({ProStatus.NONE}), with_refunds=True),
    "without Pro": CustomerFilter(frozenset({ProStatus.NONE})),
    "search: an e-mail": CustomerFilter(search="buyer77@example.com"),
    "search: the beginning of many": CustomerFilter(search="buyer1"),
    "search: an id": CustomerFilter(search="cus_00000000000077"),
}


def sold(place: int, count: int, newest: int) -> dict[str, Any]:
    """One of the two paid sessions of a customer."""
    who = place % count
    created = newest - DAY * 365 + DAY * 365 * (place + 1) // (2 * count)
    return {
        "id": f"cs_test_{place:024d}",
        "object": "checkout.session",
        "created": created,
        "expires_at": created + DAY,
        "status": "complete",
        "payment_status": "paid",
        "mode": "payment",
        "amount_total": 990,
        "currency": "usd",
        "customer": None if who % GUEST == 0 else f"cus_{who:014d}",
        "customer_details": {"email": f"buyer{who}@example.com"},
        "payment_intent": f"pi_{place:024d}",
        "metadata": {"app": "billing-dashboard", "kind": "credits", "quantity": "10"},
    }


def line_of(session: dict[str, Any]) -> LedgerLine:
    """What was granted for it."""
    return LedgerLine(
        subject=session["id"],
        sequence=1,
        kind=Kind.CREDITS,
        quantity=10,
        access_until=None,
        cause=Cause.PURCHASE,
        origin="sync",
        at=float(session["created"]),
        customer=session["customer"],
        session_id=session["id"],
        payment_intent=session["payment_intent"],
    )


async def filled(store: Store, count: int, newest: int) -> float:
    """Seconds of CPU to store two sessions of each customer with their lines."""

    def write(connection: Connection, made: list[dict[str, Any]]) -> None:
        found = [(CheckoutSession.from_stripe(one), one) for one in made]
        sessions.upsert_sessions(connection, [SessionRows.of(found)])
        lines.add(connection, [line_of(one) for one in made])

    started = time.process_time()
    for start in range(0, 2 * count, TOGETHER):
        places = range(start, min(start + TOGETHER, 2 * count))
        made = [sold(place, count, newest) for place in places]
        await store.write(partial(write, made=made))
    return time.process_time() - started


async def calculated(store: Store) -> float:
    """Seconds of CPU until the list has everybody."""
    refresh = CustomerRefresh(store)
    started = time.process_time()
    while await refresh.refresh_batch():
        pass
    return time.process_time() - started


async def questions(store: Store, newest: int) -> dict[str, float]:
    """What each question takes, in milliseconds."""
    took = {}
    for name, wanted in FILTERS.items():
        page = partial(customers.page, wanted=wanted, limit=SHOWN)
        took[f"{name}: a page"] = await best(store, page)
    deep = Cursor(newest - DAY * 90, "")
    page = partial(customers.page, wanted=CustomerFilter(), limit=SHOWN, below=deep)
    took["all: a page far down"] = await best(store, page)
    one = partial(read_details, key="cus_00000000000077", with_dashboard=False)
    took["one customer in detail"] = await best(store, one)
    return took


def reruns() -> dict[str, float]:
    """What a rerun of the Customers page takes, in milliseconds."""
    took = {}
    for name, address in {"as it opens": {}, "search": {"q": "buyer1"}}.items():
        page = AppTest.from_file(ROOT / "pages" / "dashboard.py", default_timeout=TIMEOUT_SECONDS)
        page.run().switch_page("customers.py")
        for word, value in address.items():
            page.query_params[word] = value
        times = []
        for _ in range(TIMES):
            started = time.perf_counter()
            page.run()
            times.append(time.perf_counter() - started)
            assert not page.exception, page.exception
            assert len(page.dataframe) == 1, "the table of customers"
        took[f"the Customers page, {name}"] = min(times) * 1000
    return took


def asked(count: int, stripe_url: str) -> dict[str, float]:
    """What it all takes over so many customers, in milliseconds."""
    newest = int(time.time())
    with tempfile.TemporaryDirectory() as folder:
        store = Store(database_in(Path(folder)))
        stored = asyncio.run(filled(store, count, newest))
        seconds = asyncio.run(calculated(store))
        took = asyncio.run(questions(store, newest))
        store.close()
        each = {
            "CPU to store a customer's two sessions": stored / count * 1000,
            "CPU to calculate a customer": seconds / count * 1000,
        }
        with services_handed_over(stripe_url, Path(folder)):
            return reruns() | took | each


def measure(*, quick: bool) -> None:
    """Print the table."""
    logging.disable(logging.WARNING)  # Streamlit warns that no browser is there
    few, many = (1_000, 10_000) if quick else (10_000, 100_000)
    with fake_stripe() as fake:
        small, large = asked(few, fake.url), asked(many, fake.url)
    print_table(
        "Pages of customers, milliseconds",
        ["", f"{few:,}", f"{many:,}", "ratio"],
        [
            [name, number(took, 2), number(large[name], 2), number(large[name] / took, 1)]
            for name, took in small.items()
        ],
    )
