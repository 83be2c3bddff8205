"""Reading and writing in the database, durably and within time limits."""

from __future__ import annotations

import asyncio
import logging
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from traceback import clear_frames
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from billing.errors import BillingError, RecordRefused, StoreFailure
from billing.metrics.registry import Metrics
from billing.outages import Outage
from billing.store.engine.database import Database
from billing.store.engine.engines import CONNECTIONS, MAINTAINS, PATIENT, UPGRADES
from billing.store.engine.writer import Writer
from billing.timings import DEFAULT_TIMINGS
from billing.tracing import named_span

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from pydantic import SecretStr
    from sqlalchemy import Connection

    from billing.timings import DatabaseLimits

log = logging.getLogger(__name__)

T = TypeVar("T")
Item = TypeVar("Item")

CLOSE_SECONDS = 3.0  # seconds


class Store:
    """Runs functions of a connection, such as those of ``billing.store.sessions``.

    Every method raises ``BillingError`` when the database fails or does not answer within the
    ``limits``, and works again when the database does. Outages are logged here.

    ``on_commit`` is called after each commit, in a thread, with the names of the tables whose rows
    it changed.
    """

    def __init__(
        self,
        url: SecretStr,
        limits: DatabaseLimits = DEFAULT_TIMINGS.database,
        metrics: Metrics | None = None,
        on_commit: Callable[[Collection[str]], None] | None = None,
    ) -> None:
        self._limits = limits
        self._metrics = metrics or Metrics()
        self._metrics.database_connections_max.set(CONNECTIONS)
        self._database = Database(url, limits)
        self._writer = Writer(self._database, self._metrics, on_commit)
        self._readers: ThreadPoolExecutor | None = None
        self._reading: set[Future[Any]] = set()
        self._outage = Outage(log, "The database", over_after=limits.outage)

    @property
    def is_shared(self) -> bool:
        """Other processes may work with the same database."""
        return self._database.is_shared

    def listening(self, channel: str) -> AbstractAsyncContextManager[AsyncIterator[str] | None]:
        """What processes notify each other of on a channel, as it comes; None where that cannot be
        heard. Raises ``StoreFailure`` when the connection fails."""
        return self._database.listening(channel)

    @property
    def file(self) -> Path | None:
        """The SQLite file; None for another kind of database."""
        return self._database.file

    async def write(self, change: Callable[[Connection], T]) -> T:
        """``change``'s result, once it is durably committed, together with others."""
        with named_span("database write", change):
            result: T = await self._in_time(
                self._writer.write(lambda connection, _: [change(connection)], None)
            )
        return result

    async def write_each(
        self,
        change: Callable[[Connection, list[Item]], Sequence[T]],
        item: Item,
        *,
        urgent: bool = False,
    ) -> T:
        """The result of ``item``, once it is durably committed.

        Items that are given to the same ``change`` at the same time are written by one call of
        it, which answers one result for each. When it raises, each is tried alone. What is
        ``urgent`` is written first, and not together with what is not.
        """
        with named_span("database write", change):
            result: T = await self._in_time(self._writer.write(change, item, urgent=urgent))
        return result

    async def read(self, query: Callable[[Connection], T], *, within: float | None = None) -> T:
        """``query``'s result, on a connection of its own; ``within`` so many seconds, where the
        usual limit is too short."""

        return await self._on_own_connection(query, commits=False, within=within)

    async def write_apart(self, change: Callable[[Connection], T]) -> T:
        """``change``'s result, once it is committed: by itself, and beside what others write."""
        return await self._on_own_connection(change, commits=True)

    async def _on_own_connection(
        self, work: Callable[[Connection], T], *, commits: bool, within: float | None = None
    ) -> T:
        def run() -> T:
            try:
                engine = self._database.engine()
                with (
                    self._metrics.database_duration.labels("read").time(),
                    engine.connect() as connection,
                ):
                    result = work(connection)
                    if commits:
                        connection.commit()
                    return result
            except SQLAlchemyError as error:
                raise self._database.failure(error) from None
            except Exception as error:
                clear_frames(error.__traceback__)  # one may hold a result, and that a snapshot
                raise

        if self._readers is None:
            self._readers = ThreadPoolExecutor(CONNECTIONS - 1, "store-reader")
        reading = self._readers.submit(run)
        self._reading.add(reading)
        reading.add_done_callback(self._reading.discard)
        with named_span("database write" if commits else "database read", work):
            return await self._in_time(asyncio.wrap_future(reading), within)

    def measure(self) -> None:
        """Set the metrics of what is under way now."""
        reading = len(self._reading)
        self._metrics.database_waiting.labels("read").set(max(0, reading - CONNECTIONS + 1))
        self._metrics.database_waiting.labels("write").set(self._writer.waiting)
        for state, number in self._database.connections().items():
            self._metrics.database_connections.labels(state).set(number)

    async def maintain(
        self, work: Callable[[Connection], None], *, exclusive: bool = False
    ) -> None:
        """Do ``work`` on a connection of its own, each statement by itself and for as long as it
        takes; others read and write meanwhile. ``exclusive``: in one transaction, until whose end
        the others only read."""

        def run() -> None:
            try:
                engine = self._database.engine()
                if exclusive:
                    with engine.execution_options(**UPGRADES).begin() as connection:
                        work(connection)
                    return
                options = MAINTAINS if engine.dialect.name == "postgresql" else PATIENT
                with engine.execution_options(**options).connect() as connection:
                    work(connection)
            except SQLAlchemyError as error:
                raise self._database.failure(error) from None

        await asyncio.to_thread(run)

    async def ping(self) -> str:
        """The database's kind (``sqlite``, ``postgresql``), once it has answered."""

        def ask(connection: Connection) -> str:
            connection.execute(text("SELECT 1"))
            return connection.dialect.name

        return await self.read(ask)

    def close(self, within: float = CLOSE_SECONDS) -> None:
        """Write what is waiting, let reads end, and close the connections. What takes longer than
        ``within`` seconds is left to itself."""
        ends_at = time.monotonic() + within
        self._writer.close(within)
        if self._readers is not None:
            self._readers.shutdown(wait=False, cancel_futures=True)
            wait(set(self._reading), max(ends_at - time.monotonic(), 0))
            self._readers = None
        self._database.close()

    async def _in_time(self, answer: Awaitable[T], within: float | None = None) -> T:
        seconds = self._limits.answer if within is None else within
        try:
            async with asyncio.timeout(seconds):
                result = await answer
        except RecordRefused:
            raise  # the database itself is well
        except BillingError as failure:
            self._failed(f"{failure.message} {failure.next_step}")
            raise
        except TimeoutError:
            silence = StoreFailure(
                f"The database did not answer within {seconds:g} seconds.",
                "Check its server and how busy it is.",
            )
            self._failed(silence.message)
            raise silence from None
        self._outage.succeeded()
        return result

    def _failed(self, reason: str) -> None:
        self._outage.failed(reason)
        self._metrics.database_failures.inc()
