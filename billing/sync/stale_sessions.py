"""Reads sessions again that should be final by now, in case their event was lost.

A session is open for 24 hours at the most. A bank debit takes days, and no list of sessions shows
that it failed: those that are still processing after a day are retrieved until they are final.
A key that cannot read events gets every session that is not final retrieved, once a minute.
https://docs.stripe.com/api/checkout/sessions/object#checkout_session_object-expires_at
"""

from __future__ import annotations

import logging
import math
import time
from functools import partial
from typing import TYPE_CHECKING

from billing.domain.ledger.line import Origin
from billing.domain.sessions.checkout_session import Outcome
from billing.domain.sessions.filters import SessionFilter
from billing.errors import BillingError, NotConfigured, StripeFailure
from billing.store import sessions

if TYPE_CHECKING:
    from collections.abc import Callable

    from billing.domain.sessions.page import Cursor
    from billing.ledger.fulfillment import Fulfillment
    from billing.store import Store

log = logging.getLogger(__name__)

NOT_FINAL = frozenset(outcome for outcome in Outcome if not outcome.is_final)
# Age of a session before it is retrieved, and the interval between two rounds, in seconds.
STALE_AFTER_SECONDS = (86_400 + 600, 3_600.0)
WITHOUT_EVENTS = (60, 60.0)  # the newest are in the list that is polled
BATCH_SIZE = 25


class StaleSessions:
    """Retrieves such sessions: a batch at each call, all of them once an hour (without events:
    once a minute)."""

    def __init__(
        self,
        store: Store,
        fulfillment: Fulfillment,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._fulfillment = fulfillment
        self._clock = clock
        self._monotonic = monotonic
        self._cursor: Cursor | None = None
        self._finished_at = -math.inf

    async def refresh(self, *, without_events: bool = False) -> None:
        """Retrieve a batch, store it and grant what it paid for. Raises ``StripeFailure`` or
        ``StoreFailure``; the next call begins with the same batch then."""
        after, interval = WITHOUT_EVENTS if without_events else STALE_AFTER_SECONDS
        if self._monotonic() < self._finished_at + interval:
            return
        wanted = SessionFilter(outcomes=NOT_FINAL, until=int(self._clock()) - after)
        find = partial(sessions.page, wanted=wanted, limit=BATCH_SIZE, below=self._cursor)
        found = await self._store.read(find)
        for session in found.sessions:
            try:
                await self._fulfillment.refresh_and_grant(
                    session.id, origin=Origin.SYNC, rate_limited=True
                )
            except Exception as error:
                if isinstance(error, StripeFailure) and error.is_missing:
                    log.info("Session %s is not final here and no longer in Stripe.", session.id)
                elif isinstance(error, NotConfigured) or (
                    isinstance(error, StripeFailure) and error.is_forbidden
                ):
                    log.warning("%s is paid but cannot be granted: %s", session.id, error.message)
                elif isinstance(error, BillingError) and not error.is_final:
                    raise
                else:  # it alone, and not what stands behind it
                    log.warning("Session %s could not be updated", session.id, exc_info=error)
        self._cursor = found.older
        if found.older is None:
            self._finished_at = self._monotonic()
