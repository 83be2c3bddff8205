"""What a configuration of the portal lets customers change of their plan: its feature
`subscription_update` (https://docs.stripe.com/api/customer_portal/configurations)."""

from __future__ import annotations

from typing import Any

from stripe_sandbox import errors
from stripe_sandbox.backend import Backend
from stripe_sandbox.schema.objects import build
from stripe_sandbox.storage.objects import Object

FEATURE = "subscription_update"
PRODUCTS = "products"
PARAMETERS = tuple(
    f"features.{FEATURE}.{name}"
    for name in (
        "billing_cycle_anchor", "default_allowed_updates", "enabled",
        "products.adjustable_quantity.enabled", "products.adjustable_quantity.maximum",
        "products.adjustable_quantity.minimum", "products.prices", "products.product",
        "proration_behavior", "trial_update_behavior",
    )
)  # fmt: skip
MAXIMUM_PRODUCTS = 10
_PATH = "billing_portal.configuration.Features.SubscriptionUpdate"
_PARAM = f"features[{FEATURE}]"


def off() -> Object:
    """The feature as it is until a request says otherwise."""
    return build(
        _PATH,
        {
            "billing_cycle_anchor": None,
            "default_allowed_updates": [],
            "enabled": False,
            "proration_behavior": "none",
            "schedule_at_period_end": build(f"{_PATH}.ScheduleAtPeriodEnd", {"conditions": []}),
            "trial_update_behavior": "end_trial",
        },
    )


def changed(former: Object, given: dict[str, Any]) -> Object:
    """The feature after a request, without its products: answers hold those where they expand
    them."""
    changes = {name: value for name, value in given.items() if name != PRODUCTS}
    if "default_allowed_updates" in changes:
        changes["default_allowed_updates"] = changes["default_allowed_updates"] or []
    return {**former, **changes}


def check(given: dict[str, Any]) -> None:
    """Raise a StripeError for what of the feature is not simulated."""
    if "promotion_code" in (given.get("default_allowed_updates") or ()):
        raise errors.not_simulated(
            f"{_PARAM}[default_allowed_updates]", "promotion codes in the portal"
        )


def read_products(
    backend: Backend, given: list[dict[str, Any]] | None, allowed: list[str]
) -> list[Object]:
    """The `products` of a request. StripeError: a price is none of its product's, or does not
    recur."""
    found = given or []
    param = f"{_PARAM}[{PRODUCTS}]"
    if len(found) > MAXIMUM_PRODUCTS:
        raise errors.invalid(
            f"Array {PRODUCTS} exceeded maximum {MAXIMUM_PRODUCTS} allowed elements.", param
        )
    return [_product(backend, one, f"{param}[{place}]", allowed) for place, one in enumerate(found)]


def _product(backend: Backend, given: dict[str, Any], param: str, allowed: list[str]) -> Object:
    product = backend.require("product", given["product"], f"{param}[product]")
    for place, identifier in enumerate(given["prices"]):
        here = f"{param}[prices][{place}]"
        price = backend.require("price", identifier, here)
        if price["product"] != product["id"]:
            raise errors.invalid(
                f"The price `{identifier}` does not belong to the product `{product['id']}`.", here
            )
        if price["recurring"] is None:
            raise errors.invalid(f"The price `{identifier}` is not recurring.", here)
    quantity = {
        "enabled": "quantity" in allowed,
        "minimum": 1,
        "maximum": None,
        **given.get("adjustable_quantity", {}),
    }
    if quantity["maximum"] is not None and quantity["maximum"] < quantity["minimum"]:
        raise errors.invalid(
            "The maximum must be at least the minimum.", f"{param}[adjustable_quantity][maximum]"
        )
    return build(
        f"{_PATH}.Product",
        {
            "adjustable_quantity": build(f"{_PATH}.Product.AdjustableQuantity", quantity),
            "prices": given["prices"],
            "product": product["id"],
        },
    )


def products(backend: Backend, configuration: Object) -> list[Object]:
    """The products that a configuration lets customers change to."""
    hidden = backend.objects.hidden(configuration["object"], configuration["id"])
    found: list[Object] = hidden.get(PRODUCTS, [])
    return found


def update(
    backend: Backend, subscription: Object, configuration: Object, price_id: str, quantity: int
) -> Object:
    """What changes the subscription's plan to so many of a price, as an update's parameters say
    it. StripeError: the configuration does not let customers do that."""
    feature = configuration["features"][FEATURE]
    item = subscription["items"]["data"][0]
    allowed = feature["default_allowed_updates"]
    offered = next(
        (one for one in products(backend, configuration) if price_id in one["prices"]), None
    )
    is_other = price_id != item["price"]["id"]
    if offered is None or (is_other and "price" not in allowed):
        raise errors.invalid(
            f"The price `{price_id}` is not among those of the portal configuration's "
            f"`{_PARAM}[{PRODUCTS}]`.",
            "price",
        )
    if quantity != item["quantity"]:
        _check_quantity(offered["adjustable_quantity"], quantity, "quantity" in allowed)
    params: Object = {
        "items": [{"id": item["id"], "price": price_id, "quantity": quantity}],
        "proration_behavior": feature["proration_behavior"],
    }
    if subscription["status"] == "trialing":
        if feature["trial_update_behavior"] == "end_trial":
            params["trial_end"] = "now"
    elif feature["billing_cycle_anchor"] == "now":
        params["billing_cycle_anchor"] = {"type": "now"}
    return params


def is_updatable(subscription: Object, configuration: Object) -> bool:
    """Whether the configuration lets the customer change the subscription's plan: not that of
    several items, of invoices that are sent, or of one that is going to end
    (https://docs.stripe.com/customer-management#customer-portal-features)."""
    feature = configuration["features"][FEATURE]
    return (
        bool(feature["enabled"] and feature["default_allowed_updates"])
        and len(subscription["items"]["data"]) == 1
        and subscription["collection_method"] == "charge_automatically"
        and subscription["status"] in ("active", "trialing")
        and subscription["cancel_at"] is None
    )


def _check_quantity(adjustable: Object, quantity: int, allowed: bool) -> None:
    if not (allowed and adjustable["enabled"]):
        raise errors.invalid("The quantity of this plan cannot be changed.", "quantity")
    low, high = adjustable["minimum"], adjustable.get("maximum")
    if quantity < max(low, 1) or (high is not None and quantity > high):
        bounds = f"at least {low:,}" if high is None else f"from {low:,} to {high:,}"
        raise errors.invalid(f"Choose a quantity of {bounds}.", "quantity")
