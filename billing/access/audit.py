"""The audit log: who did what to which object, from where, and how it ended."""

from __future__ import annotations

import asyncio
import csv
import io
import logging
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from billing.access.caller import STRANGER, requires
from billing.delayed_writer import DelayedWriter
from billing.domain.access import Permission
from billing.domain.csv_cells import escape_formula
from billing.store.access import audit
from billing.timings import DEFAULT_TIMINGS

if TYPE_CHECKING:
    from billing.domain.access import AuditEntry, AuditFilter
    from billing.store import Connection, Store
    from billing.timings import Timings

log = logging.getLogger(__name__)

PAGE_SIZE = 25
MOST_WAITING = 10_000  # lines, while the database does not write
MINUTE = 60
CSV_HEADER = (
    *("time", "who", "signed_in_by", "role", "action", "object", "result", "detail", "address"),
)
CSV_SECONDS = 60.0


@dataclass(frozen=True)
class AuditPage:
    """The newest entries first; ``next_below`` is where the next page begins, None on the last."""

    entries: list[AuditEntry]
    next_below: int | None


class AuditLog:
    """Belongs to one event loop; close it with ``aclose``. Lines are written together, within
    ``audit_write_seconds``."""

    def __init__(self, store: Store, timings: Timings = DEFAULT_TIMINGS) -> None:
        self._store = store
        self._writer = DelayedWriter(
            self.write, lambda: bool(self._waiting), timings.audit_write_seconds
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0
        self._waiting: list[AuditEntry] = []
        self._strangers: dict[tuple[str, str], int] = {}

    def start(self) -> None:
        """From here on entries are written; call it on the event loop."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()

    def record(self, entry: AuditEntry) -> None:
        """Add ``entry``, from any thread. Of what one stranger is refused, the first of a minute
        is added."""
        if entry.identity == STRANGER and self._is_repeated(entry):
            return
        if len(self._waiting) >= MOST_WAITING:
            log.error("Audit log full: %s by %s is not in it", entry.action, entry.identity)
            return
        self._waiting.append(entry)
        if threading.get_ident() == self._thread:
            self._writer.write_soon()
        elif self._loop is not None:
            self._loop.call_soon_threadsafe(self._writer.write_soon)

    @requires(Permission.READ_AUDIT, reads=True)
    async def find(self, wanted: AuditFilter, below: int | None = None) -> AuditPage:
        """A page of the entries that match. Raises ``StoreFailure``."""
        await self.write()
        query = partial(audit.find, wanted=wanted, below=below, limit=PAGE_SIZE + 1)
        found = await self._store.read(query)
        shown = found[:PAGE_SIZE]
        return AuditPage(shown, shown[-1].id if len(found) > PAGE_SIZE else None)

    @requires(Permission.READ_AUDIT, reads=True)
    async def get(self, entry_id: int) -> AuditEntry | None:
        """The entry of this id, if there is one. Raises ``StoreFailure``."""
        return await self._store.read(partial(audit.get, entry_id=entry_id))

    @requires(Permission.READ_AUDIT, reads=True)
    async def identities(self) -> list[str]:
        """Whoever has an entry, in alphabetical order. Raises ``StoreFailure``."""
        return await self._store.read(audit.identities)

    @requires(Permission.READ_AUDIT)
    async def as_csv(self, wanted: AuditFilter) -> bytes:
        """All that match, with a header line, in UTF-8. Raises ``StoreFailure``."""
        await self.write()

        def write(connection: Connection) -> bytes:
            file = io.StringIO()
            writer = csv.writer(file)
            writer.writerow(CSV_HEADER)
            for entry in audit.every(connection, wanted):
                writer.writerow(_cells(entry))
            return file.getvalue().encode()

        return await self._store.read(write, within=CSV_SECONDS)

    async def write(self) -> None:
        """Write what is waiting. Raises ``StoreFailure``, and then it is still waiting."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        try:
            await self._store.write(partial(audit.add, entries=waiting))
        except BaseException:
            self._waiting[:0] = waiting
            raise

    async def aclose(self) -> None:
        """Write what is waiting, if the database does."""
        await self._writer.aclose()

    def _is_repeated(self, entry: AuditEntry) -> bool:
        minute = int(entry.at // MINUTE)
        if len(self._strangers) >= MOST_WAITING:
            self._strangers.clear()
        key = entry.address, entry.action
        is_repeated = self._strangers.get(key) == minute
        self._strangers[key] = minute
        return is_repeated


def _cells(entry: AuditEntry) -> list[str]:
    at = datetime.fromtimestamp(entry.at, UTC).isoformat(timespec="milliseconds")
    return [
        at,
        *map(
            escape_formula,
            (
                *(entry.identity, entry.kind, entry.role, entry.action, entry.object_id),
                *(entry.result, entry.detail, entry.address),
            ),
        ),
    ]
