"""What Stripe says, and what is waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.domain.event import EventSource, EventState
from pages.scenarios.context import RunContext, StepFailed
from pages.scenarios.steps.step import Step
from pages.scenarios.verdict import at_most

if TYPE_CHECKING:
    from billing.domain.event import Event
    from billing.domain.sessions.details import SessionRecords


def expect_webhook(event_type: str) -> Step:
    """The webhook of Stripe's next event of this type about the sale arrives, as often as the
    delivery says, and is handled."""

    def act(context: RunContext) -> str:
        event_id = context.next_event(event_type)
        expected = context.delivery.arrivals

        def handled() -> Event | None:
            found = context.arrived(event_id)
            if not found or found.event.state is not EventState.HANDLED:
                return None
            return found.event if found.event.deliveries >= expected else None

        event = context.wait(handled, f"The webhook of {event_type}")
        if event.source is not EventSource.WEBHOOK:
            return "polling found the event; handled"
        times = f"{event.deliveries} times, " if event.deliveries > 1 else ""
        late = "" if context.clock_was_moved else f"{at_most(event.delay + context.ahead)}; "
        return f"{times}{late}handled"

    return Step(f"The webhook {event_type} arrives", act)


def expect_all_webhooks() -> Step:
    """Every webhook of the payment arrives, in whatever order."""

    def act(context: RunContext) -> str:
        created = list(context.payment.events) if context.payment else []

        def all_arrived() -> list[Event] | None:
            found = [one.event for one in map(context.arrived, created) if one]
            arrived = [event for event in found if event.deliveries]
            return arrived if created and len(arrived) == len(created) else None

        found = context.wait(all_arrived, "Every webhook of the payment")
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
        origin = records.grants[0].origin
        event = next((event for event in records.events if event.id == origin), None)
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
