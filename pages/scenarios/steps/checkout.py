"""What a customer does on the way through Checkout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.domain.ledger.line import Origin
from pages.scenarios.context import RunContext, StepFailed
from pages.scenarios.sandbox_client import PaymentOutcome
from pages.scenarios.steps.step import Step

if TYPE_CHECKING:
    from pages.scenarios.sandbox_client import PaymentResult

DEBIT_SECONDS = 20  # until a bank decides: longer than what comes before takes


def pay(
    card: str, *, authenticate: bool | None = None, expect: PaymentOutcome = PaymentOutcome.PAID
) -> Step:
    """The customer pays with this card, which has to lead to the outcome ``expect``."""

    def act(context: RunContext) -> str:
        payment = context.controls.pay(
            context.session.id, email=context.email, card=card, authenticate=authenticate
        )
        return _check_payment(context, payment, expect)

    secure = {None: "", True: ", complete 3-D Secure", False: ", fail 3-D Secure"}[authenticate]
    return Step(f"Pay with {_spaced(card)}{secure}", act)


def pay_by_bank(account: str) -> Step:
    """The customer pays by bank debit: Checkout is complete, the debit succeeds or fails later."""

    def act(context: RunContext) -> str:
        payment = context.controls.pay(
            context.session.id,
            email=context.email,
            bank_account=account,
            settles_in_seconds=DEBIT_SECONDS,
        )
        return _check_payment(context, payment, PaymentOutcome.PROCESSING)

    return Step(f"Pay by bank debit from account {account}", act)


def decide_debit() -> Step:
    """The clock moves on until the bank has paid the debit, or refused it."""

    def act(context: RunContext) -> str:
        context.move_clock_to(context.controls.state().now + DEBIT_SECONDS)
        session = context.stripe_session()
        return f"Stripe says {session['status']}, {session['payment_status']}"

    return Step("The bank decides on the debit", act)


def expire() -> Step:
    """Nobody pays in time."""

    def act(context: RunContext) -> str:
        gateway = context.billing.services.gateway
        expired = context.billing.call(lambda: gateway.expire_checkout_session(context.session.id))
        return f"Stripe says {expired['status']}, {expired['payment_status']}"

    return Step("Nobody pays: the session expires", act)


def return_from_checkout(*, granted: bool) -> Step:
    """The customer lands on our page, which retrieves the session and grants what is paid."""

    def act(context: RunContext) -> str:
        fulfillment = context.billing.services.fulfillment
        fulfilled = context.billing.call(
            lambda: fulfillment.refresh_and_grant(context.session.id, Origin.RETURN)
        )
        status = f"Stripe says {fulfilled.session.status}, {fulfilled.session.payment_status}"
        if granted is (fulfilled.grant is None):
            raise StepFailed(f"{status}; {'nothing was' if granted else 'something was'} granted.")
        if fulfilled.grant is None:
            return f"{status}; nothing is granted"
        by = "now" if fulfilled.grant.origin == Origin.RETURN else "before"
        return f"{status}; granted {by}"

    return Step("The customer returns to the landing page", act)


def _check_payment(context: RunContext, payment: PaymentResult, expected: PaymentOutcome) -> str:
    context.payment = payment
    reason = f": {payment.reason}" if payment.code else ""
    if payment.outcome is not expected:
        raise StepFailed(
            f"{payment.outcome}{reason}, but {expected} was expected. {payment.message}"
        )
    return f"{payment.outcome.label}{reason}"


def _spaced(number: str) -> str:
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))
