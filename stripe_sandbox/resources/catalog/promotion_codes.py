"""Promotion codes (https://docs.stripe.com/api/promotion_codes): what payers enter to redeem a
coupon."""

from __future__ import annotations

import re
from typing import Any

from stripe.params._promotion_code_create_params import PromotionCodeCreateParams
from stripe.params._promotion_code_list_params import PromotionCodeListParams
from stripe.params._promotion_code_retrieve_params import PromotionCodeRetrieveParams
from stripe.params._promotion_code_update_params import PromotionCodeUpdateParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import NO_REQUEST, Call, Route
from stripe_sandbox.backend import Backend
from stripe_sandbox.currencies import parse_currency
from stripe_sandbox.ids import new_id, random_text
from stripe_sandbox.resources.resource import Resource
from stripe_sandbox.scheduling.jobs import JobKind, ScheduledJobs
from stripe_sandbox.schema.objects import build, merge_metadata
from stripe_sandbox.storage.objects import Object, Window
from stripe_sandbox.validation import check_future, check_positive

_CODE = re.compile(r"[a-zA-Z0-9\-_]+")
_RESTRICTIONS = ("first_time_transaction", "minimum_amount", "minimum_amount_currency")
_CREATE = (
    *("active", "code", "customer", "expires_at", "max_redemptions", "metadata"),
    *("promotion.coupon", "promotion.type", *(f"restrictions.{name}" for name in _RESTRICTIONS)),
)


class PromotionCodes(Resource):
    """Creates, updates and shows promotion codes, and counts their redemptions."""

    kind = "promotion_code"
    url = "/v1/promotion_codes"
    id_param = "promotion_code"
    retrieve_params = PromotionCodeRetrieveParams
    list_params = PromotionCodeListParams
    filters = ("active", "code", "coupon", "created", "customer", "customer_account")

    def __init__(self, backend: Backend, jobs: ScheduledJobs) -> None:
        super().__init__(backend)
        self._jobs = jobs
        jobs.register(JobKind.PROMOTION_CODE_EXPIRY, self._expire)

    def routes(self) -> list[Route]:
        """All endpoints."""
        update = ("active", "metadata")
        return [
            *super().routes(),
            Route("POST", self.url, self._create, PromotionCodeCreateParams, self.kind, _CREATE),
            Route("POST", self.path, self._update, PromotionCodeUpdateParams, self.kind, update),
        ]

    def of_code(self, code: str) -> Object | None:
        """The active promotion code that a payer means, in any case; None: there is none."""
        filters = {"active": True, "code": code}
        found: list[Object] = self._backend.page(
            self.kind, self.url, filters, Window(1)
        ).to_object()["data"]
        return found[0] if found else None

    def redeem(self, code: Object) -> None:
        """Count one more redemption; the last one ends it. Records `promotion_code.updated`."""
        times = code["times_redeemed"] + 1
        used_up = code["max_redemptions"] is not None and times >= code["max_redemptions"]
        changes = {"active": code["active"] and not used_up, "times_redeemed": times}
        self._store(code, changes, NO_REQUEST, "promotion_code.updated")

    def _expire(self, identifier: str) -> None:
        """No event says so."""
        code = self._backend.objects.get(self.kind, identifier)
        if code is not None:
            self._store(code, {"active": False}, NO_REQUEST)

    def _create(self, call: Call) -> Object:
        params = call.params
        coupon = params["promotion"].get("coupon")
        if coupon is None:
            raise errors.invalid(
                "You must pass promotion.coupon when passing promotion", "promotion.coupon"
            )
        held = self._backend.require("coupon", coupon, "promotion[coupon]")
        if "customer" in params:
            self._backend.require("customer", params["customer"], "customer")
        code = self._code(params.get("code"))
        now = self._backend.clock.now()
        check_positive(params, "max_redemptions")
        check_future(params, "expires_at", now)
        _check_coupon(params, held)
        made = build(
            self.kind,
            {
                "id": new_id("promo"),
                "object": self.kind,
                "active": params.get("active", True),
                "code": code,
                "created": now,
                "customer": params.get("customer"),
                "expires_at": params.get("expires_at"),
                "livemode": False,
                "max_redemptions": params.get("max_redemptions"),
                "metadata": merge_metadata({}, params.get("metadata", {})),
                "promotion": {"coupon": coupon, "type": "coupon"},
                "restrictions": _restrictions(params.get("restrictions", {})),
                "times_redeemed": 0,
            },
        )
        self._backend.objects.insert(made)
        if made["expires_at"]:
            self._jobs.add(made["expires_at"], JobKind.PROMOTION_CODE_EXPIRY, made["id"])
        self._backend.events.record("promotion_code.created", made, call.request)
        return made

    def _code(self, given: str | None) -> str:
        """The code that is asked for, or a new one. StripeError: it is none, or is taken."""
        if given is None:
            return random_text(8).upper()
        if not _CODE.fullmatch(given):
            raise errors.invalid(
                "This value must match the regex pattern. (/\\A[a-zA-Z0-9\\-_]+\\z/ does not match "
                f"for the value {given}).",
                "code",
            )
        self._check_free(given)
        return given

    def _check_free(self, code: str) -> None:
        if self.of_code(code) is not None:
            raise errors.invalid(f"An active promotion code with `code: {code}` already exists.")

    def _update(self, call: Call) -> Object:
        code = self._require(call)
        if call.params.get("active") and not code["active"]:
            self._check_free(code["code"])
            self._check_usable(code)
        return self._store(code, call.params, call.request, "promotion_code.updated")

    def _check_usable(self, code: Object) -> None:
        """StripeError: nobody could redeem the code, were it active."""
        now = self._backend.clock.now()
        coupon = self._backend.objects.get("coupon", code["promotion"]["coupon"])
        over = code["expires_at"] is not None and code["expires_at"] <= now
        if over or is_used_up(code) or coupon is None or not coupon["valid"]:
            raise errors.invalid(
                "This promotion code cannot be activated because it is expired, has been used the "
                "maximum number of times, or its coupon is not valid.",
                "active",
            )

    def _conditions(self, params: dict[str, Any]) -> dict[str, Any]:
        if "coupon" in params:
            self._backend.require("coupon", params["coupon"], "coupon")
        return super()._conditions(params)


def is_used_up(value: Object) -> bool:
    """Whether a coupon or promotion code was redeemed as often as it may be."""
    most = value["max_redemptions"]
    return most is not None and value["times_redeemed"] >= most


def _restrictions(given: dict[str, Any]) -> Object:
    check_positive(given, "minimum_amount")
    for one, other in (
        ("minimum_amount", "minimum_amount_currency"),
        ("minimum_amount_currency", "minimum_amount"),
    ):
        if one in given and other not in given:
            raise errors.invalid(
                f"You must pass restrictions[{other}] when passing restrictions[{one}]",
                f"restrictions[{other}]",
            )
    currency = given.get("minimum_amount_currency")
    if currency is not None:
        currency = parse_currency(currency, "restrictions[minimum_amount_currency]")
    return build(
        "promotion_code.Restrictions",
        {
            "first_time_transaction": given.get("first_time_transaction", False),
            "minimum_amount": given.get("minimum_amount"),
            "minimum_amount_currency": currency,
        },
    )


def _check_coupon(params: dict[str, Any], coupon: Object) -> None:
    """Raise a StripeError if the code could be redeemed more often, or longer, than its coupon."""
    if not coupon["valid"]:
        raise errors.invalid(
            f"Coupon expired: {coupon['id']}", "promotion[coupon]", "coupon_expired"
        )
    for name, limit in (("max_redemptions", "max_redemptions"), ("expires_at", "redeem_by")):
        most = coupon[limit]
        if most is not None and params.get(name, most) > most:
            raise errors.invalid(
                f"The promotion code's `{name}` cannot be greater than the coupon's `{limit}`.",
                name,
            )
