"""What Stripe says, and what is waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.domain.events.event import EventSource, EventState
from pages.scenarios.runs.errors import StepFailed
from pages.scenarios.steps.step import Step
from pages.scenarios.verdict import at_most

if TYPE_CHECKING:
    from billing.domain.events.event import Event
    from billing.domain.sessions.details import SessionRecords
    from pages.scenarios.context import RunContext

PROCESSED = (EventState.HANDLED, EventState.IGNORED)


def expect_event(event_type: str) -> Step:
    """Stripe's next event of this type about the sale arrives, by webhook as often as the delivery
    says or by polling, and is processed: one that is of no use here is ignored."""

    def act(context: RunContext) -> str:
        event_id = context.next_event(event_type)
        expected = context.arrivals

        def processed() -> Event | None:
            found = context.arrived(event_id)
            if not found or found.event.state not in PROCESSED:
                return None
            return found.event if found.event.deliveries >= expected else None

        event = context.wait(processed, f"The event {event_type}")
        if event.source is not EventSource.WEBHOOK:
            return f"polling found the event; {event.state}"
        times = f"{event.deliveries} times, " if event.deliveries > 1 else ""
        late = "" if context.clock_was_moved else f"{at_most(event.delay + context.ahead)}; "
        return f"{times}{late}{event.state}"

    return Step(f"The event {event_type} arrives", act)


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
