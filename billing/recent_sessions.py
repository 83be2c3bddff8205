"""The newest Checkout Sessions, shared by everybody who looks at them.

However many pages are open, Stripe is asked at most once in ``MAX_AGE_SECONDS``, and only while
somebody looks.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from billing.checkout import CheckoutSession
from billing.errors import BillingError

if TYPE_CHECKING:
    from collections.abc import Callable

    from billing.gateway import StripeGateway

MAX_AGE_SECONDS = 4.0
SHOWN = 20


@dataclass(frozen=True)
class RecentSessions:
    """``sessions``, newest first, as of ``as_of`` (Unix seconds UTC; 0 when never read).

    ``failure`` says why they could not be read just now; the sessions are then the last known.
    """

    sessions: tuple[CheckoutSession, ...] = ()
    as_of: float = 0.0
    failure: BillingError | None = None


class RecentSessionsReader:
    """Reads the recent sessions from Stripe, no oftener than needed."""

    def __init__(
        self, gateway: StripeGateway, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._gateway = gateway
        self._monotonic = monotonic
        self._last = RecentSessions()
        self._stale_at = 0.0
        self._reading = asyncio.Lock()

    def expect_change(self) -> None:
        """Something happened to a session (a webhook came, one was made): read anew when asked."""
        self._stale_at = 0.0

    async def latest(self) -> RecentSessions:
        """The recent sessions; never raises for a failing Stripe: see ``failure``."""
        async with self._reading:
            if self._monotonic() >= self._stale_at:
                self._stale_at = self._monotonic() + MAX_AGE_SECONDS
                self._last = await self._read()
            return self._last

    async def _read(self) -> RecentSessions:
        try:
            listed = await self._gateway.list_checkout_sessions(SHOWN)
        except BillingError as failure:
            return RecentSessions(self._last.sessions, self._last.as_of, failure)
        sessions = tuple(CheckoutSession.from_stripe(session) for session in listed)
        return RecentSessions(sessions, time.time())
