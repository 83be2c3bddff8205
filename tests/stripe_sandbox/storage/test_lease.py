"""Several processes with one database: one of them delivers."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from stripe_sandbox.clock import ManualClock
from stripe_sandbox.payments.checkout import Paid
from stripe_sandbox.storage.database import Database
from stripe_sandbox.storage.lease import LEASE_SECONDS, Lease
from stripe_sandbox.storage.tables import OBJECT_TABLES
from tests.support.stripe.sandbox_server import SandboxServer, sandbox_server
from tests.support.waiting import PATIENCE, wait_for


def _leases(path: Path | None, clock: ManualClock, many: int) -> list[tuple[Lease, Database]]:
    databases = [Database(path, tables=OBJECT_TABLES) for _ in range(many)]
    return [(Lease(database, clock, "work"), database) for database in databases]


def test_one_holds_it_until_it_lets_go(tmp_path: Path) -> None:
    """The first to ask has it, as long as it asks again in time or until it releases it."""
    clock = ManualClock(1_800_000_000)
    (one, first), (other, second) = _leases(tmp_path / "shared_server.sqlite3", clock, 2)
    assert (one.hold(), other.hold()) == (True, False)
    for _ in range(5):
        clock.advance(LEASE_SECONDS * 0.9)
        assert (one.hold(), other.hold()) == (True, False)
    other.release()
    assert (one.hold(), other.hold()) == (True, False)
    one.release()
    assert (other.hold(), one.hold()) == (True, False)
    for database in (first, second):
        database.close()


def test_a_holder_that_is_gone_loses_it(tmp_path: Path) -> None:
    """A process that was killed keeps the others waiting for some seconds, not forever; one that
    comes back too late has to wait for its turn."""
    clock = ManualClock(1_800_000_000)
    (one, first), (other, second) = _leases(tmp_path / "shared_server.sqlite3", clock, 2)
    assert one.hold()
    clock.advance(LEASE_SECONDS - 0.1)
    assert not other.hold()
    clock.advance(0.1)
    assert (other.hold(), one.hold()) == (True, False)
    for database in (first, second):
        database.close()


def test_a_clock_set_back_locks_nobody_out(tmp_path: Path) -> None:
    """A lease that ends too far in the future is none."""
    clock = ManualClock(1_800_000_000)
    (one, first), (other, second) = _leases(tmp_path / "shared_server.sqlite3", clock, 2)
    assert one.hold()
    clock.advance(-3600)
    assert other.hold()
    for database in (first, second):
        database.close()


def test_what_is_not_shared_needs_no_lease() -> None:
    """In memory there is nobody else."""
    [(lease, database)] = _leases(None, ManualClock(0), 1)
    assert lease.hold()
    lease.release()
    database.close()


def _holder(servers: list[SandboxServer]) -> tuple[SandboxServer, SandboxServer]:
    """The one that delivers, then the other."""
    one, other = servers
    holds = one.sandbox._deliveries._lease._until > 0
    return (one, other) if holds else (other, one)


def test_one_process_delivers_what_both_record(tmp_path: Path) -> None:
    """Each event arrives once, whichever process recorded it, and whoever waits for the answer
    learns of it; when the process that delivers ends, the other takes over."""
    database = tmp_path / "sandbox.sqlite3"
    clock = ManualClock(int(time.time()))
    with sandbox_server(database, clock) as first:
        with sandbox_server(database, clock) as second:
            servers = [first, second]
            wait_for(
                lambda: any(server.sandbox._deliveries._lease._until > 0 for server in servers)
            )
            holder, other = _holder(servers)
            assert holder is first
            first.sandbox.ensure_webhook_endpoint(url=first.receiver.url, description="shop")
            events: list[str] = []
            for server in servers * 3:
                body = {"card": "4242424242424242"}
                paid = server.control("POST", f"sessions/{server.create().id}/pay", body)
                events += paid["events"]
            deliveries = other.sandbox._deliveries
            responses = deliveries.wait_for_responses(events, timeout=3_600.0)
            asyncio.run(asyncio.wait_for(responses, PATIENCE))
            arrived = [event["id"] for event in first.receiver.events()]
            assert Counter(arrived) == dict.fromkeys(events, 1)
            outcome = other.pay(other.create().id)
            assert isinstance(outcome, Paid)
            wait_for(lambda: len(first.receiver.received) == len(events) + 5)
        wait_for(lambda: first.control("GET", "state")["deliveries"]["waiting"] == 0)


def test_the_other_takes_over(tmp_path: Path) -> None:
    """When the process that delivers ends, the other delivers what is left."""
    database = tmp_path / "sandbox.sqlite3"
    clock = ManualClock(int(time.time()))
    with ExitStack() as of_leaving:
        leaving = of_leaving.enter_context(sandbox_server(database, clock))
        wait_for(lambda: leaving.sandbox._deliveries._lease._until > 0)
        with sandbox_server(database, clock) as staying:
            url = staying.receiver.url
            staying.sandbox.ensure_webhook_endpoint(url=url, description="shop")
            leaving.control("PUT", "faults", {"webhooks": {"delay_seconds": 5}})
            leaving.pay(leaving.create().id)
            assert staying.control("GET", "state")["deliveries"]["waiting"] == 5
            of_leaving.close()
            clock.advance(5)  # less than the lease of a process that was killed
            wait_for(lambda: len(staying.receiver.received) == 5)
