"""Prices as Stripe has them.

https://docs.stripe.com/api/prices/object
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from billing.domain.money import format_money
from billing.domain.stripe_json import JSON, id_at

if TYPE_CHECKING:
    from billing.errors import BillingError


@dataclass(frozen=True)
class Price:
    """A Price in Stripe. ``unit_amount`` is in minor units of ``currency``; ``interval`` is
    ``month``, ``year``, … or None for a one-time Price.
    """

    id: str
    unit_amount: int
    currency: str
    interval: str | None
    product_id: str | None
    product_name: str
    product_description: str

    @classmethod
    def from_stripe(cls, price: JSON) -> Price:
        """From a Price with ``product`` expanded. A metered or tiered Price has no amount: 0."""
        product = price.get("product")
        known = product if isinstance(product, dict) else {}
        return cls(
            id=price["id"],
            unit_amount=price.get("unit_amount") or 0,
            currency=price["currency"],
            interval=(price.get("recurring") or {}).get("interval"),
            product_id=id_at(price, "product"),
            product_name=known.get("name") or "",
            product_description=known.get("description") or "",
        )

    def total(self, quantity: int) -> str:
        """What ``quantity`` of it cost, written out: ``$9.90``."""
        return format_money(self.unit_amount * quantity, self.currency)

    @property
    def amount(self) -> str:
        """``$99``, ``$0.99``."""
        return format_money(self.unit_amount, self.currency, short=True)

    @property
    def short(self) -> str:
        """``$99/month``, ``$0.99``."""
        return f"{self.amount}/{self.interval}" if self.interval else self.amount


@dataclass(frozen=True)
class PriceLookup:
    """A Price as far as it is known: the ``price``, and why Stripe's last answer is missing
    (``failure``); neither until Stripe has answered for the first time."""

    price: Price | None = None
    failure: BillingError | None = None

    @property
    def is_empty(self) -> bool:
        """Stripe has not answered yet."""
        return self.price is None and self.failure is None
