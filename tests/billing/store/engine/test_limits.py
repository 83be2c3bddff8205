"""Every wait for a database ends, and what it says of its trouble reaches who asked and the log."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import time
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy import make_url, text

from billing.errors import StoreFailure
from billing.store import Store, sync_state
from billing.timings import DatabaseLimits
from tests.support.servers.server import listening_socket
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from tests.support.database.postgres import Postgres

pytestmark = pytest.mark.anyio

SHORT = DatabaseLimits(connect=2, lock=0.3, statement=0.5, answer=5.0)
ENDS_WITHIN = 15.0  # seconds, on a machine that is busy with other tests
ENDLESS = text(
    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x % 1000 + 1 FROM n) SELECT count(*) FROM n"
)


@contextmanager
def limited(url: str, limits: DatabaseLimits = SHORT) -> Iterator[Store]:
    store = Store(SecretStr(url), limits)
    try:
        yield store
    finally:
        store.close(0.1)


def save(connection: Connection) -> None:
    sync_state.save(connection, "name", "value")


async def failure(store: Store) -> StoreFailure:
    """What a write ends with."""
    with pytest.raises(StoreFailure) as failed:
        async with asyncio.timeout(ENDS_WITHIN):
            await store.write(save)
    return failed.value


def silent(listener: socket.socket) -> str:
    listener.listen()
    return f"postgresql+psycopg://sam:hunter2@127.0.0.1:{listener.getsockname()[1]}/shop"


async def test_a_server_that_accepts_and_never_answers_is_given_up() -> None:
    with closing(listening_socket()) as listener, limited(silent(listener)) as store:
        assert "did not answer in time" in (await failure(store)).message


async def test_of_many_who_ask_a_silent_server_each_is_answered_in_time() -> None:
    with closing(listening_socket()) as listener, limited(silent(listener)) as store:
        async with asyncio.timeout(ENDS_WITHIN):
            answers = await asyncio.gather(
                *(store.ping() for _ in range(50)), return_exceptions=True
            )
    assert {type(answer) for answer in answers} == {StoreFailure}


def process_of(connection: Connection) -> int:
    return int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())


async def test_a_connection_that_has_fallen_silent_is_replaced(postgres_url: str) -> None:
    with limited(postgres_url) as store:
        await store.write(save)
        frozen = await store.read(process_of)
        os.kill(frozen, signal.SIGSTOP)
        try:
            async with asyncio.timeout(ENDS_WITHIN):
                assert await store.read(process_of) != frozen
        finally:
            os.kill(frozen, signal.SIGCONT)


async def test_a_server_that_falls_silent_in_the_middle_is_given_up_and_used_when_it_wakes(
    postgres_url: str,
) -> None:
    frozen: list[int] = []

    def freeze(connection: Connection) -> None:
        frozen.append(process_of(connection))
        os.kill(frozen[0], signal.SIGSTOP)
        save(connection)

    with limited(postgres_url) as store:
        try:
            async with asyncio.timeout(ENDS_WITHIN):
                with pytest.raises(StoreFailure, match="did not answer in time"):
                    await store.write(freeze)
        finally:
            os.kill(frozen[0], signal.SIGCONT)

        async def works() -> bool:
            try:
                await store.write(save)
            except StoreFailure:
                return False
            return True

        await until(works, "a write once the server goes on")


async def test_a_statement_that_takes_too_long_is_ended(database_url: str) -> None:
    with limited(database_url) as store:
        started = time.monotonic()
        with pytest.raises(StoreFailure) as failed:
            await store.read(lambda connection: connection.execute(ENDLESS).scalar_one())
        assert failed.value.message == "The database took too long."
        assert time.monotonic() - started < SHORT.answer
        await store.write(save)


async def test_a_reader_that_meets_a_lock_does_not_wait_for_ever(postgres_url: str) -> None:
    with limited(postgres_url) as store:
        await store.write(save)
        plain = make_url(postgres_url).set(drivername="postgresql").render_as_string()
        with psycopg.connect(plain) as other:
            other.execute("LOCK TABLE sync_state IN ACCESS EXCLUSIVE MODE")
            with pytest.raises(StoreFailure) as failed:
                await store.read(lambda connection: sync_state.load(connection, "name"))
            assert failed.value.message == "The database is locked by another program."


async def test_a_store_whose_database_hangs_is_closed_in_time() -> None:
    with closing(listening_socket()) as listener:
        store = Store(SecretStr(silent(listener)), DatabaseLimits(connect=60))
        asking = [asyncio.ensure_future(store.write(save)) for _ in range(20)]
        asking += [asyncio.ensure_future(store.read(save)) for _ in range(20)]
        connection, _ = await asyncio.to_thread(listener.accept)
        started = time.monotonic()
        store.close(0.2)
        assert time.monotonic() - started < ENDS_WITHIN
        connection.close()
        for one in asking:
            one.cancel()
        await asyncio.gather(*asking, return_exceptions=True)


@pytest.fixture
def guarded(postgres: Postgres, postgres_url: str) -> Iterator[str]:
    """A database whose user needs a password, ``hunter2``, and may connect twice."""
    with postgres.user_with_password("sam", "hunter2", connections=2):
        yield postgres_url.replace("postgres@", "sam:hunter2@")


@pytest.mark.parametrize(
    ("change", "message", "own_words"),
    [
        (("hunter2", "hunter3"), "does not accept the user or the password", "authentication"),
        (("/test_", "/no_"), "does not exist on its server", "does not exist"),
        (("?host=", "?host=/nowhere"), "no server is listening at its address", "No such file"),
    ],
)
async def test_why_a_server_turns_us_away_is_said_without_the_password(
    guarded: str,
    caplog: pytest.LogCaptureFixture,
    change: tuple[str, str],
    message: str,
    own_words: str,
) -> None:
    with limited(guarded.replace(*change)) as store:
        for _ in range(3):
            failed = await failure(store)
            assert message in failed.message
            assert own_words in failed.next_step
    assert caplog.text.count(message) == 1, "logged once"
    assert "hunter" not in f"{caplog.text} {failed.message} {failed.next_step}"


async def test_a_host_that_is_not_known_is_said() -> None:
    with limited("postgresql+psycopg://sam:hunter2@no-such-host.invalid/shop") as store:
        failed = await failure(store)
    assert failed.message == "The database's host name cannot be resolved."
    assert "no-such-host.invalid" in failed.next_step


async def test_a_server_with_too_many_clients_is_said_and_is_used_when_they_leave(
    guarded: str,
) -> None:
    plain = make_url(guarded).set(drivername="postgresql").render_as_string(hide_password=False)
    with limited(guarded) as store:
        with psycopg.connect(plain), psycopg.connect(plain):
            failed = await failure(store)
            assert failed.message == "The database server has no connections left."

        async def let_in() -> bool:
            try:
                await store.ping()
            except StoreFailure as refused:
                return "connections left" not in refused.message
            return True

        await until(let_in, "a connection once others have closed theirs")


async def test_a_file_that_cannot_be_opened_is_said(tmp_path: Path) -> None:
    with limited(f"sqlite:///{tmp_path}") as store:
        failed = await failure(store)
    assert failed.message == "The database file cannot be opened."
    assert "DATABASE_URL" in failed.next_step


async def test_a_user_who_may_not_write_is_informed(guarded: str, postgres_url: str) -> None:
    with limited(postgres_url) as owner:
        await owner.write(save)
    with limited(guarded) as store:
        failed = await failure(store)
    assert failed.message == "The database is read-only."


async def test_that_the_database_works_again_is_logged(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING, "billing")
    in_the_way = tmp_path / "data"
    in_the_way.write_text("a file where the folder belongs")
    limits = replace(SHORT, outage=0.0)
    with limited(f"sqlite:///{in_the_way}/store.sqlite3", limits) as store:
        for _ in range(3):
            await failure(store)
        in_the_way.unlink()
        await store.write(save)
    first, last = caplog.messages
    assert "cannot be created" in first
    assert last.startswith("The database is working again. Failures: 3 in")
