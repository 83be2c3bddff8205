"""The steps that scenarios are made of. Each says what came of it, or raises ``StepFailed``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from pages.scenarios.context import RunContext, StepFailed
from pages.scenarios.faults import ApiFaults
from pages.scenarios.verdict import at_most

if TYPE_CHECKING:
    from billing.domain.event import Event
    from billing.events.log import EventDetails
    from billing.sessions.records import SessionRecords
    from pages.scenarios.faults import WebhookFaults
    from pages.scenarios.sandbox_client import PaymentResult

DAY = 86_400


@dataclass(frozen=True)
class Step:
    """``act`` does what ``label`` says and answers what came of it, in plain words."""

    label: str
    act: Callable[[RunContext], str]


# What a customer does ---------------------------------------------------------------------------


def pay(card: str, *, authenticate: bool | None = None, expect: str = "paid") -> Step:
    """Somebody types this card into Checkout; ``expect`` is the outcome that must come."""

    def act(context: RunContext) -> str:
        outcome = context.controls.pay(
            context.session.id, email=context.email, card=card, authenticate=authenticate
        )
        return _as_expected(context, outcome, expect)

    secure = {None: "", True: ", complete 3-D Secure", False: ", fail 3-D Secure"}[authenticate]
    return Step(f"Pay with {_spaced(card)}{secure}", act)


def pay_by_bank(account: str, *, settles_in_seconds: int = 3) -> Step:
    """Somebody pays by bank debit: Checkout is complete, the money comes or fails later."""

    def act(context: RunContext) -> str:
        outcome = context.controls.pay(
            context.session.id,
            email=context.email,
            bank_account=account,
            settles_in_seconds=settles_in_seconds,
        )
        return _as_expected(context, outcome, "processing")

    return Step(f"Pay by bank debit from account {account}", act)


def expire() -> Step:
    """Nobody pays in time."""

    def act(context: RunContext) -> str:
        gateway = context.billing.services.gateway
        expired = context.billing.call(lambda: gateway.expire_checkout_session(context.session.id))
        return f"Stripe says {expired['status']}, {expired['payment_status']}"

    return Step("Nobody pays: the session expires", act)


def return_from_checkout(*, granted: bool) -> Step:
    """The customer lands on our page, which asks Stripe and settles the session."""

    def act(context: RunContext) -> str:
        fulfillment = context.billing.services.fulfillment
        settled = context.billing.call(
            lambda: fulfillment.refresh_and_grant(context.session.id, "return")
        )
        said = f"Stripe says {settled.session.status}, {settled.session.payment_status}"
        if granted is (settled.grant is None):
            raise StepFailed(f"{said}; {'nothing was' if granted else 'something was'} granted.")
        if settled.grant is None:
            return f"{said}; nothing is granted"
        by = "now" if settled.grant.cause == "return" else "before"
        return f"{said}; granted {by}"

    return Step("The customer returns to the landing page", act)


# What Stripe does -------------------------------------------------------------------------------


def expect_webhook(event_type: str, *, times: int = 1) -> Step:
    """The webhook of the session's event arrives so many times and is handled."""

    def heard(records: SessionRecords) -> bool:
        event = _of_type(records, event_type)
        return event is not None and event.deliveries >= times and event.state == "handled"

    def act(context: RunContext) -> str:
        records = context.wait_for(heard, f"The webhook of {event_type}")
        event = _of_type(records, event_type)
        if event is None:
            raise StepFailed(f"{event_type} no longer exists.")
        if event.source != "webhook":
            return "after polling had found the event; handled"
        first = "the first one " if times > 1 else ""
        return f"{first}{at_most(event.delay + context.ahead)}; handled"

    again = {1: "", 2: " twice"}.get(times, f" {times} times")
    return Step(f"The webhook {event_type} arrives{again}", act)


def expect_all_webhooks() -> Step:
    """Every webhook of the payment arrives, in whatever order."""

    def act(context: RunContext) -> str:
        made = list(context.outcome.events) if context.outcome else []
        found: list[Event] = []

        def all_heard(_: SessionRecords) -> bool:
            found[:] = [one.event for one in _arrived(context, made)]
            return bool(made) and len(found) == len(made)

        context.wait_for(all_heard, "Every webhook of the payment")
        found.sort(key=lambda event: event.received_at)
        order = [event.id for event in found]
        compared = "in Stripe's order" if order == made else "in another order"
        first = ", ".join(event.type for event in found[:3])
        return f"{len(found)} webhooks, {compared}: {first} …"

    return Step("All webhooks of the payment arrive", act)


def expect_grant(how: str) -> Step:
    """The ledger gets its line, by whichever way."""

    def act(context: RunContext) -> str:
        records = context.wait_for(lambda records: bool(records.grants), "The grant")
        cause = records.grants[0].cause
        event = next((event for event in records.events if event.id == cause), None)
        if event is None:
            return "granted when the session was retrieved from Stripe"
        return f"granted by {event.type}, which arrived by {_way(event)}"

    return Step(how, act)


def expect_failure() -> Step:
    """Settling fails, and the event is kept as failed."""

    def tried(records: SessionRecords) -> bool:
        return any(event.attempts for event in records.events)

    def act(context: RunContext) -> str:
        records = context.wait_for(tried, "An attempt to handle the event")
        if records.grants:
            raise StepFailed("It was granted although Stripe did not answer.")
        error = next((event.error for event in records.events if event.error), None)
        said = f": {error.split('. ')[0]}" if error else ""
        return f"nothing is granted, and the event will be retried{said}"

    return Step("The webhook arrives, but Stripe does not work", act)


def advance_clock(days: int, event_type: str) -> Step:
    """The sandbox's clock goes forward; the event of the session's subscription comes of it."""

    def act(context: RunContext) -> str:
        session = context.both_sides().session
        happened = context.controls.advance(days * DAY).events
        about = str(session["subscription"])

        def told(_: SessionRecords) -> bool:
            return any(
                one.event.type == event_type and about in one.payload
                for one in _arrived(context, happened)
            )

        context.wait_for(told, f"{event_type} of {about}")
        return f"{event_type} for {about}"

    return Step(f"{days} days pass: the sandbox's clock is advanced to the renewal", act)


# What goes wrong --------------------------------------------------------------------------------


def set_webhook_faults(says: str, faults: WebhookFaults) -> Step:
    """Deliveries go wrong from here on."""

    def act(context: RunContext) -> str:
        context.set_faults(replace(context.usual_faults, webhooks=faults))
        return "on"

    return Step(says, act)


def set_api_fault(status: int) -> Step:
    """Every request to Stripe is answered so from here on."""

    def act(context: RunContext) -> str:
        context.set_faults(replace(context.usual_faults, api=ApiFaults(status=status)))
        return "on"

    return Step(f"Stripe answers every request with {status}", act)


def end_faults(says: str) -> Step:
    """What goes wrong is over."""

    def act(context: RunContext) -> str:
        context.end_faults()
        return "off"

    return Step(says, act)


def _as_expected(context: RunContext, outcome: PaymentResult, expected: str) -> str:
    context.outcome = outcome
    said = f": {outcome.reason}" if outcome.code else ""
    if outcome.outcome != expected:
        raise StepFailed(f"{outcome.outcome}{said}, but {expected} was expected. {outcome.message}")
    return f"{outcome.outcome.replace('_', ' ')}{said}"


def _of_type(records: SessionRecords, event_type: str) -> Event | None:
    return next((event for event in records.events if event.type == event_type), None)


def _arrived(context: RunContext, ids: Sequence[str]) -> list[EventDetails]:
    """Those of the events that webhooks have brought."""
    log = context.billing.services.event_log
    found = (context.billing.call(partial(log.one, event_id)) for event_id in ids)
    return [details for details in found if details and details.event.deliveries]


def _way(event: Event) -> str:
    return "webhook" if event.source == "webhook" else "polling"


def _spaced(number: str) -> str:
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))
