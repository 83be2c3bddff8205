"""The scenarios: each a whole journey from a new session to the verdict."""

from __future__ import annotations

from dataclasses import dataclass

from billing.domain.checkout_session import Kind
from pages.scenarios import steps
from pages.scenarios.faults import WebhookFaults
from pages.scenarios.steps import Step

VISA = "4242424242424242"
INSUFFICIENT_FUNDS = "4000000000009995"
THREE_D_SECURE = "4000002500003155"
FAILS_AT_RENEWAL = "4000000000000341"
BANK_SUCCEEDS = "000123456789"
BANK_FAILS = "000111111116"

COMPLETED = "checkout.session.completed"
CAME_THROUGH = "checkout.session.async_payment_succeeded"
FELL_THROUGH = "checkout.session.async_payment_failed"
EXPIRED = "checkout.session.expired"
DAYS_TO_RENEWAL = 32

PAYMENTS = "Payments"
LATER = "Money that comes later"
WEBHOOKS = "Webhooks that go wrong"
TROUBLE = "Stripe in trouble"


@dataclass(frozen=True)
class Scenario:
    """What is sold, what then happens, and whether it is paid for in the end.

    ``moves_clock``: the sandbox's clock stays ahead afterwards, until it is reset.
    """

    name: str
    group: str
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
        PAYMENTS,
        "Pro plan, paid",
        "A subscription is paid, the webhook comes, and the customer comes back.",
        Kind.PRO,
        1,
        (steps.pay(VISA), steps.hear(COMPLETED), steps.come_back(granted=True)),
    ),
    Scenario(
        "credits-paid",
        PAYMENTS,
        "Extra credits, paid",
        "Three credits in one payment: exactly three are granted.",
        Kind.CREDITS,
        3,
        (steps.pay(VISA), steps.hear(COMPLETED), steps.come_back(granted=True)),
    ),
    Scenario(
        "declined-then-paid",
        PAYMENTS,
        "Declined, then paid",
        "The first card has no money: the session stays open and another card pays.",
        Kind.CREDITS,
        2,
        (
            steps.pay(INSUFFICIENT_FUNDS, expect="declined"),
            steps.come_back(granted=False),
            steps.pay(VISA),
            steps.hear(COMPLETED),
            steps.come_back(granted=True),
        ),
    ),
    Scenario(
        "3ds-completed",
        PAYMENTS,
        "3-D Secure completed",
        "The bank asks the customer to confirm, and the customer does.",
        Kind.CREDITS,
        1,
        (
            steps.pay(THREE_D_SECURE, authenticate=True),
            steps.hear(COMPLETED),
            steps.come_back(granted=True),
        ),
    ),
    Scenario(
        "3ds-failed",
        PAYMENTS,
        "3-D Secure failed",
        "The customer fails to confirm: nothing is paid, nothing granted.",
        Kind.CREDITS,
        1,
        (
            steps.pay(THREE_D_SECURE, authenticate=False, expect="declined"),
            steps.come_back(granted=False),
        ),
        paid=False,
    ),
    Scenario(
        "abandoned-expired",
        PAYMENTS,
        "Abandoned and expired",
        "The customer never pays; Stripe tells that the session has expired.",
        Kind.PRO,
        1,
        (steps.expire(), steps.hear(EXPIRED), steps.come_back(granted=False)),
        paid=False,
    ),
    Scenario(
        "delayed-succeeds",
        LATER,
        "Delayed payment that succeeds",
        "By bank debit: Checkout is complete at once, the grant waits for the money.",
        Kind.CREDITS,
        5,
        (
            steps.pay_by_bank(BANK_SUCCEEDS),
            steps.hear(COMPLETED),
            steps.come_back(granted=False),
            steps.hear(CAME_THROUGH),
            steps.come_back(granted=True),
        ),
    ),
    Scenario(
        "delayed-fails",
        LATER,
        "Delayed payment that fails",
        "By bank debit from an account without money: complete, but never paid.",
        Kind.CREDITS,
        5,
        (
            steps.pay_by_bank(BANK_FAILS),
            steps.hear(COMPLETED),
            steps.hear(FELL_THROUGH),
            steps.come_back(granted=False),
        ),
        paid=False,
    ),
    Scenario(
        "webhook-twice",
        WEBHOOKS,
        "Webhook twice",
        "Stripe sends every event two times; it must count once.",
        Kind.CREDITS,
        4,
        (
            steps.webhooks_go_wrong("Every webhook is sent twice", WebhookFaults(duplicates=1)),
            steps.pay(VISA),
            steps.hear(COMPLETED, times=2),
            steps.come_back(granted=True),
        ),
    ),
    Scenario(
        "webhook-late",
        WEBHOOKS,
        "Webhook late",
        "The customer is back before the webhook: the landing page settles, the webhook adds "
        "nothing.",
        Kind.CREDITS,
        4,
        (
            steps.webhooks_go_wrong(
                "Webhooks are delayed by 3 seconds", WebhookFaults(delay_seconds=3)
            ),
            steps.pay(VISA),
            steps.come_back(granted=True),
            steps.hear(COMPLETED),
        ),
    ),
    Scenario(
        "webhooks-out-of-order",
        WEBHOOKS,
        "Webhooks out of order",
        "A subscription's many events arrive in random order.",
        Kind.PRO,
        1,
        (
            steps.webhooks_go_wrong("Webhooks go out in random order", WebhookFaults(shuffle=True)),
            steps.pay(VISA),
            steps.hear_all(),
            steps.hear(COMPLETED),
            steps.come_back(granted=True),
        ),
    ),
    Scenario(
        "webhook-dropped",
        WEBHOOKS,
        "Webhook lost",
        "The first try of each webhook is lost: polling or Stripe's retry brings the event.",
        Kind.CREDITS,
        4,
        (
            steps.webhooks_go_wrong(
                "The first try of each webhook is lost", WebhookFaults(drop=True)
            ),
            steps.pay(VISA),
            steps.see_granted("The event comes by another way"),
            steps.hear(COMPLETED),
            steps.come_back(granted=True),
        ),
    ),
    Scenario(
        "stripe-429",
        TROUBLE,
        "Stripe answers 429 while settling",
        "Too many requests just when the webhook is settled: it is tried again later.",
        Kind.CREDITS,
        6,
        (
            steps.stripe_answers(429),
            steps.pay(VISA),
            steps.see_failed(),
            steps.all_is_well_again("Stripe answers again"),
            steps.see_granted("The failed event is tried again"),
            steps.come_back(granted=True),
        ),
    ),
    Scenario(
        "stripe-500",
        TROUBLE,
        "Stripe answers 500 while settling",
        "An error at Stripe just when the webhook is settled: it is tried again later.",
        Kind.CREDITS,
        6,
        (
            steps.stripe_answers(500),
            steps.pay(VISA),
            steps.see_failed(),
            steps.all_is_well_again("Stripe answers again"),
            steps.see_granted("The failed event is tried again"),
            steps.come_back(granted=True),
        ),
    ),
    # The last one, as it leaves the clock a month ahead.
    Scenario(
        "renewal-fails",
        LATER,
        "Renewal that fails next month",
        "The first month is paid and granted; a month later the card is declined.",
        Kind.PRO,
        1,
        (
            steps.pay(FAILS_AT_RENEWAL),
            steps.hear(COMPLETED),
            steps.come_back(granted=True),
            steps.wait_till(DAYS_TO_RENEWAL, "invoice.payment_failed"),
        ),
        moves_clock=True,
    ),
)
GROUPS = (PAYMENTS, LATER, WEBHOOKS, TROUBLE)
