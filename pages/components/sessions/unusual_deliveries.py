"""What was unusual about the deliveries of a session's events: late, twice, refused, failed."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from billing.domain.durations import format_duration
from billing.errors import BillingError
from pages.components.text.times import local
from pages.scenarios.sandbox_client import sandbox_controls
from pages.scenarios.sandbox_deliveries import Next

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from billing.domain.events.delivery import ReceivedDelivery
    from billing.domain.events.event import Event
    from billing.domain.sessions.details import SessionDetails
    from pages.scenarios.sandbox_deliveries import Attempt, Delivery

LATE_SECONDS = 10.0  # an event usually arrives within two
MOST_EVENTS = 100


def sent_by_sandbox(details: SessionDetails) -> Mapping[str, Sequence[Delivery]]:
    """The sandbox's deliveries of the session's events, by the event's id; none where Stripe is
    another, or the sandbox does not answer."""
    controls = sandbox_controls()
    events = [step.event for step in details.entries if step.event]
    names = {_stored_id(event.id): event.id for event in events[:MOST_EVENTS]}
    found: defaultdict[str, list[Delivery]] = defaultdict(list)
    if controls is None or not names:
        return found
    try:
        deliveries = controls.deliveries.of_events(names.values())
    except BillingError:
        return found
    for one in deliveries:
        found[names.get(one.event, one.event)].append(one)
    return found


def _stored_id(event_id: str) -> str:
    """The id of the snapshot event that a thin one is made of."""
    return event_id.replace("evt_test_", "evt_", 1)


def signs(
    event: Event, received: Sequence[ReceivedDelivery], sent: Sequence[Delivery]
) -> list[str]:
    """Each in a word or two: ``12 s late``, ``delivered 3 times``, ``answered 500``."""
    found = []
    if event.delay > LATE_SECONDS:
        found.append(f"{format_duration(event.delay)} late")
    if event.deliveries > 1:
        found.append(f"delivered {event.deliveries} times")
    refused = dict.fromkeys(one.status for one in received if one.is_refused)
    found += [f"answered {status}" for status in refused]
    failed = [one for delivery in sent for one in _failed(delivery) if one.status not in refused]
    if failed:
        found.append(_failed_attempts(len(failed)))
    if any(delivery.next is Next.GIVEN_UP for delivery in sent):
        found.append("given up")
    return found


def sentences(
    event: Event, received: Sequence[ReceivedDelivery], sent: Sequence[Delivery]
) -> list[str]:
    """The same with when and where, a sentence each."""
    found = []
    times = [one.received_at for one in received if not one.is_refused]
    if event.deliveries > 1:
        apart = format_duration(times[-1] - times[0]) if times else ""  # stored a moment later
        after = f", the last {apart} after the first" if apart else ""
        found.append(f"Delivered {event.deliveries} times{after}")
    found += [
        f"Answered {one.status} at {local(one.received_at):%H:%M:%S}"
        for one in received
        if one.is_refused
    ]
    known = {one.status for one in received if one.is_refused}
    for delivery in sent:
        url = delivery.url or delivery.endpoint
        if failed := [one for one in _failed(delivery) if one.status not in known]:
            cause = failed[-1].error or f"answered {failed[-1].status}"
            found.append(f"{_failed_attempts(len(failed))} at {url}: {cause}")
        if delivery.next is Next.GIVEN_UP:
            found.append(f"Given up: {url} has not received it")
    return found


def _failed_attempts(number: int) -> str:
    return f"{number} failed attempt{'' if number == 1 else 's'}"


def _failed(delivery: Delivery) -> list[Attempt]:
    return [one for one in delivery.attempts if not one.succeeded]
