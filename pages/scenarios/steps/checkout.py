"""What a customer does on the way through Checkout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.domain.ledger.line import Origin
from billing.domain.sessions.source import Source
from pages.scenarios.context import PERSON_SECONDS
from pages.scenarios.runs.errors import StepFailed
from pages.scenarios.sandbox_client import PaymentOutcome, PaymentResult
from pages.scenarios.steps.customers import make_customer
from pages.scenarios.steps.step import Step

if TYPE_CHECKING:
    from billing.domain.sessions.checkout_session import Kind
    from billing.domain.stripe_json import JSON
    from pages.scenarios.context import RunContext

ROUTING_NUMBER = "110000000"
BANK_ACCOUNT = "us_bank_account"

DEBIT_SECONDS = 20  # until a bank decides: longer than what comes before takes
DECIDED = ("succeeded", "requires_payment_method", "canceled")
PAYMENT_FAILED = "payment_intent.payment_failed"
ANY_DATE = "any date to come and any CVC"
AUTHENTICATION = {
    None: "",
    True: " On the bank's page press **Complete**.",
    False: " On the bank's page press **Fail**.",
}


def create_session(kind: Kind, quantity: int = 1) -> Step:
    """Make the Checkout Session; before it the Customer, where they are to live in the time of a
    test clock."""

    def act(context: RunContext) -> str:
        run, checkout = context.run, context.billing.services.checkout
        if context.scenario.needs_test_clock and not run.customer:
            make_customer(context)
        buyer = {"customer": run.customer} if run.customer else {"email": run.email}
        session = context.billing.call(
            lambda: checkout.create(
                kind,
                quantity,
                made_by="test kit",
                source=Source.TEST_KIT,
                label=context.scenario.title,
                idempotency_key=f"{run.id}-session",
                **buyer,
            )
        )
        run.session_id, run.checkout_url = session.id, session.url or ""
        context.save()
        return session.amount

    return Step(f"Create a Checkout Session: {kind.describe(quantity)}", act)


def pay(
    card: str, *, authenticate: bool | None = None, expect: PaymentOutcome = PaymentOutcome.PAID
) -> Step:
    """The customer pays with this card, which has to lead to the outcome ``expect``."""

    def act(context: RunContext) -> str:
        payment = None
        if context.controls:
            payment = context.controls.pay(
                context.session_id, email=context.email, card=card, authenticate=authenticate
            )
        if payment is None or payment.outcome is PaymentOutcome.CLOSED:
            payment = _payment_found(context, expect)
        if payment.outcome is PaymentOutcome.PAID:
            context.saw_payment()
        return _check_payment(payment, expect)

    secure = {None: "", True: ", complete 3-D Secure", False: ", fail 3-D Secure"}[authenticate]
    person = f"Open Checkout and pay with the card {{}}, {ANY_DATE}.{AUTHENTICATION[authenticate]}"
    if expect is PaymentOutcome.DECLINED:
        person += " It is declined: leave the page open."
    return Step(f"Pay with {spaced(card)}{secure}", act, person, number=spaced(card))


def pay_by_bank(account: str) -> Step:
    """The customer pays by bank debit: Checkout is complete, the debit succeeds or fails later."""

    def act(context: RunContext) -> str:
        payment = None
        if context.controls:
            payment = context.controls.pay(
                context.session_id,
                email=context.email,
                bank_account=account,
                settles_in_seconds=DEBIT_SECONDS,
            )
        if payment is None or payment.outcome is PaymentOutcome.CLOSED:
            payment = _payment_found(context, PaymentOutcome.PROCESSING)
        return _check_payment(payment, PaymentOutcome.PROCESSING)

    person = (
        "Open Checkout, choose **US bank account**, enter the numbers by hand: routing number "
        f"{ROUTING_NUMBER}, account {{}}."
    )
    return Step(f"Pay by bank debit from account {account}", act, person, number=account)


def decide_debit() -> Step:
    """The bank has paid the debit, or refused it."""

    def act(context: RunContext) -> str:
        context.pass_time(DEBIT_SECONDS)
        intent = context.stripe_session()["payment_intent"]

        def decided() -> JSON | None:
            found = context.stripe.get(f"payment_intents/{intent}")
            return found if found["status"] in DECIDED else None

        context.wait(decided, "The bank's decision")
        session = context.stripe_session()
        if session["payment_status"] == "paid":
            context.saw_payment()
        return f"Stripe says {session['status']}, {session['payment_status']}"

    return Step("The bank decides on the debit", act, seconds=DEBIT_SECONDS)


def expire() -> Step:
    """Nobody pays in time."""

    def act(context: RunContext) -> str:
        gateway = context.billing.services.gateway
        expired = context.billing.call(lambda: gateway.expire_checkout_session(context.session_id))
        return f"Stripe says {expired['status']}, {expired['payment_status']}"

    return Step("Nobody pays: the session expires", act)


def return_from_checkout(*, granted: bool) -> Step:
    """The customer lands on our page, which retrieves the session and grants what is paid."""

    def act(context: RunContext) -> str:
        fulfillment = context.billing.services.fulfillment
        fulfilled = context.billing.call(
            lambda: fulfillment.refresh_and_grant(context.session_id, Origin.RETURN)
        )
        status = f"Stripe says {fulfilled.session.status}, {fulfilled.session.payment_status}"
        # A bank, or a person with the next card, may have been faster than the run.
        is_early = fulfilled.session.is_paid and context.controls is None
        if granted is (fulfilled.grant is None) and not (fulfilled.grant and is_early):
            raise StepFailed(f"{status}; {'nothing was' if granted else 'something was'} granted.")
        if fulfilled.grant is None:
            return f"{status}; nothing is granted"
        by = "now" if fulfilled.grant.origin == Origin.RETURN else "before"
        return f"{status}; granted {by}"

    return Step("The customer returns to the landing page", act)


def _payment_found(context: RunContext, expected: PaymentOutcome) -> PaymentResult:
    """What a person's payment led to, or one of before the server's restart. A declined card where
    another outcome is expected ends nothing: Checkout lets them try again."""

    def find() -> PaymentResult | None:
        session = context.stripe_session()
        if session["status"] == "expired":
            raise StepFailed("The Checkout Session has expired before it was paid.")
        if session["status"] == "complete":
            at_once = session["payment_status"] == "paid" and not (
                expected is PaymentOutcome.PROCESSING and _is_debit(context.charge())
            )
            outcome = PaymentOutcome.PAID if at_once else PaymentOutcome.PROCESSING
            return PaymentResult(outcome, "", "", session["status"], session["payment_status"])
        if expected is PaymentOutcome.DECLINED and (event := context.new_event(PAYMENT_FAILED)):
            error = event["data"]["object"]["last_payment_error"] or {}
            code = error.get("decline_code") or error.get("code") or ""
            return PaymentResult(
                PaymentOutcome.DECLINED,
                error.get("message") or "",
                code,
                session["status"],
                session["payment_status"],
            )
        return None

    return context.wait(find, "A payment", PERSON_SECONDS)


def _is_debit(charge: JSON) -> bool:
    """A bank account paid, whose debit has been decided in the meantime."""
    return bool(charge["payment_method_details"]["type"] == BANK_ACCOUNT)


def _check_payment(payment: PaymentResult, expected: PaymentOutcome) -> str:
    reason = f": {payment.reason}" if payment.code else ""
    if payment.outcome is not expected:
        raise StepFailed(
            f"{payment.outcome}{reason}, but {expected} was expected. {payment.message}"
        )
    return f"{payment.outcome.label}{reason}"


def spaced(number: str) -> str:
    """As it stands on a card."""
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))
