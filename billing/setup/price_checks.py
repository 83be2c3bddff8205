"""The two Prices as they are meant to be, and what is to be said of those in Stripe.

https://docs.stripe.com/api/prices/object
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from billing.catalog import LOOKUP_KEYS
from billing.domain.money import format_money
from billing.domain.sessions.checkout_session import Kind
from billing.settings.model import PRICE_EXTRA_CREDIT, PRICE_PRO_MONTHLY
from billing.setup.findings import Finding, Group, Missing, Status


@dataclass(frozen=True)
class PlannedPrice:
    """A Price as it is meant to be; ``unit_amount`` is in minor units of ``currency``."""

    kind: Kind
    setting: str
    missing: Missing
    product_name: str
    unit_amount: int
    currency: str
    interval: str | None
    lookup_key: str

    @property
    def name(self) -> str:
        """``Pro plan Price``."""
        return f"{self.product_name} Price"

    @property
    def type(self) -> str:
        """https://docs.stripe.com/api/prices/object#price_object-type"""
        return "recurring" if self.interval else "one_time"

    @property
    def amount(self) -> str:
        """``$99 every month``, ``$0.99 once``."""
        return _amount(self.unit_amount, self.currency, self.interval, 1)

    @property
    def params(self) -> dict[str, Any]:
        """What makes it in Stripe. https://docs.stripe.com/api/prices/create"""
        price: dict[str, Any] = {
            "currency": self.currency,
            "unit_amount": self.unit_amount,
            "product_data": {"name": self.product_name},
            "lookup_key": self.lookup_key,
            "transfer_lookup_key": True,  # from one that was archived
        }
        return price | ({"recurring": {"interval": self.interval}} if self.interval else {})


PLANNED = (
    PlannedPrice(
        kind=Kind.PRO,
        setting=PRICE_PRO_MONTHLY,
        missing=Missing.PRO_PRICE,
        product_name="Pro plan",
        unit_amount=9900,
        currency="usd",
        interval="month",
        lookup_key=LOOKUP_KEYS[Kind.PRO],
    ),
    PlannedPrice(
        kind=Kind.CREDITS,
        setting=PRICE_EXTRA_CREDIT,
        missing=Missing.CREDIT_PRICE,
        product_name="Extra load credit",
        unit_amount=99,
        currency="usd",
        interval=None,
        lookup_key=LOOKUP_KEYS[Kind.CREDITS],
    ),
)


def check_price(planned: PlannedPrice, price: dict[str, Any]) -> Finding:
    """The finding on ``price``, Stripe's own object with its product expanded."""
    recurring = price.get("recurring") or {}
    amount = price.get("unit_amount")
    is_amount = (
        "No fixed amount"
        if amount is None
        else _amount(
            amount, price["currency"], recurring.get("interval"), recurring.get("interval_count", 1)
        )
    )
    finding = Finding(
        Group.PRICES,
        planned.name,
        Status.OK,
        f"{is_amount}, active.",
        reference=price["id"],
        setting=planned.setting,
    )
    if reason := _refusal(planned, price):
        next_step = (
            f"Set {planned.setting} to an active {_kind(planned.type)} Price of {planned.amount}"
        )
        return replace(
            finding,
            status=Status.WRONG,
            found=f"{is_amount}. {reason}",
            next_step=f"{next_step}.",
            missing=planned.missing,
        )
    if is_amount != planned.amount:
        return replace(
            finding,
            status=Status.WARNING,
            found=f"{is_amount}, active. Expected: {planned.amount}.",
            next_step="The Billing page shows this Price. If this is not intended, set "
            f"{planned.setting} to a Price of {planned.amount}.",
        )
    return finding


def _refusal(planned: PlannedPrice, price: dict[str, Any]) -> str:
    """Why Checkout would refuse the Price, or an empty string."""
    product = price.get("product")
    if not price.get("active"):
        return "It is archived, so Checkout refuses it."
    if isinstance(product, dict) and not product.get("active", True):
        return "Its product is archived, so Checkout refuses it."
    if price.get("type") != planned.type:
        return f"It is {_kind(price.get('type'))}; a {_kind(planned.type)} Price is needed."
    if (price.get("recurring") or {}).get("usage_type") == "metered":
        return "Its usage is metered; a Price with licensed usage is needed."
    if price.get("unit_amount") is None:
        return "A Price with a unit amount is needed."
    return ""


def _kind(price_type: str | None) -> str:
    return "recurring" if price_type == "recurring" else "one-time"


def _amount(unit_amount: int, currency: str, interval: str | None, count: int) -> str:
    money = format_money(unit_amount, currency, short=True)
    if interval is None:
        return f"{money} once"
    return f"{money} every {interval}" if count == 1 else f"{money} every {count} {interval}s"
