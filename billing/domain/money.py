"""Money is whole minor units and a currency; this is the one place that writes it out.

https://docs.stripe.com/currencies#minor-units
"""

from __future__ import annotations

ZERO_DECIMAL = frozenset(
    {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg"}
    | {"rwf", "vnd", "vuv", "xaf", "xof", "xpf"}
)
THREE_DECIMAL = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
# Without decimals by now, yet Stripe goes on sending amounts with two, which are 00.
WHOLE = frozenset({"isk", "ugx"})
SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}


def decimals(currency: str) -> int:
    """How many digits of Stripe's amounts stand behind the point (ISO code, any case)."""
    code = currency.lower()
    return 0 if code in ZERO_DECIMAL else 3 if code in THREE_DECIMAL else 2


def format_money(minor_units: int, currency: str, *, short: bool = False) -> str:
    """``format_money(9900, "usd")`` is ``$99.00``; with ``short`` whole amounts lose their ``.00``.

    Currencies without a sign of their own are named: ``1,200 KRW``. Those that have no decimals
    any more are written without: ``format_money(500, "isk")`` is ``5 ISK``.
    """
    digits = decimals(currency)
    whole, part = divmod(abs(minor_units), 10**digits)
    text = f"{whole:,}"
    if digits and not (part == 0 and (short or currency.lower() in WHOLE)):
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
