"""How large the database becomes: a week of sales written by the product's own functions into
PostgreSQL, and from that a year.

Each day has its sales, the events that the endpoint is sent of them, and what reconciliation reads
of customers and invoices. After each day retention removes what is due after one day, so that the
days differ by what stays for good, and one day's payloads lie beside that.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr
from sqlalchemy import create_engine, text

from benchmarks.store.sale_templates import Sale, SaleTemplate
from benchmarks.support.tables import number, print_table
from benchmarks.webhooks.acknowledged import postgresql
from billing.customers.refresh import CustomerRefresh
from billing.domain.events.event import EventSource, EventState
from billing.domain.sessions.checkout_session import Kind
from billing.domain.sessions.details import SessionReading
from billing.ledger.fulfillment import SyncBatch, upsert_and_grant
from billing.maintenance.retention import Retention
from billing.session_reader import SessionReader
from billing.settings.model import Settings
from billing.store import Store, events, stripe_objects
from billing.store.events import ProcessingResult, ReceivedEvent
from billing.store.maintenance.indexes import rebuild_indexes
from billing.store.maintenance.sizes import database_bytes, table_sizes
from billing.store.stripe_objects import ObjectReading
from billing.sync.mirror import Mirror
from billing.webhooks.processor import initial_state
from tests.support.servers.shop import idle_shop

if TYPE_CHECKING:
    from sqlalchemy import Connection

DAYS, SALES, QUICK_SALES = 7, 10_000, 500  # paid sessions a day
PRO_SHARE = 0.1
TOGETHER = 100  # sales written in one transaction
DAY = 86_400
YEAR, MONTH = 365, 30
MOST_GIGABYTES = 20
KEPT_DAYS = Settings().event_days
SEED = 1
INDEXED = 500  # bytes of an event in all indexes, however empty their pages are
UNUSED = 1.2  # autovacuum begins when a fifth of a table is dead


@dataclass
class Week:
    """Bytes of the tables at the end of each day, after retention, and in the end with the indexes
    ``rebuilt``; and what retention removed of each sale of the first day."""

    sizes: list[dict[str, int]] = field(default_factory=list)
    rebuilt: dict[str, int] = field(default_factory=dict)
    removed: int = 0


def measure(*, quick: bool) -> None:
    """Print the table. Fails when a year does not fit."""
    sales = QUICK_SALES if quick else SALES
    with postgresql() as url:
        week = asyncio.run(write_week(url, sales))
    rows, total = [], 0.0
    scale = SALES / sales
    for name in sorted(week.rebuilt, key=lambda one: -week.sizes[-1][one]):
        grows = (week.sizes[-1][name] - week.sizes[1][name]) / (DAYS - 2) * scale
        is_bloat = (week.sizes[-1][name] - week.rebuilt[name]) / DAYS * scale
        stays = max(grows - is_bloat, 0)
        passes = week.removed * scale * UNUSED if name == "events" else 0
        year = stays * YEAR + is_bloat * MONTH + passes * KEPT_DAYS
        total += year
        if year > 1e7:
            figures = (stays / SALES, grows / SALES, passes / SALES)
            rows.append([name, *map(number, figures), number(year / 1e9, 2)])
    rows.append(["together", "", "", "", number(total / 1e9, 2)])
    print_table(
        f"Size: {SALES:,} paid sessions a day for a year on PostgreSQL, one in "
        f"{1 / PRO_SHARE:.0f} for Pro, from {DAYS} days of {sales:,}",
        [
            *("table", "bytes a sale", "before its indexes are rebuilt"),
            *(f"and for {KEPT_DAYS} days", "GB in a year"),
        ],
        rows,
    )
    assert total < MOST_GIGABYTES * 1e9, f"A year takes more than {MOST_GIGABYTES} GB"


async def write_week(url: str, sales: int) -> Week:
    """Write so many sales a day, and look at the sizes; the indexes are rebuilt in the end, as they
    are once a month."""
    week, chance = Week(), random.Random(SEED)  # noqa: S311 - it is no secret
    with tempfile.TemporaryDirectory() as folder, idle_shop(Path(folder)) as shop:
        templates = {kind: SaleTemplate(shop, kind) for kind in Kind}
        store = Store(SecretStr(url))
        services = shop.services
        reader = SessionReader(services.gateway, services.catalog, store)
        first = int(time.time()) // DAY * DAY - DAYS * DAY
        try:
            for day in range(DAYS):
                for start in range(0, sales, TOGETHER):
                    some = [
                        templates[kind_of(chance)].another(
                            day * sales + one, first + day * DAY + one * DAY // sales, chance
                        )
                        for one in range(start, min(start + TOGETHER, sales))
                    ]
                    read = partial(shop.server.portal.call, reader.read)
                    readings = [read(sale.paid, float(sale.paid["created"])) for sale in some]
                    await write_sales(store, some, readings)
                refresh = CustomerRefresh(store)
                while await refresh.refresh_batch():
                    pass
                vacuum(url)
                before = await store.read(event_bytes)
                end = float(first + (day + 2) * DAY)
                await Retention(
                    Settings(event_days=1), store, clock=partial(float, end), pause=0
                ).apply()
                vacuum(url)
                week.sizes.append(await store.read(sizes))
                week.removed = week.removed or before - await store.read(event_bytes)
            await store.maintain(rebuild_indexes)
            week.rebuilt = await store.read(sizes)
        finally:
            await asyncio.to_thread(store.close)
    return week


async def write_sales(store: Store, some: list[Sale], readings: list[SessionReading]) -> None:
    """As they come: created here, then their events, then what those say to look at."""
    at = {sale.paid["id"]: float(sale.paid["created"]) for sale in some}
    mirror = Mirror(store)
    for sale in some:
        mirror.enqueue(sale.opened, "req_0123456789abcd")
    await mirror.wait_until_stored()
    await mirror.aclose()
    arrivals = [
        ReceivedEvent(
            event, EventSource.WEBHOOK, initial_state(event), at[sale.paid["id"]] + number / 10
        )
        for sale in some
        for number, event in enumerate(sale.events)
    ]
    await store.write(partial(events.record, arrivals=arrivals))
    objects = [
        ObjectReading(one, at[sale.paid["id"]])
        for sale in some
        for one in (sale.customer, *sale.invoices)
        if one
    ]

    def process(connection: Connection) -> None:
        upsert_and_grant(connection, [SyncBatch.of(readings, times=at)])
        stripe_objects.store(connection, objects)

    await store.write(process)
    handled = [one.event["id"] for one in arrivals if one.state is EventState.PENDING]
    result = ProcessingResult(handled, EventState.HANDLED, max(at.values()) + 1)
    await store.write_each(events.mark_processed, result)


def kind_of(chance: random.Random) -> Kind:
    return Kind.PRO if chance.random() < PRO_SHARE else Kind.CREDITS


def event_bytes(connection: Connection) -> int:
    """What the rows of events take, with their share of the indexes."""
    query = (
        "SELECT sum(pg_column_size(e.*) + 28), count(*), pg_indexes_size('events') FROM events e"
    )
    rows, number_of, indexes = connection.execute(text(query)).one()
    return int(rows + min(indexes / number_of, INDEXED) * number_of)


def sizes(connection: Connection) -> dict[str, int]:
    found = {one.name: one.bytes or 0 for one in table_sizes(connection)}
    return found | {"PostgreSQL's own": database_bytes(connection) - sum(found.values())}


def vacuum(url: str) -> None:
    """What PostgreSQL does by itself in the course of a day."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()
