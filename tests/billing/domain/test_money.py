from __future__ import annotations

import pytest

from billing.domain.money import format_money


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (9900, "usd", "$99.00"),
        (99, "usd", "$0.99"),
        (5, "USD", "$0.05"),
        (0, "usd", "$0.00"),
        (123456789, "usd", "$1,234,567.89"),
        (-990, "usd", "-$9.90"),
        (500, "jpy", "¥500"),
        (1200, "krw", "1,200 KRW"),
        (1234, "kwd", "1.234 KWD"),
        (1050, "chf", "10.50 CHF"),
        (1250000, "ugx", "12,500 UGX"),
        (550, "ISK", "5.50 ISK"),
    ],
)
def test_money_is_written_with_its_currency_and_its_own_decimals(
    amount: int, currency: str, text: str
) -> None:
    assert format_money(amount, currency) == text


def test_short_money_drops_only_empty_cents() -> None:
    assert format_money(9900, "usd", short=True) == "$99"
    assert format_money(9950, "usd", short=True) == "$99.50"
    assert format_money(500, "jpy", short=True) == "¥500"
