"""Products (https://docs.stripe.com/api/products)."""

from __future__ import annotations

from typing import Any

from stripe.params._product_delete_params import ProductDeleteParams
from stripe.params._product_list_params import ProductListParams
from stripe.params._product_retrieve_params import ProductRetrieveParams
from stripe.params._product_update_params import ProductUpdateParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import NO_REQUEST, Call, RequestInfo, Route
from stripe_sandbox.api.pagination import pick
from stripe_sandbox.ids import new_id
from stripe_sandbox.resources.resource import Resource
from stripe_sandbox.schema.objects import build, deleted_object, former_values, merge_metadata
from stripe_sandbox.storage.objects import Object

FIELDS = (
    "active",
    "description",
    "images",
    "marketing_features.name",
    "metadata",
    "name",
    "shippable",
    "statement_descriptor",
    "unit_label",
    "url",
)


class Products(Resource):
    """Creates, updates and shows products."""

    kind = "product"
    url = "/v1/products"
    retrieve_params = ProductRetrieveParams
    list_params = ProductListParams
    filters = ("active", "created", "ids", "shippable", "type", "url")

    def routes(self) -> list[Route]:
        """All endpoints."""
        updates = (*FIELDS, "default_price")
        return [
            *super().routes(),
            Route("POST", self.path, self._update, ProductUpdateParams, self.kind, updates),
            Route("DELETE", self.path, self._delete, ProductDeleteParams, self.kind),
        ]

    def create(self, params: dict[str, Any], request: RequestInfo = NO_REQUEST) -> Object:
        """A new product. Records `product.created`. StripeError: the id is taken."""
        identifier = params.get("id") or new_id("prod", 14)
        if self._backend.objects.get(self.kind, identifier) is not None:
            raise errors.invalid("Product already exists.", "id", "resource_already_exists")
        now = self._backend.clock.now()
        product = build(
            self.kind,
            {
                "id": identifier,
                "object": self.kind,
                "active": params.get("active", True),
                "created": now,
                "description": params.get("description"),
                "images": params.get("images") or [],
                "livemode": False,
                "marketing_features": params.get("marketing_features") or [],
                "metadata": merge_metadata({}, params.get("metadata", {})),
                "name": params["name"],
                "shippable": params.get("shippable"),
                "statement_descriptor": params.get("statement_descriptor"),
                "type": params.get("type", "service"),
                "unit_label": params.get("unit_label"),
                "updated": now,
                "url": params.get("url"),
            },
        )
        self._backend.objects.insert(product)
        self._backend.events.record("product.created", product, request)
        return product

    def set_default_price(self, product: Object, price: str, request: RequestInfo) -> None:
        """Store the price as the product's default. Records `product.updated`."""
        self._store(product, {"default_price": price}, request, "product.updated")

    def _update(self, call: Call) -> Object:
        product = self._require(call)
        changes = dict(call.params)
        for listed in ("images", "marketing_features"):
            if listed in changes:
                changes[listed] = changes[listed] or []
        if changes.get("default_price"):
            price = self._backend.require("price", changes["default_price"], "default_price")
            if price["product"] != product["id"]:
                raise errors.invalid(
                    f"The price specified is not associated with the product {product['id']}.",
                    "default_price",
                )
        metadata = merge_metadata(product["metadata"], changes.get("metadata", {}))
        if former_values(product, {**product, **changes, "metadata": metadata}):
            changes["updated"] = self._backend.clock.now()
        return self._store(product, changes, call.request, "product.updated")

    def _delete(self, call: Call) -> Object:
        """Remove a product that never had a price. Records `product.deleted`."""
        product = self._require(call)
        if self._backend.objects.first("price", "product", product["id"]) is not None:
            raise errors.invalid(
                "This product cannot be deleted because it has one or more user-created prices."
            )
        self._backend.objects.delete(self.kind, product["id"])
        product["active"] = False
        self._backend.events.record("product.deleted", product, call.request)
        return deleted_object(product)

    def _conditions(self, params: dict[str, Any]) -> dict[str, Any]:
        conditions = pick(params, "active", "shippable", "type", "url")
        if "ids" in params:
            conditions["id"] = tuple(params["ids"])
        return conditions
