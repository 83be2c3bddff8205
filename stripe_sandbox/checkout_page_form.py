"""What a payer submits on the Checkout page, read and checked.

The page's script checks the same things before it posts; this is the check that counts. Whether
the card is a good one is the engine's to say: here it only has to be whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from stripe_sandbox.checkout_page_countries import COUNTRIES
from stripe_sandbox.payments import Card, Payer

FIELDS = ("email", "number", "expiry", "cvc", "name", "country")
LONGEST_EMAIL = 254  # RFC 5321
LONGEST_NAME = 150

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_EXPIRY = re.compile(r"\s*(\d{1,2})\s*[/\-. ]\s*(\d{2}|\d{4})\s*", re.ASCII)
_EXPIRY_UNSEPARATED = re.compile(r"\s*(\d{2})(\d{2})\s*", re.ASCII)
# Control characters and halves of surrogate pairs, which no text file or database takes.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True)
class FieldError:
    """One thing that is wrong: the form field's name, what a person reads, Stripe's codes if any.

    `field` is one of `FIELDS`, `card` for the card as a whole, or another input of the request.
    """

    field: str
    message: str
    code: str
    decline_code: str | None = None


@dataclass(frozen=True)
class PaymentForm:
    """A form that is whole. The card is kept out of its repr."""

    card: Card = field(repr=False)
    payer: Payer


def read_payment_form(
    submitted: Mapping[str, object], *, known_email: str | None
) -> PaymentForm | list[FieldError]:
    """The form as submitted, or everything that is wrong with it, in the order of the fields.

    `known_email` is the session's own, which a payer cannot change: what is submitted instead
    of it does not count.
    """
    errors: list[FieldError] = []
    values: dict[str, str] = {}
    for name in FIELDS:
        value = submitted.get(name, "")
        if isinstance(value, str):
            values[name] = value.strip()
        else:
            errors.append(FieldError(name, "This must be text.", "invalid_type"))
            values[name] = ""
    broken = {error.field for error in errors}

    def refuse(name: str, message: str, code: str) -> None:
        if name not in broken:
            errors.append(FieldError(name, message, code))

    email = values["email"]
    if known_email:
        errors = [error for error in errors if error.field != "email"]
        email = known_email
    elif not email:
        refuse("email", "Enter your email.", "missing")
    elif len(email) > LONGEST_EMAIL or not _EMAIL.fullmatch(email) or _UNPRINTABLE.search(email):
        refuse("email", "Your email is invalid.", "email_invalid")

    number = re.sub(r"[\s-]", "", values["number"])
    if not number:
        refuse("number", "Enter your card number.", "missing")
    elif not re.fullmatch(r"[0-9]+", number) or len(number) > 19:
        refuse("number", "Your card number is invalid.", "invalid_number")
    elif len(number) < _digits_expected(number):
        refuse("number", "Your card number is incomplete.", "incomplete_number")

    month, year = _month_and_year(values["expiry"])
    if not values["expiry"]:
        refuse("expiry", "Enter your card's expiration date.", "missing")
    elif not year:
        refuse("expiry", "Your card's expiration date is incomplete.", "incomplete_expiry")
    elif not 1 <= month <= 12:
        refuse("expiry", "Your card's expiration date is invalid.", "invalid_expiry_month")

    cvc = values["cvc"]
    if not cvc:
        refuse("cvc", "Enter your card's security code.", "missing")
    elif not re.fullmatch(r"[0-9]{1,4}", cvc):
        refuse("cvc", "Your card's security code is invalid.", "invalid_cvc")
    elif len(cvc) < (4 if _is_amex(number) else 3):
        refuse("cvc", "Your card's security code is incomplete.", "incomplete_cvc")

    name = values["name"]
    if not name:
        refuse("name", "Enter the name on your card.", "missing")
    elif len(name) > LONGEST_NAME or _UNPRINTABLE.search(name):
        refuse("name", "The name on your card is invalid.", "name_invalid")

    country = values["country"].upper()
    if country not in COUNTRIES:
        refuse("country", "Choose your country or region.", "country_invalid")

    if errors:
        return sorted(errors, key=lambda error: FIELDS.index(error.field))
    return PaymentForm(Card(number, month, year, cvc), Payer(email, name, country))


def _is_amex(number: str) -> bool:
    return number.startswith(("34", "37"))


def _digits_expected(number: str) -> int:
    """The fewest digits a number of that brand has; brands not told apart here have 12 or more."""
    if _is_amex(number):
        return 15
    if number.startswith(("30", "36", "38")):
        return 14
    if number.startswith(("4", "51", "52", "53", "54", "55", "2", "35", "60", "64", "65")):
        return 16
    return 12


def _month_and_year(expiry: str) -> tuple[int, int]:
    """Month and year of `MM / YY`, `MM / YYYY` or `MMYY`; (0, 0) when it is none of them."""
    found = _EXPIRY.fullmatch(expiry) or _EXPIRY_UNSEPARATED.fullmatch(expiry)
    if found is None:
        return 0, 0
    year = int(found[2])
    return int(found[1]), year if year >= 100 else 2000 + year
