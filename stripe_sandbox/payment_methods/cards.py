"""Stripe's test cards and what each one leads to (https://docs.stripe.com/testing)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from stripe_sandbox.payment_methods.card_names import NUMBERS_BY_NAME

Brand = Literal["visa", "mastercard", "amex", "discover", "diners", "jcb", "unionpay"]


@dataclass(frozen=True)
class CardRefusal:
    """Why a card is refused, in Stripe's words: `code`, `decline_code`, and the field at fault."""

    code: str
    decline_code: str | None
    message: str
    param: str | None = None

    @property
    def seller_message(self) -> str:
        """What the merchant's dashboard says of it."""
        if self.decline_code in ("generic_decline", "fraudulent"):
            return "The bank did not return any further details with this decline."
        reason = self.decline_code or self.code
        return f"The bank returned the decline code `{reason}`."

    @property
    def advice_code(self) -> str:
        """What the merchant should do next, in Stripe's `advice_code`."""
        if self.decline_code in ("lost_card", "stolen_card"):
            return "do_not_try_again"
        if self.decline_code in ("expired_card", "incorrect_cvc"):
            return "confirm_card_data"
        return "try_again_later"

    @property
    def network_decline_code(self) -> str:
        """The card network's number for it (ISO 8583)."""
        return {
            "insufficient_funds": "51",
            "lost_card": "41",
            "stolen_card": "43",
            "expired_card": "54",
            "incorrect_cvc": "N7",
            "card_velocity_exceeded": "65",
            "processing_error": "06",
        }.get(self.decline_code or "", "01")


def _declined(decline_code: str, message: str = "Your card was declined.") -> CardRefusal:
    return CardRefusal("card_declined", decline_code, message)


EXPIRED_CARD = CardRefusal("expired_card", "expired_card", "Your card has expired.", "exp_month")
INCORRECT_CVC = CardRefusal(
    "incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect.", "cvc"
)
PROCESSING_ERROR = CardRefusal(
    "processing_error",
    "processing_error",
    "An error occurred while processing your card. Try again in a little bit.",
)
INCORRECT_NUMBER = CardRefusal("incorrect_number", None, "Your card number is incorrect.", "number")
INVALID_EXPIRY_MONTH = CardRefusal(
    "invalid_expiry_month", None, "Your card's expiration month is invalid.", "exp_month"
)
INVALID_EXPIRY_YEAR = CardRefusal(
    "invalid_expiry_year", None, "Your card's expiration year is invalid.", "exp_year"
)
INVALID_CVC = CardRefusal("invalid_cvc", None, "Your card's security code is invalid.", "cvc")
NOT_A_TEST_CARD = CardRefusal(
    "card_declined",
    "test_mode_live_card",
    "Your card was declined. Your request was in test mode, but used a non test card. "
    "For a list of valid test cards, visit: https://stripe.com/docs/testing.",
)
AUTHENTICATION_FAILED = CardRefusal(
    "payment_intent_authentication_failure",
    None,
    "The provided PaymentMethod has failed authentication. You can provide payment_method_data "
    "or a new PaymentMethod to attempt to fulfill this PaymentIntent again.",
)

SETUP_AUTHENTICATION_FAILED = CardRefusal(
    "setup_intent_authentication_failure",
    None,
    "The latest attempt to set up the payment method has failed because authentication failed.",
)
AUTHENTICATION_REQUIRED = CardRefusal(
    "authentication_required",
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
)
AUTHENTICATION_NOT_HANDLED = CardRefusal(
    "authentication_required",
    "authentication_not_handled",
    "This payment required an authentication action to complete, but `error_on_requires_action` "
    "was set. When you're ready, you can upgrade your integration to handle actions at "
    "https://stripe.com/docs/payments/payment-intents/upgrade-to-handle-actions.",
)


class DisputeKind(StrEnum):
    """How a card's owner takes a payment back: for which reason, or by an inquiry first."""

    FRAUDULENT = "fraudulent"
    NOT_RECEIVED = "product_not_received"
    INQUIRY = "inquiry"


@dataclass(frozen=True)
class TestCard:
    """One of Stripe's test cards: digits only, what a person calls its outcome, and the outcome.

    `refusal` is what the bank says when it is charged (None: paid); `authentication` whether
    3-D Secure comes first; `blocked` whether Radar stops it before the bank is asked.
    """

    number: str
    label: str
    brand: Brand = "visa"
    refusal: CardRefusal | None = None
    authentication: bool = False
    blocked: bool = False
    dispute: DisputeKind | None = None
    refund: Literal["pending", "failing"] | None = None
    """What becomes of its refunds: pending first, or paid back and failed later."""
    attaches: bool = False
    """Can be saved to a customer, though charging it later fails."""
    authenticates_always: bool = False
    """Its bank asks for 3-D Secure at every payment, saved or not."""
    is_set_up: bool = False
    """Its bank lets it be charged while nobody is there, as if it had been set up."""
    authenticates_on_request: bool = False
    """Its bank asks for 3-D Secure where the request for the payment wishes that."""
    bypasses_pending: bool = False
    """What it pays is available at once."""
    funding: Literal["credit", "debit", "prepaid"] = "credit"

    @property
    def fingerprint(self) -> str:
        """The same for the same number, and not the number."""
        return hashlib.sha256(self.number.encode()).hexdigest()[:16]

    @property
    def network(self) -> str:
        """The brand as Stripe's `display_brand` and `network` spell it."""
        return {"amex": "american_express", "diners": "diners_club"}.get(self.brand, self.brand)

    @property
    def cvc_check(self) -> str:
        """What the bank says of the CVC: pass or fail."""
        return "fail" if self.refusal is INCORRECT_CVC else "pass"

    @property
    def cvc_length(self) -> int:
        """How many digits its CVC has."""
        return 4 if self.brand == "amex" else 3


TestCard.__test__ = False  # type: ignore[attr-defined]  # its name is not a test's

TEST_CARDS: tuple[TestCard, ...] = (
    TestCard("4242424242424242", "Paid"),
    TestCard("5555555555554444", "Paid", "mastercard"),
    TestCard("378282246310005", "Paid", "amex"),
    TestCard("6011111111111117", "Paid", "discover"),
    TestCard("4000056655665556", "Paid (debit)", funding="debit"),
    TestCard("4000002500003155", "3-D Secure, then paid", authentication=True),
    TestCard(
        "4000002760003184",
        "3-D Secure every time, then paid",
        authentication=True,
        authenticates_always=True,
    ),
    TestCard(
        "4000008400001629",
        "3-D Secure, then declined",
        refusal=_declined("generic_decline"),
        authentication=True,
    ),
    TestCard(
        "4000008260003178",
        "3-D Secure, then insufficient funds",
        refusal=_declined("insufficient_funds", "Your card has insufficient funds."),
        authentication=True,
    ),
    TestCard("4000000000000002", "Declined", refusal=_declined("generic_decline")),
    TestCard(
        "4000000000009995",
        "Declined: insufficient funds",
        refusal=_declined("insufficient_funds", "Your card has insufficient funds."),
    ),
    TestCard("4000000000009987", "Declined: lost card", refusal=_declined("lost_card")),
    TestCard("4000000000009979", "Declined: stolen card", refusal=_declined("stolen_card")),
    TestCard(
        "4000000000006975",
        "Declined: too many attempts",
        refusal=_declined(
            "card_velocity_exceeded",
            "Your card was declined for making repeated attempts too frequently or exceeding "
            "its amount limit.",
        ),
    ),
    TestCard("4000000000000069", "Declined: expired card", refusal=EXPIRED_CARD),
    TestCard("4000000000000127", "Declined: wrong CVC", refusal=INCORRECT_CVC),
    TestCard("4000000000000119", "Declined: processing error", refusal=PROCESSING_ERROR),
    TestCard("4242424242424241", "Declined: wrong number", refusal=INCORRECT_NUMBER),
    TestCard(
        "4100000000000019",
        "Blocked as fraudulent",
        refusal=_declined("fraudulent"),
        blocked=True,
    ),
    TestCard(
        "4000000000000341",
        "Attaches, then fails when charged",
        refusal=_declined("generic_decline"),
        attaches=True,
    ),
    TestCard("4000000000000259", "Paid, then disputed", dispute=DisputeKind.FRAUDULENT),
    TestCard(
        "4000000000002685",
        "Paid, then disputed: not received",
        dispute=DisputeKind.NOT_RECEIVED,
    ),
    TestCard("4000000000001976", "Paid, then an inquiry", dispute=DisputeKind.INQUIRY),
    TestCard("4000000000007726", "Paid; a refund is pending first", refund="pending"),
    TestCard("4000000000005126", "Paid; a refund fails later", refund="failing"),
)

MORE_CARDS: tuple[TestCard, ...] = (
    TestCard("3056930009020004", "Paid", "diners"),
    TestCard("3566002020360505", "Paid", "jcb"),
    TestCard("6200000000000005", "Paid", "unionpay"),
    TestCard("5200828282828210", "Paid (debit)", "mastercard", funding="debit"),
    TestCard("5105105105105100", "Paid (prepaid)", "mastercard", funding="prepaid"),
    TestCard("4000000000000077", "Paid, available at once", bypasses_pending=True),
    TestCard("4000003720000278", "Paid, available at once", bypasses_pending=True),
    TestCard(
        "4000000000003220", "3-D Secure, then paid", authentication=True, authenticates_always=True
    ),
    TestCard("4000000000003055", "3-D Secure on request", authenticates_on_request=True),
    TestCard("4000003800000446", "3-D Secure, set up already", authentication=True, is_set_up=True),
    TestCard(
        "4000008400001280",
        "3-D Secure, then a processing error",
        refusal=PROCESSING_ERROR,
        authentication=True,
    ),
)
"""Those that the pages do not offer."""

_BY_NUMBER = {card.number: card for card in (*TEST_CARDS, *MORE_CARDS)}
_BY_FINGERPRINT = {card.fingerprint: card for card in _BY_NUMBER.values()}


def by_name(name: str) -> TestCard | None:
    """The test card of a name such as `pm_card_visa`, by which requests attach it
    (https://docs.stripe.com/testing)."""
    number = NUMBERS_BY_NAME.get(name)
    return None if number is None else _BY_NUMBER[number]


def by_token(token: str) -> TestCard | None:
    """The test card of a token such as `tok_visa`."""
    return by_name(f"pm_card_{token.removeprefix('tok_')}") if token.startswith("tok_") else None


def find(number: str) -> TestCard | None:
    """The test card of that number (digits only), if it is one."""
    return _BY_NUMBER.get(number)


def of_fingerprint(fingerprint: str) -> TestCard:
    """The test card that a payment method stands for."""
    return _BY_FINGERPRINT[fingerprint]


def passes_luhn(number: str) -> bool:
    """Whether the digits carry a right check digit, as every real card's do."""
    if not number.isascii() or not number.isdigit() or not 12 <= len(number) <= 19:
        return False
    total = 0
    for position, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if position % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
