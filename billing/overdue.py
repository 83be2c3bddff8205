"""Checkout Sessions that our copy still calls open after their time: word of their end was lost.

A session is open for 24 hours at the most, so whatever was missed is made good within a day.
https://docs.stripe.com/api/checkout/sessions/object#checkout_session_object-expires_at
"""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import TYPE_CHECKING

from billing.errors import StripeFailure
from billing.session_filter import SessionFilter
from billing.store import session_queries

if TYPE_CHECKING:
    from collections.abc import Callable

    from billing.fulfillment import Fulfillment
    from billing.store import Store
    from billing.store.session_queries import Place

log = logging.getLogger(__name__)

OVERDUE_AFTER = 86_400 + 600
AT_ONCE = 25
AGAIN_AFTER = 3_600.0


class Overdue:
    """Asks Stripe for such sessions: some at each call, and all of them once an hour."""

    def __init__(
        self, store: Store, fulfillment: Fulfillment, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._fulfillment = fulfillment
        self._clock = clock
        self._below: Place | None = None
        self._next_at = 0.0

    async def settle(self) -> None:
        """Settle some. Raises ``StripeFailure`` or ``StoreFailure``; the rest is not forgotten."""
        now = self._clock()
        if now < self._next_at:
            return
        wanted = SessionFilter(statuses=frozenset({"open"}), until=int(now) - OVERDUE_AFTER)
        find = partial(session_queries.page, wanted=wanted, limit=AT_ONCE, below=self._below)
        found = await self._store.read(find)
        for session in found.sessions:
            try:
                await self._fulfillment.settle(session.id, cause="sync", in_turn=True)
            except StripeFailure as failure:
                if not failure.is_missing:
                    raise
                log.info("Stripe no longer knows %s, which our copy calls open.", session.id)
        self._below = found.older
        if found.older is None:
            self._next_at = now + AGAIN_AFTER
