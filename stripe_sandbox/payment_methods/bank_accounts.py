"""Stripe's US test bank accounts and what comes of debiting them
(https://docs.stripe.com/payments/ach-direct-debit/accept-a-payment#test-account-numbers)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

ROUTING_NUMBER = "110000000"
BANK_NAME = "STRIPE TEST BANK"


@dataclass(frozen=True)
class DebitRefusal:
    """Why a bank returned a debit, in Stripe's words."""

    code: str
    message: str
    decline_code: str | None = None
    param: str | None = None


@dataclass(frozen=True)
class TestBankAccount:
    """One of Stripe's test accounts; `refusal` is what becomes known days later (None: paid)."""

    number: str
    label: str
    refusal: DebitRefusal | None = None

    @property
    def fingerprint(self) -> str:
        """The same for the same account, and not its number."""
        return hashlib.sha256(f"{ROUTING_NUMBER} {self.number}".encode()).hexdigest()[:16]


TestBankAccount.__test__ = False  # type: ignore[attr-defined]  # its name is not a test's

TEST_BANK_ACCOUNTS: tuple[TestBankAccount, ...] = (
    TestBankAccount("000123456789", "Paid later"),
    TestBankAccount(
        "000111111116",
        "Fails later: no account",
        DebitRefusal("no_account", "The customer's bank account could not be located."),
    ),
    TestBankAccount(
        "000111111113",
        "Fails later: account closed",
        DebitRefusal("account_closed", "The customer's bank account has been closed."),
    ),
    TestBankAccount(
        "000222222227",
        "Fails later: insufficient funds",
        DebitRefusal(
            "insufficient_funds",
            "The customer's account has insufficient funds to cover this payment.",
        ),
    ),
    TestBankAccount(
        "000333333335",
        "Fails later: debit not authorized",
        DebitRefusal(
            "debit_not_authorized",
            "The customer has notified their bank that this payment was unauthorized.",
        ),
    ),
)

_BY_NUMBER = {account.number: account for account in TEST_BANK_ACCOUNTS}
_BY_FINGERPRINT = {account.fingerprint: account for account in TEST_BANK_ACCOUNTS}


_NUMBERS_BY_NAME = {
    "pm_usBankAccount_success": "000123456789",
    "pm_usBankAccount_noAccount": "000111111116",
    "pm_usBankAccount_accountClosed": "000111111113",
    "pm_usBankAccount_insufficientFunds": "000222222227",
    "pm_usBankAccount_debitNotAuthorized": "000333333335",
}


def by_name(name: str) -> TestBankAccount | None:
    """The test account of a name such as `pm_usBankAccount_success`."""
    number = _NUMBERS_BY_NAME.get(name)
    return None if number is None else _BY_NUMBER[number]


def find(number: str) -> TestBankAccount | None:
    """The test account of that number, if it is one."""
    return _BY_NUMBER.get(number)


def of_fingerprint(fingerprint: str) -> TestBankAccount:
    """The test account that a payment method stands for."""
    return _BY_FINGERPRINT[fingerprint]
