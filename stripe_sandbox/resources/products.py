"""Products (https://docs.stripe.com/api/products)."""

from __future__ import annotations

from typing import Any

from stripe.params._product_create_params import ProductCreateParams
from stripe.params._product_list_params import ProductListParams
from stripe.params._product_retrieve_params import ProductRetrieveParams
from stripe.params._product_update_params import ProductUpdateParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import NO_REQUEST, Call, RequestInfo, Route
from stripe_sandbox.api.pagination import Page, read_window
from stripe_sandbox.backend import Backend
from stripe_sandbox.ids import new_id
from stripe_sandbox.schema.objects import apply_changes, build, merge_metadata
from stripe_sandbox.storage.objects import Object

KIND = "product"
URL = "/v1/products"
_FIELDS = (
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


class Products:
    """What is sold."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def routes(self) -> list[Route]:
        """The endpoints."""
        return [
            Route("POST", URL, self._create, ProductCreateParams, KIND, (*_FIELDS, "id", "type")),
            Route.listing(URL, self._list, ProductListParams, KIND, ("active", "created", "ids")),
            Route("GET", URL + "/:id", self._retrieve, ProductRetrieveParams, KIND),
            Route(
                "POST",
                URL + "/:id",
                self._update,
                ProductUpdateParams,
                KIND,
                (*_FIELDS, "default_price"),
            ),
        ]

    def create(self, params: dict[str, Any], request: RequestInfo = NO_REQUEST) -> Object:
        """A new product of checked parameters. StripeError: the id is taken."""
        identifier = params.get("id") or new_id("prod", 14)
        if self._backend.objects.get(KIND, identifier) is not None:
            raise errors.invalid("Product already exists.", "id", "resource_already_exists")
        now = self._backend.clock.now()
        product = build(
            KIND,
            {
                "id": identifier,
                "object": KIND,
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

    def _create(self, call: Call) -> Object:
        return self.create(call.params, call.request)

    def _retrieve(self, call: Call) -> Object:
        return self._backend.require(KIND, call.ids[0], "id", status=404)

    def _update(self, call: Call) -> Object:
        product = self._backend.require(KIND, call.ids[0], "id", status=404)
        changes = dict(call.params)
        if "metadata" in changes:
            changes["metadata"] = merge_metadata(product["metadata"], changes["metadata"])
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
        changes["updated"] = self._backend.clock.now()
        previous = apply_changes(product, changes)
        self._backend.objects.save(product)
        if previous.keys() - {"updated"}:
            self._backend.events.record("product.updated", product, call.request, previous)
        return product

    def _list(self, call: Call) -> Page:
        params = call.params
        filters: dict[str, Any] = {}
        if "active" in params:
            filters["active"] = params["active"]
        if "ids" in params:
            filters["id"] = tuple(params["ids"])
        return self._backend.page(KIND, URL, filters, read_window(params))
