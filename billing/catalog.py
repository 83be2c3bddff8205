"""What is sold: the Pro plan and extra load credits, each a Price in Stripe."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from billing.checkout_session import Kind
from billing.money import format_money
from billing.settings import PRICE_EXTRA_CREDIT, PRICE_PRO_MONTHLY, Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from billing.gateway import StripeGateway

PRICE_MAX_AGE_SECONDS = 300.0


@dataclass(frozen=True)
class Price:
    """A Price as the page shows it. ``unit_amount`` is in minor units of ``currency``.

    ``interval`` is ``month``, ``year``, … or None for a one-time Price.
    https://docs.stripe.com/api/prices/object
    """

    id: str
    unit_amount: int
    currency: str
    interval: str | None
    product_name: str
    product_description: str

    @classmethod
    def from_stripe(cls, price: dict[str, Any]) -> Price:
        """From a Price with ``product`` expanded. A metered or tiered Price has no amount: 0."""
        product = price.get("product")
        known = product if isinstance(product, dict) else {}
        return cls(
            id=price["id"],
            unit_amount=price.get("unit_amount") or 0,
            currency=price["currency"],
            interval=(price.get("recurring") or {}).get("interval"),
            product_name=known.get("name") or "",
            product_description=known.get("description") or "",
        )

    def total(self, quantity: int) -> str:
        """What ``quantity`` of it cost, written out: ``$9.90``."""
        return format_money(self.unit_amount * quantity, self.currency)

    @property
    def short(self) -> str:
        """``$99/month``, ``$0.99``."""
        amount = format_money(self.unit_amount, self.currency, short=True)
        return f"{amount}/{self.interval}" if self.interval else amount


class Catalog:
    """The two Prices, asked of Stripe once and again when older than five minutes."""

    def __init__(
        self,
        settings: Settings,
        gateway: StripeGateway,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._gateway = gateway
        self._monotonic = monotonic
        self._known: dict[str, tuple[float, Price]] = {}
        self._asking = asyncio.Lock()

    def price_id(self, kind: Kind) -> str:
        """The configured Price id. Raises ``NotConfigured`` when missing or malformed."""
        name, value = (
            (PRICE_PRO_MONTHLY, self._settings.price_pro_monthly)
            if kind is Kind.PRO
            else (PRICE_EXTRA_CREDIT, self._settings.price_extra_credit)
        )
        return str(self._settings.require(name, value))

    async def price(self, kind: Kind) -> Price:
        """The Price of ``kind``. Raises ``NotConfigured`` or ``StripeFailure``."""
        price_id = self.price_id(kind)
        async with self._asking:
            asked, price = self._known.get(price_id, (0.0, None))
            if price is None or self._monotonic() - asked > PRICE_MAX_AGE_SECONDS:
                price = Price.from_stripe(await self._gateway.retrieve_price(price_id))
                self._known[price_id] = (self._monotonic(), price)
            return price
