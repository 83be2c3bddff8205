"""Behind PgBouncer in transaction mode, where each transaction may meet another connection."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy import make_url, text

from billing.store import Store, sync_state
from tests.support.database.records import granted_totals, states
from tests.support.pgbouncer import SERVER_CONNECTIONS, pgbouncer
from tests.support.servers.services import at_work, open_services
from tests.support.servers.webhooks import deliver
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from tests.support.database.postgres import Postgres
    from tests.support.stripe_account import StripeAccount

pytestmark = pytest.mark.anyio

PAYMENTS = 100
WRITES = 30


@pytest.fixture
def pooled_url(postgres: Postgres, postgres_url: str) -> Iterator[str]:
    """A database that is reached through the pooler."""
    with pgbouncer(postgres) as folder:
        yield f"{postgres_url.partition('?')[0]}?host={folder}&port=6432"


def settings(connection: Connection) -> dict[str, str]:
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    return {name: connection.execute(text(f"SHOW {name}")).scalar_one() for name in names}


async def test_two_processes_behind_a_pooler_miss_nothing_and_refuse_nothing(
    account: StripeAccount, pooled_url: str
) -> None:
    account.lists_nothing_new = True
    events = [
        account.say("completed", account.pay(account.sell("credits", 1)), listed=False)
        for _ in range(PAYMENTS)
    ]
    async with (
        open_services(account.url, pooled_url) as one,
        open_services(account.url, pooled_url) as other,
        at_work(
            one.event_processor.run,
            one.sync_worker.run,
            other.event_processor.run,
            other.sync_worker.run,
        ),
    ):
        for start in range(0, PAYMENTS, 20):
            burst = events[start : start + 20]
            await asyncio.gather(
                *(deliver(one, event) for event in burst[::2]),
                *(deliver(other, event) for event in burst),
                *(services.mirror.recent(50) for services in (one, other) for _ in range(10)),
            )

        async def are_settled() -> bool:
            return await states(one.store) == {"handled": PAYMENTS}

        await until(are_settled, "every event handled")
        assert await other.store.read(granted_totals) == {"credits": PAYMENTS}


async def test_transactions_that_meet_other_connections_each_time_are_all_answered(
    pooled_url: str,
) -> None:
    stores = [Store(SecretStr(pooled_url)) for _ in range(3 * SERVER_CONNECTIONS)]

    async def write_often(store: Store, name: str) -> None:
        for count in range(WRITES):
            await store.write(partial(sync_state.save, name=name, value=count))

    try:
        await asyncio.gather(*(write_often(store, str(n)) for n, store in enumerate(stores)))
        for number, store in enumerate(stores):
            assert await store.read(partial(sync_state.load, name=str(number))) == WRITES - 1
    finally:
        for store in stores:
            store.close()


async def test_what_is_set_for_a_transaction_stays_with_it(
    account: StripeAccount, pooled_url: str
) -> None:
    async with open_services(account.url, pooled_url) as services:
        found = await asyncio.gather(
            *(services.store.read(settings) for _ in range(2 * SERVER_CONNECTIONS))
        )
        assert all(one["statement_timeout"] == "20s" for one in found)
    plain = make_url(pooled_url).set(drivername="postgresql").render_as_string()
    for _ in range(2 * SERVER_CONNECTIONS):
        with psycopg.connect(plain) as stranger:
            assert stranger.execute("SHOW statement_timeout").fetchone() == ("0",)
