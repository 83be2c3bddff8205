"""Creating a product, with its default price (https://docs.stripe.com/api/products/create)."""

from __future__ import annotations

from stripe.params._product_create_params import ProductCreateParams

from stripe_sandbox.api.endpoint import Call, Route
from stripe_sandbox.resources.catalog.prices import Prices
from stripe_sandbox.resources.catalog.products import FIELDS, Products
from stripe_sandbox.storage.objects import Object

_DEFAULT_PRICE = tuple(
    f"default_price_data.{name}"
    for name in (
        *("currency", "currency_options", "metadata", "recurring.interval"),
        *("recurring.interval_count", "tax_behavior", "unit_amount"),
    )
)


class ProductCreation:
    """The endpoint that creates products."""

    def __init__(self, products: Products, prices: Prices) -> None:
        self._products = products
        self._prices = prices

    def routes(self) -> list[Route]:
        """The endpoint."""
        simulates = (*FIELDS, *_DEFAULT_PRICE, "id", "type")
        url, kind = self._products.url, self._products.kind
        return [Route("POST", url, self._create, ProductCreateParams, kind, simulates)]

    def _create(self, call: Call) -> Object:
        """Records `product.created` and, with a default price, `price.created` and
        `product.updated`."""
        product = self._products.create(call.params, call.request)
        data = call.params.get("default_price_data")
        if data is not None:
            given = {**data, "product": product["id"]}
            price = self._prices.create(given, call.request, "default_price_data")
            self._products.set_default_price(product, price["id"], call.request)
        return product
