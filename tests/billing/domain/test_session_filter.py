"""What an amount that people type can mean."""

from __future__ import annotations

import pytest

from billing.domain.sessions.filters import SearchedAmount, searched_amounts


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("$9.90", [(990, 2, "usd")]),
        ("9.90", [(990, 2, None), (9900, 3, None)]),
        ("9,90 EUR", [(990, 2, "eur")]),
        ("£1,234.5", [(123450, 2, "gbp")]),
        ("1,234", [(1234, 0, None), (123400, 2, None), (1234000, 3, None)]),
        ("¥500", [(500, 0, "jpy")]),
        ("0.125 kwd", [(125, 3, "kwd")]),
        (" 99 ", [(99, 0, None), (9900, 2, None), (99000, 3, None)]),
        ("0.001", [(1, 3, None)]),
    ],
)
def test_an_amount_is_read_as_people_write_it(
    typed: str, meant: list[tuple[int, int, str | None]]
) -> None:
    assert searched_amounts(typed) == [SearchedAmount(*one) for one in meant]


@pytest.mark.parametrize(
    "typed", ["", "nine", "9.9.0", "-9.90", "9e3", "1,23,456", "9.9999", "$", "½", "٣", "9" * 40]
)
def test_what_is_no_amount_is_none(typed: str) -> None:
    assert searched_amounts(typed) == []
