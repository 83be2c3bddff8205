"""Answers a scrape: what was counted, and what the database says now."""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from prometheus_client.exposition import choose_encoder

from billing.access.caller import requires
from billing.domain.access import Permission
from billing.errors import BillingError
from billing.health import SharedQuery
from billing.ledger import reconciliation
from billing.metrics.registry import WAITING, Metrics
from billing.store import events
from billing.sync.mirror import read_sync_state
from billing.timings import DEFAULT_TIMINGS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from billing.domain.events.event import WaitingEvents
    from billing.domain.ledger.reconciliation import ReconciliationSummary
    from billing.domain.sync_state import SyncState
    from billing.store import Connection, Store
    from billing.timings import Timings

T = TypeVar("T")


@dataclass(frozen=True)
class _Readings:
    waiting: WaitingEvents
    copy: SyncState
    reconciled: ReconciliationSummary | None


class Scrape:
    """``metrics`` and what ``store`` holds. However many ask, the database is read once a second;
    where it does not answer within ``health_deadline_seconds``, what it said last is left.

    ``report_readiness`` raises ``BillingError`` where the server is not ready.
    """

    def __init__(
        self,
        metrics: Metrics,
        store: Store,
        report_readiness: Callable[[], Awaitable[object]],
        timings: Timings = DEFAULT_TIMINGS,
    ) -> None:
        self._metrics = metrics
        self._store = store
        self._report_readiness = report_readiness
        self._readings = SharedQuery(lambda: store.read(_read), timings)

    @requires(Permission.VIEW)
    async def answer(self, accept: str) -> tuple[bytes, str]:
        """The metrics as text, and its content type: of those that ``accept``, the request's
        header, names. https://prometheus.io/docs/instrumenting/content_negotiation/"""
        self._store.measure()
        is_ready, found = await asyncio.gather(
            _succeeded(self._report_readiness()), _succeeded(self._readings.answer("answer"))
        )
        self._metrics.ready.set(is_ready is not None)
        if found is not None:
            self._show(found)
        encode, content_type = choose_encoder(accept)
        text = await asyncio.to_thread(encode, self._metrics.registry)
        return text, content_type

    def _show(self, found: _Readings) -> None:
        metrics = self._metrics
        metrics.copy_age.set(math.nan if found.copy.age is None else max(found.copy.age, 0.0))
        for state in WAITING:
            metrics.events_waiting.labels(state).set(getattr(found.waiting, state))
        metrics.oldest_event_age.set(found.waiting.oldest_age)
        if found.reconciled:
            metrics.reconciliation_differences.set(found.reconciled.remaining)
            metrics.reconciled_at.set(found.reconciled.at)


async def _succeeded(report: Awaitable[T]) -> T | None:
    """The result; None where there is none."""
    try:
        return await report
    except BillingError:  # whoever raised it has logged it
        return None


def _read(connection: Connection) -> _Readings:
    return _Readings(
        events.waiting(connection, time.time()),
        read_sync_state(connection),
        reconciliation.last_summary(connection),
    )
