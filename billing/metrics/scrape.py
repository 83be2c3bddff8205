"""Answers a scrape: what was counted, and what the database says now."""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
    from billing.domain.event import WaitingEvents
    from billing.domain.ledger.reconciliation import ReconciliationSummary
    from billing.domain.sync_state import SyncState
    from billing.store import Connection, Store
    from billing.timings import Timings


@dataclass(frozen=True)
class _Readings:
    waiting: WaitingEvents
    copy: SyncState
    reconciled: ReconciliationSummary | None


class Scrape:
    """``metrics`` and what ``store`` holds. However many ask, the database is read once a second,
    and answers within ``health_deadline_seconds`` or counts as not ready."""

    def __init__(self, metrics: Metrics, store: Store, timings: Timings = DEFAULT_TIMINGS) -> None:
        self._metrics = metrics
        self._store = store
        self._readings = SharedQuery(lambda: store.read(_read), timings)

    @requires(Permission.VIEW)
    async def answer(self, accept: str) -> tuple[bytes, str]:
        """The metrics as text, and its content type: of those that ``accept``, the request's
        header, names. https://prometheus.io/docs/instrumenting/content_negotiation/"""
        self._store.measure()
        await self._update()
        encode, content_type = choose_encoder(accept)
        text = await asyncio.to_thread(encode, self._metrics.registry)
        return text, content_type

    async def _update(self) -> None:
        metrics = self._metrics
        try:
            found = await self._readings.answer("answer")
        except BillingError:  # the store has logged it
            metrics.ready.set(0)
            return
        metrics.ready.set(found.copy.stale_reason is None)
        metrics.copy_age.set(math.nan if found.copy.age is None else max(found.copy.age, 0.0))
        for state in WAITING:
            metrics.events_waiting.labels(state).set(getattr(found.waiting, state))
        metrics.oldest_event_age.set(found.waiting.oldest_age)
        if found.reconciled:
            metrics.reconciliation_differences.set(found.reconciled.remaining)
            metrics.reconciled_at.set(found.reconciled.at)


def _read(connection: Connection) -> _Readings:
    return _Readings(
        events.waiting(connection, time.time()),
        read_sync_state(connection),
        reconciliation.last_summary(connection),
    )
