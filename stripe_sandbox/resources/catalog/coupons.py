"""Coupons (https://docs.stripe.com/api/coupons)."""

from __future__ import annotations

from typing import Any

from stripe.params._coupon_create_params import CouponCreateParams
from stripe.params._coupon_delete_params import CouponDeleteParams
from stripe.params._coupon_list_params import CouponListParams
from stripe.params._coupon_retrieve_params import CouponRetrieveParams
from stripe.params._coupon_update_params import CouponUpdateParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import NO_REQUEST, Call, Route
from stripe_sandbox.api.expand import Include
from stripe_sandbox.backend import Backend
from stripe_sandbox.currencies import parse_currency
from stripe_sandbox.ids import random_text
from stripe_sandbox.resources.resource import Resource
from stripe_sandbox.scheduling.jobs import JobKind, ScheduledJobs
from stripe_sandbox.schema.objects import build, deleted_object, merge_metadata, sdk_class
from stripe_sandbox.storage.objects import Object
from stripe_sandbox.validation import check_future, check_positive

_UPDATE = ("metadata", "name")
_CREATE = (
    *("amount_off", "applies_to.products", "currency", "duration", "duration_in_months", "id"),
    *("max_redemptions", "percent_off", "redeem_by", *_UPDATE),
)


class Coupons(Resource):
    """Creates, updates, deletes and shows coupons, and counts their redemptions."""

    kind = "coupon"
    url = "/v1/coupons"
    id_param = "coupon"
    retrieve_params = CouponRetrieveParams
    list_params = CouponListParams

    def __init__(self, backend: Backend, jobs: ScheduledJobs) -> None:
        super().__init__(backend)
        self._jobs = jobs
        jobs.register(JobKind.COUPON_EXPIRY, self._expire)

    def routes(self) -> list[Route]:
        """All endpoints."""
        return [
            *super().routes(),
            Route("POST", self.url, self._create, CouponCreateParams, self.kind, _CREATE),
            Route("POST", self.path, self._update, CouponUpdateParams, self.kind, _UPDATE),
            Route("DELETE", self.path, self._delete, CouponDeleteParams, self.kind),
        ]

    def includes(self) -> dict[tuple[type, str], Include]:
        return {(sdk_class(self.kind), "applies_to"): self.applies_to}

    def applies_to(self, coupon: Object) -> Object:
        """Its `applies_to`: the `products` that it is for, or none where it is for all."""
        return {"products": self._backend.objects.hidden(self.kind, coupon["id"])["products"]}

    def redeem(self, coupon: Object) -> None:
        """Count one more redemption; the last one makes it invalid. Records `coupon.updated`."""
        times = coupon["times_redeemed"] + 1
        used_up = coupon["max_redemptions"] is not None and times >= coupon["max_redemptions"]
        changes = {"times_redeemed": times, "valid": coupon["valid"] and not used_up}
        self._store(coupon, changes, NO_REQUEST, "coupon.updated")
        if used_up:
            self._deactivate_codes(coupon["id"])

    def _expire(self, identifier: str) -> None:
        """No event says so."""
        coupon = self._backend.objects.get(self.kind, identifier)
        if coupon is not None:
            self._store(coupon, {"valid": False}, NO_REQUEST)
            self._deactivate_codes(identifier)

    def _deactivate_codes(self, coupon: str) -> None:
        """A promotion code is active only while its coupon is valid."""
        objects = self._backend.objects
        for identifier in objects.ids("promotion_code", "coupon = ? AND active", (coupon,)):
            code = self._backend.require("promotion_code", identifier, "promotion_code")
            objects.save({**code, "active": False})

    def _create(self, call: Call) -> Object:
        params = call.params
        _check(params, self._backend.clock.now())
        products = params.get("applies_to", {}).get("products", [])
        for index, product in enumerate(products):
            self._backend.require("product", product, f"applies_to[products][{index}]")
        identifier = params.get("id") or random_text(8)
        if self._backend.objects.get(self.kind, identifier) is not None:
            raise errors.invalid("Coupon already exists.", code="resource_already_exists")
        coupon = build(
            self.kind,
            {
                "id": identifier,
                "object": self.kind,
                "amount_off": params.get("amount_off"),
                "created": self._backend.clock.now(),
                "currency": params["currency"].lower() if "amount_off" in params else None,
                "duration": params.get("duration", "once"),
                "duration_in_months": params.get("duration_in_months"),
                "livemode": False,
                "max_redemptions": params.get("max_redemptions"),
                "metadata": merge_metadata({}, params.get("metadata", {})),
                "name": params.get("name"),
                "percent_off": params.get("percent_off"),
                "redeem_by": params.get("redeem_by"),
                "times_redeemed": 0,
                "valid": True,
            },
        )
        self._backend.objects.insert(coupon, {"products": products})
        if coupon["redeem_by"]:
            self._jobs.add(coupon["redeem_by"], JobKind.COUPON_EXPIRY, identifier)
        self._backend.events.record("coupon.created", coupon, call.request)
        return coupon

    def _update(self, call: Call) -> Object:
        return self._store(self._require(call), call.params, call.request, "coupon.updated")

    def _delete(self, call: Call) -> Object:
        """What it discounts already stays discounted. Records `coupon.deleted`."""
        coupon = self._require(call)
        self._backend.objects.delete(self.kind, coupon["id"])
        self._deactivate_codes(coupon["id"])
        coupon["valid"] = False
        self._backend.events.record("coupon.deleted", coupon, call.request)
        return deleted_object(coupon)


def _check(params: dict[str, Any], now: int) -> None:
    """Raise a StripeError if the parameters do not go together."""
    if "percent_off" not in params and "amount_off" not in params:
        raise errors.invalid("Must provide percent_off or amount_off.", code="parameter_missing")
    if "percent_off" in params and "amount_off" in params:
        raise errors.invalid(
            "Received both percent_off and amount_off parameters. Please pass in only one."
        )
    if "amount_off" in params:
        check_positive(params, "amount_off")
        if "currency" not in params:
            raise errors.invalid("You must pass currency when passing amount_off", "currency")
        parse_currency(params["currency"], "currency")
    elif params["percent_off"] < 0.01:
        raise errors.invalid(
            "This value must be greater than or equal to 0.01 (it currently is "
            f"'{params['percent_off']}').",
            "percent_off",
        )
    elif params["percent_off"] > 100:
        raise errors.invalid(
            "This value must be less than or equal to 100 (it currently is "
            f"'{params['percent_off']}').",
            "percent_off",
        )
    repeats = params.get("duration") == "repeating"
    if repeats and "duration_in_months" not in params:
        raise errors.invalid(
            "The duration_in_months param must be set when creating a coupon with a repeating "
            "duration",
            "duration",
        )
    if not repeats and "duration_in_months" in params:
        raise errors.invalid(
            "The duration_in_months param can only be set when creating a coupon with a repeating "
            "duration",
            "duration_in_months",
        )
    for name in ("duration_in_months", "max_redemptions"):
        check_positive(params, name)
    check_future(params, "redeem_by", now)
