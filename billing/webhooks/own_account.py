"""Which account the key belongs to, and whether an event is another's.

https://docs.stripe.com/connect/webhooks
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from billing.errors import StripeFailure
from billing.timings import DEFAULT_TIMINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from billing.stripe_api.gateway import StripeGateway
    from billing.timings import Timings


class OwnAccount:
    """Asked of Stripe once."""

    def __init__(
        self,
        gateway: StripeGateway,
        timings: Timings = DEFAULT_TIMINGS,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._gateway = gateway
        self._retry_seconds = timings.forbidden_retry_seconds
        self._monotonic = monotonic
        self._id: str | None = None
        self._ask_again_at = 0.0
        self._asking = asyncio.Lock()

    async def id(self) -> str | None:
        """``acct_…``; None for a restricted key that may not ask. Raises ``StripeFailure``."""
        async with self._asking:
            if self._id is None and self._monotonic() >= self._ask_again_at:
                try:
                    self._id = str((await self._gateway.retrieve_account())["id"])
                except StripeFailure as failure:
                    if not failure.is_forbidden:
                        raise
                    self._ask_again_at = self._monotonic() + self._retry_seconds
        return self._id

    async def is_any_other(self, accounts: Iterable[str]) -> bool:
        """Whether one of these, as events name them, is another account than the key's.

        A key that may not ask does not know its own. Stripe names accounts in events of connected
        accounts and organizations, so those are taken for others. Raises ``StripeFailure``.
        """
        named = set(accounts)
        return bool(named) and named != {await self.id()}
