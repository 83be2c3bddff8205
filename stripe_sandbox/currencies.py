"""Stripe's currencies: how amounts in them are written, and which may be charged
(https://docs.stripe.com/currencies)."""

from __future__ import annotations

from stripe_sandbox import errors

_SUPPORTED = (
    "usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp "
    "byn bzd cad cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip "
    "gmd gnf gtq gyd hkd hnl hrk htg huf idr ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd "
    "kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok "
    "npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos "
    "srd std szl thb tjs tnd top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xcg xof xpf "
    "yer zar zmw usdc btn ghs eek lvl svc vef ltl sll mro"
)
_ZERO_DECIMAL = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf"

SUPPORTED = tuple(_SUPPORTED.split())
"""In the order in which Stripe's message lists them."""
ZERO_DECIMAL = frozenset(_ZERO_DECIMAL.split())
THREE_DECIMAL = frozenset(("bhd", "jod", "kwd", "omr", "tnd"))
"""The last digit of what is charged has to be 0."""
EFFECTIVELY_ZERO_DECIMAL = frozenset(("isk", "ugx"))
"""No longer have decimals, but are sent with two, which have to be 00. (Stripe wants the same of
payouts in huf and twd, of which charges may have decimals.)"""

_FIFTY = "usd ars aud brl cad chf cop eur idr ils inr jpy krw nzd php rub sgd zar"
MINIMUM = {
    **dict.fromkeys(_FIFTY.split(), 50),
    "aed": 200,
    "bgn": 100,
    "czk": 1500,
    "dkk": 250,
    "gbp": 30,
    "hkd": 400,
    "huf": 17500,
    "mxn": 1000,
    "myr": 200,
    "nok": 300,
    "pln": 200,
    "ron": 200,
    "sek": 300,
    "thb": 1000,
}
"""The minimum charge in minor units, by settlement currency."""

_MOST_DIGITS = {"idr": 12, "cop": 10, "inr": 9}
_SYMBOLS = {
    "usd": "$", "eur": "€", "gbp": "£", "jpy": "¥", "inr": "₹", "krw": "₩", "aud": "A$",
    "cad": "CA$", "nzd": "NZ$", "brl": "R$",
}  # fmt: skip
_MESSAGE_SYMBOLS = {
    **dict.fromkeys(("usd", "aud", "cad", "hkd", "mxn", "nzd", "sgd"), "$"),
    "eur": "€",
    "gbp": "£",
    "jpy": "¥",
}


def parse_currency(given: str, param: str) -> str:
    """The currency in lower case. StripeError: not one of Stripe's."""
    currency = given.lower()
    if currency not in SUPPORTED:
        raise errors.invalid(
            f"Invalid currency: {currency}. Stripe currently supports these currencies: "
            f"{', '.join(SUPPORTED)}",
            param,
        )
    return currency


def decimals(currency: str) -> int:
    """How many digits of an amount stand behind the point."""
    return 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2


def maximum(currency: str) -> int:
    """The most that may be charged, in minor units: as many nines as an amount has digits."""
    return int(10 ** _MOST_DIGITS.get(currency, 8)) - 1


def check_charge(amount: int, currency: str, param: str) -> None:
    """Raise a StripeError if the amount has more decimals than can be charged."""
    code = currency.upper()
    if currency in EFFECTIVELY_ZERO_DECIMAL and amount % 100:
        raise errors.invalid(
            f"Invalid amount. Currency {code} has become effectively zero-decimal and charged "
            "amounts must be evenly divisible by 100. See "
            "https://stripe.com/docs/currencies#zero-decimal for more information.",
            param,
        )
    if currency in THREE_DECIMAL and amount % 10:
        raise errors.invalid(
            f"Invalid amount. Charged amounts in {code} must be evenly divisible by 10. See "
            "https://stripe.com/docs/currencies#three-decimal for more information.",
            param,
        )


def format_amount(amount: int, currency: str, *, in_message: bool = False) -> str:
    """An amount in minor units as a person reads it: `$1,234.50`, `CA$5.00`, `¥500`, `CHF 9.90`.

    `in_message`: as Stripe's own texts have it, where every dollar is `$` and the code is left to
    the text: `$5.00`, `9.90`, `175.00 Ft`.
    """
    suffix = ""
    if not in_message:
        # The no-break space leaves a currency code and its number on one line.
        prefix = _SYMBOLS.get(currency, currency.upper() + "\N{NO-BREAK SPACE}")
    else:
        prefix = _MESSAGE_SYMBOLS.get(currency, "")
        suffix = " Ft" if currency == "huf" else ""
    digits = decimals(currency)
    units, rest = divmod(abs(amount), 10**digits)
    number = f"{units:,}"
    if digits and (rest or currency not in EFFECTIVELY_ZERO_DECIMAL):
        number += f".{rest:0{digits}d}"
    return ("-" if amount < 0 else "") + prefix + number + suffix


def format_minimum(currency: str) -> str:
    """The minimum charge as Stripe's messages name it: `$0.50 usd`."""
    return f"{format_amount(MINIMUM.get(currency, 0), currency, in_message=True)} {currency}"
