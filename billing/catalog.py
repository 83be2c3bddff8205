"""What is sold: the Pro plan and extra load credits, each a Price in Stripe.

A setting names the Price. Where it is unset, the account's Price with our lookup key is sold.
https://docs.stripe.com/products-prices/manage-prices#lookup-keys
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from billing.domain.price import Price, PriceLookup
from billing.domain.sessions.checkout_session import Kind
from billing.domain.sessions.line_item import SoldPrice
from billing.errors import BillingError, NotConfigured, StripeFailure
from billing.settings.model import (
    PRICE_EXTRA_CREDIT,
    PRICE_PRO_MONTHLY,
    SECRETS_FILE,
    Settings,
)
from billing.store import sold_prices
from billing.timings import DEFAULT_TIMINGS

if TYPE_CHECKING:
    from collections.abc import Callable

    from billing.store import Store
    from billing.stripe_api.gateway import StripeGateway
    from billing.timings import Timings

LOOKUP_KEYS = {
    Kind.PRO: "billing_dashboard_pro_monthly",
    Kind.CREDITS: "billing_dashboard_extra_credit",
}
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
        store: Store,
        timings: Timings = DEFAULT_TIMINGS,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._gateway = gateway
        self._store = store
        self._timings = timings
        self._monotonic = monotonic
        self._cached: dict[Kind, _CachedPrice] = {}
        self._named: dict[tuple[Kind, str], frozenset[str]] = {}

    def configured_id(self, kind: Kind) -> str | None:
        """The Price id of the setting; None where it is unset and the account may have one.

        Raises ``NotConfigured`` where the setting is malformed, or without a key."""
        name, value = self._setting(kind)
        if self._settings.stripe_is_configured and name not in self._settings.problems:
            return value
        return str(self._settings.require(name, value))

    async def price_id(self, kind: Kind) -> str:
        """The id of the Price; waits for Stripe only where the setting is unset and none is
        cached. Raises ``NotConfigured``, or ``StripeFailure`` where Stripe has to be asked."""
        return self.configured_id(kind) or (await self.price(kind)).id

    async def price(self, kind: Kind) -> Price:
        """The Price of ``kind``; waits for Stripe only when none is cached. Raises
        ``NotConfigured`` or ``StripeFailure``."""
        self.configured_id(kind)
        cached = self._lookup(kind)
        has_none = isinstance(cached.lookup.failure, NotConfigured) and not cached.refreshing
        if cached.lookup.price is None and not has_none:
            await asyncio.shield(self._refresh(kind, cached))
        if cached.lookup.price is None:
            raise (cached.lookup.failure or UNREADABLE).with_traceback(None)
        return cached.lookup.price

    async def sold_price(self, kind: Kind) -> SoldPrice:
        """The Prices and the Product by which line items of ``kind`` are recognized; the Product
        is None where the Price cannot be read.

        Raises ``NotConfigured``, ``StoreFailure``, or ``StripeFailure`` when a retry may succeed.
        """
        product: str | None = None
        try:
            product = (await self.price(kind)).product_id
        except StripeFailure as failure:
            if failure.is_temporary:
                raise
        return replace(await self.named_prices(kind), product_id=product)

    async def cached_sold_price(self, kind: Kind) -> SoldPrice | None:
        """The same without waiting for Stripe; None while the Price is not known. Raises
        ``StoreFailure``."""
        price = (await self.cached_price(kind)).price
        if price is None:
            return None
        return replace(await self.named_prices(kind), product_id=price.product_id)

    async def named_prices(self, kind: Kind) -> SoldPrice:
        """The Prices alone: the one that the setting names, and those that it has named before.
        Raises ``NotConfigured`` or ``StoreFailure``; ``StripeFailure`` as ``price_id`` does."""
        price_id = await self.price_id(kind)
        named = self._named.get((kind, price_id))
        if named is None:
            add = partial(sold_prices.add, kind=kind, price_id=price_id)
            named = self._named[kind, price_id] = await self._store.write(add)
        return SoldPrice(price_id, kind is Kind.PRO, former=named - {price_id})

    async def store_named_prices(self) -> None:
        """Store which Prices the settings name. Raises ``StoreFailure``."""
        for kind in Kind:
            with suppress(NotConfigured):
                if self.configured_id(kind):
                    await self.named_prices(kind)

    async def cached_price(self, kind: Kind) -> PriceLookup:
        """The cached Price of ``kind``, without waiting; it is refreshed in the background."""
        try:
            self.configured_id(kind)
            return self._lookup(kind).lookup
        except NotConfigured as failure:
            return PriceLookup(failure=failure)

    async def wait_for_prices(self, patience: float) -> None:
        """Read both Prices where none is cached, and wait for them, ``patience`` seconds at the
        most."""
        await asyncio.gather(*map(self.cached_price, Kind))
        first = [
            one.refreshing
            for one in self._cached.values()
            if one.refreshing and one.lookup.price is None
        ]
        if first:
            await asyncio.wait(first, timeout=patience)

    def expire(self) -> None:
        """Read both Prices again when they are asked for next, as one was just created."""
        for cached in self._cached.values():
            cached.refreshed_at = -math.inf

    async def aclose(self) -> None:
        """Cancel the requests under way."""
        refreshing = [cached.refreshing for cached in self._cached.values() if cached.refreshing]
        for task in refreshing:
            task.cancel()
        await asyncio.gather(*refreshing, return_exceptions=True)

    def _setting(self, kind: Kind) -> tuple[str, str | None]:
        if kind is Kind.PRO:
            return PRICE_PRO_MONTHLY, self._settings.price_pro_monthly
        return PRICE_EXTRA_CREDIT, self._settings.price_extra_credit

    def _lookup(self, kind: Kind) -> _CachedPrice:
        """The cached Price; a refresh begins when it is too old."""
        cached = self._cached.setdefault(kind, _CachedPrice())
        timings = self._timings
        max_age = (
            timings.price_retry_seconds if cached.lookup.failure else timings.price_max_age_seconds
        )
        if self._monotonic() - cached.refreshed_at > max_age:
            self._refresh(kind, cached)
        return cached

    def _refresh(self, kind: Kind, cached: _CachedPrice) -> asyncio.Task[None]:
        if cached.refreshing is None:
            cached.refreshing = asyncio.create_task(self._retrieve(kind, cached))
        return cached.refreshing

    async def _retrieve(self, kind: Kind, cached: _CachedPrice) -> None:
        try:
            price_id = self.configured_id(kind) or await self._find(kind)
            price = Price.from_stripe(await self._gateway.retrieve_price(price_id))
            cached.lookup = PriceLookup(price)
        except BillingError as failure:
            passing = isinstance(failure, StripeFailure) and failure.is_temporary
            cached.lookup = PriceLookup(cached.lookup.price if passing else None, failure)
        except (LookupError, TypeError, ValueError, AttributeError):
            log.exception("The Price of %s cannot be read", kind)
            cached.lookup = PriceLookup(failure=UNREADABLE)
        finally:
            cached.refreshed_at = self._monotonic()
            cached.refreshing = None

    async def _find(self, kind: Kind) -> str:
        """The id of the account's Price with our lookup key. Raises ``NotConfigured``."""
        for price in await self._gateway.list_prices(LOOKUP_KEYS[kind]):
            return str(price["id"])
        name, _ = self._setting(kind)
        raise NotConfigured(
            name,
            f"{name} is not set.",
            "Create both Prices on the Billing page, or set it in the environment or "
            f"{SECRETS_FILE}.",
        )
