"""Group commit: writes that are requested at the same time share one transaction.

A commit waits for the disk; sharing it between the webhooks that arrive together is what makes
thousands of durable events a second possible on one file.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from traceback import clear_frames
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    NotSupportedError,
    ProgrammingError,
)

from billing.errors import BillingError, RecordRefused
from billing.store import committed
from billing.store.engine import changed_tables
from billing.store.engine.engines import WRITES
from billing.store.engine.failures import code_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from billing.metrics.registry import Metrics
    from billing.store.engine.database import Database

log = logging.getLogger(__name__)

BATCH_SIZE = 512
# Errors of one statement, not of the database.
STATEMENT_ERRORS = (DataError, IntegrityError, NotSupportedError, ProgrammingError)
DATABASE_CODES = ("42501",)  # but these: the user may not write at all

# Writes items; one result for each, in their order.
Change = Callable[["Connection", list[Any]], Sequence[Any]]


@dataclass(slots=True)
class _Job:
    change: Change
    item: Any
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None


@dataclass(slots=True)
class _Done:
    """What a transaction has done: what is counted of it, and the tables whose rows it changed."""

    counts: committed.Counts = field(default_factory=Counter)
    tables: set[str] = field(default_factory=set)


class Writer:
    """One thread that writes. A change is a function of a connection and of items to write; it
    commits with others, and is called once for all items that wait for it.

    A change that raises is rolled back alone, and its caller gets the exception. When the database
    fails, every caller of that commit gets a ``StoreFailure``: nothing of it was stored, and the
    next change tries the database again.

    ``on_commit`` is called in the thread after each commit, with the names of the tables whose rows
    it changed.
    """

    def __init__(
        self,
        database: Database,
        metrics: Metrics,
        on_commit: Callable[[Collection[str]], None] | None = None,
    ) -> None:
        self._database = database
        self._metrics = metrics
        self._on_commit = on_commit
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    async def write(self, change: Change, item: Any) -> Any:
        """The change's result for the item, once it is committed."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
            self._thread.start()
        loop = asyncio.get_running_loop()
        job = _Job(change, item, loop, loop.create_future())
        self._jobs.put(job)
        return await job.answer

    @property
    def waiting(self) -> int:
        """How many writes wait for their transaction."""
        return self._jobs.qsize()

    def close(self, within: float) -> None:
        """Write what is waiting, then stop. A write that takes longer than ``within`` seconds is
        left to itself."""
        if self._thread is not None:
            self._jobs.put(None)
            self._thread.join(within)
            self._thread = None

    def _run(self) -> None:
        stopping = False
        while not stopping:
            jobs = [self._jobs.get()]
            while len(jobs) < BATCH_SIZE and not self._jobs.empty():
                jobs.append(self._jobs.get())
            stopping = None in jobs
            batch = [job for job in jobs if job is not None and not job.answer.cancelled()]
            if batch:
                self._commit(batch)
                _answer(batch)

    def _commit(self, batch: list[_Job]) -> None:
        try:
            engine = self._database.engine().execution_options(**WRITES)
            done = _Done()
            with (
                self._metrics.database_duration.labels("write").time(),
                engine.connect() as connection,
            ):
                try:
                    with connection.begin():
                        for jobs in _by_change(batch):
                            _try(jobs, connection, done)
                except BaseException:
                    connection.invalidate()  # it may be stuck in this transaction
                    raise
            for (metric, label), number in done.counts.items():
                self._metrics.count(metric, label, number)
            if self._on_commit and done.tables:
                self._on_commit(done.tables)
        except BillingError as failure:
            _fail(batch, failure)
        except Exception as error:  # noqa: BLE001 - whatever it is, the writer goes on
            _fail(batch, self._database.failure(error))


def _by_change(batch: list[_Job]) -> Iterable[list[_Job]]:
    together: dict[Change, list[_Job]] = {}
    for job in batch:
        together.setdefault(job.change, []).append(job)
    return together.values()


def _try(jobs: list[_Job], connection: Connection, done: _Done) -> None:
    """Run a change within a transaction; what it has done is added to ``done``."""
    committed.take(connection)  # of a change that was rolled back
    changed_tables.take(connection)
    try:
        with connection.begin_nested():
            results = jobs[0].change(connection, [job.item for job in jobs])
        done.counts.update(committed.take(connection))
        done.tables |= changed_tables.take(connection)
        for job, result in zip(jobs, results, strict=True):
            job.result = result
    except DBAPIError as error:
        if not isinstance(error, STATEMENT_ERRORS) or code_of(error.orig) in DATABASE_CODES:
            raise  # the database, not the change: no commit of the batch can be trusted
        _refuse(jobs, connection, error, done)
    except Exception as error:  # noqa: BLE001 - its caller gets it
        # Its frames may hold a result that was not read to the end, and SQLite does not commit
        # while there is one.
        clear_frames(error.__traceback__)
        _refuse(jobs, connection, error, done)


def _refuse(jobs: list[_Job], connection: Connection, error: Exception, done: _Done) -> None:
    """Fail the job; of several, try each alone, for one of them may be at fault."""
    if len(jobs) > 1:
        for job in jobs:
            _try([job], connection, done)
    elif isinstance(error, DBAPIError):
        log.warning("The database refused a record: %s", error.orig)
        jobs[0].error = RecordRefused(
            "The database refused this record.", "See the server's log for the reason."
        )
    else:
        jobs[0].error = error


def _fail(batch: list[_Job], failure: BillingError) -> None:
    for job in batch:
        job.error = failure


def _answer(batch: list[_Job]) -> None:
    for loop in {job.loop for job in batch}:
        answered = [job for job in batch if job.loop is loop]
        try:
            loop.call_soon_threadsafe(_resolve, answered)
        except RuntimeError:
            continue  # the loop is closed: nobody waits any more


def _resolve(jobs: list[_Job]) -> None:
    for job in jobs:
        if job.answer.done():
            continue
        if job.error is not None:
            job.answer.set_exception(job.error)
        else:
            job.answer.set_result(job.result)
