"""The line items of a Checkout Session.

https://docs.stripe.com/api/checkout/sessions/line_items
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from billing.domain.stripe_json import JSON, id_at, integer_at, object_at, text_at

if TYPE_CHECKING:
    from collections.abc import Iterable


MAX_QUANTITY = 2**31 - 1  # of the ledger's column; Stripe's own limit is lower


@dataclass(frozen=True)
class LineItem:
    """What is bought; amounts in minor units of ``currency``. ``price_id`` and ``product_id``
    name the Price that it was sold at and the Product of that; ``recurring`` tells the Price of
    a subscription from that of one payment."""

    description: str
    quantity: int
    unit_amount: int | None
    amount_total: int
    currency: str
    price_id: str | None
    product_id: str | None
    recurring: bool

    @classmethod
    def from_stripe(cls, item: JSON) -> LineItem:
        """From Stripe's object. Without a quantity there, it is the amount by the unit price."""
        price = object_at(item, "price")
        return cls(
            description=text_at(item, "description") or "",
            quantity=_quantity(item),
            unit_amount=integer_at(price, "unit_amount"),
            amount_total=integer_at(item, "amount_total") or 0,
            currency=text_at(item, "currency") or "usd",
            price_id=id_at(item, "price"),
            product_id=id_at(price, "product"),
            recurring=bool(object_at(price, "recurring")),
        )


@dataclass(frozen=True)
class SoldPrice:
    """The Price by which something is known in line items: itself (``id``) and, as a new amount
    is a new Price, every other of its Product (``product_id``, None while that is not known), and
    those that were sold here before it (``former``, ids)."""

    id: str
    recurring: bool
    product_id: str | None = None
    former: frozenset[str] = frozenset()

    def sells(self, item: LineItem) -> bool:
        """The line item was sold at this Price, at another one of its Product or a former one."""
        return self._is(item.price_id, item.product_id, recurring=item.recurring)

    def sells_price_of(self, item: JSON) -> bool:
        """The same of an item of a subscription (Stripe's object).

        https://docs.stripe.com/api/subscription_items/object
        """
        price = object_at(item, "price")
        recurring = bool(object_at(price, "recurring"))
        return self._is(id_at(item, "price"), id_at(price, "product"), recurring=recurring)

    def _is(self, price_id: str | None, product_id: str | None, *, recurring: bool) -> bool:
        if price_id == self.id:
            return True
        is_of_product = self.product_id is not None and product_id == self.product_id
        return (is_of_product or price_id in self.former) and recurring == self.recurring

    def quantity(self, items: Iterable[LineItem]) -> int:
        """How many were bought; 0 when none of the line items sells it."""
        return min(sum(item.quantity for item in items if self.sells(item)), MAX_QUANTITY)


def _quantity(item: JSON) -> int:
    quantity = integer_at(item, "quantity")
    if quantity is not None:
        return max(quantity, 0)
    subtotal = integer_at(item, "amount_subtotal")
    amount = integer_at(item, "amount_total") if subtotal is None else subtotal
    unit_amount = integer_at(item, "price", "unit_amount")
    return max(amount or 0, 0) // unit_amount if unit_amount and unit_amount > 0 else 0
