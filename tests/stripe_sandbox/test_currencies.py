"""Currencies: both sides write amounts alike, and what Stripe would not charge is refused."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest

from billing.domain import money
from stripe_sandbox import currencies
from stripe_sandbox.currencies import format_amount, format_minimum, parse_currency
from stripe_sandbox.errors import StripeError
from tests.support.stripe.sandbox_server import SandboxServer, refused


@pytest.mark.parametrize(
    ("currency", "shown"),
    [
        ("usd", "$0.50 usd"),
        ("hkd", "$4.00 hkd"),
        ("gbp", "£0.30 gbp"),
        ("jpy", "¥50 jpy"),
        ("huf", "175.00 Ft huf"),
    ],
)
def test_the_minimum_is_shown_as_stripe_writes_it(currency: str, shown: str) -> None:
    """With its sign, its decimals if the currency has any, and its code."""
    assert format_minimum(currency) == shown


def test_a_currency_is_taken_in_any_case_and_kept_in_lower_case() -> None:
    """`USD` is `usd`; what is no currency is refused with the list of those that are."""
    assert parse_currency("USD", "currency") == "usd"
    with pytest.raises(StripeError, match=r"Invalid currency: dollars. .*: usd, aed, .* sll, mro$"):
        parse_currency("dollars", "currency")
    assert len(set(currencies.SUPPORTED)) == len(currencies.SUPPORTED) == 151


def test_sandbox_and_dashboard_read_the_same_amount_in_every_currency() -> None:
    """The Checkout page, Stripe's texts, the dashboard and its CSV agree on the figure."""
    amounts = (0, 100, 1_234_500, 99_999_900, 12_345_670, -4_200)
    for currency, amount in itertools.product(currencies.SUPPORTED, amounts):
        assert money.decimals(currency) == currencies.decimals(currency), currency
        figures = {
            re.sub(r"[^\d.-]", "", text)
            for text in (
                format_amount(amount, currency),
                money.format_money(amount, currency),
                format_amount(amount, currency, in_message=True),
            )
        }
        assert len(figures) == 1, (currency, figures)
        [figure] = figures
        assert float(figure) == float(money.format_number(amount, currency))
        assert float(figure) == amount / 10 ** currencies.decimals(currency)


@pytest.mark.parametrize(
    ("currency", "amount", "shown", "refused_amount", "words"),
    [
        ("ugx", 1_250_000, "UGX\xa012,500", 1_250_050, "Currency UGX has become effectively"),
        ("isk", 500, "ISK\xa05", 550, "must be evenly divisible by 100"),
        (
            "kwd",
            5_120,
            "KWD\xa05.120",
            5_124,
            "Charged amounts in KWD must be evenly divisible by 10",
        ),
        ("jpy", 4_999, "¥4,999", 49, "at least ¥50 jpy"),
        ("krw", 5_000_001, "₩5,000,001", 49, "at least 50 krw"),
        ("huf", 17_555, "HUF\xa0175.55", 17_499, "at least 175.00 Ft huf"),
        ("idr", 999_999_999_999, "IDR\xa09,999,999,999.99", None, ""),
        ("cop", 9_999_999_999, "COP\xa099,999,999.99", None, ""),
    ],
)
def test_what_stripe_would_not_charge_is_refused(
    shared_server: SandboxServer,
    currency: str,
    amount: int,
    shown: str,
    refused_amount: int | None,
    words: str,
) -> None:
    """Fractions of currencies that have none any more, a last digit of three that is not 0, too
    little; the Checkout page shows the right amount of what is taken."""

    def create(unit_amount: int) -> str:
        data = {
            "currency": currency,
            "unit_amount": unit_amount,
            "product_data": {"name": "Tea"},
        }
        return shared_server.create(line_items=[{"price_data": data, "quantity": 1}]).id

    view = shared_server.view(create(amount))
    assert view is not None
    assert format_amount(view.amount_total, view.currency) == shown
    if refused_amount is not None:
        assert words in str(refused(lambda: create(refused_amount)).user_message)


@pytest.mark.parametrize(
    ("currency", "digits"), [("usd", 8), ("jpy", 8), ("inr", 9), ("cop", 10), ("idr", 12)]
)
def test_the_most_that_is_charged_depends_on_the_currency(
    shared_server: SandboxServer, currency: str, digits: int
) -> None:
    """Eight digits, nine in rupees, ten in Colombian pesos, twelve in rupiahs."""
    most = int("9" * digits)

    def price(amount: int) -> str:
        given: Any = {
            "currency": currency,
            "unit_amount": amount,
            "product_data": {"name": "Tea"},
        }
        return shared_server.stripe.v1.prices.create(params=given).id

    error = refused(lambda: price(most + 1))
    assert error.user_message == f"This value must be less than or equal to {most}."
    items = [{"price": price(most), "quantity": 2}]
    error = refused(lambda: shared_server.create(line_items=items))
    shown = format_amount(most, currency, in_message=True)
    assert str(error.user_message).endswith(f"must be no more than {shown}")


def test_each_renewal_has_an_amount_that_can_be_charged(shared_server: SandboxServer) -> None:
    """Not only the first invoice, to which one-time lines can add what is missing."""

    def line(amount: int, **other: object) -> dict[str, object]:
        data = {"currency": "isk", "unit_amount": amount, "product_data": {"name": "Tea"}, **other}
        return {"price_data": data, "quantity": 1}

    items = [line(150, recurring={"interval": "month"}), line(50)]
    error = refused(lambda: shared_server.create(mode="subscription", line_items=items))
    assert "must be evenly divisible by 100" in str(error.user_message)
