"""The line items of a Checkout Session (https://docs.stripe.com/api/checkout/sessions/line_items)."""

from __future__ import annotations

from typing import Any

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import Call
from stripe_sandbox.backend import Backend
from stripe_sandbox.currencies import parse_currency
from stripe_sandbox.ids import new_id
from stripe_sandbox.resources.catalog.prices import Prices
from stripe_sandbox.schema.objects import build, merge_metadata
from stripe_sandbox.storage.objects import Object

MAXIMUM_ITEMS = 100
MAXIMUM_PER_KIND = 20
"""How many recurring, and how many one-time, lines a subscription's session may have."""
MAXIMUM_QUANTITY = 999_999
DEFAULT_RANGE = (0, 99)
"""Between which quantities a payer may choose where the session does not say."""


class LineItems:
    """Creates line items."""

    def __init__(self, backend: Backend, prices: Prices) -> None:
        self._backend = backend
        self._prices = prices

    def create(self, given: list[dict[str, Any]], mode: str, call: Call) -> list[Object]:
        """The line items. StripeError: a price that is unknown, inactive or of the wrong type for
        the mode, a quantity out of range, currencies or intervals that differ."""
        if len(given) > MAXIMUM_ITEMS:
            raise errors.invalid(
                f"You can only pass up to {MAXIMUM_ITEMS} line items.", "line_items"
            )
        items = [
            self._item(item, f"line_items[{index}]", mode, call) for index, item in enumerate(given)
        ]
        prices = [item["price"] for item in items]
        if len({price["currency"] for price in prices}) > 1:
            raise errors.invalid(
                "All line items in a Checkout Session must have the same currency.", "line_items"
            )
        recurring = [price["recurring"] for price in prices if price["recurring"]]
        if mode == "subscription":
            _check_subscription(recurring, len(items))
        return items

    def _item(self, given: dict[str, Any], param: str, mode: str, call: Call) -> Object:
        price = self._price(given, param, call)
        if "currency" in call.params:
            currency = parse_currency(call.params["currency"], "currency")
            price = self._prices.in_currency(price, currency, f"{param}[price]")
        if mode == "payment" and price["type"] == "recurring":
            raise errors.invalid(
                "You specified `payment` mode but passed a recurring price. Either switch to "
                "`subscription` mode or use only one-time prices.",
                "mode",
            )
        if "quantity" not in given:
            raise errors.invalid(
                f"Quantity is required. Add `quantity` to `{param}`", f"{param}[quantity]"
            )
        quantity = given["quantity"]
        _check_range(quantity, 1, MAXIMUM_QUANTITY, f"{param}[quantity]")
        product = self._backend.require("product", price["product"], f"{param}[price]")
        amount = price["unit_amount"] * quantity
        return build(
            "item",
            {
                "id": new_id("li"),
                "object": "item",
                "adjustable_quantity": _adjustable_quantity(given, quantity, param),
                "amount_discount": 0,
                "amount_subtotal": amount,
                "amount_tax": 0,
                "amount_total": amount,
                "currency": price["currency"],
                "description": product["name"],
                "discounts": [],
                "metadata": merge_metadata({}, given.get("metadata", {})),
                "price": price,
                "quantity": quantity,
                "taxes": [],
            },
        )

    def _price(self, given: dict[str, Any], param: str, call: Call) -> Object:
        errors.check_exclusive(given, "price", "price_data", at=param)
        if "price_data" in given:
            here = f"{param}[price_data]"
            return self._prices.create_inline(given["price_data"], call.request, here)
        if "price" not in given:
            raise errors.parameter_missing(f"{param}[price]")
        price = self._backend.require("price", given["price"], f"{param}[price]")
        if not price["active"]:
            raise errors.invalid(
                "The price specified is inactive. This field only accepts active prices.",
                f"{param}[price]",
            )
        product = self._backend.require("product", price["product"], f"{param}[price]")
        if not product["active"]:
            raise errors.invalid(
                f"Price `{price['id']}` is not available to be purchased because its product is "
                "not active.",
                f"{param}[price]",
            )
        return price


def _adjustable_quantity(given: dict[str, Any], quantity: int, param: str) -> Object | None:
    """Between which quantities the payer may choose."""
    adjustable = given.get("adjustable_quantity")
    if adjustable is None or not adjustable["enabled"]:
        return adjustable and build("item.AdjustableQuantity", {"enabled": False})
    least, most = DEFAULT_RANGE
    low, high = adjustable.get("minimum", least), adjustable.get("maximum", most)
    param = f"{param}[adjustable_quantity]"
    _check_range(low, 0, MAXIMUM_QUANTITY, f"{param}[minimum]")
    _check_range(high, 1, MAXIMUM_QUANTITY, f"{param}[maximum]")
    if not low <= quantity <= high:
        raise errors.invalid(
            f"The quantity must be between the minimum ({low}) and the maximum ({high}) of "
            "`adjustable_quantity`.",
            param,
        )
    return build("item.AdjustableQuantity", {"enabled": True, "maximum": high, "minimum": low})


def _check_range(value: int, low: int, high: int, param: str) -> None:
    if not low <= value <= high:
        bound = f"greater than or equal to {low}"
        if value > high:
            bound = f"less than or equal to {high}"
        raise errors.invalid(f"This value must be {bound}.", param, "parameter_invalid_integer")


def begin_trial(items: list[Object]) -> None:
    """What recurs costs nothing until the trial ends."""
    for item in items:
        if item["price"]["recurring"]:
            item.update(amount_subtotal=0, amount_total=0)


def _check_subscription(recurring: list[Object], total: int) -> None:
    if not recurring:
        raise errors.invalid(
            "You must provide at least one recurring price in `subscription` mode when using "
            "prices.",
            "line_items",
        )
    if max(len(recurring), total - len(recurring)) > MAXIMUM_PER_KIND:
        raise errors.invalid(
            f"A subscription's Checkout Session takes up to {MAXIMUM_PER_KIND} recurring and "
            f"{MAXIMUM_PER_KIND} one-time line items.",
            "line_items",
        )
    if len({(price["interval"], price["interval_count"]) for price in recurring}) > 1:
        raise errors.invalid(
            "Checkout does not support multiple prices with different billing intervals.",
            "line_items",
        )
