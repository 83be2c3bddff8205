"""However often the server is killed, what was paid is granted once, and nothing else is."""

from __future__ import annotations

import asyncio
import math
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update
from streamlit.testing.v1 import AppTest

from billing.store.tables import leases
from billing.stripe_api.gateway import PAGE_SIZE
from billing.sync import checkpoint
from billing.sync.backfill import DAY
from tests.support.database.records import ledger
from tests.support.servers.processes import billing_process
from tests.support.servers.processes.billing_process import Processes, ServerEnded
from tests.support.servers.processes.killing import TROUBLE, Outcome, kill_while_events_arrive
from tests.support.stripe_account import PAID, StripeAccount
from tests.support.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

    from billing.store import Store

UNIQUE = 600
SESSIONS = 1_200


def assert_exact(outcome: Outcome, unique: int) -> None:
    assert outcome.forgotten == set(), "an event was acknowledged and is gone"
    assert outcome.unsettled == {}
    assert outcome.lost == set(), "paid, and never granted"
    assert outcome.unasked == set(), "granted, and never paid"
    assert outcome.wrong == set()
    assert outcome.granted == outcome.paid
    assert outcome.events >= unique


def test_killed_again_and_again_while_events_arrive_it_grants_each_payment_once(
    database_url: str, tmp_path: Path
) -> None:
    outcome = kill_while_events_arrive(database_url, tmp_path, unique=UNIQUE, kill_every=60)
    assert_exact(outcome, UNIQUE)
    assert outcome.kills > 10
    assert outcome.redeliveries > 0


def test_the_same_with_a_stripe_that_limits_fails_delays_and_hangs_up(
    postgres_url: str, tmp_path: Path
) -> None:
    outcome = kill_while_events_arrive(
        postgres_url, tmp_path, unique=300, kill_every=50, faults=TROUBLE
    )
    assert_exact(outcome, 300)
    assert outcome.kills > 5


def test_the_same_with_two_machines_on_one_postgresql(postgres_url: str, tmp_path: Path) -> None:
    outcome = kill_while_events_arrive(
        postgres_url, tmp_path, unique=UNIQUE // 2, kill_every=30, processes=2
    )
    assert_exact(outcome, UNIQUE // 2)
    assert outcome.kills > 10


def test_killed_while_it_fills_the_mirror_goes_on_where_it_stopped(
    store: Store, database_url: str, tmp_path: Path
) -> None:
    account = StripeAccount()
    now = int(time.time())
    for number in range(SESSIONS):
        account.sell("credits", 1, created=now - 60 * number, **PAID)
    account.silent_once_listed = SESSIONS // 2
    with account.serve() as stripe_url:
        servers = (stripe_url, database_url, tmp_path / "server.log")
        with Processes(*servers) as first:
            read = asyncio.run(granted(store, at_least=SESSIONS // 2, by=first))
            asyncio.run(until(partial(only_the_rest_is_unread, store, read), "a checkpoint"))
            first.kill_one()
        assert read < SESSIONS
        account.silent_once_listed = math.inf
        listed = account.listed
        asyncio.run(store.write(let_the_lease_run_out))
        with Processes(*servers) as second:
            assert asyncio.run(granted(store, at_least=SESSIONS, by=second)) == SESSIONS
    assert account.listed - listed <= SESSIONS - read + PAGE_SIZE


def test_a_server_that_ends_by_itself_fails_the_run_with_what_it_printed(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(billing_process, "serve", end_at_once)
    with pytest.raises(ServerEnded, match="This server has had enough"):
        kill_while_events_arrive(sqlite_url, tmp_path, unique=10, kill_every=10)


def end_at_once(*_: object) -> None:
    raise RuntimeError("This server has had enough")


def test_servers_start_after_streamlit_has_run_a_page(sqlite_url: str, tmp_path: Path) -> None:
    AppTest.from_string("assert __name__ == '__main__'").run()
    outcome = kill_while_events_arrive(sqlite_url, tmp_path, unique=20, kill_every=10)
    assert_exact(outcome, 20)


async def granted(store: Store, *, at_least: int, by: Processes) -> int:
    """How many lines the ledger has, once it has so many: each page brings its own."""
    lines = 0

    async def enough() -> bool:
        nonlocal lines
        by.check()
        lines = len(await ledger(store))
        return lines >= at_least

    await until(enough, f"{at_least} grants")
    return lines


async def only_the_rest_is_unread(store: Store, read: int) -> bool:
    """Whether the ranges of time that the checkpoint names as unread hold no page that was read:
    there is a session a minute, and the first ranges cover a day."""
    saved = await store.read(checkpoint.load)
    minutes: float = sum(one["newest"] - one["oldest"] for one in saved["left"]) / 60
    return minutes < DAY / 60 - read + PAGE_SIZE


def let_the_lease_run_out(connection: Connection) -> None:
    connection.execute(update(leases).values(until=0.0))
