"""The test cards and bank accounts with which a button of a page fills in its form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from stripe_sandbox.payment_methods.bank_accounts import (
    ROUTING_NUMBER,
    TEST_BANK_ACCOUNTS,
    TestBankAccount,
)
from stripe_sandbox.payment_methods.cards import TEST_CARDS, Brand, TestCard

BRAND_NAMES: dict[Brand, str] = {
    "visa": "Visa",
    "mastercard": "Mastercard",
    "amex": "Amex",
    "discover": "Discover",
    "diners": "Diners",
    "jcb": "JCB",
    "unionpay": "UnionPay",
}


@dataclass(frozen=True)
class Sample:
    """A card or account: what comes of it, whose it is, its last digits, and the form's fields."""

    label: str
    issuer: str
    last4: str
    fields: dict[str, str]


@dataclass(frozen=True)
class SampleGroup:
    """Samples that lead to much the same; `heading` names what."""

    heading: str
    samples: tuple[Sample, ...]


def card_groups(now: int) -> tuple[SampleGroup, ...]:
    """The test cards, by what they lead to; they expire well after `now`, in Unix seconds, which
    may be far ahead of the wall clock."""
    groups: dict[str, list[Sample]] = {"Paid": [], "3-D Secure": [], "Declined": []}
    expiry = f"12 / {(datetime.fromtimestamp(now, UTC).year + 4) % 100:02d}"
    for card in TEST_CARDS:
        heading = "3-D Secure" if card.authentication else "Declined" if card.refusal else "Paid"
        groups[heading].append(_card(card, _label_under(heading, card.label), expiry))
    return tuple(SampleGroup(heading, tuple(samples)) for heading, samples in groups.items())


def bank_account_group() -> SampleGroup:
    """The test bank accounts."""
    samples = tuple(_bank_account(account) for account in TEST_BANK_ACCOUNTS)
    return SampleGroup("US bank account", samples)


def _card(card: TestCard, label: str, expiry: str) -> Sample:
    return Sample(
        label,
        BRAND_NAMES[card.brand],
        card.number[-4:],
        {
            "payment_method_type": "card",
            "number": card.number,
            "expiry": expiry,
            "cvc": "123456789"[: card.cvc_length],
        },
    )


def _bank_account(account: TestBankAccount) -> Sample:
    return Sample(
        account.label,
        "Account",
        account.number[-4:],
        {
            "payment_method_type": "us_bank_account",
            "routing_number": ROUTING_NUMBER,
            "account_number": account.number,
        },
    )


def _label_under(heading: str, label: str) -> str:
    """The label without the words that the heading above it says already."""
    if heading == "Paid":
        return label
    rest = label.removeprefix(heading).lstrip(":, ")
    return rest[:1].upper() + rest[1:] if rest else label
