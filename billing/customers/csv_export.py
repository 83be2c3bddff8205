"""Customers as rows of a CSV file, one for each of a customer's currencies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.domain.csv_cells import escape_formula, iso_time
from billing.domain.money import format_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from billing.domain.customers.customer import Customer

COLUMNS = (
    *("customer", "email", "pro", "pro_until", "pro_note", "subscription_status", "credits"),
    *("currency", "paid", "refunded", "disputed", "last_activity"),
)


def csv_rows(customer: Customer) -> Iterator[list[str]]:
    """The customer's rows in the order of ``COLUMNS``: times in ISO 8601 UTC, amounts as decimal
    numbers of their currency. Only the first has the credits, so that columns can be summed."""
    amounts = (customer.paid, customer.refunded, customer.disputed)
    currencies = list(dict.fromkeys(one for sums in amounts for one in sums)) or [""]
    for number, currency in enumerate(currencies):
        cells = [
            customer.customer or "",
            customer.email or "",
            customer.pro,
            iso_time(customer.pro_until),
            customer.pro_note or "",
            customer.subscription_status or "",
            str(customer.credits) if number == 0 else "",
            currency.upper(),
            *(format_number(one.get(currency, 0), currency) if currency else "" for one in amounts),
            iso_time(customer.last_activity),
        ]
        yield [escape_formula(cell) for cell in cells]
