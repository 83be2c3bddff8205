"""What pages say of customers in words."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from billing.domain.customers.customer import ProNote
from billing.domain.money import format_money
from pages.components.actions.wording import day
from pages.components.text.times import local

if TYPE_CHECKING:
    from collections.abc import Mapping

    from billing.domain.customers.customer import Customer
    from billing.domain.customers.details import CustomerSubscription


def short_day(unix_seconds: int) -> str:
    """``3 Dec``; with the year where it is another one."""
    at, now = local(unix_seconds), local(time.time())
    return f"{at.day} {at:%b}" if at.year == now.year else day(unix_seconds)


def amounts(sums: Mapping[str, int]) -> str:
    """The amounts of all currencies: ``$99.00, €5.00``; empty without any."""
    return ", ".join(format_money(amount, currency) for currency, amount in sums.items())


def pro_note(customer: Customer) -> str:
    """Until when Pro lasts, or why it has ended; empty where there never was any."""
    note, until = customer.pro_note, customer.pro_until
    match note:
        case None:
            return ""
        case ProNote.RENEWS if until:
            return f"Renews {day(until)}"
        case ProNote.CANCELS if until:
            return f"Canceled, until {day(until)}"
        case ProNote.RETRYING if until:
            return "Payment failed, retrying"
    return note.label


def what_comes_next(subscription: CustomerSubscription) -> str:
    """What happens to a subscription next, as a sentence."""
    if subscription.ended_at:
        return f"Ended on {day(subscription.ended_at)}."
    if subscription.next_attempt:
        return f"The payment failed; Stripe tries again on {day(subscription.next_attempt)}."
    if subscription.cancel_at:
        return f"Canceled: it ends on {day(subscription.cancel_at)}."
    if subscription.collection_is_paused:
        return "Collection is paused: no payment is taken until it is resumed."
    match subscription.status:
        case "active" | "trialing" if subscription.period_end:
            return f"Renews on {day(subscription.period_end)}."
        case "past_due" | "unpaid":
            return "The payment failed, and Stripe does not try again."
        case "paused":
            return "Paused: it goes on when it is resumed."
        case "incomplete":
            return "The first payment is still to be made."
        case "incomplete_expired":
            return "The first payment was never made."
    return ""
