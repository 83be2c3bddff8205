"""Whether the database takes a write, and how far our copy of Stripe's sessions goes. Each is
answered within a deadline, and callers within a second share one query."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Generic, TypeVar

from billing.errors import StoreFailure
from billing.store import leases, sync_state
from billing.timings import DEFAULT_TIMINGS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from billing.domain.sync_state import SyncState
    from billing.store import Connection, Store
    from billing.sync.mirror import Mirror
    from billing.timings import Timings

T = TypeVar("T")


class Health:
    """Every method answers or raises ``StoreFailure`` within ``health_deadline_seconds``."""

    def __init__(self, store: Store, mirror: Mirror, timings: Timings = DEFAULT_TIMINGS) -> None:
        self._write = SharedQuery(lambda: store.write(_write), timings)
        self._sync_state = SharedQuery(mirror.state, timings)

    async def database(self) -> str:
        """The database's kind (``sqlite``, ``postgresql``), once it has taken a write."""
        return await self._write.answer("accept a write")

    async def sync_state(self) -> SyncState:
        """How far our copy goes."""
        return await self._sync_state.answer("answer")


def _write(connection: Connection) -> str:
    sync_state.save(connection, "health", leases.now(connection))
    return connection.dialect.name


class SharedQuery(Generic[T]):
    """A query that runs once for all callers within ``health_max_age_seconds``, and for those
    that come while it is under way."""

    def __init__(self, query: Callable[[], Awaitable[T]], timings: Timings) -> None:
        self._query = query
        self._deadline = timings.health_deadline_seconds
        self._max_age = timings.health_max_age_seconds
        self._started_at = 0.0
        self._task: asyncio.Task[T] | None = None

    async def answer(self, wanted: str) -> T:
        """The result; ``StoreFailure`` after the deadline, which says that the database did not do
        what ``wanted`` says."""
        if self._task is None or (
            self._task.done() and time.monotonic() - self._started_at >= self._max_age
        ):
            self._started_at = time.monotonic()
            self._task = asyncio.create_task(self._answer())
            self._task.add_done_callback(_retrieve_failure)
        try:
            async with asyncio.timeout(self._deadline):
                return await asyncio.shield(self._task)
        except TimeoutError:
            raise StoreFailure(
                f"The database did not {wanted} within {self._deadline:g} seconds.",
                "Check its server and how busy it is.",
            ) from None

    async def _answer(self) -> T:
        return await self._query()


def _retrieve_failure(task: asyncio.Task[T]) -> None:
    """Callers may all have gone by the time it fails, and asyncio then reports it as a mistake."""
    if not task.cancelled():
        task.exception()
