"""What only thin events tell: that one thing of an object has changed, beside the event that says
that it was updated (https://docs.stripe.com/changelog/endive).

The types are those of the SDK's `stripe.events` that no snapshot event has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from stripe_sandbox.storage.objects import Object

Changed = tuple[str, Object]
"""A type of event, without its `v1.`, and the former values that it shows."""

_STATUSES = frozenset(
    ("active", "incomplete", "incomplete_expired", "past_due", "trialing", "unpaid")
)


def changes(name: str, subject: Object, previous: Object | None) -> list[Changed]:
    """The thin-only events beside the event `name` about `subject`, whose `previous` values are
    those of its snapshot event."""
    find = _BY_EVENT.get(name)
    return [] if find is None else list(find(subject, previous or {}))


def _subscription_created(subscription: Object, _: Object) -> Iterator[Changed]:
    yield f"customer.subscription.{subscription['status']}", {}


def _subscription(subscription: Object, previous: Object) -> Iterator[Changed]:
    kind, status = "customer.subscription", subscription["status"]
    if "status" in previous and status in _STATUSES:
        yield f"{kind}.{status}", {"status": previous["status"]}
    for name in ("cancel_at", "default_payment_method"):
        if name in previous:
            yield f"{kind}.{name}_changed", {name: previous[name]}
    former = (previous.get("items") or {}).get("data")
    if former is None:
        return
    before, after = _by_id(former), _by_id(subscription["items"]["data"])
    shown = {"items": previous["items"]}
    yield from _members(f"{kind}.item", before, after, shown)
    if _differ(before, after, lambda item: item["price"]["id"]):
        yield f"{kind}.item_price_changed", shown
    if _differ(before, after, lambda item: item.get("quantity")):
        yield f"{kind}.item_quantity_changed", shown


def _invoice(invoice: Object, previous: Object) -> Iterator[Changed]:
    if "discounts" in previous:
        yield from _discounts("invoice", invoice, previous)
    former = (previous.get("lines") or {}).get("data")
    if former is None:
        return
    before, after = _by_id(former), _by_id(invoice["lines"]["data"])
    shown = {"lines": previous["lines"]}
    yield from _members("invoice.line_item", before, after, shown)
    if _differ(before, after, lambda line: line["pricing"]):
        yield "invoice.line_item_pricing_changed", shown
    if _differ(before, after, lambda line: line["quantity"]):
        yield "invoice.line_item_quantity_changed", shown


def _invoice_payment(payment: Object, _: Object) -> Iterator[Changed]:
    yield f"invoice_payment.{payment['status']}", {}


def _invoice_item(item: Object, previous: Object) -> Iterator[Changed]:
    if "amount" in previous:
        yield "invoiceitem.amount_changed", {"amount": previous["amount"]}
    if "discounts" in previous:
        yield from _discounts("invoiceitem", item, previous)


def _discounts(kind: str, owner: Object, previous: Object) -> Iterator[Changed]:
    before, after = set(previous["discounts"]), set(owner["discounts"])
    shown = {"discounts": previous["discounts"]}
    if after - before:
        yield f"{kind}.discount_added", shown
    if before - after:
        yield f"{kind}.discount_removed", shown


def _active(kind: str) -> Callable[[Object, Object], Iterator[Changed]]:
    """What prices and products tell: whether they are active, and what else there is a type for."""
    fields = {"price": ("lookup_key", "tax_behavior"), "product": ("default_price",)}[kind]

    def find(value: Object, previous: Object) -> Iterator[Changed]:
        if "active" in previous:
            word = "activated" if value["active"] else "deactivated"
            yield f"{kind}.{word}", {"active": previous["active"]}
        for name in fields:
            if name in previous:
                yield f"{kind}.{name}_changed", {name: previous[name]}

    return find


def _promotion_code(code: Object, previous: Object) -> Iterator[Changed]:
    if "times_redeemed" in previous and code["times_redeemed"] == code["max_redemptions"]:
        yield "promotion_code.fully_redeemed", {"times_redeemed": previous["times_redeemed"]}


def _by_id(values: list[Object]) -> dict[str, Object]:
    return {value["id"]: value for value in values}


def _members(
    kind: str, before: Mapping[str, Object], after: Mapping[str, Object], shown: Object
) -> Iterator[Changed]:
    if after.keys() - before.keys():
        yield f"{kind}_added", shown
    if before.keys() - after.keys():
        yield f"{kind}_removed", shown


def _differ(
    before: Mapping[str, Object], after: Mapping[str, Object], read: Callable[[Object], Any]
) -> bool:
    """Whether what `read` returns differs for any that is in both."""
    return any(read(before[one]) != read(after[one]) for one in before.keys() & after.keys())


_BY_EVENT: dict[str, Callable[[Object, Object], Iterator[Changed]]] = {
    "customer.subscription.created": _subscription_created,
    "customer.subscription.resumed": _subscription,
    "customer.subscription.updated": _subscription,
    "invoice.updated": _invoice,
    "invoice_payment.canceled": _invoice_payment,
    "invoice_payment.created": _invoice_payment,
    "invoiceitem.updated": _invoice_item,
    "price.updated": _active("price"),
    "product.updated": _active("product"),
    "promotion_code.updated": _promotion_code,
}
