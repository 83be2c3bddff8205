"""Waits until the endpoints have given their first response to an event, as Checkout does before it
sends the payer back."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterable

from stripe_sandbox.storage.database import Database

POLL_INTERVAL = 0.2
"""Seconds between looks at what another process may have delivered."""


class FirstResponses:
    """Waits for events' first responses."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: defaultdict[str, list[asyncio.Future[None]]] = defaultdict(list)

    def is_complete(self, event: str) -> bool:
        """Whether every endpoint gave its first response to the event."""
        row = self._database.row(
            "SELECT 1 FROM deliveries WHERE event = ? AND state = 'pending' AND attempts = 0",
            (event,),
        )
        return row is None

    def release(self, event: str) -> None:
        """End the waits for the event; from any thread."""
        for future in self._waiting.pop(event, ()):
            with contextlib.suppress(RuntimeError):  # whoever waited has closed their loop
                future.get_loop().call_soon_threadsafe(_set, future)

    def release_all(self) -> None:
        """End all waits: nothing delivers any longer."""
        for event in list(self._waiting):
            self.release(event)

    async def wait(self, events: Iterable[str], timeout: float) -> None:  # noqa: ASYNC109  # it is the wait that is bounded, not a cancellation
        """Return when every endpoint gave its first response to each event, or after `timeout`
        seconds."""
        loop = asyncio.get_running_loop()
        awaited: dict[asyncio.Future[None], str] = {}
        for event in events:
            # First the future, then the question: no response is missed in between.
            future = loop.create_future()
            self._waiting[event].append(future)
            awaited[future] = event
            if self.is_complete(event):
                self.release(event)
        deadline = loop.time() + timeout
        pending = set(awaited)
        while pending and (left := deadline - loop.time()) > 0:
            nap = min(left, POLL_INTERVAL) if self._database.shared else left
            _, pending = await asyncio.wait(pending, timeout=nap)
            for event in {awaited[future] for future in pending}:
                if self.is_complete(event):
                    self.release(event)
        for future in pending:
            with contextlib.suppress(ValueError):  # released at this very moment
                self._waiting[awaited[future]].remove(future)


def _set(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
