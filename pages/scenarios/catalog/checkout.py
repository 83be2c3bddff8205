"""A payment, from a new session to the grant, or to none."""

from __future__ import annotations

from billing.domain.ledger.line import Cause
from billing.domain.sessions.checkout_session import Kind
from pages.scenarios.catalog.scenario import COMPLETED, NOTHING, VISA, Scenario
from pages.scenarios.sandbox_client import PaymentOutcome
from pages.scenarios.steps.checkout import (
    PAYMENT_FAILED,
    create_session,
    decide_debit,
    expire,
    pay,
    pay_by_bank,
    return_from_checkout,
)
from pages.scenarios.steps.events import expect_event
from pages.scenarios.verdict import Expected

INSUFFICIENT_FUNDS = "4000000000009995"
THREE_D_SECURE = "4000002500003155"
BANK_SUCCEEDS = "000123456789"
BANK_FAILS = "000111111116"

DEBIT_SUCCEEDED = "checkout.session.async_payment_succeeded"
DEBIT_FAILED = "checkout.session.async_payment_failed"
EXPIRED = "checkout.session.expired"

CHECKOUT = (
    Scenario(
        "pro-paid",
        "Pro plan, paid",
        "A subscription is paid; the webhook grants it before the customer returns.",
        (
            create_session(Kind.PRO, 1),
            pay(VISA),
            expect_event(COMPLETED),
            return_from_checkout(granted=True),
        ),
        Expected(1, (Cause.PURCHASE,)),
    ),
    Scenario(
        "credits-paid",
        "Extra credits, paid",
        "Three credits in one payment; the customer returns at once: exactly three are granted.",
        (
            create_session(Kind.CREDITS, 3),
            pay(VISA),
            return_from_checkout(granted=True),
            expect_event(COMPLETED),
        ),
        Expected(3, (Cause.PURCHASE,)),
    ),
    Scenario(
        "declined-then-paid",
        "Declined, then paid",
        "The first card has insufficient funds; another one pays.",
        (
            create_session(Kind.CREDITS, 2),
            pay(INSUFFICIENT_FUNDS, expect=PaymentOutcome.DECLINED),
            return_from_checkout(granted=False),
            pay(VISA),
            expect_event(COMPLETED),
            return_from_checkout(granted=True),
        ),
        Expected(2, (Cause.PURCHASE,)),
    ),
    Scenario(
        "3ds-completed",
        "3-D Secure completed",
        "The bank asks the customer to confirm, and the customer does.",
        (
            create_session(Kind.CREDITS, 1),
            pay(THREE_D_SECURE, authenticate=True),
            expect_event(COMPLETED),
            return_from_checkout(granted=True),
        ),
        Expected(1, (Cause.PURCHASE,)),
    ),
    Scenario(
        "3ds-failed",
        "3-D Secure failed",
        "The customer fails to confirm: Stripe reports the attempt, nothing is granted.",
        (
            create_session(Kind.CREDITS, 1),
            pay(THREE_D_SECURE, authenticate=False, expect=PaymentOutcome.DECLINED),
            expect_event(PAYMENT_FAILED),
            return_from_checkout(granted=False),
        ),
        NOTHING,
    ),
    Scenario(
        "abandoned-expired",
        "Abandoned and expired",
        "Nobody pays; Stripe sends an event when the session expires.",
        (
            create_session(Kind.PRO, 1),
            expire(),
            expect_event(EXPIRED),
            return_from_checkout(granted=False),
        ),
        NOTHING,
    ),
    Scenario(
        "delayed-succeeds",
        "Delayed payment succeeds",
        "A bank debit: complete at once, granted when the debit succeeds.",
        (
            create_session(Kind.CREDITS, 5),
            pay_by_bank(BANK_SUCCEEDS),
            expect_event(COMPLETED),
            return_from_checkout(granted=False),
            decide_debit(),
            expect_event(DEBIT_SUCCEEDED),
            return_from_checkout(granted=True),
        ),
        Expected(5, (Cause.PURCHASE,)),
    ),
    Scenario(
        "delayed-fails",
        "Delayed payment fails",
        "A bank debit: complete at once, but it fails and grants nothing.",
        (
            create_session(Kind.CREDITS, 5),
            pay_by_bank(BANK_FAILS),
            expect_event(COMPLETED),
            decide_debit(),
            expect_event(DEBIT_FAILED),
            return_from_checkout(granted=False),
        ),
        NOTHING,
    ),
)
