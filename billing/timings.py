"""How long things take, and how often they are done: one place for every interval and deadline."""

from __future__ import annotations

from dataclasses import dataclass

from billing.domain.receiver_faults import ANSWER_SECONDS


@dataclass(frozen=True)
class Retries:
    """When events are retried, in seconds. A pending one is left to the process that received it
    for ``fresh``. A failed one is retried after ``first``, then after as long as it has been
    failing already, ``longest`` at the most, until it has failed for ``give_up_after``."""

    fresh: float
    first: float
    longest: float
    give_up_after: float

    def next(self, at: float, failing_since: float) -> float | None:
        """When to retry what failed ``at`` a time (Unix seconds both); None for no more."""
        lasted = at - failing_since
        if lasted >= self.give_up_after:
            return None
        return at + min(max(lasted, self.first), self.longest)


@dataclass(frozen=True)
class DatabaseLimits:
    """Seconds after which a wait for the database ends: for a connection, a lock, a statement; and
    for an answer of the store, whatever the database does."""

    connect: int = 3
    lock: float = 5.0
    statement: float = 20.0
    answer: float = 15.0
    outage: float = 10.0  # without a failure, after which an outage is over

    @property
    def silence(self) -> float:
        """Seconds to wait for a server that can no longer end a statement itself."""
        return self.statement + 2


@dataclass(frozen=True)
class Timings:
    """Intervals and deadlines in seconds, and the limits that go with them."""

    # One call to Stripe with its retries, and one attempt of it.
    stripe_deadline_seconds: float = 30.0
    stripe_attempt_seconds: float = 20.0
    stripe_network_retries: int = 2
    stripe_rate_limit_attempts: int = 8
    stripe_rate_limit_seconds: float = 0.5  # before a list is asked for again; doubles each time
    # How fast lists are read and events processed; None: Stripe's own limit when talking to Stripe.
    stripe_requests_per_second: float | None = None
    # How soon to ask again what the key may not read.
    forbidden_retry_seconds: float = 60.0

    price_max_age_seconds: float = 300.0
    price_retry_seconds: float = 5.0

    # Sessions that were created here are stored together, shortly after the answer has gone out.
    mirror_flush_seconds: float = 0.2
    mirror_retry_seconds: float = 5.0
    mirror_max_unsaved: int = 1_000
    # How long an answer waits for them: thousands may be on their way to the disk.
    mirror_wait_seconds: float = 0.5

    sync_step_seconds: float = 4.0
    sync_lease_seconds: float = 15.0
    events_poll_seconds: float = 30.0  # while webhooks bring everything
    passed_periods_seconds: float = 30.0  # how often subscriptions with such a one are read
    reconciliation_seconds: float = 86_400.0
    reconciliation_check_seconds: float = 60.0  # how often it is looked whether that is over

    retention_seconds: float = 3_600.0
    retention_check_seconds: float = 60.0
    indexes_seconds: float = 30 * 86_400.0  # how often they are rebuilt

    database: DatabaseLimits = DatabaseLimits()

    # How often the list of customers follows what has changed, and how long a page waits for that.
    customers_refresh_seconds: float = 2.0
    customers_wait_seconds: float = 0.5

    rollups_seconds: float = 2.0  # how often the counts of sessions by period follow

    event_sweep_seconds: float = 5.0
    event_burst_seconds: float = 5.0  # how long events wait while more and more arrive
    # As long as Stripe repeats a delivery: https://docs.stripe.com/webhooks#automatic-retries
    event_retries: Retries = Retries(
        fresh=20.0, first=5.0, longest=4 * 3600.0, give_up_after=3 * 86_400.0
    )
    webhook_account_seconds: float = 2.0  # to learn whose event it is, before it is recorded
    refusals_write_seconds: float = 1.0
    deliveries_write_seconds: float = 1.0  # after which it is stored how they were answered

    # Faults of the webhook: how late a late answer is, how long after an event it is taken again,
    # and how soon one that was held is tried again when it could not be recorded.
    fault_answer_seconds: float = ANSWER_SECONDS
    fault_repeat_seconds: float = 1.0
    fault_retry_seconds: float = 5.0
    fault_renewal_seconds: float = 3.0  # how often their process says that it is there
    # How long a random run's verdict waits for the sweep and for polling, and how often it looks.
    fault_verdict_seconds: float = 120.0
    fault_verdict_pause_seconds: float = 1.0

    request_log_write_seconds: float = 0.5  # how long requests wait to be written together
    audit_write_seconds: float = 0.2
    token_max_age_seconds: float = 5.0  # how long a revoked token may still be taken
    sign_in_idle_seconds: float = 12 * 3600.0  # without use, after which one signs in again
    sign_in_absolute_seconds: float = 7 * 86_400.0  # however much it is used
    sign_in_max_age_seconds: float = 5.0  # how long one that was ended may still be taken
    sign_in_outage_seconds: float = 45.0  # the same while the database does not answer
    sign_in_attempts: int = 30  # from one address, within so many seconds
    sign_in_attempts_seconds: float = 60.0

    health_deadline_seconds: float = 2.0
    health_max_age_seconds: float = 1.0
    setup_check_seconds: float = 10.0
    setup_slow_seconds: float = 2.0  # an answer of Stripe's that took longer is a warning

    # How long a page waits for Stripe before it is drawn without the answer, which follows.
    page_prices_seconds: float = 0.3
    page_payment_seconds: float = 0.5

    # How often it is looked at what changes without a transaction.
    status_watch_seconds: float = 2.0
    # Between processes on one database: how often each says at most what it has changed, asks for
    # what others have where they cannot be heard, and tries again to hear them.
    changes_announce_seconds: float = 0.1
    changes_read_seconds: float = 0.5
    changes_reconnect_seconds: float = 1.0

    background_restart_seconds: float = 5.0
    shutdown_seconds: float = 1.5  # twice: the process ends within ten of the signal


DEFAULT_TIMINGS = Timings()
