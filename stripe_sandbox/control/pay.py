"""`POST /_control/sessions/{id}/pay`: pays a Checkout Session without its page."""

from __future__ import annotations

from typing import Any

from stripe_sandbox import errors
from stripe_sandbox.backend import Backend
from stripe_sandbox.control.fields import JsonFields
from stripe_sandbox.payment_methods import cards
from stripe_sandbox.payments.bank_debits import SETTLES_IN
from stripe_sandbox.payments.checkout import (
    AuthenticationRequired,
    Card,
    Declined,
    NotOpen,
    Payer,
    PaymentOutcome,
    Payments,
    Processing,
)
from stripe_sandbox.resources.checkout.checkout_session_object import (
    asks_for_phone,
    asks_payment_method,
    offers_saving,
)
from stripe_sandbox.resources.checkout.custom_fields import LONGEST_VALUE
from stripe_sandbox.storage.objects import Object

EMAIL = "test.payer@example.com"
NAME = "Test Payer"
COUNTRY = "US"
PHONE = "+15555550100"
ADDRESS = {
    "line1": "354 Oyster Point Blvd",
    "city": "South San Francisco",
    "state": "CA",
    "postal_code": "94080",
}
LONGEST_SETTLING = 30 * 86_400.0
_YEARS_VALID = 5


class ControlPayments:
    """Pays sessions as requests ask for it."""

    def __init__(self, backend: Backend, payments: Payments) -> None:
        self._backend = backend
        self._payments = payments

    def pay(self, session: str, fields: JsonFields) -> dict[str, Any]:
        """Pay the session as the request's fields say.

        Returns the `outcome` (an `OutcomeType`) with `code`, `decline_code` and `message`, the
        session's `status` and `payment_status` after it, and the ids of the `events` that it
        recorded. StripeError: no such session, or fields that are wrong.
        """
        code = fields.text("promotion_code", None)
        number = fields.text("card", None)
        account = fields.text("bank_account", None)
        settles_in = fields.number("settles_in_seconds", None, 0, LONGEST_SETTLING)
        authenticate = fields.boolean("authenticate", None)
        payer = self._payer(session, fields)
        fields.reject_unknown()
        if number is not None and account is not None:
            raise fields.refusal("card", "Give a card or a bank_account, not both.")
        if number is not None and settles_in is not None:
            raise fields.refusal("settles_in_seconds", "A card is charged immediately.")
        if account is not None and authenticate is not None:
            raise fields.refusal("authenticate", "A bank account has no 3-D Secure.")
        with self._backend.events.capture() as recorded:
            try:
                if code is not None:
                    self._payments.enter_code(session, code)
                if number is None and account is None:
                    outcome = self._complete(session, payer)
                elif number is not None:
                    outcome = self._pay_by_card(session, number, payer, authenticate)
                else:
                    seconds = SETTLES_IN if settles_in is None else settles_in
                    outcome = self._payments.debit(session, account or "", payer, seconds)
            except KeyError as error:
                raise errors.no_such("checkout.session", session, "session", 404) from error
        after = self._backend.require("checkout.session", session, "session", status=404)
        return {
            **_describe(outcome),
            "status": after["status"],
            "payment_status": after["payment_status"],
            "events": recorded.ids,
        }

    def _complete(self, session: str, payer: Payer) -> PaymentOutcome:
        """Without a payment method, where the session needs none."""
        held = self._backend.objects.get("checkout.session", session)
        if held is not None and asks_payment_method(held):
            raise errors.parameter_missing("card")
        return self._payments.complete(session, payer)

    def _payer(self, session: str, fields: JsonFields) -> Payer:
        """Who pays, with what the session asks for beyond the payment method: as the request says,
        or made up."""
        found = self._backend.objects.get("checkout.session", session) or {}
        asks_phone = bool(found) and asks_for_phone(found)
        asks_address = found.get("billing_address_collection") == "required"
        address = fields.metadata("address") or (dict(ADDRESS) if asks_address else {})
        samples = {field["key"]: _sample(field) for field in found.get("custom_fields") or ()}
        saves = fields.boolean("save_payment_method", None)
        if saves is not None and not (found and offers_saving(found)):
            raise fields.refusal("save_payment_method", "The session does not offer that.")
        return Payer(
            fields.text("email", EMAIL),
            fields.text("name", NAME),
            address.pop("country", COUNTRY),
            fields.text("phone", PHONE if asks_phone else None),
            address,
            samples | fields.metadata("custom_fields"),
            bool(saves),
        )

    def _pay_by_card(
        self, session: str, number: str, payer: Payer, authenticate: bool | None
    ) -> PaymentOutcome:
        digits = number.replace(" ", "").replace("-", "")
        year, month = self._backend.clock.year_and_month()
        known = cards.find(digits)
        cvc = "1" * (known.cvc_length if known else 3)
        card = Card(digits, month, year + _YEARS_VALID, cvc)
        outcome = self._payments.pay(session, card, payer, first_charge_passes=True)
        if isinstance(outcome, AuthenticationRequired) and authenticate is not None:
            return self._payments.authenticate(
                session, outcome.payment_intent, succeed=authenticate
            )
        return outcome


def _sample(field: Object) -> str:
    """An answer to a session's field that fits it."""
    details = field[field["type"]]
    if details["default_value"]:
        return str(details["default_value"])
    if field["type"] == "dropdown":
        return str(details["options"][0]["value"])
    text = "1" if field["type"] == "numeric" else "Test"
    low, high = details["minimum_length"] or 1, details["maximum_length"] or LONGEST_VALUE
    return (text * low)[: max(low, min(len(text), high))]


def _describe(outcome: PaymentOutcome) -> dict[str, Any]:
    code = decline_code = message = None
    match outcome:
        case Declined():
            code, decline_code, message = outcome.code, outcome.decline_code, outcome.message
        case Processing():
            message = "The debit succeeds or fails later."
        case NotOpen():
            message = f"This Checkout Session has a status of `{outcome.status}`."
        case AuthenticationRequired():
            message = "The bank asks for 3-D Secure."
    return {
        "outcome": outcome.type,
        "code": code,
        "decline_code": decline_code,
        "message": message,
    }
