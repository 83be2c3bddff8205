"""What the portal and the page of an invoice show, formatted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from stripe_sandbox.backend import Backend
from stripe_sandbox.billing_portal.actions import CustomerActions
from stripe_sandbox.billing_portal.plan_changes import Plan, PlanPreview
from stripe_sandbox.currencies import format_amount
from stripe_sandbox.hosted_page.samples import BRAND_NAMES
from stripe_sandbox.payment_methods.cards import Brand
from stripe_sandbox.resources.billing_portal.plan_updates import is_updatable
from stripe_sandbox.storage.objects import Object, Window

SHOWN_INVOICES = 24
_STATES = {
    "past_due": ("Payment overdue", "Pay the open invoice below to keep it."),
    "unpaid": ("Unpaid", "Pay the open invoice below to have it back."),
    "paused": ("Paused", "It is not charged until it is resumed."),
    "incomplete": ("First payment due", "Pay the open invoice below to begin."),
}
"""What a subscription's state is called, and what follows from it, by its status."""


@dataclass(frozen=True)
class SubscriptionText:
    """A subscription in words; `pays` is the card of its own that pays it, if it has one."""

    id: str
    name: str
    price: str
    state: str
    next: str
    pays: str
    is_ending: bool
    period_end: str
    quantity: int
    is_updatable: bool


@dataclass(frozen=True)
class LineText:
    """A line of an invoice."""

    text: str
    amount: str


@dataclass(frozen=True)
class PlanText:
    """A plan that can be chosen; `id` is its Price's."""

    id: str
    name: str
    price: str
    is_current: bool


@dataclass(frozen=True)
class PreviewText:
    """What a change of the plan would be charged, and when: `today`, or a day."""

    lines: tuple[LineText, ...]
    due: str
    when: str


@dataclass(frozen=True)
class InvoiceText:
    """An invoice in words."""

    id: str
    number: str
    date: str
    total: str
    due: str
    status: str
    can_be_paid: bool
    customer: str
    lines: tuple[LineText, ...]


@dataclass(frozen=True)
class PortalText:
    """The portal's home in words; `card` is what pays invoices unless a subscription says
    otherwise."""

    headline: str
    customer: str
    card: str
    subscriptions: tuple[SubscriptionText, ...]
    invoices: tuple[InvoiceText, ...]


class PortalViews:
    """Reads what the pages show."""

    def __init__(self, backend: Backend, actions: CustomerActions) -> None:
        self._backend = backend
        self._actions = actions

    def portal(self, session: Object, configuration: Object) -> PortalText:
        """The portal's home for the session's customer."""
        customer = self._backend.require("customer", session["customer"], "customer")
        default = customer["invoice_settings"]["default_payment_method"]
        found: list[Object] = []
        if configuration["features"]["invoice_history"]["enabled"]:
            filters = {"customer": customer["id"]}
            page = self._backend.page("invoice", "", filters, Window(SHOWN_INVOICES))
            found = [one for one in page.to_object()["data"] if one["status"] != "draft"]
        return PortalText(
            headline=configuration["business_profile"]["headline"] or "",
            customer=customer["name"] or customer["email"] or "",
            card=self._method(default),
            subscriptions=tuple(
                self.subscription(one, configuration)
                for one in self._actions.subscriptions(customer["id"])
            ),
            invoices=tuple(self.invoice(one) for one in found),
        )

    def subscription(self, subscription: Object, configuration: Object) -> SubscriptionText:
        """A subscription in words."""
        items = subscription["items"]["data"]
        end = date_text(items[0]["current_period_end"])
        cancel_at = subscription["cancel_at"]
        if cancel_at:
            state, following = "Cancels", f"Your subscription ends on {date_text(cancel_at)}."
        elif subscription["status"] == "active":
            state, following = "Active", f"Your subscription renews on {end}."
        elif subscription["status"] == "trialing":
            state, following = "Free trial", f"Your free trial ends on {end}."
        else:
            state, following = _STATES.get(subscription["status"], ("Active", ""))
        return SubscriptionText(
            id=subscription["id"],
            name=", ".join(self._item(item) for item in items),
            price=_price(items, subscription["currency"]),
            state=state,
            next=following,
            pays=self._method(subscription["default_payment_method"]),
            is_ending=bool(cancel_at),
            period_end=end,
            quantity=items[0]["quantity"],
            is_updatable=is_updatable(subscription, configuration),
        )

    def plan(self, plan: Plan) -> PlanText:
        """A plan in words."""
        item = {"price": plan.price, "quantity": 1}
        return PlanText(
            id=plan.price["id"],
            name=plan.product["name"],
            price=_price([item], plan.price["currency"]),
            is_current=plan.is_current,
        )

    def preview(self, preview: PlanPreview) -> PreviewText:
        """What a change would be charged, in words."""
        invoice, currency = preview.invoice, preview.invoice["currency"]
        return PreviewText(
            lines=tuple(
                LineText(line["description"] or "", format_amount(line["amount"], currency))
                for line in invoice["lines"]["data"]
            ),
            due=format_amount(invoice["amount_due"], currency),
            when="today" if preview.is_due_now else f"on {date_text(invoice['period_end'])}",
        )

    def invoice(self, invoice: Object) -> InvoiceText:
        """An invoice in words."""
        currency = invoice["currency"]
        return InvoiceText(
            id=invoice["id"],
            number=invoice["number"] or "",
            date=date_text(invoice["created"]),
            total=format_amount(invoice["total"], currency),
            due=format_amount(invoice["amount_remaining"], currency),
            status=invoice["status"].capitalize(),
            can_be_paid=self._actions.can_be_paid(invoice),
            customer=invoice["customer_name"] or invoice["customer_email"] or "",
            lines=tuple(
                LineText(line["description"] or "", format_amount(line["amount"], currency))
                for line in invoice["lines"]["data"]
            ),
        )

    def _item(self, item: Object) -> str:
        product = self._backend.objects.get("product", item["price"]["product"])
        name = product["name"] if product else "Subscription"
        quantity = item["quantity"]
        return f"{quantity:,} \N{MULTIPLICATION SIGN} {name}" if quantity != 1 else f"{name}"

    def _method(self, identifier: str | None) -> str:
        """A payment method in words; empty for none."""
        method = self._backend.objects.get("payment_method", identifier) if identifier else None
        if method is None:
            return ""
        if "card" not in method:
            return f"Bank account ending in {method['us_bank_account']['last4']}"
        card = method["card"]
        brand: Brand = card["brand"]
        return (
            f"{BRAND_NAMES[brand]} ending in {card['last4']}, expires "
            f"{card['exp_month']:02d} / {card['exp_year'] % 100:02d}"
        )


def date_text(moment: int) -> str:
    """A day such as `March 5, 2027`, in UTC."""
    day = datetime.fromtimestamp(moment, UTC)
    return f"{day:%B} {day.day}, {day.year}"


def _price(items: list[Any], currency: str) -> str:
    total = sum(item["price"]["unit_amount"] * item["quantity"] for item in items)
    recurring = items[0]["price"]["recurring"]
    count = recurring["interval_count"]
    every = recurring["interval"] if count == 1 else f"{count} {recurring['interval']}s"
    return f"{format_amount(total, currency)} per {every}"
