"""Money is whole minor units and a currency; this is the one place that writes it out.

https://docs.stripe.com/currencies#zero-decimal
"""

from __future__ import annotations

ZERO_DECIMAL = frozenset(
    {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg"}
    | {"rwf", "vnd", "vuv", "xaf", "xof", "xpf"}
)
THREE_DECIMAL = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}


def decimals(currency: str) -> int:
    """How many digits Stripe keeps behind the point for a currency (ISO code, any case)."""
    code = currency.lower()
    return 0 if code in ZERO_DECIMAL else 3 if code in THREE_DECIMAL else 2


def format_money(minor_units: int, currency: str, *, short: bool = False) -> str:
    """``format_money(9900, "usd")`` is ``$99.00``; with ``short`` whole amounts lose their ``.00``.

    Currencies without a sign of their own are named: ``1,200 KRW``.
    """
    digits = decimals(currency)
    whole, part = divmod(abs(minor_units), 10**digits)
    text = f"{whole:,}"
    if digits and not (short and part == 0):
        text += f".{part:0{digits}d}"
    symbol = SYMBOLS.get(currency.lower())
    text = f"{symbol}{text}" if symbol else f"{text} {currency.upper()}"
    return f"-{text}" if minor_units < 0 else text


def format_number(minor_units: int, currency: str) -> str:
    """The amount as a bare number, for programs: ``format_number(990, "usd")`` is ``9.90``."""
    digits = decimals(currency)
    whole, part = divmod(abs(minor_units), 10**digits)
    text = f"{whole}.{part:0{digits}d}" if digits else str(whole)
    return f"-{text}" if minor_units < 0 else text
