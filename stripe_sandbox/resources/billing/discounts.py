"""Discounts of subscriptions and invoices: how long a coupon goes on, and what it takes off an
invoice (https://docs.stripe.com/billing/subscriptions/discounts)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stripe_sandbox.backend import Backend
from stripe_sandbox.resources.billing.billing_cycle import add_interval
from stripe_sandbox.resources.catalog.redemptions import amounts_off
from stripe_sandbox.scheduling.jobs import JobKind, ScheduledJobs
from stripe_sandbox.schema.objects import build
from stripe_sandbox.storage.objects import Object

KIND = "discount"


@dataclass(frozen=True)
class AppliedDiscount:
    """A Discount, with its coupon as it was when it was redeemed and the products that it is for
    (none: all)."""

    discount: Object
    coupon: Object
    products: Sequence[str]


class Discounts:
    """Begins, applies and ends discounts."""

    def __init__(self, backend: Backend, jobs: ScheduledJobs) -> None:
        self._backend = backend
        self._jobs = jobs
        jobs.register(JobKind.DISCOUNT_END, self._end)

    def begin(self, subscription: Object, applied: AppliedDiscount) -> None:
        """Discount the stored subscription, which names the discount, from now on. Records
        `customer.discount.created`."""
        discount, coupon = applied.discount, applied.coupon
        now, months = self._backend.clock.now(), coupon["duration_in_months"]
        discount.update(
            customer=subscription["customer"],
            end=add_interval(now, "month", months) if months else None,
            start=now,
            subscription=subscription["id"],
        )
        hidden = {"coupon": coupon, "products": list(applied.products)}
        self._backend.objects.insert(discount, hidden)
        self._backend.events.record("customer.discount.created", discount)
        if discount["end"]:
            self._jobs.add(discount["end"], JobKind.DISCOUNT_END, discount["id"])

    def apply(self, subscription: Object, invoice: Object) -> None:
        """Lower the new invoice by its subscription's discounts; storing it is the caller's."""
        for identifier in subscription["discounts"]:
            discount = self._backend.require(KIND, identifier, KIND)
            hidden = self._backend.objects.hidden(KIND, identifier)
            if discount["end"] is None or discount["end"] > self._backend.clock.now():
                _apply(invoice, AppliedDiscount(discount, hidden["coupon"], hidden["products"]))

    def apply_once(self, invoice: Object, discounts: Sequence[AppliedDiscount]) -> None:
        """Lower the new invoice by discounts that are its own; storing it is the caller's."""
        for applied in discounts:
            applied.discount.update(customer=invoice["customer"], invoice=invoice["id"])
            hidden = {"coupon": applied.coupon, "products": list(applied.products)}
            self._backend.objects.insert(applied.discount, hidden)
            _apply(invoice, applied)

    def use_up(self, subscription: Object, invoice: Object) -> None:
        """The stored invoice has used up the discounts that it got for once. Records
        `customer.discount.deleted`."""
        for part in invoice["total_discount_amounts"]:
            hidden = self._backend.objects.hidden(KIND, part["discount"])
            if hidden["coupon"]["duration"] == "once" and part["amount"]:
                self._remove(subscription, part["discount"])

    def _end(self, identifier: str) -> None:
        discount = self._backend.objects.get(KIND, identifier)
        subscription = discount and self._backend.objects.get(
            "subscription", discount["subscription"]
        )
        if subscription and identifier in subscription["discounts"]:
            self._remove(subscription, identifier)

    def _remove(self, subscription: Object, identifier: str) -> None:
        """It stays where invoices name it."""
        subscription["discounts"] = [one for one in subscription["discounts"] if one != identifier]
        self._backend.objects.save(subscription)
        discount = self._backend.require(KIND, identifier, KIND)
        self._backend.events.record("customer.discount.deleted", discount)


def _apply(invoice: Object, applied: AppliedDiscount) -> None:
    """Take what is left of each line that the discount is for, after those before it."""
    identifier = applied.discount["id"]
    lines: list[Object] = invoice["lines"]["data"]
    left = [
        (
            (line["pricing"].get("price_details") or {}).get("product", ""),
            line["amount"] - sum(part["amount"] for part in line["discount_amounts"])
            if line["discountable"]
            else 0,
        )
        for line in lines
    ]
    amounts = amounts_off(applied.coupon, applied.products, left)
    for line, amount in zip(lines, amounts, strict=True):
        if amount:
            line["discount_amounts"].append({"amount": amount, "discount": identifier})
            line["pretax_credit_amounts"].append(
                _credit("line_item.PretaxCreditAmount", amount, identifier)
            )
    off = sum(amounts)
    total = invoice["total"] - off
    due = max(total, 0)
    invoice["discounts"].append(identifier)
    invoice["total_discount_amounts"].append({"amount": off, "discount": identifier})
    invoice["total_pretax_credit_amounts"].append(
        _credit("invoice.TotalPretaxCreditAmount", off, identifier)
    )
    invoice.update(amount_due=due, amount_remaining=due, total=total, total_excluding_tax=total)


def _credit(path: str, amount: int, discount: str) -> Object:
    return build(path, {"amount": amount, "discount": discount, "type": "discount"})
