"""The steps that scenarios are made of. Each says what came of it, or goes ``Astray``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from pages.scenarios.context import Astray, Journey
from pages.scenarios.faults import ApiFaults
from pages.scenarios.verdict import at_most

if TYPE_CHECKING:
    from billing.domain.event import Event
    from billing.events.log import EventDetails
    from billing.sessions.records import SessionRecords
    from pages.scenarios.faults import WebhookFaults
    from pages.scenarios.sandbox_client import Outcome

DAY = 86_400


@dataclass(frozen=True)
class Step:
    """``act`` does what ``label`` says and answers what came of it, in plain words."""

    label: str
    act: Callable[[Journey], str]


# What a customer does ---------------------------------------------------------------------------


def pay(card: str, *, authenticate: bool | None = None, expect: str = "paid") -> Step:
    """Somebody types this card into Checkout; ``expect`` is the outcome that must come."""

    def act(journey: Journey) -> str:
        outcome = journey.controls.pay(
            journey.session.id, email=journey.email, card=card, authenticate=authenticate
        )
        return _as_expected(journey, outcome, expect)

    secure = {None: "", True: ", complete 3-D Secure", False: ", fail 3-D Secure"}[authenticate]
    return Step(f"Pay with {_spaced(card)}{secure}", act)


def pay_by_bank(account: str, *, settles_in_seconds: int = 3) -> Step:
    """Somebody pays by bank debit: Checkout is complete, the money comes or fails later."""

    def act(journey: Journey) -> str:
        outcome = journey.controls.pay(
            journey.session.id,
            email=journey.email,
            bank_account=account,
            settles_in_seconds=settles_in_seconds,
        )
        return _as_expected(journey, outcome, "processing")

    return Step(f"Pay by bank debit from account {account}", act)


def expire() -> Step:
    """Nobody pays in time."""

    def act(journey: Journey) -> str:
        gateway = journey.billing.services.gateway
        expired = journey.billing.call(lambda: gateway.expire_checkout_session(journey.session.id))
        return f"Stripe says {expired['status']}, {expired['payment_status']}"

    return Step("Nobody pays: the session expires", act)


def come_back(*, granted: bool) -> Step:
    """The customer lands on our page, which asks Stripe and settles the session."""

    def act(journey: Journey) -> str:
        fulfillment = journey.billing.services.fulfillment
        settled = journey.billing.call(lambda: fulfillment.settle(journey.session.id, "return"))
        said = f"Stripe says {settled.session.status}, {settled.session.payment_status}"
        if granted is (settled.grant is None):
            raise Astray(f"{said}; {'nothing was' if granted else 'something was'} granted.")
        if settled.grant is None:
            return f"{said}; nothing is granted"
        by = "now" if settled.grant.cause == "return" else "before"
        return f"{said}; granted {by}"

    return Step("The customer returns to the landing page", act)


# What Stripe does -------------------------------------------------------------------------------


def hear(event_type: str, *, times: int = 1) -> Step:
    """The webhook of the session's event arrives so many times and is handled."""

    def heard(records: SessionRecords) -> bool:
        event = _of_type(records, event_type)
        return event is not None and event.deliveries >= times and event.state == "handled"

    def act(journey: Journey) -> str:
        records = journey.wait_for(heard, f"The webhook of {event_type}")
        event = _of_type(records, event_type)
        if event is None:
            raise Astray(f"{event_type} no longer exists.")
        if event.source != "webhook":
            return "after polling had found the event; handled"
        first = "the first one " if times > 1 else ""
        return f"{first}{at_most(event.delay + journey.ahead)}; handled"

    again = {1: "", 2: " twice"}.get(times, f" {times} times")
    return Step(f"The webhook {event_type} arrives{again}", act)


def hear_all() -> Step:
    """Every webhook of the payment arrives, in whatever order."""

    def act(journey: Journey) -> str:
        made = list(journey.outcome.events) if journey.outcome else []
        found: list[Event] = []

        def all_heard(_: SessionRecords) -> bool:
            found[:] = [one.event for one in _arrived(journey, made)]
            return bool(made) and len(found) == len(made)

        journey.wait_for(all_heard, "Every webhook of the payment")
        found.sort(key=lambda event: event.received_at)
        order = [event.id for event in found]
        compared = "in Stripe's order" if order == made else "in another order"
        first = ", ".join(event.type for event in found[:3])
        return f"{len(found)} webhooks, {compared}: {first} …"

    return Step("All webhooks of the payment arrive", act)


def see_granted(how: str) -> Step:
    """The ledger gets its line, by whichever way."""

    def act(journey: Journey) -> str:
        records = journey.wait_for(lambda records: bool(records.grants), "The grant")
        cause = records.grants[0].cause
        event = next((event for event in records.events if event.id == cause), None)
        if event is None:
            return "granted when the session was retrieved from Stripe"
        return f"granted by {event.type}, which arrived by {_way(event)}"

    return Step(how, act)


def see_failed() -> Step:
    """Settling fails, and the event is kept as failed."""

    def tried(records: SessionRecords) -> bool:
        return any(event.attempts for event in records.events)

    def act(journey: Journey) -> str:
        records = journey.wait_for(tried, "An attempt to handle the event")
        if records.grants:
            raise Astray("It was granted although Stripe did not answer.")
        error = next((event.error for event in records.events if event.error), None)
        said = f": {error.split('. ')[0]}" if error else ""
        return f"nothing is granted, and the event will be retried{said}"

    return Step("The webhook arrives, but Stripe does not work", act)


def wait_till(days: int, event_type: str) -> Step:
    """The sandbox's clock goes forward; the event of the session's subscription comes of it."""

    def act(journey: Journey) -> str:
        session = journey.evidence().session
        happened = journey.controls.advance(days * DAY).events
        about = str(session["subscription"])

        def told(_: SessionRecords) -> bool:
            return any(
                one.event.type == event_type and about in one.payload
                for one in _arrived(journey, happened)
            )

        journey.wait_for(told, f"{event_type} of {about}")
        return f"{event_type} for {about}"

    return Step(f"{days} days pass: the sandbox's clock is advanced to the renewal", act)


# What goes wrong --------------------------------------------------------------------------------


def webhooks_go_wrong(says: str, faults: WebhookFaults) -> Step:
    """Deliveries go wrong from here on."""

    def act(journey: Journey) -> str:
        journey.set_faults(replace(journey.usual_faults, webhooks=faults))
        return "on"

    return Step(says, act)


def stripe_answers(status: int) -> Step:
    """Every request to Stripe is answered so from here on."""

    def act(journey: Journey) -> str:
        journey.set_faults(replace(journey.usual_faults, api=ApiFaults(status=status)))
        return "on"

    return Step(f"Stripe answers every request with {status}", act)


def all_is_well_again(says: str) -> Step:
    """What goes wrong is over."""

    def act(journey: Journey) -> str:
        journey.end_faults()
        return "off"

    return Step(says, act)


def _as_expected(journey: Journey, outcome: Outcome, expected: str) -> str:
    journey.outcome = outcome
    said = f": {outcome.reason}" if outcome.code else ""
    if outcome.outcome != expected:
        raise Astray(f"{outcome.outcome}{said}, but {expected} was expected. {outcome.message}")
    return f"{outcome.outcome.replace('_', ' ')}{said}"


def _of_type(records: SessionRecords, event_type: str) -> Event | None:
    return next((event for event in records.events if event.type == event_type), None)


def _arrived(journey: Journey, ids: Sequence[str]) -> list[EventDetails]:
    """Those of the events that webhooks have brought."""
    log = journey.billing.services.event_log
    found = (journey.billing.call(partial(log.one, event_id)) for event_id in ids)
    return [details for details in found if details and details.event.deliveries]


def _way(event: Event) -> str:
    return "webhook" if event.source == "webhook" else "polling"


def _spaced(number: str) -> str:
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))
