"""Which Checkout Sessions somebody wants to see."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from billing.domain.money import SYMBOLS, decimals

if TYPE_CHECKING:
    from billing.domain.checkout_session import Kind, Outcome

AMOUNT = re.compile(
    r"(?P<symbol>[$€£¥])?\s*"
    r"(?P<whole>\d{1,3}(?:,\d{3}){1,2}|\d{1,9})(?:(?P<point>[.,])(?P<part>\d{1,3}))?\s*"
    r"(?P<code>[A-Za-z]{3})?",
    re.ASCII,
)


@dataclass(frozen=True)
class SessionFilter:
    """What is empty filters nothing.

    ``since`` (inclusive) and ``until`` (exclusive) bound ``created``, in Unix seconds. ``search``
    is what was typed: the beginning of an id, e-mail, domain or metadata value, or an amount.
    """

    outcomes: frozenset[Outcome] = frozenset()
    kinds: frozenset[Kind] = frozenset()
    only_ours: bool = False
    since: int | None = None
    until: int | None = None
    search: str = ""


@dataclass(frozen=True)
class SearchedAmount:
    """``minor_units`` of ``currency``, or of every currency with so many ``decimals``."""

    minor_units: int
    decimals: int
    currency: str | None


def searched_amounts(text: str) -> list[SearchedAmount]:
    """What amounts ``text`` can mean: ``9.90``, ``$9.90``, ``1,234.50`` or ``9,90 EUR``.

    Without a currency the same digits are other minor units in yen than in dollars. Nothing when
    it is no amount.
    """
    found = AMOUNT.fullmatch(text.strip())
    if not found:
        return []
    number = Decimal(f"{found['whole'].replace(',', '')}.{found['part'] or 0}")
    symbols = {symbol: code for code, symbol in SYMBOLS.items()}
    currency = (found["code"] or symbols.get(found["symbol"] or "", "")).lower() or None
    possible = [decimals(currency)] if currency else [0, 2, 3]
    amounts = [(number.scaleb(digits), digits) for digits in possible]
    return [
        SearchedAmount(int(minor), digits, currency)
        for minor, digits in amounts
        if minor == minor.to_integral_value()
    ]


@dataclass(frozen=True)
class Cursor:
    """A place in the list of sessions, the newest first."""

    created: int
    id: str


COUNTED = 10_000
SEARCHED = 10_000  # so many of the newest sessions that hold a word are looked through
