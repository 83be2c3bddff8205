"""The Checkout page's words: what is bought, for how much, how often."""

from __future__ import annotations

import re
from dataclasses import dataclass

from stripe_sandbox.checkout_page.view import CheckoutView
from stripe_sandbox.currencies import format_amount
from stripe_sandbox.hosted_page.security import web_link

_LINK = re.compile(r"\[([^\[\]]+)\]\(([^()\s]+)\)")
_BUTTONS = {
    "book": "Book",
    "donate": "Donate {total}",
    "pay": "Pay {total}",
    "subscribe": "Subscribe",
}


@dataclass(frozen=True)
class LineText:
    """One line of what is bought; `each` is empty when it would only repeat `total`, `quantities`
    None where the payer cannot choose."""

    id: str
    name: str
    description: str
    each: str
    total: str
    quantity: int
    quantities: tuple[int, int] | None


@dataclass(frozen=True)
class DiscountText:
    """What is taken off, by which name, how much of what for how long."""

    name: str
    off: str
    amount: str


@dataclass(frozen=True)
class OrderText:
    """What the page says of an order, formatted."""

    heading: str
    amount: str
    period: str
    lines: tuple[LineText, ...]
    subtotal: str
    discount: DiscountText | None
    total_label: str
    total: str
    button: str
    done: str
    renewal: str
    custom_text: dict[str, tuple[tuple[str, str | None], ...]]

    @classmethod
    def of(cls, view: CheckoutView) -> OrderText:
        """The words for that session."""
        if view.mode == "setup":
            return cls.of_setup(view)
        total = format_amount(view.amount_total, view.currency)
        subscribes = view.mode == "subscription"
        intervals = {line.interval for line in view.line_items if line.interval}
        interval = intervals.pop() if len(intervals) == 1 else ""
        names = [line.name for line in view.line_items]
        bought = names[0] if names else "your order"
        if len(names) > 1:
            bought = f"{bought} and {len(names) - 1} more"
        return cls(
            heading=f"Subscribe to {bought}" if subscribes else f"Pay for {bought}",
            amount=total if view.trial_days is None else f"{_days(view.trial_days)} free",
            period=_period(view, interval),
            lines=tuple(
                LineText(
                    id=line.id,
                    name=line.name,
                    description=line.description or "",
                    each=_each(line.quantity, line.unit_amount, view.currency, line.interval),
                    total=format_amount(line.amount, view.currency),
                    quantity=line.quantity,
                    quantities=line.quantities,
                )
                for line in view.line_items
            ),
            subtotal=format_amount(view.amount_subtotal, view.currency),
            discount=_discount(view),
            total_label="Total due today" if subscribes else "Total due",
            total=total,
            button=_button(view, total),
            done="Paid",
            renewal=f"Renews every {interval} until canceled." if interval else "",
            custom_text={name: _linked(text) for name, text in view.custom_text.items()},
        )

    @classmethod
    def of_setup(cls, view: CheckoutView) -> OrderText:
        """The words for a session in setup mode, which sells nothing."""
        return cls(
            heading="Save your card",
            amount="",
            period="",
            lines=(),
            subtotal="",
            discount=None,
            total_label="",
            total="",
            button="Save card",
            done="Saved",
            renewal="Your card is saved for later payments. Nothing is charged today.",
            custom_text={name: _linked(text) for name, text in view.custom_text.items()},
        )


def _days(count: int) -> str:
    return f"{count} day{'' if count == 1 else 's'}"


def _period(view: CheckoutView, interval: str) -> str:
    """How often the amount is due, or what is due after it."""
    if not interval:
        return ""
    once = view.discount is not None and view.discount.duration == "once"
    if not once and view.trial_days is None:
        return f"per {interval}"
    renewed = sum(line.unit_amount * line.quantity for line in view.line_items if line.interval)
    return f"then {format_amount(renewed, view.currency)} per {interval}"


def _discount(view: CheckoutView) -> DiscountText | None:
    found = view.discount
    if found is None:
        return None
    off = f"{found.percent_off:g}%"
    if found.amount_off is not None:
        off = format_amount(found.amount_off, view.currency)
    months = found.months if view.mode == "subscription" else None
    how_long = f" for {months} month{'s' if months > 1 else ''}" if months else ""
    return DiscountText(
        found.name, f"{off} off{how_long}", format_amount(-found.amount, view.currency)
    )


def _linked(text: str) -> tuple[tuple[str, str | None], ...]:
    """A shop's text in pieces, each with the address that it links to: `[words](address)`."""
    pieces: list[tuple[str, str | None]] = []
    end = 0
    for link in _LINK.finditer(text):
        pieces += ((text[end : link.start()], None), (link[1], web_link(link[2])))
        end = link.end()
    return (*pieces, (text[end:], None))


def _button(view: CheckoutView, total: str) -> str:
    if view.mode == "payment" and not view.amount_total:
        return "Complete order"
    if view.trial_days is not None:
        return "Start trial"
    usual = "subscribe" if view.mode == "subscription" else "pay"
    kind = usual if view.submit_type in (None, "auto") else view.submit_type
    return _BUTTONS.get(kind, _BUTTONS["pay"]).format(total=total)


def _each(quantity: int, unit_amount: int, currency: str, interval: str | None) -> str:
    unit = format_amount(unit_amount, currency)
    if quantity != 1:
        return f"{quantity:,} \N{MULTIPLICATION SIGN} {unit}" + (
            f" per {interval}" if interval else ""
        )
    return f"Billed every {interval}" if interval else ""
