"""Which Checkout Sessions to show: filters and what was searched for."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from billing.domain.money import SYMBOLS, decimals
from billing.domain.sessions.source import COUNTED

if TYPE_CHECKING:
    from billing.domain.sessions.checkout_session import Kind, Outcome
    from billing.domain.sessions.source import Source

COUNT_LIMIT = 10_000  # more than so many are not counted
TRIGRAM = 3  # characters; what is shorter is searched for among the newest alone
SCAN_LIMIT = 20_000  # so many of them
SEARCH_LIMIT = 10_000  # other filters choose among so many of the newest sessions that hold a text
AMOUNT = re.compile(
    r"(?P<symbol>[$€£¥])?\s*"
    r"(?P<whole>\d{1,3}(?:,\d{3}){1,2}|\d{1,9})(?:(?P<point>[.,])(?P<part>\d{1,3}))?\s*"
    r"(?P<code>[A-Za-z]{3})?",
    re.ASCII,
)


@dataclass(frozen=True)
class SessionFilter:
    """What is empty filters nothing.

    ``since`` (inclusive) and ``until`` (exclusive) bound ``created``, in Unix seconds. ``reason``
    is a ``Reason`` or a decline code. ``search`` is what was typed: a part of an id, e-mail or
    metadata value, the beginning of another object's id, or an amount.
    """

    outcomes: frozenset[Outcome] = frozenset()
    kinds: frozenset[Kind] = frozenset()
    sources: frozenset[Source] = frozenset()
    since: int | None = None
    until: int | None = None
    reason: str = ""
    search: str = ""

    @property
    def for_any_outcome(self) -> SessionFilter:
        """The same whatever the outcome, so that shares of outcomes mean something."""
        return replace(self, outcomes=frozenset(), reason="")

    @property
    def for_figures(self) -> SessionFilter:
        """What figures cover: every outcome, and neither tests nor demo data unless they are asked
        for."""
        return replace(self.for_any_outcome, sources=self.sources or COUNTED)


@dataclass(frozen=True)
class SearchedAmount:
    """``minor_units`` of ``currency``, or of every currency with so many ``decimals``."""

    minor_units: int
    decimals: int
    currency: str | None


def searched_amounts(text: str) -> list[SearchedAmount]:
    """The amounts that ``text`` (``9.90``, ``$9.90``, ``1,234.50``, ``9,90 EUR``) can mean; none
    when it is no amount. Without a currency there are several: the same digits are other minor
    units in yen than in dollars.
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
