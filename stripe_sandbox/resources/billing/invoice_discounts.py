"""What discounts take off an invoice: first those of its lines, then the invoice's own
(https://docs.stripe.com/billing/subscriptions/discounts)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stripe_sandbox.resources.billing.invoice_object import totals
from stripe_sandbox.resources.catalog.redemptions import amounts_off
from stripe_sandbox.schema.objects import build
from stripe_sandbox.storage.objects import Object


@dataclass(frozen=True)
class AppliedDiscount:
    """A Discount, with its coupon as it was when it was redeemed and the products that it is for
    (none: all)."""

    discount: Object
    coupon: Object
    products: Sequence[str]


def named_discounts(invoice: Object) -> list[str]:
    """The ids of the discounts of the invoice's lines and of its own, in the order in which they
    count."""
    of_lines = (identifier for line in invoice["lines"]["data"] for identifier in line["discounts"])
    return list(dict.fromkeys([*of_lines, *invoice["discounts"]]))


def apply_discounts(invoice: Object, applied: Mapping[str, AppliedDiscount]) -> None:
    """Compute the lines' discounts and the totals anew from the discounts that the invoice and its
    lines name, which `applied` has by their ids."""
    lines: list[Object] = invoice["lines"]["data"]
    for line in lines:
        line.update(discount_amounts=[], pretax_credit_amounts=[])
    taken = dict.fromkeys(named_discounts(invoice), 0)
    for line in lines:
        for identifier in line["discounts"]:
            taken[identifier] += _take([line], applied[identifier])
    for identifier in invoice["discounts"]:
        taken[identifier] += _take(lines, applied[identifier])
    invoice.update(
        total_discount_amounts=[
            {"amount": amount, "discount": identifier} for identifier, amount in taken.items()
        ],
        total_pretax_credit_amounts=[
            _credit("invoice.TotalPretaxCreditAmount", amount, identifier)
            for identifier, amount in taken.items()
        ],
        **totals(lines),
    )


def _take(lines: list[Object], applied: AppliedDiscount) -> int:
    """Take what is left of each line that the discount is for; returns how much that is."""
    identifier = applied.discount["id"]
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
    return sum(amounts)


def _credit(path: str, amount: int, discount: str) -> Object:
    return build(path, {"amount": amount, "discount": discount, "type": "discount"})
