"""What is sold: the Pro plan and extra load credits, each a Price in Stripe."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from billing.domain.checkout_session import Kind
from billing.domain.line_item import SoldPrice
from billing.domain.price import Price, PriceLookup
from billing.errors import BillingError, NotConfigured, StripeFailure
from billing.settings.model import PRICE_EXTRA_CREDIT, PRICE_PRO_MONTHLY, Settings
from billing.timings import DEFAULT_TIMINGS

if TYPE_CHECKING:
    from collections.abc import Callable

    from billing.stripe_api.gateway import StripeGateway
    from billing.timings import Timings

UNREADABLE = StripeFailure(
    "Stripe's answer is not a valid Price.",
    "Check the Price in the Stripe Dashboard, and STRIPE_API_BASE if it is set.",
)

log = logging.getLogger(__name__)


@dataclass
class _CachedPrice:
    """The last lookup of one Price, when it ended (monotonic clock), and the one under way."""

    lookup: PriceLookup = field(default_factory=PriceLookup)
    refreshed_at: float = -math.inf
    refreshing: asyncio.Task[None] | None = None


class Catalog:
    """The two Prices, cached. One older than ``price_max_age_seconds`` is read again in the
    background; while Stripe cannot be reached, the older one is still answered."""

    def __init__(
        self,
        settings: Settings,
        gateway: StripeGateway,
        timings: Timings = DEFAULT_TIMINGS,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._gateway = gateway
        self._timings = timings
        self._monotonic = monotonic
        self._cached: dict[str, _CachedPrice] = {}

    def price_id(self, kind: Kind) -> str:
        """The configured Price id. Raises ``NotConfigured`` when missing or malformed."""
        name, value = (
            (PRICE_PRO_MONTHLY, self._settings.price_pro_monthly)
            if kind is Kind.PRO
            else (PRICE_EXTRA_CREDIT, self._settings.price_extra_credit)
        )
        return str(self._settings.require(name, value))

    async def price(self, kind: Kind) -> Price:
        """The Price of ``kind``; waits for Stripe only when none is cached. Raises
        ``NotConfigured`` or ``StripeFailure``."""
        price_id = self.price_id(kind)
        cached = self._lookup(price_id)
        if cached.lookup.price is None:
            await asyncio.shield(self._refresh(price_id, cached))
        if cached.lookup.price is None:
            raise (cached.lookup.failure or UNREADABLE).with_traceback(None)
        return cached.lookup.price

    async def sold_price(self, kind: Kind) -> SoldPrice:
        """The Price and the Product by which line items of ``kind`` are recognized; the Product
        is None where the Price cannot be read.

        Raises ``NotConfigured``, or ``StripeFailure`` when a retry may succeed.
        """
        product: str | None = None
        try:
            product = (await self.price(kind)).product_id
        except StripeFailure as failure:
            if failure.is_temporary:
                raise
        return SoldPrice(self.price_id(kind), kind is Kind.PRO, product)

    async def cached_price(self, kind: Kind) -> PriceLookup:
        """The cached Price of ``kind``, without waiting; it is refreshed in the background."""
        try:
            return self._lookup(self.price_id(kind)).lookup
        except NotConfigured as failure:
            return PriceLookup(failure=failure)

    async def wait_for_prices(self, patience: float) -> None:
        """Read both Prices where none is cached, and wait for them, ``patience`` seconds at the
        most."""
        await asyncio.gather(*map(self.cached_price, Kind))
        first = [
            one.refreshing
            for one in self._cached.values()
            if one.refreshing and one.lookup.is_empty
        ]
        if first:
            await asyncio.wait(first, timeout=patience)

    async def aclose(self) -> None:
        """Cancel the requests under way."""
        refreshing = [cached.refreshing for cached in self._cached.values() if cached.refreshing]
        for task in refreshing:
            task.cancel()
        await asyncio.gather(*refreshing, return_exceptions=True)

    def _lookup(self, price_id: str) -> _CachedPrice:
        """The cached Price; a refresh begins when it is too old."""
        cached = self._cached.setdefault(price_id, _CachedPrice())
        timings = self._timings
        max_age = (
            timings.price_retry_seconds if cached.lookup.failure else timings.price_max_age_seconds
        )
        if self._monotonic() - cached.refreshed_at > max_age:
            self._refresh(price_id, cached)
        return cached

    def _refresh(self, price_id: str, cached: _CachedPrice) -> asyncio.Task[None]:
        if cached.refreshing is None:
            cached.refreshing = asyncio.create_task(self._retrieve(price_id, cached))
        return cached.refreshing

    async def _retrieve(self, price_id: str, cached: _CachedPrice) -> None:
        try:
            price = Price.from_stripe(await self._gateway.retrieve_price(price_id))
            cached.lookup = PriceLookup(price)
        except BillingError as failure:
            passing = isinstance(failure, StripeFailure) and failure.is_temporary
            cached.lookup = PriceLookup(cached.lookup.price if passing else None, failure)
        except (LookupError, TypeError, ValueError, AttributeError):
            log.exception("The Price %s cannot be read", price_id)
            cached.lookup = PriceLookup(failure=UNREADABLE)
        finally:
            cached.refreshed_at = self._monotonic()
            cached.refreshing = None
