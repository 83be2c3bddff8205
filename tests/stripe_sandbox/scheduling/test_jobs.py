"""Scheduled jobs: their order, who hears of them, and the expiry of sessions, which is one."""

from __future__ import annotations

from pathlib import Path

import pytest

from stripe_sandbox.scheduling.jobs import JobKind, ScheduledJobs
from stripe_sandbox.storage.database import Database
from tests.support.stripe.sandbox_server import SandboxServer, sandbox_server


def test_jobs_run_once_in_the_order_of_their_times() -> None:
    """Those of one kind may be run before the others; a job that was canceled does not run."""
    database = Database(None, tables="")
    jobs = ScheduledJobs(database)
    ran: list[str] = []
    for kind in JobKind:
        jobs.register(kind, ran.append)
    with database.transaction():
        jobs.add(30, JobKind.RENEWAL, "third")
        jobs.add(10, JobKind.RENEWAL, "first")
        jobs.add(20, JobKind.DISPUTE_DECISION, "second")
        jobs.add(20, JobKind.DISPUTE_DECISION, "canceled")
        jobs.cancel(20, JobKind.DISPUTE_DECISION, "canceled")
    assert jobs.run_next(20, JobKind.DISPUTE_DECISION)
    assert jobs.next_due() == 10
    while jobs.run_next(30):
        pass
    assert ran == ["second", "first", "third"]
    assert jobs.next_due() is None
    database.close()


def test_a_job_that_fails_stays() -> None:
    """What it did is undone, and it is tried again."""
    database = Database(None, tables="")
    jobs = ScheduledJobs(database)
    tries: list[str] = []

    def fail_once(subject: str) -> None:
        tries.append(subject)
        if len(tries) == 1:
            raise OSError("disk full")

    jobs.register(JobKind.DISPUTE_DECISION, fail_once)
    jobs.add(10, JobKind.DISPUTE_DECISION, "ch_1")
    with pytest.raises(OSError, match="disk full"):
        jobs.run_next(10)
    assert jobs.run_next(10)
    assert (tries, jobs.run_next(10)) == (["ch_1", "ch_1"], False)
    database.close()


def test_only_an_earlier_job_is_announced() -> None:
    """Whoever sleeps until the next job need not wake for a later one."""
    database = Database(None, tables="")
    jobs = ScheduledJobs(database)
    dues: list[float | None] = []
    jobs.on_earlier(lambda: dues.append(jobs.next_due()))
    for due in (20, 30, 10, 10):
        with database.transaction():
            jobs.add(due, JobKind.RENEWAL, "sub_1")
    assert dues == [20, 10]
    database.close()


def test_sessions_of_an_earlier_version_expire_too(tmp_path: Path) -> None:
    """Open sessions in a file whose expiry was never scheduled are expired by the clock alone."""
    database = tmp_path / "sandbox.sqlite3"
    with sandbox_server(database) as server:
        session = server.create()
        server.sandbox._database.write("DELETE FROM agenda")
    with sandbox_server(database) as server:
        answer = server.control("POST", "clock", {"advance_seconds": 25 * 3_600})
        assert answer["happened"]["sessions_expired"] == 1
        assert server.stripe.v1.checkout.sessions.retrieve(session.id).status == "expired"


def test_a_closed_session_leaves_no_expiry(server: SandboxServer) -> None:
    """Neither a paid session nor one that was expired by a request has a job left."""
    server.pay(server.create().id)
    server.stripe.v1.checkout.sessions.expire(server.create().id)
    left = server.sandbox._database.rows("SELECT kind FROM agenda")
    assert left == [(JobKind.BALANCE_AVAILABILITY,)]
