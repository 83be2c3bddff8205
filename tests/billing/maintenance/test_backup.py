"""A backup is of one moment, whatever is written meanwhile, and is restored where nothing is."""

from __future__ import annotations

import os
import threading
import zipfile
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest
from anyio.from_thread import start_blocking_portal
from pydantic import SecretStr
from sqlalchemy import func, select

from billing.domain.ledger.line import LedgerLine, total
from billing.domain.sessions.checkout_session import CheckoutSession, Kind
from billing.domain.sessions.details import SessionReading
from billing.errors import InvalidInput, StoreFailure
from billing.ledger.fulfillment import SyncBatch, upsert_and_grant
from billing.maintenance.backup import back_up, restore
from billing.settings.embedded import SANDBOX_DATABASE
from billing.settings.model import Settings
from billing.store import tables
from billing.store.engine.instance_lock import instance_lock
from billing.store.ledger import lines
from stripe_sandbox.sandbox import Sandbox, SandboxConfig
from tests.billing.commands.test_check_command import run, settings_of
from tests.support.database.databases import fresh_database, store_on
from tests.support.database.postgres import Postgres
from tests.support.servers.sales import create_session, pay
from tests.support.servers.shop import connected_shop
from tests.support.stripe.sandbox_server import price_of
from tests.support.stripe_account import PAID, session_object
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from billing.store import Store

CREDITS = 3


@pytest.fixture
def empty_url(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Iterator[str]:
    """Where nothing is yet, on the same engine."""
    if database_url.startswith("sqlite"):
        yield f"sqlite:///{tmp_path}/restored/billing.sqlite3"
    else:
        with fresh_database(request.getfixturevalue("postgres")) as url:
            yield url


@pytest.fixture(autouse=True)
def programs(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's own ``pg_dump`` is on PATH."""
    if "postgresql" in request.node.name:
        postgres: Postgres = request.getfixturevalue("postgres")
        monkeypatch.setenv("PATH", f"{postgres.programs}:{os.environ['PATH']}")


def settings_on(url: str) -> Settings:
    return Settings(secret_key=SecretStr("sk_test_x"), database_url=SecretStr(url))


def sell(number: int, connection: Connection) -> None:
    """A paid session and its line in the ledger, in one transaction."""
    data = session_object(number, "credits", CREDITS, created=number) | PAID
    reading = SessionReading(data, CheckoutSession.from_stripe(data), float(number), bought=CREDITS)
    upsert_and_grant(connection, [SyncBatch.of([reading])])


def counts(connection: Connection) -> dict[str, int]:
    return {
        table.name: connection.scalar(select(func.count()).select_from(table)) or 0
        for table in tables.metadata.sorted_tables
    }


@contextmanager
def selling(store: Store) -> Iterator[list[int]]:
    """Sales go on; how many there have been."""
    sold, is_over = [0], threading.Event()

    async def sell_on() -> None:
        while not is_over.is_set():
            await store.write(partial(sell, sold[0]))
            sold[0] += 1

    with start_blocking_portal() as portal:
        work = portal.start_task_soon(sell_on)
        try:
            yield sold
        finally:
            is_over.set()
            work.result()
            portal.call(lambda: _closed(store))


async def _closed(store: Store) -> None:
    store.close()


def test_a_backup_that_is_made_while_others_write_restores_to_what_was_at_one_moment(
    database_url: str, empty_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "backup.zip"
    with store_on(database_url) as store, selling(store) as sold:
        wait_for(lambda: sold[0] > 50, "some sales")
        before = sold[0]
        manifest = back_up(settings_on(database_url), file)
        during = sold[0]
        wait_for(lambda: sold[0] > during, "sales that go on")
    assert restore(settings_on(empty_url), file) == manifest
    with store_on(empty_url) as restored, start_blocking_portal() as portal:
        found = portal.call(restored.read, counts)
        subjects = portal.call(restored.read, _all_lines)
    assert before <= found["ledger"] <= during + 1
    assert found["ledger"] == found["checkout_sessions"]
    assert [total(some).quantity for some in subjects] == [CREDITS] * found["ledger"]
    numbers = sorted(int((some[0].session_id or "").rpartition("_")[2]) for some in subjects)
    assert numbers == list(range(found["ledger"]))
    assert oct(file.stat().st_mode & 0o777) == "0o600"


def _all_lines(connection: Connection) -> list[list[LedgerLine]]:
    return [list(some) for some in lines.all_subjects(connection)]


def test_where_something_is_nothing_is_restored(
    database_url: str, empty_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "backup.zip"
    back_up(settings_on(database_url), file)
    with pytest.raises(StoreFailure, match="not empty"):
        restore(settings_on(database_url), file)
    with pytest.raises(InvalidInput, match="exists"):
        back_up(settings_on(database_url), file)
    other = (
        f"sqlite:///{tmp_path}/x.sqlite3"
        if "postgresql" in empty_url
        else "postgresql+psycopg://h/x"
    )
    with pytest.raises(InvalidInput, match="The backup is of"):
        restore(settings_on(other), file)
    whole = file.read_bytes()
    file.write_bytes(whole[:-100])
    with pytest.raises(InvalidInput, match="damaged"):
        restore(settings_on(empty_url), file)


def test_a_password_stands_on_no_command_line(
    postgres: Postgres, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = tmp_path / "seen"
    program = tmp_path / "pg_dump"
    program.write_text(f'#!/bin/sh\necho "$@" > {seen}\nexec {postgres.programs}/pg_dump "$@"\n')
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with postgres.user_with_password("keeper", "s3cret-word", connections=5):
        url = postgres_url.replace("postgres@", "keeper:s3cret-word@")
        back_up(settings_on(url), tmp_path / "backup.zip")
        assert "--dbname=postgresql://keeper@" in seen.read_text()
        assert "s3cret-word" not in seen.read_text()
        wrong = url.replace("s3cret-word", "wr0ng-word")
        with pytest.raises(StoreFailure) as failed:
            back_up(settings_on(wrong), tmp_path / "another.zip")
        assert "wr0ng-word" not in f"{failed.value.message} {failed.value.next_step}"
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    with pytest.raises(StoreFailure, match="pg_dump is not on PATH"):
        back_up(settings_on(postgres_url), tmp_path / "another.zip")
    assert not (tmp_path / "another.zip").exists()


def test_with_the_embedded_sandbox_both_databases_are_in_the_backup(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings(database_url=SecretStr(sqlite_url))
    sandbox = Sandbox(SandboxConfig(database=SANDBOX_DATABASE))
    try:
        price = price_of_credit(sandbox)
        manifest = back_up(settings, tmp_path / "backup.zip")
    finally:
        sandbox.close()
    assert manifest.with_sandbox
    with zipfile.ZipFile(tmp_path / "backup.zip") as archive:
        assert archive.namelist() == ["manifest.json", "billing", "stripe_sandbox.sqlite3"]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    empty = Settings(database_url=SecretStr("sqlite:///.data/billing.sqlite3"))
    with (
        instance_lock(SANDBOX_DATABASE, "http://localhost:8501"),
        pytest.raises(InvalidInput, match="at http://localhost:8501"),
    ):
        restore(empty, tmp_path / "backup.zip")
    with pytest.raises(InvalidInput, match="and a key is set"):
        restore(replace(empty, secret_key=SecretStr("sk_test_x")), tmp_path / "backup.zip")
    restore(empty, tmp_path / "backup.zip")
    restored = Sandbox(SandboxConfig(database=SANDBOX_DATABASE))
    try:
        assert price_of_credit(restored) == price
    finally:
        restored.close()


def price_of_credit(sandbox: Sandbox) -> str:
    return price_of(sandbox, "credit", "Credit", 99)


def test_the_commands_back_up_a_running_dashboard_and_compare_what_they_restored(
    tmp_path: Path,
) -> None:
    with connected_shop(tmp_path) as shop:
        pay(shop, create_session(shop, Kind.CREDITS, 10))
        url = shop.services.settings.database_url
        assert url is not None
        settings = settings_of(shop) | {"DATABASE_URL": url.get_secret_value()}
        done = run(tmp_path, "backup", "day.zip", settings=settings)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("day.zip: ")
        refused = run(tmp_path, "restore", "day.zip", settings=settings)
        assert (refused.returncode, refused.stdout) == (3, "")
        assert "is not empty" in refused.stderr
        settings["DATABASE_URL"] = f"sqlite:///{tmp_path}/restored.sqlite3"
        done = run(tmp_path, "restore", "day.zip", settings=settings)
        assert done.stdout.splitlines() == [
            "Restored from day.zip.",
            "1 payment, 0 subscriptions, 0 differences.",
        ]
        assert (done.returncode, done.stderr) == (0, "")
        missing = run(tmp_path, "restore", "night.zip", settings=settings)
        assert (missing.returncode, missing.stderr) == (
            *(3, "There is no file night.zip. Name a backup.\n"),
        )
