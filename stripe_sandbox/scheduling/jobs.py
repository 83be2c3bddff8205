"""Jobs that fall due at a time of their own: stored in the database, run in the order of their
times. Those of a test clock's customers wait until that clock advances."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum

from stripe_sandbox.storage.database import Database


class JobKind(StrEnum):
    """What a job does. The values stand in the database's file."""

    COUPON_EXPIRY = "coupon.expired"
    PROMOTION_CODE_EXPIRY = "promotion_code.expired"
    DISCOUNT_END = "discount.ended"
    BALANCE_AVAILABILITY = "balance.available"
    AUTHORIZATION_EXPIRY = "charge.expired"
    CONFIRMATION_EXPIRY = "payment_intent.unconfirmed"
    SESSION_EXPIRY = "checkout.session.expired"
    DEBIT_COMPLETION = "debit.settled"
    DISPUTE_DECISION = "dispute.decided"
    REFUND_DECISION = "refund.decided"
    RENEWAL = "subscription.renewed"
    TRIAL_NOTICE = "subscription.trial_will_end"
    RENEWAL_NOTICE = "invoice.upcoming"
    SUBSCRIPTION_EXPIRY = "subscription.expired"
    SUBSCRIPTION_CANCELLATION = "subscription.canceled"
    COLLECTION_RESUMPTION = "subscription.collection_resumed"
    INVOICE_FINALIZATION = "invoice.finalized"
    INVOICE_DUE = "invoice.due"
    INVOICE_RETRY = "invoice.retried"
    TEST_CLOCK_ADVANCEMENT = "test_clock.advanced"
    TEST_CLOCK_DELETION = "test_clock.deleted"


class ScheduledJobs:
    """Jobs of a kind and a subject (an object's id), each run once."""

    def __init__(
        self, database: Database, test_clock: Callable[[], str | None] = lambda: None
    ) -> None:
        """`test_clock` returns the id of the test clock in whose time something happens (None: in
        the account's): to that belongs what is scheduled then."""
        self._test_clock = test_clock
        self._database = database
        self._handlers: dict[JobKind, Callable[[str], None]] = {}
        self._listeners: list[Callable[[], None]] = []
        # What an earlier release scheduled and this one does at another time.
        known = ", ".join(f"'{kind}'" for kind in JobKind)
        for table in ("agenda", "test_clock_jobs"):
            database.write(f"DELETE FROM {table} WHERE kind NOT IN ({known})")  # noqa: S608

    def register(self, kind: JobKind, handler: Callable[[str], None]) -> None:
        """Have `handler(subject)` called for each job of the kind, in the transaction that removes
        the job."""
        self._handlers[kind] = handler

    def on_earlier(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each commit after which the next job falls due earlier."""
        self._listeners.append(listener)

    def add(self, due: float, kind: JobKind, subject: str) -> None:
        """Schedule a job for `due`, in Unix seconds."""
        test_clock = self._test_clock()
        if test_clock is not None:
            self._database.write(
                "INSERT INTO test_clock_jobs (due, kind, subject, test_clock) VALUES (?, ?, ?, ?)",
                (due, kind, subject, test_clock),
            )
            return
        self._add(due, kind, subject)

    def add_once(self, due: float, kind: JobKind, subject: str) -> None:
        """Schedule a job in the account's time, also where something happens in a test clock's,
        unless it is scheduled already."""
        if not self._database.row(
            "SELECT 1 FROM agenda WHERE due = ? AND kind = ? AND subject = ?", (due, kind, subject)
        ):
            self._add(due, kind, subject)

    def _add(self, due: float, kind: JobKind, subject: str) -> None:
        next_due = self.next_due()
        self._database.write(
            "INSERT INTO agenda (due, kind, subject) VALUES (?, ?, ?)", (due, kind, subject)
        )
        if next_due is None or due < next_due:
            for listener in self._listeners:
                self._database.after_commit(listener)

    def cancel(self, due: float, kind: JobKind, subject: str) -> None:
        """Remove the job that was scheduled with these values, if it has not run yet."""
        self._database.write(
            "DELETE FROM agenda WHERE due = ? AND kind = ? AND subject = ?", (due, kind, subject)
        )

    def subjects(self, kind: JobKind) -> set[str]:
        """The subjects of all jobs of the kind that have not run yet."""
        rows = self._database.rows("SELECT subject FROM agenda WHERE kind = ?", (kind,))
        return {row[0] for row in rows}

    def move(self, subjects: Iterable[str], test_clock: str) -> None:
        """Have the account's jobs about these subjects wait for the test clock of that id."""
        for subject in subjects:
            self._database.write(
                "INSERT INTO test_clock_jobs (due, kind, subject, test_clock) "
                "SELECT due, kind, subject, ? FROM agenda WHERE subject = ?",
                (test_clock, subject),
            )
            self._database.write("DELETE FROM agenda WHERE subject = ?", (subject,))

    def remove_all(self, test_clock: str) -> None:
        """Remove the jobs of the test clock of that id."""
        self._database.write("DELETE FROM test_clock_jobs WHERE test_clock = ?", (test_clock,))

    def next_due(self, test_clock: str | None = None) -> float | None:
        """When the next job falls due, in Unix seconds: the account's, or the test clock's of that
        id. None: there is none."""
        table, condition, values = _jobs_of(test_clock)
        row = self._database.row(
            f"SELECT due FROM {table} WHERE {condition} ORDER BY due LIMIT 1",  # noqa: S608
            values,
        )
        return None if row is None else float(row[0])

    def run_next(
        self, until: float, kind: JobKind | None = None, test_clock: str | None = None
    ) -> bool:
        """Run the first job, of that kind or of any, that is due at `until`, in Unix seconds: the
        account's, or the test clock's of that id. False: there is none."""
        table, condition, values = _jobs_of(test_clock)
        with self._database.transaction():
            row = self._database.row(
                f"SELECT seq, kind, subject FROM {table} WHERE {condition} AND due <= ? "  # noqa: S608
                "AND kind = coalesce(?, kind) ORDER BY due, seq LIMIT 1",
                (*values, until, kind),
            )
            if row is None:
                return False
            seq, name, subject = row
            self._database.write(f"DELETE FROM {table} WHERE seq = ?", (seq,))  # noqa: S608
            self._handlers[JobKind(name)](subject)
            return True


def _jobs_of(test_clock: str | None) -> tuple[str, str, tuple[str, ...]]:
    """The table, a condition over it and its values."""
    if test_clock is None:
        return "agenda", "TRUE", ()
    return "test_clock_jobs", "test_clock = ?", (test_clock,)
