"""Prices (https://docs.stripe.com/api/prices)."""

from __future__ import annotations

from typing import Any

from stripe.params._price_create_params import PriceCreateParams
from stripe.params._price_list_params import PriceListParams
from stripe.params._price_retrieve_params import PriceRetrieveParams
from stripe.params._price_update_params import PriceUpdateParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import NO_REQUEST, Call, RequestInfo, Route
from stripe_sandbox.api.expand import Include
from stripe_sandbox.api.pagination import pick
from stripe_sandbox.backend import Backend
from stripe_sandbox.currencies import parse_currency
from stripe_sandbox.ids import new_id
from stripe_sandbox.resources.catalog.currency_options import (
    check_amount,
    in_currency,
    read_options,
    shown_options,
)
from stripe_sandbox.resources.catalog.products import Products
from stripe_sandbox.resources.resource import Resource
from stripe_sandbox.schema.objects import build, merge_metadata, sdk_class
from stripe_sandbox.storage.objects import Object

_OPTIONS = "currency_options"
_LONGEST = {"day": 1095, "week": 156, "month": 36, "year": 3}


_CREATE_FIELDS = (
    "active",
    "billing_scheme",
    "currency",
    "currency_options",
    "lookup_key",
    "metadata",
    "nickname",
    "product",
    "product_data.name",
    "product_data.active",
    "product_data.id",
    "product_data.metadata",
    "product_data.statement_descriptor",
    "product_data.unit_label",
    "recurring.interval",
    "recurring.interval_count",
    "recurring.usage_type",
    "tax_behavior",
    "transfer_lookup_key",
    "unit_amount",
)
_UPDATE_FIELDS = (
    "active",
    "currency_options",
    "lookup_key",
    "metadata",
    "nickname",
    "tax_behavior",
    "transfer_lookup_key",
)


class Prices(Resource):
    """Creates, updates and shows prices."""

    kind = "price"
    url = "/v1/prices"
    id_param = "price"
    retrieve_params = PriceRetrieveParams
    list_params = PriceListParams
    filters = (
        "active",
        "created",
        "currency",
        "lookup_keys",
        "product",
        "recurring.interval",
        "recurring.meter",
        "recurring.usage_type",
        "type",
    )

    def __init__(self, backend: Backend, products: Products) -> None:
        super().__init__(backend)
        self._products = products

    def routes(self) -> list[Route]:
        """All endpoints."""
        return [
            *super().routes(),
            Route("POST", self.url, self._create, PriceCreateParams, self.kind, _CREATE_FIELDS),
            Route("POST", self.path, self._update, PriceUpdateParams, self.kind, _UPDATE_FIELDS),
        ]

    def create(
        self, params: dict[str, Any], request: RequestInfo = NO_REQUEST, prefix: str = ""
    ) -> Object:
        """A new price. Records `price.created`, and `product.created` for a product that comes with
        it. StripeError: its values are wrong; `prefix` stands before their names in the error."""

        def named(name: str) -> str:
            return f"{prefix}[{name}]" if prefix else name

        currency = parse_currency(params["currency"], named("currency"))
        recurring = params.get("recurring")
        if recurring is not None:
            _check_recurring(recurring, named("recurring"))
        amount = params.get("unit_amount")
        if amount is None:
            raise errors.parameter_missing(named("unit_amount"))
        check_amount(amount, currency, named("unit_amount"))
        options = read_options(
            params.get("currency_options", {}), currency, named("currency_options")
        )
        errors.check_exclusive(params, "product", "product_data", at=prefix)
        if "product" not in params and "product_data" not in params:
            raise errors.parameter_missing(named("product"))
        if "product" in params:
            product = self._backend.require("product", params["product"], named("product"))
        else:
            product = self._products.create(params["product_data"], request)
        lookup_key = params.get("lookup_key")
        if lookup_key:
            self._free_lookup_key(lookup_key, transfer=params.get("transfer_lookup_key", False))
        price = build(
            self.kind,
            {
                "id": new_id("price"),
                "object": self.kind,
                "active": params.get("active", True),
                "billing_scheme": params.get("billing_scheme", "per_unit"),
                "created": self._backend.clock.now(),
                "currency": currency,
                "livemode": False,
                "lookup_key": lookup_key,
                "metadata": merge_metadata({}, params.get("metadata", {})),
                "nickname": params.get("nickname"),
                "product": product["id"],
                "recurring": recurring
                and build(
                    "price.Recurring",
                    {
                        "interval": recurring["interval"],
                        "interval_count": recurring.get("interval_count", 1),
                        "usage_type": recurring.get("usage_type", "licensed"),
                    },
                ),
                "tax_behavior": params.get("tax_behavior", "unspecified"),
                "type": "recurring" if recurring else "one_time",
                "unit_amount": amount,
                "unit_amount_decimal": str(amount),
            },
        )
        self._backend.objects.insert(price, {_OPTIONS: options} if options else {})
        self._backend.events.record("price.created", price, request)
        return price

    def create_inline(self, data: dict[str, Any], request: RequestInfo, prefix: str) -> Object:
        """A new price from a request's `price_data`, which stands at `prefix`. Stripe makes such
        prices inactive, and products that come with them, so that nothing else uses them.
        StripeError: its values are wrong."""
        params = {**data, "active": False}
        if "product_data" in data:
            params["product_data"] = {**data["product_data"], "active": False}
        return self.create(params, request, prefix)

    def in_currency(self, price: Object, currency: str, param: str) -> Object:
        """The price as it is in that currency. StripeError: it has none in it."""
        return in_currency(price, self._options(price["id"]), currency, param)

    def includes(self) -> dict[tuple[type, str], Include]:
        cls = sdk_class(self.kind)
        return {
            (cls, _OPTIONS): lambda price: shown_options(price, self._options(price["id"])),
            (cls, "tiers"): lambda _: None,
        }

    def _options(self, identifier: str) -> Object:
        found: Object = self._backend.objects.hidden(self.kind, identifier).get(_OPTIONS, {})
        return found

    def by_lookup_key(self, lookup_key: str) -> Object | None:
        """The price with that lookup key, or None."""
        ids = self._backend.objects.ids(self.kind, "lookup_key = ?", (lookup_key,), 1)
        return self._backend.objects.get(self.kind, ids[0]) if ids else None

    def _free_lookup_key(self, lookup_key: str, *, transfer: bool) -> None:
        holder = self.by_lookup_key(lookup_key)
        if holder is None:
            return
        if not transfer:
            raise errors.invalid(
                f"A price (`{holder['id']}`) already uses that lookup key.", "lookup_key"
            )
        holder["lookup_key"] = None
        self._backend.objects.save(holder)

    def _create(self, call: Call) -> Object:
        if (scheme := call.params.get("billing_scheme", "per_unit")) != "per_unit":
            raise errors.not_simulated("billing_scheme", f"billing_scheme={scheme}")
        if (usage := call.params.get("recurring", {}).get("usage_type", "licensed")) != "licensed":
            raise errors.not_simulated("recurring[usage_type]", f"usage_type={usage}")
        return self.create(call.params, call.request)

    def _update(self, call: Call) -> Object:
        price = self._require(call)
        changes = dict(call.params)
        if changes.get("active") is False:
            product = self._backend.objects.get("product", price["product"])
            if product is not None and product["default_price"] == price["id"]:
                raise errors.invalid(
                    "This price cannot be archived because it is the default price of its product."
                )
        transfer = changes.pop("transfer_lookup_key", False)
        if _OPTIONS in changes:
            given = changes.pop(_OPTIONS)
            added = read_options(given or {}, price["currency"], _OPTIONS)
            options = self._options(price["id"]) | added if given else {}
            self._backend.objects.save_hidden(self.kind, price["id"], {_OPTIONS: options})
        if changes.get("lookup_key") and changes["lookup_key"] != price["lookup_key"]:
            self._free_lookup_key(changes["lookup_key"], transfer=transfer)
        return self._store(price, changes, call.request, "price.updated")

    def _conditions(self, params: dict[str, Any]) -> dict[str, Any]:
        conditions = pick(params, "active", "currency", "product", "type")
        if "lookup_keys" in params:
            conditions["lookup_key"] = tuple(params["lookup_keys"])
        for name, value in params.get("recurring", {}).items():
            conditions["interval" if name == "interval" else f"recurring.{name}"] = value
        return conditions


def _check_recurring(recurring: dict[str, Any], param: str) -> None:
    count = recurring.get("interval_count", 1)
    if count < 1:
        raise errors.invalid(
            "This value must be greater than or equal to 1.",
            f"{param}[interval_count]",
            "parameter_invalid_integer",
        )
    longest = _LONGEST[recurring["interval"]]
    if count > longest:
        raise errors.invalid(
            "The billing interval may be at most three years: "
            f"{longest} for `interval={recurring['interval']}`.",
            f"{param}[interval_count]",
        )
