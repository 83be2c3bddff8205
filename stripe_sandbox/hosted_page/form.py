"""Reads and checks the fields that a hosted page's form holds.

The page's script checks the same things before it posts; this is the check that counts. Whether the
card is accepted is decided by `payments`: here it only has to be complete.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from stripe_sandbox.hosted_page.countries import COUNTRIES
from stripe_sandbox.payments.outcomes import Card, Payer

LONGEST_NAME = 150
CARD_FIELD_OF_PARAM = {
    "number": "number",
    "exp_month": "expiry",
    "exp_year": "expiry",
    "cvc": "cvc",
}
"""The form's field at fault, by the `param` of a refusal."""
# Where the API's message speaks to the programmer, Checkout has words of its own.
WORDS_FOR_PAYERS = {
    "payment_intent_authentication_failure": "We are unable to authenticate your payment method. "
    "Please choose a different payment method and try again.",
    "setup_intent_authentication_failure": "We are unable to authenticate your payment method. "
    "Please choose a different payment method and try again.",
}

_EXPIRY = re.compile(r"\s*(\d{1,2})\s*[/\-. ]\s*(\d{2}|\d{4})\s*", re.ASCII)
_EXPIRY_UNSEPARATED = re.compile(r"\s*(\d{2})(\d{2})\s*", re.ASCII)
# Control characters and halves of surrogate pairs, which no text file or database takes.
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")

Problem = tuple[str, str]
"""What a person reads, and Stripe's code."""


@dataclass(frozen=True)
class FieldError:
    """One thing that is wrong: the form field's name, what a person reads, Stripe's codes if any.

    `field` is a field of the form, `card` for the card as a whole, or another input of the request.
    """

    field: str
    message: str
    code: str
    decline_code: str | None = None


class Fields:
    """The submitted fields, and what was found wrong with those that were read."""

    def __init__(self, submitted: Mapping[str, object]) -> None:
        self._submitted = submitted
        self.errors: list[FieldError] = []

    def read(self, name: str, problem: Callable[[str], Problem | None]) -> str:
        """The field's text, which is wrong when `problem` finds one."""
        value = self._submitted.get(name, "")
        text = value.strip() if isinstance(value, str) else ""
        found = problem(text) if isinstance(value, str) else ("This must be text.", "invalid_type")
        if found:
            self.errors.append(FieldError(name, *found))
        return text


def read_card(fields: Fields) -> Card:
    """The card's number, expiry and security code."""
    number = without_separators(fields.read("number", _number_problem))
    month, year = _month_and_year(fields.read("expiry", _expiry_problem))
    cvc = fields.read("cvc", lambda cvc: _cvc_problem(cvc, 4 if _is_amex(number) else 3))
    return Card(number, month, year, cvc)


def read_payer(fields: Fields, email: str) -> Payer:
    """The card's owner: name and country."""
    name = fields.read("name", _name_problem)
    return Payer(email, name, read_country(fields))


def read_country(fields: Fields) -> str:
    """The country of the billing address."""
    return fields.read("country", _country_problem).upper()


def _number_problem(text: str) -> Problem | None:
    number = without_separators(text)
    if not number:
        return "Enter your card number.", "missing"
    if not re.fullmatch(r"[0-9]+", number) or len(number) > 19:
        return "Your card number is invalid.", "invalid_number"
    if len(number) < _digits_expected(number):
        return "Your card number is incomplete.", "incomplete_number"
    return None


def _expiry_problem(expiry: str) -> Problem | None:
    month, year = _month_and_year(expiry)
    if not expiry:
        return "Enter your card's expiration date.", "missing"
    if not year:
        return "Your card's expiration date is incomplete.", "incomplete_expiry"
    if not 1 <= month <= 12:
        return "Your card's expiration date is invalid.", "invalid_expiry_month"
    return None


def _cvc_problem(cvc: str, length: int) -> Problem | None:
    if not cvc:
        return "Enter your card's security code.", "missing"
    if not re.fullmatch(r"[0-9]{1,4}", cvc):
        return "Your card's security code is invalid.", "invalid_cvc"
    if len(cvc) < length:
        return "Your card's security code is incomplete.", "incomplete_cvc"
    return None


def _name_problem(name: str) -> Problem | None:
    if not name:
        return "Enter the name on your card.", "missing"
    if not is_a_name(name):
        return "The name on your card is invalid.", "name_invalid"
    return None


def is_a_name(name: str) -> bool:
    """Whether a text can be somebody's name."""
    return len(name) <= LONGEST_NAME and not UNPRINTABLE.search(name)


def _country_problem(country: str) -> Problem | None:
    if country.upper() not in COUNTRIES:
        return "Choose your country or region.", "country_invalid"
    return None


def without_separators(number: str) -> str:
    """The number without the spaces and hyphens between its groups."""
    return re.sub(r"[\s-]", "", number)


def _is_amex(number: str) -> bool:
    return number.startswith(("34", "37"))


def _digits_expected(number: str) -> int:
    """The fewest digits that a number of its brand has; brands that are not distinguished here have
    12 or more."""
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
