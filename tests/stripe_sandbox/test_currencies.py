"""Currencies and the least that may be charged."""

from __future__ import annotations

import pytest

from stripe_sandbox.currencies import checked_currency, minimum_shown
from stripe_sandbox.errors import StripeError


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
    assert minimum_shown(currency) == shown


def test_a_currency_is_taken_in_any_case_and_kept_in_lower_case() -> None:
    """`USD` is `usd`; what is no currency is refused."""
    assert checked_currency("USD", "currency") == "usd"
    with pytest.raises(StripeError, match="Invalid currency: dollars"):
        checked_currency("dollars", "currency")
