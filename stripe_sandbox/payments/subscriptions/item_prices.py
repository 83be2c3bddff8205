"""The Prices that a request gives for the items of a subscription, by id or as `price_data`."""

from __future__ import annotations

from typing import Any

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import RequestInfo
from stripe_sandbox.backend import Backend
from stripe_sandbox.resources.catalog.prices import Prices
from stripe_sandbox.storage.objects import Object
from stripe_sandbox.validation import check_quantity

_DATA = ("currency", "product", "recurring.interval", "recurring.interval_count", "unit_amount")
PARAMETERS = ("price", *(f"price_data.{name}" for name in _DATA))


class ItemPrices:
    """Finds Prices, or makes them, inactive, for one subscription."""

    def __init__(self, backend: Backend, prices: Prices) -> None:
        self._backend = backend
        self._prices = prices

    def recurring(
        self, given: dict[str, Any], param: str, request: RequestInfo, currency: str | None = None
    ) -> Object:
        """The recurring Price of an item that a request gives at `param`, as it is in the currency
        (None: its own). StripeError: there is none."""
        errors.check_exclusive(given, "price", "price_data", at=param)
        check_quantity(given, param)
        if "price_data" in given:
            data = given["price_data"]
            price = self._prices.create_inline(data, request, f"{param}[price_data]")
        else:
            price = self._named(given, param, "recurring")
        return self._in(price, currency, param)

    def one_time(self, given: dict[str, Any], param: str, currency: str) -> Object:
        """The one-time Price of an invoice item that a request gives at `param`, as it is in the
        currency. StripeError: there is none."""
        check_quantity(given, param)
        return self._in(self._named(given, param, "one_time"), currency, param)

    def _in(self, price: Object, currency: str | None, param: str) -> Object:
        if currency is None:
            return price
        return self._prices.in_currency(price, currency, f"{param}[price]")

    def _named(self, given: dict[str, Any], param: str, kind: str) -> Object:
        here = f"{param}[price]"
        if "price" not in given:
            raise errors.parameter_missing(here)
        price = self._backend.require("price", given["price"], here)
        if price["type"] != kind:
            raise errors.invalid(
                f"The price specified is set to `type={price['type']}` but this field only accepts "
                f"prices with `type={kind}`.",
                here,
            )
        if not price["active"]:
            raise errors.invalid(
                "The price specified is inactive. This field only accepts active prices.", here
            )
        return price
