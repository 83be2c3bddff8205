"""What a customer may use, asked of a database with 100,000 Customers, on SQLite.

Of ten payments, two are refunded in part and three were made without a Customer. One email has
paid a thousand times.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.stripe.answers import past_session
from benchmarks.support.page_services import database_in
from benchmarks.support.tables import number, print_table
from billing.domain.ledger.line import Cause, LedgerLine
from billing.domain.sessions.checkout_session import CheckoutSession, Kind
from billing.entitlements import EntitlementReader
from billing.store import Store, sessions, stripe_objects
from billing.store.ledger import lines
from billing.store.sessions import SessionRows
from billing.store.stripe_objects import ObjectReading

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from billing.domain.stripe_json import JSON

TOGETHER = 5_000
BUSY, BUSY_PAYMENTS = "busy@example.com", 1_000
TIMES = 200


def payment(place: int, busy: int) -> tuple[JSON, list[LedgerLine]]:
    """A paid session for ten credits, and its lines."""
    customer = None if place % 10 < 3 else f"cus_{place:014d}"
    email = BUSY if place < busy else f"buyer{place}@example.com"
    data = past_session(5 * place + 2, place) | {"mode": "payment", "customer": customer}
    data["customer_details"]["email"] = email
    bought = LedgerLine(
        subject=data["id"],
        sequence=1,
        kind=Kind.CREDITS,
        quantity=10,
        access_until=None,
        cause=Cause.PURCHASE,
        origin=f"evt_{place}",
        at=float(place),
        customer=customer,
        session_id=data["id"],
    )
    taken = LedgerLine(**{**vars(bought), "sequence": 2, "quantity": -3, "cause": Cause.REFUND})
    return data, [bought, taken] if place % 10 in (2, 3) else [bought]


async def fill(store: Store, count: int, busy: int) -> None:
    """So many payments, each by somebody else; the first ``busy`` by one email."""

    def write(connection: Connection, start: int) -> None:
        made = [payment(place, busy) for place in range(start, min(start + TOGETHER, count))]
        found = [(CheckoutSession.from_stripe(data), data) for data, _ in made]
        sessions.upsert_sessions(connection, [SessionRows.of(found)])
        lines.add(connection, [line for _, some in made for line in some])
        known = [
            {
                "id": data["customer"],
                "object": "customer",
                "created": 1,
                "email": data["customer_details"]["email"],
            }
            for data, _ in made
            if data["customer"]
        ]
        stripe_objects.store(connection, [ObjectReading(one, 1.0) for one in known])

    for start in range(0, count, TOGETHER):
        await store.write(partial(write, start=start))


async def ask(reader: EntitlementReader, **who: Any) -> tuple[float, float]:
    """The median, and what 99 of 100 stay below, in milliseconds."""
    times = []
    for _ in range(TIMES):
        started = time.perf_counter()
        await reader.read(who.get("customers", ()), who.get("emails", ()))
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times), statistics.quantiles(times, n=100)[98]


async def asked(count: int) -> dict[str, tuple[float, float]]:
    """What each question takes."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(database_in(Path(folder)))
        await fill(store, count, BUSY_PAYMENTS)
        reader, some = EntitlementReader(store), count // 20 * 10
        took = {
            "a Customer": await ask(reader, customers=[f"cus_{some + 3:014d}"]),
            "an email of one Customer": await ask(reader, emails=[f"buyer{some + 3}@example.com"]),
            "an email without one": await ask(reader, emails=[f"buyer{some + 2}@example.com"]),
            "somebody unknown": await ask(reader, emails=["nobody@example.com"]),
            f"an email that paid {BUSY_PAYMENTS:,} times": await ask(reader, emails=[BUSY]),
        }
        store.close()
        return took


def measure(*, quick: bool) -> None:
    """Print the table."""
    count = 10_000 if quick else 100_000
    took = asyncio.run(asked(count))
    print_table(
        f"Entitlements among {count:,} payments, milliseconds",
        ["asked for", "median", "99 % within"],
        [[name, number(median, 2), number(most, 2)] for name, (median, most) in took.items()],
    )
