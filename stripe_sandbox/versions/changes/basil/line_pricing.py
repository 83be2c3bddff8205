"""The `price` and `plan` of invoice lines and invoice items moved into their `pricing`, what they
come from into their `parent`."""

from __future__ import annotations

from stripe_sandbox.schema.plans import plan_of
from stripe_sandbox.storage.objects import Object
from stripe_sandbox.versions.change import Change, FormerField, Lookup, id_of


def _price(value: Object, objects: Lookup) -> Object | None:
    details = (value["pricing"] or {}).get("price_details") or {}
    return objects.get("price", id_of(details["price"])) if details else None


def _plan(value: Object, objects: Lookup) -> Object | None:
    price = _price(value, objects)
    return plan_of(price) if price and price["recurring"] else None


def _subscription(item: Object, _: Lookup) -> str | None:
    found: str | None = _parts(item, "subscription_details").get("subscription")
    return found


def _parts(value: Object, name: str) -> Object:
    found: Object = (value["parent"] or {}).get(name) or {}
    return found


def _lower_line(line: Object, _: Lookup) -> None:
    details = _parts(line, "subscription_item_details") or _parts(line, "invoice_item_details")
    item = details.get("invoice_item")
    line["proration"] = details.get("proration", False)
    line["proration_details"] = details.get("proration_details")
    line["unit_amount_excluding_tax"] = (line["pricing"] or {}).get("unit_amount_decimal")
    line["type"] = "invoiceitem" if item else "subscription"
    if item:
        line["invoice_item"] = item
    if "subscription_item" in details:
        line["subscription_item"] = details["subscription_item"]
    del line["parent"], line["pricing"]


def _lower_item(item: Object, _: Lookup) -> None:
    details = _parts(item, "subscription_details")
    amount = (item["pricing"] or {}).get("unit_amount_decimal")
    item["unit_amount"] = int(amount) if amount and amount.isdecimal() else None
    item["unit_amount_decimal"] = amount
    if details.get("subscription_item"):
        item["subscription_item"] = details["subscription_item"]
    del item["parent"], item["pricing"]


_KINDS = ("line_item", "invoiceitem")
CHANGE = Change(
    "2025-03-31.basil",
    fields=(
        *(FormerField(kind, "price", _price, "price", expandable=False) for kind in _KINDS),
        *(FormerField(kind, "plan", _plan, "plan", expandable=False) for kind in _KINDS),
        FormerField("invoiceitem", "subscription", _subscription, "subscription"),
    ),
    answers={"line_item": _lower_line, "invoiceitem": _lower_item},
)
