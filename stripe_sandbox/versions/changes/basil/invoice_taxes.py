"""The taxes of an invoice and its lines got another shape; some sums and fees are gone."""

from __future__ import annotations

from stripe_sandbox.storage.objects import Object
from stripe_sandbox.versions.change import Change, Lookup


def _amount(tax: Object) -> Object:
    details = tax["tax_rate_details"] or {}
    return {
        "amount": tax["amount"],
        "inclusive": tax["tax_behavior"] == "inclusive",
        "tax_rate": details.get("tax_rate"),
        "taxability_reason": tax["taxability_reason"],
        "taxable_amount": tax["taxable_amount"],
    }


def _lower_invoice(invoice: Object, _: Lookup) -> None:
    taxes: list[Object] = invoice.pop("total_taxes") or []
    invoice["total_tax_amounts"] = [_amount(tax) for tax in taxes]
    invoice["tax"] = sum(tax["amount"] for tax in taxes) if taxes else None
    invoice["application_fee_amount"] = invoice["transfer_data"] = None


def _lower_line(line: Object, _: Lookup) -> None:
    taxes: list[Object] = line.pop("taxes") or []
    inclusive = sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "inclusive")
    line["tax_amounts"] = [_amount(tax) for tax in taxes]
    line["tax_rates"] = []
    line["amount_excluding_tax"] = line["amount"] - inclusive


CHANGE = Change("2025-03-31.basil", answers={"invoice": _lower_invoice, "line_item": _lower_line})
