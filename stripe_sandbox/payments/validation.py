"""Checks of a card and a payer that need no bank."""

from __future__ import annotations

import re

from stripe_sandbox.clock import Clock
from stripe_sandbox.errors import StripeError
from stripe_sandbox.payment_methods import cards
from stripe_sandbox.payment_methods.cards import CardRefusal, TestCard
from stripe_sandbox.payments.outcomes import Card, Payer
from stripe_sandbox.validation import check_email

_SEPARATORS = re.compile(r"[ \-]")
_COUNTRY = re.compile(r"[A-Z]{2}\Z")
FARTHEST_EXPIRY_YEARS = 50


def check_card(card: Card, clock: Clock) -> tuple[TestCard | None, CardRefusal | None]:
    """The test card that it is, and why it is refused; at least one of them is not None."""
    number = _SEPARATORS.sub("", card.number)
    test_card = cards.find(number)
    if not cards.passes_luhn(number):
        return None, cards.INCORRECT_NUMBER
    year, month = clock.year_and_month()
    if not 1 <= card.exp_month <= 12:
        return None, cards.INVALID_EXPIRY_MONTH
    if not year <= card.exp_year <= year + FARTHEST_EXPIRY_YEARS:
        return None, cards.INVALID_EXPIRY_YEAR
    if card.exp_year == year and card.exp_month < month:
        return None, cards.INVALID_EXPIRY_MONTH
    if not (card.cvc.isascii() and card.cvc.isdigit() and 3 <= len(card.cvc) <= 4):
        return None, cards.INVALID_CVC
    if test_card is None:
        return None, cards.NOT_A_TEST_CARD
    return test_card, None if len(card.cvc) == test_card.cvc_length else cards.INVALID_CVC


def payer_refusal(email: str, payer: Payer) -> CardRefusal | None:
    """Why the payer's email or country is refused; None when both are right."""
    try:
        check_email(email, "email")
    except StripeError as error:
        return CardRefusal("email_invalid", None, error.message)
    if not _COUNTRY.match(payer.country):
        return CardRefusal("country_code_invalid", None, f"Invalid country: {payer.country}")
    return None
