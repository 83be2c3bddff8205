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
class _Known:
    """The last that Stripe told of one Price, when, and the asking under way."""

    cached_price: PriceLookup = field(default_factory=PriceLookup)
    asked_at: float = -math.inf
    asking: asyncio.Task[None] | None = None


class Catalog:
    """The two Prices. What Stripe told is kept, and asked again behind the scenes when it is older
    than five minutes; while Stripe cannot be asked, the last that it told stays."""

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
        self._known: dict[str, _Known] = {}

    def price_id(self, kind: Kind) -> str:
        """The configured Price id. Raises ``NotConfigured`` when missing or malformed."""
        name, value = (
            (PRICE_PRO_MONTHLY, self._settings.price_pro_monthly)
            if kind is Kind.PRO
            else (PRICE_EXTRA_CREDIT, self._settings.price_extra_credit)
        )
        return str(self._settings.require(name, value))

    async def price(self, kind: Kind) -> Price:
        """The Price of ``kind``; waits for Stripe only where it has not told it yet. Raises
        ``NotConfigured`` or ``StripeFailure``."""
        price_id = self.price_id(kind)
        known = self._looked_up(price_id)
        if known.cached_price.price is None:
            await asyncio.shield(self._asking(price_id, known))
        if known.cached_price.price is None:
            raise (known.cached_price.failure or UNREADABLE).with_traceback(None)
        return known.cached_price.price

    async def sold_price(self, kind: Kind) -> SoldPrice:
        """How ``kind`` is known in line items; without its Product where Stripe does not tell it.

        Raises ``NotConfigured``, or ``StripeFailure`` when it is worth asking again.
        """
        product: str | None = None
        try:
            product = (await self.price(kind)).product_id
        except StripeFailure as failure:
            if failure.is_temporary:
                raise
        return SoldPrice(self.price_id(kind), kind is Kind.PRO, product)

    async def cached_price(self, kind: Kind) -> PriceLookup:
        """What is known of the Price of ``kind``, at once; Stripe is asked behind the scenes."""
        try:
            return self._looked_up(self.price_id(kind)).cached_price
        except NotConfigured as failure:
            return PriceLookup(failure=failure)

    async def wait_for_prices(self, patience: float) -> None:
        """Have Stripe asked for both side by side, and wait ``patience`` seconds at the most for
        a first answer."""
        await asyncio.gather(*map(self.cached_price, Kind))
        first = [
            one.asking for one in self._known.values() if one.asking and one.cached_price.is_empty
        ]
        if first:
            await asyncio.wait(first, timeout=patience)

    async def aclose(self) -> None:
        """Ask no more."""
        asking = [known.asking for known in self._known.values() if known.asking]
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    def _looked_up(self, price_id: str) -> _Known:
        """What is known of the Price; Stripe is asked again where that is due."""
        known = self._known.setdefault(price_id, _Known())
        timings = self._timings
        max_age = (
            timings.price_retry_seconds
            if known.cached_price.failure
            else timings.price_max_age_seconds
        )
        if self._monotonic() - known.asked_at > max_age:
            self._asking(price_id, known)
        return known

    def _asking(self, price_id: str, known: _Known) -> asyncio.Task[None]:
        if known.asking is None:
            known.asking = asyncio.create_task(self._ask(price_id, known))
        return known.asking

    async def _ask(self, price_id: str, known: _Known) -> None:
        try:
            price = Price.from_stripe(await self._gateway.retrieve_price(price_id))
            known.cached_price = PriceLookup(price)
        except BillingError as failure:
            passing = isinstance(failure, StripeFailure) and failure.is_temporary
            known.cached_price = PriceLookup(known.cached_price.price if passing else None, failure)
        except (LookupError, TypeError, ValueError, AttributeError):
            log.exception("The Price %s cannot be read", price_id)
            known.cached_price = PriceLookup(failure=UNREADABLE)
        finally:
            known.asked_at = self._monotonic()
            known.asking = None
