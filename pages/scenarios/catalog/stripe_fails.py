"""Stripe's API does not work while an event is handled."""

from __future__ import annotations

from billing.domain.ledger.line import Cause
from billing.domain.sessions.checkout_session import Kind
from pages.scenarios.catalog.scenario import VISA, Scenario
from pages.scenarios.steps.checkout import create_session, pay, return_from_checkout
from pages.scenarios.steps.events import expect_failure, expect_grant
from pages.scenarios.steps.faults import end_api_fault, set_api_fault
from pages.scenarios.verdict import Expected


def _fails(status: int, about: str) -> Scenario:
    return Scenario(
        f"stripe-{status}",
        f"Stripe answers {status}",
        about,
        (
            create_session(Kind.CREDITS, 6),
            set_api_fault(status),
            pay(VISA),
            expect_failure(),
            end_api_fault("Stripe works again"),
            expect_grant("The failed event is retried"),
            return_from_checkout(granted=True),
        ),
        Expected(6, (Cause.PURCHASE,)),
    )


STRIPE_FAILS = (
    _fails(429, "Stripe limits requests while the event is handled; it is retried."),
    _fails(500, "Stripe fails while the event is handled; it is retried."),
)
