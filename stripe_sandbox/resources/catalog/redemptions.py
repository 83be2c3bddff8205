"""Whether a coupon or a promotion code may be redeemed
(https://docs.stripe.com/billing/subscriptions/coupons)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from stripe_sandbox import errors
from stripe_sandbox.backend import Backend
from stripe_sandbox.ids import new_id
from stripe_sandbox.resources.catalog.coupons import Coupons
from stripe_sandbox.resources.catalog.promotion_codes import PromotionCodes, is_used_up
from stripe_sandbox.schema.objects import build
from stripe_sandbox.storage.objects import Object

_CANNOT = "This promotion code cannot be redeemed because"


@dataclass(frozen=True)
class Redemption:
    """A coupon to be redeemed, the products that it is for (none: all), and the promotion code by
    which it is, if any."""

    coupon: Object
    products: Sequence[str]
    code: Object | None = None

    def discount(self, now: int) -> Object:
        """The Discount that it makes from now on, which belongs to nothing yet."""
        return build(
            "discount",
            {
                "id": new_id("di"),
                "object": "discount",
                "promotion_code": self.code and self.code["id"],
                "source": build("discount.Source", {"coupon": self.coupon["id"], "type": "coupon"}),
                "start": now,
            },
        )


@dataclass(frozen=True)
class Purchase:
    """What a coupon is redeemed for: the customer's id if there is one, the amount before
    discounts, and the products."""

    customer: str | None
    amount: int
    currency: str
    products: frozenset[str]


class Redemptions:
    """Finds, checks and counts redemptions."""

    def __init__(self, backend: Backend, coupons: Coupons, codes: PromotionCodes) -> None:
        self._backend = backend
        self._coupons = coupons
        self._codes = codes

    def find(self, given: Mapping[str, str], purchase: Purchase, param: str) -> Redemption:
        """What a request's `coupon` or `promotion_code` redeems. StripeError: there is no such
        thing, or it may not be redeemed for the purchase."""
        if len(given) != 1:
            raise errors.invalid(
                f"You must specify one of these parameters: {param}[coupon], "
                f"{param}[promotion_code].",
                param,
            )
        [(kind, identifier)] = given.items()
        named = f"{param}[{kind}]"
        value = self._backend.require(kind, identifier, named)
        if kind == "coupon":
            redemption = Redemption(value, self._products(value))
            if not value["valid"]:
                raise errors.invalid(f"Coupon expired: {identifier}", named, "coupon_expired")
        else:
            redemption = self._of_code(value, named)
        self._check(redemption, purchase, named)
        return redemption

    def find_code(self, code: str, purchase: Purchase) -> Redemption:
        """What the code that a payer enters redeems. StripeError: likewise."""
        found = self._codes.of_code(code)
        if found is None:
            raise errors.invalid("This code is invalid.", "promotion_code", "resource_missing")
        redemption = self._of_code(found, "promotion_code")
        self._check(redemption, purchase, "promotion_code")
        return redemption

    def redeem(self, discount: Object) -> None:
        """Count the redemption of a Discount's coupon and promotion code, where they still are."""
        coupon = self._backend.objects.get("coupon", discount["source"]["coupon"])
        if coupon is not None:
            self._coupons.redeem(coupon)
        identifier = discount["promotion_code"]
        code = identifier and self._backend.objects.get("promotion_code", identifier)
        if code:
            self._codes.redeem(code)

    def _products(self, coupon: Object) -> list[str]:
        products: list[str] = self._coupons.applies_to(coupon)["products"]
        return products

    def _of_code(self, code: Object, param: str) -> Redemption:
        coupon = self._backend.objects.get("coupon", code["promotion"]["coupon"])
        now = self._backend.clock.now()
        if code["expires_at"] is not None and code["expires_at"] <= now:
            raise _refusal("it has expired", param)
        if is_used_up(code) or (coupon is not None and is_used_up(coupon)):
            raise _refusal("it has been used the maximum number of times", param)
        if coupon is None or not coupon["valid"]:
            raise _refusal("the associated coupon is not valid", param)
        if not code["active"]:
            raise _refusal("it is not active", param)
        return Redemption(coupon, self._products(coupon), code)

    def _check(self, redemption: Redemption, purchase: Purchase, param: str) -> None:
        coupon, code = redemption.coupon, redemption.code
        if code is not None:
            self._check_restrictions(code, purchase, param)
        if coupon["currency"] not in (None, purchase.currency):
            raise errors.invalid(
                f"The coupon `{coupon['id']}` is in `{coupon['currency']}` and cannot be applied "
                f"to a purchase in `{purchase.currency}`.",
                param,
            )
        if redemption.products and purchase.products.isdisjoint(redemption.products):
            raise errors.invalid(
                f"The coupon `{coupon['id']}` does not apply to any of the products in this "
                "purchase.",
                param,
            )

    def _check_restrictions(self, code: Object, purchase: Purchase, param: str) -> None:
        restrictions = code["restrictions"]
        if code["customer"] not in (None, purchase.customer):
            raise _refusal("it is for another customer", param)
        if restrictions["first_time_transaction"] and self._has_bought(purchase.customer):
            raise _refusal(
                "the associated customer has prior transactions",
                param,
                "promotion_code_customer_not_first_time",
            )
        minimum = restrictions["minimum_amount"]
        if minimum is not None and (
            restrictions["minimum_amount_currency"] != purchase.currency
            or purchase.amount < minimum
        ):
            raise _refusal(
                "the associated purchase does not meet the minimum amount requirement", param
            )

    def _has_bought(self, customer: str | None) -> bool:
        """Whether the customer has a successful payment or a paid invoice."""
        if customer is None:
            return False
        objects = self._backend.objects
        paid = objects.ids("invoice", "customer = ? AND status = 'paid'", (customer,), 1)
        succeeded = "customer = ? AND body ->> '$.status' = 'succeeded'"
        return bool(paid or objects.ids("charge", succeeded, (customer,), 1))


def _refusal(reason: str, param: str, code: str | None = None) -> errors.StripeError:
    return errors.invalid(f"{_CANNOT} {reason}.", param, code)


def amounts_off(
    coupon: Object, products: Sequence[str], lines: Sequence[tuple[str, int]]
) -> list[int]:
    """What the coupon takes off each line, given as product and amount: in all, its amount or its
    percentage, rounded half up, of the lines that it is for; each its share of that."""
    bases = [
        max(amount, 0) if not products or product in products else 0 for product, amount in lines
    ]
    whole = sum(bases)
    if not whole:
        return [0] * len(bases)
    total = _off(coupon, whole)
    found, before, given = [], 0, 0
    for base in bases:
        before += base
        until = (2 * total * before + whole) // (2 * whole)
        found.append(until - given)
        given = until
    return found


def _off(coupon: Object, whole: int) -> int:
    if coupon["amount_off"] is not None:
        return min(int(coupon["amount_off"]), whole)
    off = Decimal(whole) * Decimal(str(coupon["percent_off"])) / 100
    return int(off.to_integral_value(ROUND_HALF_UP))
