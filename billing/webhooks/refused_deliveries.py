"""Counts refused deliveries by minute and reason, and by the event that they claim to be.

Anybody can send them, as often as they like, so they are written together once a second and
logged once a minute.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from billing.delayed_writer import DelayedWriter
from billing.domain.durations import MINUTE
from billing.domain.events.delivery import ClaimedDelivery
from billing.domain.events.event import Refusal
from billing.errors import NotConfigured, WebhookRefusal, WebhookRefused
from billing.metrics.registry import Metrics
from billing.outages import Outage
from billing.store.events import claims, refusals
from billing.timings import DEFAULT_TIMINGS

if TYPE_CHECKING:
    from collections.abc import Callable

    from billing.errors import BillingError
    from billing.store import Connection, Store
    from billing.timings import Timings

log = logging.getLogger(__name__)

MAX_UNSAVED = 1_000  # that wait to be written
MAX_CLAIMS = 100


class RefusedDeliveries:
    """Belongs to one event loop; close it with ``aclose``."""

    def __init__(
        self,
        store: Store,
        timings: Timings = DEFAULT_TIMINGS,
        metrics: Metrics | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._writer = DelayedWriter(
            self.write, lambda: bool(self._sums), timings.refusals_write_seconds
        )
        self._metrics = metrics or Metrics()
        self._clock = clock
        self._sums: dict[tuple[str, float], Refusal] = {}
        self._claims: dict[tuple[str, str], ClaimedDelivery] = {}
        self._accepted_at = 0.0
        self._outage = Outage(log, "The webhook")

    def record(self, why: BillingError, size: int, claimed: str | None = None) -> None:
        """Count a refused delivery of ``size`` bytes, which claims to be an event (its id)."""
        self._outage.failed(f"Webhook refused: {why.message}", why.next_step)
        self._metrics.events_refused.labels(_in_a_word(why)).inc()
        now = self._clock()
        # What was refused before a delivery that was accepted, and what after it, stays apart.
        started_at = max(now // MINUTE * MINUTE, self._accepted_at)
        self._sum_up(Refusal(why.message, started_at, now, 1, why.next_step, size))
        if claimed:
            self._claim(ClaimedDelivery(claimed, why.message, now, 1))
        self._writer.write_soon()

    def record_accepted(self, at: float) -> None:
        """A delivery was accepted at this moment (Unix seconds)."""
        self._accepted_at = at
        self._outage.succeeded()

    async def write(self) -> None:
        """Write the counts to the database, where they can be read. Raises ``StoreFailure``."""
        sums, self._sums = self._sums, {}
        claimed, self._claims = self._claims, {}
        if not sums:
            return

        def add(connection: Connection) -> None:
            refusals.add(connection, list(sums.values()))
            if claimed:
                claims.add(connection, list(claimed.values()))

        try:
            await self._store.write(add)
        except BaseException:
            later, self._sums = self._sums, sums
            for one in later.values():
                self._sum_up(one)
            later_claims, self._claims = self._claims, claimed
            for claim in later_claims.values():
                self._claim(claim)
            raise

    async def aclose(self) -> None:
        """Write the counts that are not written yet."""
        await self._writer.aclose()

    def _sum_up(self, one: Refusal) -> None:
        before = self._sums.pop((one.reason, one.started_at), None)
        if len(self._sums) >= MAX_UNSAVED:
            self._sums.pop(next(iter(self._sums)))
        count = one.count + (before.count if before else 0)
        self._sums[one.reason, one.started_at] = replace(one, count=count)

    def _claim(self, one: ClaimedDelivery) -> None:
        before = self._claims.get((one.event_id, one.reason))
        if before or len(self._claims) < MAX_CLAIMS:
            count = one.count + (before.count if before else 0)
            self._claims[one.event_id, one.reason] = replace(one, count=count)


def _in_a_word(why: BillingError) -> WebhookRefusal:
    match why:
        case WebhookRefused():
            return why.why
        case NotConfigured():
            return WebhookRefusal.NO_SECRET
    return WebhookRefusal.TOO_LARGE
