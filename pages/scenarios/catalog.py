"""The scenarios: each a whole payment, from a new session to the verdict."""

from __future__ import annotations

from dataclasses import dataclass

from billing.domain.sessions.checkout_session import Kind
from pages.scenarios import steps
from pages.scenarios.faults import WebhookFaults
from pages.scenarios.sandbox_client import PaymentOutcome
from pages.scenarios.steps import Step

VISA = "4242424242424242"
INSUFFICIENT_FUNDS = "4000000000009995"
THREE_D_SECURE = "4000002500003155"
FAILS_AT_RENEWAL = "4000000000000341"
BANK_SUCCEEDS = "000123456789"
BANK_FAILS = "000111111116"

COMPLETED = "checkout.session.completed"
DEBIT_SUCCEEDED = "checkout.session.async_payment_succeeded"
DEBIT_FAILED = "checkout.session.async_payment_failed"
EXPIRED = "checkout.session.expired"
DAYS_TO_RENEWAL = 32


@dataclass(frozen=True)
class Scenario:
    """What is sold, what then happens, and whether it is paid for in the end.

    ``moves_clock``: the sandbox's clock stays ahead afterwards, until it is reset.
    """

    name: str
    title: str
    about: str
    kind: Kind
    quantity: int
    steps: tuple[Step, ...]
    paid: bool = True
    moves_clock: bool = False


SCENARIOS = (
    Scenario(
        "pro-paid",
        "Pro plan, paid",
        "A subscription is paid, and the customer returns.",
        Kind.PRO,
        1,
        (
            steps.pay(VISA),
            steps.expect_webhook(COMPLETED),
            steps.return_from_checkout(granted=True),
        ),
    ),
    Scenario(
        "credits-paid",
        "Extra credits, paid",
        "Three credits in one payment: exactly three are granted.",
        Kind.CREDITS,
        3,
        (
            steps.pay(VISA),
            steps.expect_webhook(COMPLETED),
            steps.return_from_checkout(granted=True),
        ),
    ),
    Scenario(
        "declined-then-paid",
        "Declined, then paid",
        "The first card has insufficient funds; another one pays.",
        Kind.CREDITS,
        2,
        (
            steps.pay(INSUFFICIENT_FUNDS, expect=PaymentOutcome.DECLINED),
            steps.return_from_checkout(granted=False),
            steps.pay(VISA),
            steps.expect_webhook(COMPLETED),
            steps.return_from_checkout(granted=True),
        ),
    ),
    Scenario(
        "3ds-completed",
        "3-D Secure completed",
        "The bank asks the customer to confirm, and the customer does.",
        Kind.CREDITS,
        1,
        (
            steps.pay(THREE_D_SECURE, authenticate=True),
            steps.expect_webhook(COMPLETED),
            steps.return_from_checkout(granted=True),
        ),
    ),
    Scenario(
        "3ds-failed",
        "3-D Secure failed",
        "The customer fails to confirm: Stripe reports the attempt, nothing is granted.",
        Kind.CREDITS,
        1,
        (
            steps.pay(THREE_D_SECURE, authenticate=False, expect=PaymentOutcome.DECLINED),
            steps.expect_all_webhooks(),
            steps.return_from_checkout(granted=False),
        ),
        paid=False,
    ),
    Scenario(
        "abandoned-expired",
        "Abandoned and expired",
        "Nobody pays; Stripe sends an event when the session expires.",
        Kind.PRO,
        1,
        (steps.expire(), steps.expect_webhook(EXPIRED), steps.return_from_checkout(granted=False)),
        paid=False,
    ),
    Scenario(
        "delayed-succeeds",
        "Delayed payment succeeds",
        "A bank debit: complete at once, granted when the debit succeeds.",
        Kind.CREDITS,
        5,
        (
            steps.pay_by_bank(BANK_SUCCEEDS),
            steps.expect_webhook(COMPLETED),
            steps.return_from_checkout(granted=False),
            steps.expect_webhook(DEBIT_SUCCEEDED),
            steps.return_from_checkout(granted=True),
        ),
    ),
    Scenario(
        "delayed-fails",
        "Delayed payment fails",
        "A bank debit: complete at once, but it fails and grants nothing.",
        Kind.CREDITS,
        5,
        (
            steps.pay_by_bank(BANK_FAILS),
            steps.expect_webhook(COMPLETED),
            steps.expect_webhook(DEBIT_FAILED),
            steps.return_from_checkout(granted=False),
        ),
        paid=False,
    ),
    Scenario(
        "webhook-twice",
        "Webhook twice",
        "Stripe sends every event twice; the payment is granted once.",
        Kind.CREDITS,
        4,
        (
            steps.set_webhook_faults("Every webhook is sent twice", WebhookFaults(duplicates=1)),
            steps.pay(VISA),
            steps.expect_webhook(COMPLETED, times=2),
            steps.return_from_checkout(granted=True),
        ),
    ),
    Scenario(
        "webhook-late",
        "Webhook late",
        "The customer returns before the webhook: granted then, and only once.",
        Kind.CREDITS,
        4,
        (
            steps.set_webhook_faults(
                "Webhooks are delayed by 3 seconds", WebhookFaults(delay_seconds=3)
            ),
            steps.pay(VISA),
            steps.return_from_checkout(granted=True),
            steps.expect_webhook(COMPLETED),
        ),
    ),
    Scenario(
        "webhooks-out-of-order",
        "Webhooks out of order",
        "A subscription's many events arrive in random order.",
        Kind.PRO,
        1,
        (
            steps.set_webhook_faults(
                "Webhooks go out in random order", WebhookFaults(shuffle=True)
            ),
            steps.pay(VISA),
            steps.expect_all_webhooks(),
            steps.expect_webhook(COMPLETED),
            steps.return_from_checkout(granted=True),
        ),
    ),
    Scenario(
        "webhook-dropped",
        "Webhook lost",
        "The first delivery is lost; polling or Stripe's retry brings it.",
        Kind.CREDITS,
        4,
        (
            steps.set_webhook_faults(
                "The first delivery of each webhook is lost", WebhookFaults(drop=True)
            ),
            steps.pay(VISA),
            steps.expect_grant("The payment is granted all the same"),
            steps.expect_webhook(COMPLETED),
            steps.return_from_checkout(granted=True),
        ),
    ),
    Scenario(
        "stripe-429",
        "Stripe answers 429",
        "Stripe limits requests while the event is handled; it is retried.",
        Kind.CREDITS,
        6,
        (
            steps.set_api_fault(429),
            steps.pay(VISA),
            steps.expect_failure(),
            steps.end_faults("Stripe works again"),
            steps.expect_grant("The failed event is retried"),
            steps.return_from_checkout(granted=True),
        ),
    ),
    Scenario(
        "stripe-500",
        "Stripe answers 500",
        "Stripe fails while the event is handled; it is retried.",
        Kind.CREDITS,
        6,
        (
            steps.set_api_fault(500),
            steps.pay(VISA),
            steps.expect_failure(),
            steps.end_faults("Stripe works again"),
            steps.expect_grant("The failed event is retried"),
            steps.return_from_checkout(granted=True),
        ),
    ),
    # The last one, as it leaves the clock a month ahead.
    Scenario(
        "renewal-fails",
        "Renewal fails next month",
        "The first month is granted; a month later the card is declined.",
        Kind.PRO,
        1,
        (
            steps.pay(FAILS_AT_RENEWAL),
            steps.expect_webhook(COMPLETED),
            steps.return_from_checkout(granted=True),
            steps.advance_clock(DAYS_TO_RENEWAL, "invoice.payment_failed"),
        ),
        moves_clock=True,
    ),
)
