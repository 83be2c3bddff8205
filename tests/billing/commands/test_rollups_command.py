"""``python -m billing rollups`` as people run it."""

from __future__ import annotations

import asyncio
import sys
from functools import partial

import pytest
from sqlalchemy import update

from billing.__main__ import main
from billing.maintenance.rollups import Rollups
from billing.store import sessions
from billing.store.sessions import SessionRows
from billing.store.tables import session_rollups
from tests.billing.store.sessions.history import history
from tests.support.database.databases import store_on


async def make_wrong(url: str) -> None:
    """Store sessions, and count some of them wrongly."""
    with store_on(url) as store:
        rows = SessionRows.of(history(30))
        await store.write(partial(sessions.upsert_sessions, batches=[rows]))
        await Rollups(store).fold()
        wrong = update(session_rollups).where(session_rollups.c.facet == "currency")
        await store.write(lambda connection: connection.execute(wrong.values(number=77)).rowcount)


def test_it_says_what_differs_and_a_rebuild_mends_that(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], database_url: str
) -> None:
    def run(*words: str) -> tuple[int, list[str]]:
        monkeypatch.setattr(sys, "argv", ["billing", "rollups", *words])
        return main(), capsys.readouterr().out.splitlines()

    monkeypatch.setenv("DATABASE_URL", database_url)
    asyncio.run(make_wrong(database_url))
    status, (first, *_, last) = run()
    assert status == 1
    assert "currency usd: +7" in first
    assert last == "The counts differ from the sessions."
    assert run("--rebuild") == (0, ["The counts are those of the sessions."])
    assert run("--check")[0] == 0
