"""Group commit: writes that are requested at the same time share one transaction.

A commit waits for the disk; sharing it between the webhooks that arrive together is what makes
thousands of durable events a second possible on one file. What is urgent comes first, and what else
waits is then written little by little in between.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections import Counter, deque
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
    from sqlalchemy import Connection

    from billing.metrics.registry import Metrics
    from billing.store.engine.database import Database

log = logging.getLogger(__name__)

BATCH_SIZE = 512
URGENT_SECONDS = 0.2  # after an urgent write, during which others are expected
FEW = 8  # what is not urgent then is written by so small a part at a time, or one by one
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
    is_urgent: bool
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

    An urgent one waits for the transaction under way alone, and shares its own with urgent ones.

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
        self._urgent: deque[_Job] = deque()  # taken from there by the thread
        self._others: deque[_Job] = deque()
        self._urgent_until = 0.0  # by the monotonic clock
        self._thread: threading.Thread | None = None

    async def write(self, change: Change, item: Any, *, urgent: bool = False) -> Any:
        """The change's result for the item, once it is committed."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
            self._thread.start()
        loop = asyncio.get_running_loop()
        job = _Job(change, item, loop, loop.create_future(), urgent)
        self._jobs.put(job)
        return await job.answer

    @property
    def waiting(self) -> int:
        """How many writes wait for their transaction."""
        return self._jobs.qsize() + len(self._urgent) + len(self._others)

    def close(self, within: float) -> None:
        """Write what is waiting, then stop. A write that takes longer than ``within`` seconds is
        left to itself."""
        if self._thread is not None:
            self._jobs.put(None)
            self._thread.join(within)
            self._thread = None

    def _run(self) -> None:
        is_over = False
        while not is_over or self._urgent or self._others:
            is_over = self._receive() or is_over
            if self._urgent:
                self._urgent_until = time.monotonic() + URGENT_SECONDS
                self._commit(_first(self._urgent, BATCH_SIZE))
            if self._others:
                is_held_up = time.monotonic() < self._urgent_until
                most = 1 + len(self._others) // FEW if is_held_up else BATCH_SIZE
                self._commit(_first(self._others, most))

    def _receive(self) -> bool:
        """Sort what has come, or wait for it where nothing has. True when that was the last."""
        is_over = False
        while not self._jobs.empty() or not (self._urgent or self._others or is_over):
            job = self._jobs.get()
            if job is None:
                is_over = True
            else:
                (self._urgent if job.is_urgent else self._others).append(job)
        return is_over

    def _commit(self, batch: list[_Job]) -> None:
        if not batch:
            return
        try:
            engine = self._database.engine().execution_options(**WRITES)
            done = _Done()
            with (
                self._metrics.database_duration.labels("write").time(),
                engine.connect() as connection,
            ):
                try:
                    _write(batch, connection, done)
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
        _answer(batch)


def _first(waiting: deque[_Job], most: int) -> list[_Job]:
    """Take the first ones out, but for those that nobody waits for any more."""
    taken = [waiting.popleft() for _ in range(min(most, len(waiting)))]
    return [job for job in taken if not job.answer.cancelled()]


def _write(batch: list[_Job], connection: Connection, done: _Done) -> None:
    """Run the changes and commit them."""
    changes = _by_change(batch)
    if len(changes) == 1 and connection.dialect.name == "postgresql":
        # What is alone needs no savepoint, which costs two round trips. In SQLite it costs next to
        # nothing, and finds out whether rows were left unread, with which nothing is committed.
        with connection.begin() as transaction:
            is_written = _succeeds(changes[0], connection, done)
            if not is_written:
                transaction.rollback()
        if is_written or len(batch) == 1:
            return
        changes = [[job] for job in batch]  # one of them may be at fault
    with connection.begin():
        for jobs in changes:
            _try(jobs, connection, done)


def _by_change(batch: list[_Job]) -> list[list[_Job]]:
    together: dict[Change, list[_Job]] = {}
    for job in batch:
        together.setdefault(job.change, []).append(job)
    return list(together.values())


def _try(jobs: list[_Job], connection: Connection, done: _Done) -> None:
    """Run a change within a transaction; what it has done is added to ``done``. Where it raises,
    it is undone alone."""
    with connection.begin_nested() as savepoint:
        is_written = _succeeds(jobs, connection, done)
        if not is_written:
            savepoint.rollback()
    if not is_written and len(jobs) > 1:
        for job in jobs:  # one of them may be at fault
            _try([job], connection, done)


def _succeeds(jobs: list[_Job], connection: Connection, done: _Done) -> bool:
    """Run a change: its results are those of the jobs. False when it raises: of a single job that
    is the error. Raises when the database fails."""
    committed.take(connection)  # of a change that was rolled back
    changed_tables.take(connection)
    try:
        results = jobs[0].change(connection, [job.item for job in jobs])
        for job, result in zip(jobs, results, strict=True):
            job.result = result
    except DBAPIError as error:
        if not isinstance(error, STATEMENT_ERRORS) or code_of(error.orig) in DATABASE_CODES:
            raise  # the database, not the change: no commit of the batch can be trusted
        if len(jobs) == 1:
            log.warning("The database refused a record: %s", error.orig)
            jobs[0].error = RecordRefused(
                "The database refused this record.", "See the server's log for the reason."
            )
        return False
    except Exception as error:  # noqa: BLE001 - its caller gets it
        # Its frames may hold a result that was not read to the end, and SQLite does not commit
        # while there is one.
        clear_frames(error.__traceback__)
        if len(jobs) == 1:
            jobs[0].error = error
        return False
    done.counts.update(committed.take(connection))
    done.tables |= changed_tables.take(connection)
    return True


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
