"""Does the database take a write, and is our copy in step with Stripe? Answered in time,
whatever hangs, and from one question for all who ask within a second."""

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
    """Every method raises ``BillingError`` within ``health_deadline_seconds``."""

    def __init__(self, store: Store, mirror: Mirror, timings: Timings = DEFAULT_TIMINGS) -> None:
        self._write = _Shared(lambda: store.write(_write), timings)
        self._copy = _Shared(mirror.state, timings)

    async def database(self) -> str:
        """The database's kind (``sqlite``, ``postgresql``), once it has taken a write."""
        return await self._write.answer("accept a write")

    async def copy(self) -> SyncState:
        """How far our copy goes."""
        return await self._copy.answer("answer")


def _write(connection: Connection) -> str:
    sync_state.save(connection, "health", leases.now(connection))
    return connection.dialect.name


class _Shared(Generic[T]):
    """A question that is asked once for all who ask within ``health_max_age_seconds``, or
    while it still hangs."""

    def __init__(self, ask: Callable[[], Awaitable[T]], timings: Timings) -> None:
        self._ask = ask
        self._deadline = timings.health_deadline_seconds
        self._max_age = timings.health_max_age_seconds
        self._asked_at = 0.0
        self._asking: asyncio.Task[T] | None = None

    async def answer(self, wanted: str) -> T:
        """``wanted`` says what the database has to do, for the failure."""
        if self._asking is None or (
            self._asking.done() and time.monotonic() - self._asked_at >= self._max_age
        ):
            self._asked_at = time.monotonic()
            self._asking = asyncio.create_task(self._answer())
        try:
            async with asyncio.timeout(self._deadline):
                return await asyncio.shield(self._asking)
        except TimeoutError:
            raise StoreFailure(
                f"The database did not {wanted} within {self._deadline:g} seconds.",
                "Check its server and how busy it is.",
            ) from None

    async def _answer(self) -> T:
        return await self._ask()
