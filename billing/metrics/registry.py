"""Every metric, declared once. https://prometheus.io/docs/practices/naming/

No label holds an id, an email or anything else that grows: each value is of a short, fixed list.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)

from billing import __version__
from billing.domain.events.event import EventSource, EventState
from billing.domain.ledger.line import Cause
from billing.errors import WebhookRefusal

if TYPE_CHECKING:
    from collections.abc import Iterable

REQUEST_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
DATABASE_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 20)
# Of events that wait: to be handled for the first time, again by itself, or until a replay.
WAITING = ("pending", "retrying", "failed")
OPERATIONS = ("read", "write")

# They are a second series for each counter, which nothing here reads.
disable_created_metrics()  # type: ignore[no-untyped-call] # the library's own omission


class Metrics:
    """The metrics of one ``Services``, in a registry of its own. Safe to use from any thread."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)  # memory, CPU, open files
        self._count_requests()
        self._count_events()
        self._measure_database()

    def _count_requests(self) -> None:
        self.requests = self._histogram(
            "http_request_duration_seconds",
            "Time to answer an HTTP request, by the route's path, method and status.",
            ("route", "method", "status"),
            REQUEST_BUCKETS,
        )
        # The series of some labels; the library takes a lock and makes texts of them each time.
        self.request_series = lru_cache(maxsize=1024)(self.requests.labels)
        self.open_pages = self._gauge("open_pages", "Dashboard pages open in browsers.")
        self.stripe_requests = self._histogram(
            "stripe_request_duration_seconds",
            "Time of a call to Stripe with its retries, by method, path and status; the status is "
            "'unreachable' where no answer came, 'canceled' where nobody waited for it.",
            ("method", "path", "status"),
            REQUEST_BUCKETS,
        )
        self.stripe_request_series = lru_cache(maxsize=1024)(self.stripe_requests.labels)
        self.stripe_retries = self._counter(
            "stripe_retries", "Requests to Stripe that were sent again."
        )
        self.stripe_rate_limited = self._counter(
            "stripe_rate_limited", "Answers 429 of Stripe: too many requests."
        )

    def _count_events(self) -> None:
        self.events_received = self._counter(
            "events_received",
            "Events received, repeated ones included: by webhook, or found in Stripe's list.",
            source=EventSource,
        )
        self.events_refused = self._counter(
            "events_refused", "Webhook deliveries refused, by reason.", reason=WebhookRefusal
        )
        self.events_processed = self._counter(
            "events_processed",
            "Events processed, once for each attempt, by what became of them.",
            result=[state for state in EventState if state is not EventState.PENDING],
        )
        self.events_waiting = self._gauge(
            "events_waiting",
            "Events that wait: pending to be handled, retrying after a failure, failed until they "
            "are replayed. Of each 10,001 are counted at the most.",
            state=WAITING,
        )
        self.oldest_event_age = self._gauge(
            "events_oldest_waiting_seconds",
            "Age of the oldest event that is pending or retrying; 0 where none is.",
        )
        self.sandbox_deliveries = self._counter(
            "sandbox_deliveries",
            "Attempts of the embedded sandbox to deliver an event to an endpoint.",
            result=("succeeded", "failed"),
        )
        self.ledger_lines = self._counter(
            "ledger_lines", "Lines written to the ledger, by cause.", cause=Cause
        )
        self.reconciliation_differences = self._gauge(
            "reconciliation_differences", "Differences that the last reconciliation found."
        )
        self.reconciled_at = self._gauge(
            "reconciliation_timestamp_seconds",
            "When the last reconciliation began, in Unix seconds; 0 before the first.",
        )

    def _measure_database(self) -> None:
        self._gauge(
            "build_info", "1; the version that runs is a label.", version=[__version__]
        ).labels(__version__).set(1)
        self.ready = self._gauge(
            "ready", "1 while the server is ready: it can write, and its copy is up to date."
        )
        self.copy_age = self._gauge(
            "copy_age_seconds",
            "Seconds since the copy of Stripe's sessions last agreed with Stripe; NaN before that.",
        )
        self.database_duration = self._histogram(
            "database_duration_seconds",
            "Time of a read, or of a transaction that writes.",
            ("operation",),
            DATABASE_BUCKETS,
        )
        self.database_waiting = self._gauge(
            "database_waiting",
            "Reads and writes that wait for a connection.",
            operation=OPERATIONS,
        )
        self.database_connections = self._gauge(
            "database_connections",
            "Connections of the pool that are in use, and that are open and idle.",
            state=("in_use", "idle"),
        )
        self.database_connections_max = self._gauge(
            "database_connections_max", "The most connections that are in use at once."
        )
        self.database_failures = self._counter(
            "database_failures", "Reads and writes that failed because of the database."
        )
        for operation in OPERATIONS:
            self.database_duration.labels(operation)

    def count(self, counter: str, label: str, number: int = 1) -> None:
        """Add to the attribute ``counter``, which has one label."""
        getattr(self, counter).labels(label).inc(number)

    def _histogram(
        self, name: str, text: str, labels: tuple[str, ...], buckets: tuple[float, ...]
    ) -> Histogram:
        return Histogram(f"billing_{name}", text, labels, buckets=buckets, registry=self.registry)

    def _counter(self, name: str, text: str, **labels: Iterable[str]) -> Counter:
        counter = Counter(f"billing_{name}", text, labels, registry=self.registry)
        _begin_at_zero(counter, labels)
        return counter

    def _gauge(self, name: str, text: str, **labels: Iterable[str]) -> Gauge:
        gauge = Gauge(f"billing_{name}", text, labels, registry=self.registry)
        _begin_at_zero(gauge, labels)
        return gauge


def _begin_at_zero(metric: Counter | Gauge, labels: dict[str, Iterable[str]]) -> None:
    """Have the series of a metric with one label there from the start: what is missing until it
    first happens cannot be seen to rise."""
    for values in labels.values():
        for value in values:
            metric.labels(str(value))
