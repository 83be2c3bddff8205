"""The log itself: a ring of the latest requests, written in batches after they were answered."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable

from stripe_sandbox.clock import Clock
from stripe_sandbox.request_log.exchange import Exchange
from stripe_sandbox.request_log.rows import Facts, Texts, describe
from stripe_sandbox.storage.database import Database

SIZE = 20_000
RETENTION_SECONDS = 30 * 86_400
"""As long as events are kept."""
SCHEMA = f"""
CREATE TABLE IF NOT EXISTS requests (seq INTEGER PRIMARY KEY, {", ".join(Facts._fields)});
CREATE INDEX IF NOT EXISTS requests_cause ON requests (cause) WHERE cause != '';
CREATE TABLE IF NOT EXISTS request_texts (seq INTEGER PRIMARY KEY, {", ".join(Texts._fields)});
"""
_MOST_WAITING = 5_000
_AT_ONCE = 128
"""Requests that are written before the event loop gets its turn: some milliseconds, for which fewer
than one request in a hundred waits."""
_PAUSE = 0.25
"""Seconds over which requests are gathered."""


def _insert(table: str, row: type[Facts | Texts]) -> str:
    marks = ", ".join("?" * (1 + len(row._fields)))
    return f"INSERT INTO {table} VALUES ({marks})"  # noqa: S608  # names of ours


_INSERT_FACTS, _INSERT_TEXTS = _insert("requests", Facts), _insert("request_texts", Texts)


class RequestLog:
    """Takes requests, and writes them soon after; the latest `size` of them stay, for 30 days."""

    def __init__(self, database: Database, clock: Clock, size: int) -> None:
        self._database = database
        self._clock = clock
        self._size = size
        self._waiting: deque[Exchange] = deque(maxlen=_MOST_WAITING)
        self._filled = asyncio.Event()
        self._written: Callable[[], None] = lambda: None

    def add(self, exchange: Exchange) -> None:
        """Have the request written; to be called in the event loop."""
        self._waiting.append(exchange)
        if len(self._waiting) == 1:
            self._filled.set()

    def on_write(self, call: Callable[[], None]) -> None:
        """Call it whenever requests have been written."""
        self._written = call

    async def run(self) -> None:
        """Write what is added, until cancelled."""
        while True:
            await self._filled.wait()
            await asyncio.sleep(_PAUSE)
            self._filled.clear()
            while self._waiting:
                self.write(_AT_ONCE)
                await asyncio.sleep(0)

    def write(self, most: int = _MOST_WAITING) -> None:
        """Write those that wait, the first `most` of them; always before the clock is moved, as it
        says when they were made."""
        if not self._waiting:
            return
        ahead = self._clock.account_time() - self._clock.wall()
        described: list[tuple[Facts, Texts]] = []
        while self._waiting and len(described) < most:
            described.append(describe(self._waiting.popleft(), ahead))
        with self._database.transaction():
            row = self._database.row("SELECT max(seq) FROM requests")
            last = (row and row[0]) or 0
            numbered = list(enumerate(described, last + 1))
            self._database.write_many(
                _INSERT_FACTS, [(seq, *facts) for seq, (facts, _) in numbered]
            )
            self._database.write_many(
                _INSERT_TEXTS, [(seq, *texts) for seq, (_, texts) in numbered]
            )
            self._remove_until(last + len(described) - self._size)
        self._written()

    def purge_old(self) -> None:
        """Remove requests after their retention. By the wall clock, as events."""
        self.write()
        oldest = self._clock.wall() - RETENTION_SECONDS
        row = self._database.row(
            "SELECT coalesce((SELECT seq FROM requests WHERE at > ? ORDER BY seq LIMIT 1), "
            "(SELECT max(seq) + 1 FROM requests), 0)",
            (oldest,),
        )
        if row is not None and row[0] > 0:
            with self._database.transaction():
                self._remove_until(row[0] - 1)

    def remove(self, named: re.Pattern[str]) -> None:
        """Remove the requests of which a text or an id says what is searched for."""
        self.write()
        seqs = [
            seq
            for seq, *texts in self._database.rows(
                "SELECT seq, objects, params, answer, changes FROM requests "
                "JOIN request_texts USING (seq)"
            )
            if any(named.search(text) for text in texts)
        ]
        for table in ("requests", "request_texts"):
            self._database.write_many(
                f"DELETE FROM {table} WHERE seq = ?",  # noqa: S608  # names of ours
                [(seq,) for seq in seqs],
            )

    def clear(self) -> None:
        """Remove all that is in the log."""
        self._waiting.clear()
        for table in ("requests", "request_texts"):
            self._database.write(f"DELETE FROM {table}")  # noqa: S608  # names of ours

    def _remove_until(self, seq: int) -> None:
        for table in ("requests", "request_texts"):
            self._database.write(f"DELETE FROM {table} WHERE seq <= ?", (seq,))  # noqa: S608
