"""Reads and checks what a payer submits on the Checkout page."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from stripe_sandbox import errors
from stripe_sandbox.checkout_page.asked_fields import read_address, read_custom, read_phone
from stripe_sandbox.checkout_page.view import CheckoutView
from stripe_sandbox.hosted_page.form import (
    UNPRINTABLE,
    FieldError,
    Fields,
    Problem,
    is_a_name,
    read_card,
    read_country,
    read_payer,
    without_separators,
)
from stripe_sandbox.payment_methods import bank_accounts
from stripe_sandbox.payment_methods.bank_accounts import ROUTING_NUMBER, TestBankAccount
from stripe_sandbox.payments.outcomes import Card, Payer, SavedCard

FIELDS = ("email", "number", "expiry", "cvc", "routing_number", "account_number", "name", "country")
LONGEST_EMAIL = 254  # RFC 5321

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


@dataclass(frozen=True)
class PaymentForm:
    """A complete form. The card or account, None where it is not asked for, is left out of its
    repr."""

    paid_with: Card | SavedCard | TestBankAccount | None = field(repr=False)
    payer: Payer


def read_payment_form(
    submitted: Mapping[str, object], view: CheckoutView
) -> PaymentForm | list[FieldError]:
    """The form as submitted, or everything that is wrong with it, in the order of the fields.

    An email that the session knows cannot be changed: what is submitted instead of it does not
    count. A form that names no `payment_method_type` is a card's.
    """
    fields = Fields(submitted)
    email = view.customer_email or fields.read("email", _email_problem)
    phone = read_phone(fields, view.phone_field) if view.phone_field else None
    custom = read_custom(fields, view.custom_fields)
    if not view.asks_payment_method:
        payer = Payer(email, "", phone=phone, custom_fields=custom)
        return fields.errors or PaymentForm(None, payer)
    saved = [card.id for card in view.saved_cards]
    kind = fields.read(
        "payment_method_type",
        lambda kind: _kind_problem(kind, [*saved, *view.payment_method_types]),
    )
    if kind in saved:
        payer = Payer(email, "", phone=phone, custom_fields=custom)
        return fields.errors or PaymentForm(SavedCard(kind), payer)
    paid_with: Card | TestBankAccount | None
    if kind == "us_bank_account":
        paid_with = _bank_account(fields)
        payer = Payer(email, fields.read("name", _account_holder_problem))
        if view.address_fields:
            payer = replace(payer, country=read_country(fields))
    else:
        paid_with = read_card(fields)
        payer = read_payer(fields, email)
    address = read_address(fields, payer.country) if view.address_fields else {}
    if fields.errors or paid_with is None:
        return fields.errors
    saves = view.offers_saving and bool(submitted.get("save_payment_method"))
    payer = replace(payer, phone=phone, address=address, custom_fields=custom, saves=saves)
    return PaymentForm(paid_with, payer)


def read_code(submitted: Mapping[str, object]) -> str | None:
    """The promotion code to apply; None: the one that is applied is to go. StripeError: there is
    none."""
    if submitted.get("remove"):
        return None
    code = submitted.get("promotion_code")
    if not isinstance(code, str) or not code.strip():
        raise errors.invalid("Enter a promotion code.", "promotion_code", "missing")
    return code.strip()


def _bank_account(fields: Fields) -> TestBankAccount | None:
    fields.read("routing_number", _routing_number_problem)
    return bank_accounts.find(
        without_separators(fields.read("account_number", _account_number_problem))
    )


def _kind_problem(kind: str, taken: Collection[str]) -> Problem | None:
    if (kind or "card") in taken:
        return None
    return "This payment method is not available here.", "payment_method_type_invalid"


def _email_problem(email: str) -> Problem | None:
    if not email:
        return "Enter your email.", "missing"
    if len(email) > LONGEST_EMAIL or not _EMAIL.fullmatch(email) or UNPRINTABLE.search(email):
        return "Your email is invalid.", "email_invalid"
    return None


def _routing_number_problem(text: str) -> Problem | None:
    number = without_separators(text)
    if not number:
        return "Enter your bank's routing number.", "missing"
    if number != ROUTING_NUMBER:
        return f"Enter the test routing number, {ROUTING_NUMBER}.", "routing_number_invalid"
    return None


def _account_number_problem(text: str) -> Problem | None:
    number = without_separators(text)
    if not number:
        return "Enter your account number.", "missing"
    if bank_accounts.find(number) is None:
        return "This is not a test account number.", "account_number_invalid"
    return None


def _account_holder_problem(name: str) -> Problem | None:
    if not name:
        return "Enter the account holder's name.", "missing"
    if not is_a_name(name):
        return "The account holder's name is invalid.", "name_invalid"
    return None
