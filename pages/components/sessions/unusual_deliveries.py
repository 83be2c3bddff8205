"""What was unusual about the deliveries of a session's events: late, twice, refused, failed; and
what failed at endpoints of others."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from billing.domain.durations import format_duration
from billing.endpoints.urls import leads_here
from billing.errors import BillingError
from pages.components.events.deliveries import claim_text
from pages.components.text.times import local
from pages.scenarios.sandbox_client import sandbox_controls
from pages.scenarios.sandbox_deliveries import Next
from pages.services import page_services

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from billing.domain.events.delivery import ClaimedDelivery, ReceivedDelivery
    from billing.domain.events.event import Event
    from billing.domain.sessions.details import SessionDetails
    from pages.scenarios.sandbox_deliveries import Attempt, Delivery

LATE_SECONDS = 10.0  # an event usually arrives within two
MOST_EVENTS = 100


@dataclass(frozen=True)
class Sent:
    """The sandbox's deliveries of an event to this app, and to other endpoints."""

    here: tuple[Delivery, ...] = ()
    elsewhere: tuple[Delivery, ...] = ()


NOTHING_SENT = Sent()


def sent_by_sandbox(details: SessionDetails) -> Mapping[str, Sent]:
    """The sandbox's deliveries of the session's events, by the event's id; none where Stripe is
    another, or the sandbox does not answer."""
    controls = sandbox_controls()
    events = [step.event for step in details.entries if step.event]
    names = {_stored_id(event.id): event.id for event in events[:MOST_EVENTS]}
    if controls is None or not names:
        return {}
    try:
        deliveries = controls.deliveries.of_events(names.values())
    except BillingError:
        return {}
    settings = page_services().services.settings
    found: defaultdict[str, tuple[list[Delivery], list[Delivery]]] = defaultdict(lambda: ([], []))
    for one in deliveries:
        is_elsewhere = one.url is None or not leads_here(one.url, settings)
        found[names.get(one.event, one.event)][is_elsewhere].append(one)
    return {event: Sent(*map(tuple, split)) for event, split in found.items()}


def _stored_id(event_id: str) -> str:
    """The id of the snapshot event that a thin one is made of."""
    return event_id.replace("evt_test_", "evt_", 1)


def signs(
    event: Event,
    received: Sequence[ReceivedDelivery],
    sent: Sent,
    claims: Sequence[ClaimedDelivery] = (),
) -> list[str]:
    """Each in a word or two: ``12 s late``, ``delivered 3 times``, ``answered 500``; nothing of
    other endpoints, which are no concern of the session's."""
    found = []
    if event.delay > LATE_SECONDS:
        found.append(f"{format_duration(event.delay)} late")
    if event.deliveries > 1:
        found.append(f"delivered {event.deliveries} times")
    refused = dict.fromkeys(one.status for one in received if one.is_refused)
    found += [f"answered {status}" for status in refused]
    failed = [one for delivery in sent.here for one in _failed(delivery)]
    if unknown := [one for one in failed if one.status not in refused]:
        found.append(_failed_attempts(len(unknown)))
    if any(delivery.next is Next.GIVEN_UP for delivery in sent.here):
        found.append("given up")
    if claims and not sent.here:
        found.append("refused, unverified")
    return found


def sentences(
    event: Event,
    received: Sequence[ReceivedDelivery],
    sent: Sent,
    claims: Sequence[ClaimedDelivery] = (),
) -> list[str]:
    """The same with when and where, a sentence each; and what failed at other endpoints."""
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
    for delivery in sent.here:
        if failed := [one for one in _failed(delivery) if one.status not in known]:
            found.append(f"{_failed_attempts(len(failed))} at {_where(delivery)}: {_cause(failed)}")
        if delivery.next is Next.GIVEN_UP:
            found.append(f"Given up: {_where(delivery)} has not received it")
    if not sent.here:  # of the sandbox's own the attempts say it
        found += [claim_text(one) for one in claims]
    for delivery in sent.elsewhere:
        if failed := _failed(delivery):
            given_up = ". Given up" if delivery.next is Next.GIVEN_UP else ""
            found.append(
                f"Elsewhere: {_failed_attempts(len(failed))} at {_where(delivery)}: "
                f"{_cause(failed).rstrip('.')}{given_up}"
            )
    return found


def _where(delivery: Delivery) -> str:
    return delivery.url or delivery.endpoint


def _cause(failed: Sequence[Attempt]) -> str:
    return failed[-1].error or f"answered {failed[-1].status}"


def _failed_attempts(number: int) -> str:
    return f"{number} failed attempt{'' if number == 1 else 's'}"


def _failed(delivery: Delivery) -> list[Attempt]:
    return [one for one in delivery.attempts if not one.succeeded]
