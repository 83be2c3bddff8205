"""The account that the key belongs to, and whether an event belongs to another.

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
    """Reads the account from Stripe once."""

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
        """``acct_…``; None when a restricted key cannot read it. Raises ``StripeFailure``."""
        async with self._asking:
            if self._id is None and self._monotonic() >= self._ask_again_at:
                try:
                    self._id = str((await self._gateway.retrieve_account())["id"])
                except StripeFailure as failure:
                    if not failure.is_forbidden:
                        raise
                    self._ask_again_at = self._monotonic() + self._retry_seconds
        return self._id

    async def is_another_account(self, accounts: Iterable[str]) -> bool:
        """Whether ``accounts``, as an event names them, are not the key's own.

        Only events of connected accounts and organizations name any, so when a key cannot read
        its own account, they count as others. Raises ``StripeFailure``.
        """
        named = set(accounts)
        return bool(named) and named != {await self.id()}
