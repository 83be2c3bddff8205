"""The steps that scenarios are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from billing.domain.event import EventSource, EventState
from billing.domain.ledger.line import Origin
from pages.scenarios.context import RunContext, StepFailed
from pages.scenarios.faults import ApiFaults
from pages.scenarios.sandbox_client import PaymentOutcome
from pages.scenarios.verdict import at_most

if TYPE_CHECKING:
    from billing.domain.event import Event, EventDetails
    from billing.domain.sessions.details import SessionRecords
    from pages.scenarios.faults import WebhookFaults
    from pages.scenarios.sandbox_client import PaymentResult

DAY = 86_400


@dataclass(frozen=True)
class Step:
    """``act`` does what ``label`` says; its result in plain words. Raises ``StepFailed`` or
    ``BillingError``."""

    label: str
    act: Callable[[RunContext], str]


# What a customer does ---------------------------------------------------------------------------


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


def pay_by_bank(account: str, *, settles_in_seconds: int = 3) -> Step:
    """The customer pays by bank debit: Checkout is complete, the debit succeeds or fails later."""

    def act(context: RunContext) -> str:
        payment = context.controls.pay(
            context.session.id,
            email=context.email,
            bank_account=account,
            settles_in_seconds=settles_in_seconds,
        )
        return _check_payment(context, payment, PaymentOutcome.PROCESSING)

    return Step(f"Pay by bank debit from account {account}", act)


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


# What Stripe does -------------------------------------------------------------------------------


def expect_webhook(event_type: str, *, times: int = 1) -> Step:
    """The webhook of the session's event arrives so many times and is handled."""

    def is_handled(records: SessionRecords) -> bool:
        event = _of_type(records, event_type)
        return event is not None and event.deliveries >= times and event.state is EventState.HANDLED

    def act(context: RunContext) -> str:
        records = context.wait_for(is_handled, f"The webhook of {event_type}")
        event = _of_type(records, event_type)
        if event is None:
            raise StepFailed(f"{event_type} no longer exists.")
        if event.source is not EventSource.WEBHOOK:
            return "after polling had found the event; handled"
        first = "the first one " if times > 1 else ""
        return f"{first}{at_most(event.delay + context.ahead)}; handled"

    again = {1: "", 2: " twice"}.get(times, f" {times} times")
    return Step(f"The webhook {event_type} arrives{again}", act)


def expect_all_webhooks() -> Step:
    """Every webhook of the payment arrives, in whatever order."""

    def act(context: RunContext) -> str:
        created = list(context.payment.events) if context.payment else []
        found: list[Event] = []

        def all_arrived(_: SessionRecords) -> bool:
            found[:] = [one.event for one in _arrived(context, created)]
            return bool(created) and len(found) == len(created)

        context.wait_for(all_arrived, "Every webhook of the payment")
        found.sort(key=lambda event: event.received_at)
        order = [event.id for event in found]
        compared = "in Stripe's order" if order == created else "in another order"
        first = ", ".join(event.type for event in found[:3])
        return f"{len(found)} webhooks, {compared}: {first} …"

    return Step("All webhooks of the payment arrive", act)


def expect_grant(label: str) -> Step:
    """The payment is granted, whatever brings it about."""

    def act(context: RunContext) -> str:
        records = context.wait_for(lambda records: bool(records.grants), "The grant")
        cause = records.grants[0].cause
        event = next((event for event in records.events if event.id == cause), None)
        if event is None:
            return "granted when the session was retrieved from Stripe"
        return f"granted by {event.type}, which arrived by {event.source.label}"

    return Step(label, act)


def expect_failure() -> Step:
    """Handling the event fails: nothing is granted, and the event will be retried."""

    def is_attempted(records: SessionRecords) -> bool:
        return any(event.attempts for event in records.events)

    def act(context: RunContext) -> str:
        records = context.wait_for(is_attempted, "An attempt to handle the event")
        if records.grants:
            raise StepFailed("It was granted although Stripe did not answer.")
        error = next((event.error for event in records.events if event.error), None)
        reason = f": {error.split('. ')[0]}" if error else ""
        return f"nothing is granted, and the event will be retried{reason}"

    return Step("The webhook arrives, but Stripe does not work", act)


def advance_clock(days: int, event_type: str) -> Step:
    """The sandbox's clock is advanced; ``event_type`` has to arrive for the subscription."""

    def act(context: RunContext) -> str:
        session = context.both_sides().session
        created = context.controls.advance(days * DAY).events
        subscription = str(session["subscription"])

        def has_arrived(_: SessionRecords) -> bool:
            return any(
                one.event.type == event_type and subscription in one.payload
                for one in _arrived(context, created)
            )

        context.wait_for(has_arrived, f"{event_type} of {subscription}")
        return f"{event_type} for {subscription}"

    return Step(f"{days} days pass: the sandbox's clock is advanced to the renewal", act)


# Faults -----------------------------------------------------------------------------------------


def set_webhook_faults(label: str, faults: WebhookFaults) -> Step:
    """Deliveries have these faults from here on."""

    def act(context: RunContext) -> str:
        context.set_faults(replace(context.usual_faults, webhooks=faults))
        return "on"

    return Step(label, act)


def set_api_fault(status: int) -> Step:
    """Every request to Stripe is answered with ``status`` from here on."""

    def act(context: RunContext) -> str:
        context.set_faults(replace(context.usual_faults, api=ApiFaults(status=status)))
        return "on"

    return Step(f"Stripe answers every request with {status}", act)


def end_faults(label: str) -> Step:
    """The faults that a step has set end."""

    def act(context: RunContext) -> str:
        context.end_faults()
        return "off"

    return Step(label, act)


def _check_payment(context: RunContext, payment: PaymentResult, expected: PaymentOutcome) -> str:
    context.payment = payment
    reason = f": {payment.reason}" if payment.code else ""
    if payment.outcome is not expected:
        raise StepFailed(
            f"{payment.outcome}{reason}, but {expected} was expected. {payment.message}"
        )
    return f"{payment.outcome.label}{reason}"


def _of_type(records: SessionRecords, event_type: str) -> Event | None:
    return next((event for event in records.events if event.type == event_type), None)


def _arrived(context: RunContext, ids: Sequence[str]) -> list[EventDetails]:
    """Those of the events that have arrived by webhook."""
    log = context.billing.services.event_log
    found = (context.billing.call(partial(log.get, event_id)) for event_id in ids)
    return [details for details in found if details and details.event.deliveries]


def _spaced(number: str) -> str:
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))
