"""What a coupon or promotion code takes off a Checkout Session
(https://docs.stripe.com/payments/checkout/discounts)."""

from __future__ import annotations

from collections.abc import Mapping

from stripe_sandbox.backend import Backend
from stripe_sandbox.resources.billing.invoice_discounts import AppliedDiscount
from stripe_sandbox.resources.catalog.redemptions import (
    Purchase,
    Redemption,
    Redemptions,
    amounts_off,
)
from stripe_sandbox.storage.objects import Object


class SessionDiscounts:
    """Applies the one discount that a session may have to it and to its line items. What is hidden
    of the session holds, beside its `line_items`, the `discount`, and the `coupon` and the
    `products` that it is for."""

    def __init__(self, backend: Backend, redemptions: Redemptions) -> None:
        self._backend = backend
        self._redemptions = redemptions

    def apply(self, session: Object, hidden: Object, given: Mapping[str, str], param: str) -> None:
        """Discount the session by the coupon or promotion code that a request names; storing both
        is the caller's. StripeError: it may not be redeemed for it."""
        self._apply(
            session, hidden, self._redemptions.find(given, _purchase(session, hidden), param)
        )

    def apply_code(self, session: Object, hidden: Object, code: str) -> None:
        """Likewise, by the code that a payer enters."""
        self._apply(session, hidden, self._redemptions.find_code(code, _purchase(session, hidden)))

    def remove(self, session: Object, hidden: Object) -> None:
        """Take back the discount, if there is one; storing both is the caller's."""
        for name in ("coupon", "discount", "products"):
            hidden.pop(name, None)
        for item in hidden["line_items"]:
            item.update(amount_discount=0, amount_total=item["amount_subtotal"], discounts=[])
        session["discounts"] = []
        _set_total(session, 0)

    def renew(self, session: Object, hidden: Object) -> None:
        """Apply the discount, if there is one, again, after the amounts have changed; storing both
        is the caller's. StripeError: it may no longer be redeemed."""
        applied = session["discounts"]
        self.remove(session, hidden)
        for discount in applied:
            given = {name: identifier for name, identifier in discount.items() if identifier}
            self.apply(session, hidden, given, "discounts[0]")

    def applied(self, session: Object) -> list[AppliedDiscount]:
        """The session's discount, if it has one, for what it sells."""
        hidden = self._of(session)
        if "discount" not in hidden:
            return []
        return [AppliedDiscount(hidden["discount"], hidden["coupon"], hidden["products"])]

    def redeem(self, session: Object) -> None:
        """The session is complete: count the redemption, if there is one."""
        discount = self._of(session).get("discount")
        if discount is not None:
            self._redemptions.redeem(discount)

    def breakdown(self, session: Object) -> Object:
        """The `breakdown` of the session's `total_details`."""
        discount = self._of(session).get("discount")
        amount = session["total_details"]["amount_discount"]
        return {
            "discounts": [{"amount": amount, "discount": discount}] if discount else [],
            "taxes": [],
        }

    def _of(self, session: Object) -> Object:
        return self._backend.objects.hidden("checkout.session", session["id"])

    def _apply(self, session: Object, hidden: Object, redemption: Redemption) -> None:
        self.remove(session, hidden)
        items: list[Object] = hidden["line_items"]
        discount = redemption.discount(self._backend.clock.now())
        discount["customer"] = session["customer"]
        if session["mode"] == "payment":
            discount["checkout_session"] = session["id"]
        lines = [(item["price"]["product"], item["amount_subtotal"]) for item in items]
        amounts = amounts_off(redemption.coupon, redemption.products, lines)
        for item, amount in zip(items, amounts, strict=True):
            item.update(
                amount_discount=amount,
                amount_total=item["amount_subtotal"] - amount,
                discounts=[{"amount": amount, "discount": discount}] if amount else [],
            )
        code = redemption.code
        session["discounts"] = [
            {
                "coupon": None if code else redemption.coupon["id"],
                "promotion_code": code and code["id"],
            }
        ]
        _set_total(session, sum(amounts))
        hidden.update(
            coupon=redemption.coupon, discount=discount, products=list(redemption.products)
        )


def _purchase(session: Object, hidden: Object) -> Purchase:
    products = frozenset(item["price"]["product"] for item in hidden["line_items"])
    amount, currency = session["amount_subtotal"], session["currency"]
    return Purchase(session["customer"], amount, currency, products)


def _set_total(session: Object, off: int) -> None:
    session["total_details"] = {**session["total_details"], "amount_discount": off}
    session["amount_total"] = session["amount_subtotal"] - off
