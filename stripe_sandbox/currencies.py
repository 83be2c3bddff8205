"""Currencies and the least that may be charged (https://docs.stripe.com/currencies)."""

from __future__ import annotations

from stripe_sandbox import errors

_WHOLE = "bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf"
_PARTED = (
    "aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bmd bnd bob brl bsd bwp byn "
    "bzd cad cdf chf cny cop crc cve czk dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq "
    "gyd hkd hnl htg huf idr ils inr isk jmd jod kes kgs khr kwd kyd kzt lak lbp lkr lrd lsl "
    "mad mdl mkd mmk mnt mop mro mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen "
    "pgk php pkr pln qar ron rsd rub sar sbd scr sek sgd shp sle sos srd std szl thb tjs tnd "
    "top try ttd twd tzs uah usd uyu uzs wst xcd yer zar zmw"
)
ZERO_DECIMAL = frozenset(_WHOLE.split())
KNOWN = ZERO_DECIMAL | frozenset(_PARTED.split())

MINIMUM = {
    "usd": 50,
    "aed": 200,
    "aud": 50,
    "bgn": 100,
    "brl": 50,
    "cad": 50,
    "chf": 50,
    "czk": 1500,
    "dkk": 250,
    "eur": 50,
    "gbp": 30,
    "hkd": 400,
    "huf": 17500,
    "inr": 50,
    "jpy": 50,
    "mxn": 1000,
    "myr": 200,
    "nok": 300,
    "nzd": 50,
    "pln": 200,
    "ron": 200,
    "sek": 300,
    "sgd": 50,
    "thb": 1000,
}
"""The minimum charge in minor units, by settlement currency."""


_SYMBOLS = dict.fromkeys(("usd", "aud", "cad", "hkd", "mxn", "nzd", "sgd"), "$")
_SYMBOLS |= {"eur": "€", "gbp": "£", "jpy": "¥"}


def checked_currency(given: str, param: str) -> str:
    """The currency in lower case. StripeError: not one of Stripe's."""
    currency = given.lower()
    if currency not in KNOWN:
        known = ", ".join(sorted(KNOWN))
        raise errors.invalid(
            f"Invalid currency: {currency}. Stripe currently supports these currencies: {known}",
            param,
        )
    return currency


def shown(amount: int, currency: str) -> str:
    """An amount of minor units as Stripe writes it in its texts: `$0.50`, `175.00 Ft`."""
    number = str(amount) if currency in ZERO_DECIMAL else f"{amount / 100:,.2f}"
    if currency == "huf":
        return f"{number} Ft"
    return f"{_SYMBOLS.get(currency, '')}{number}"


def minimum_shown(currency: str) -> str:
    """The minimum charge as Stripe writes it: `$0.50 usd`."""
    return f"{shown(MINIMUM.get(currency, 0), currency)} {currency}"
