"""Do events arrive, and by which way? The verdict, from what the store and the mirror know."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from billing.domain.delivery_health import DeliveryHealth, Level
from billing.domain.durations import format_duration
from billing.domain.event import EventFilter, EventSource, EventState
from billing.domain.grant import GrantCause
from billing.store import events
from billing.store.events import refusals
from billing.store.ledger import grants

if TYPE_CHECKING:
    from collections.abc import Iterator

    from billing.domain.event import Event, Refusal
    from billing.errors import BillingError
    from billing.store import Connection

SAMPLE = 50
# Polling may be a moment faster than a webhook; only then is it told that none came.
WEBHOOK_COMES_WITHIN = 15.0
# Polling looks every half minute while webhooks arrive: after that, nothing has come.
EVENT_COMES_WITHIN = 60.0

POLLED = "Stripe is polled every few seconds instead, so no event is missed."
FIND_OUT = "Check the endpoint and its signing secret on the Setup page."


@dataclass(frozen=True)
class DeliveryFacts:
    """What is known of the arrivals: the newest ``events`` first; ``last_webhook``, the newest
    that a webhook brought; ``refusal``, the newest of ``refused`` deliveries since that one;
    ``paid_unheard``, paid sessions that no event has told of."""

    events: tuple[Event, ...]
    last_webhook: Event | None
    refusal: Refusal | None
    refused: int
    paid_unheard: int


def read_facts(connection: Connection, now: float) -> DeliveryFacts:
    """Read them, as of ``now`` (Unix seconds)."""
    newest = events.page(connection, EventFilter(), SAMPLE).events
    by_webhook = events.page(connection, EventFilter(source=EventSource.WEBHOOK), 1).events
    since = by_webhook[0].received_at if by_webhook else 0.0
    heard = newest[0].received_at if newest else 0.0
    refused = refusals.count_since(connection, since)
    return DeliveryFacts(
        newest,
        by_webhook[0] if by_webhook else None,
        refusals.newest(connection, 1)[0] if refused else None,
        refused,
        grants.count(connection, GrantCause.RETURN, heard, now - EVENT_COMES_WITHIN),
    )


def assess(
    known: DeliveryFacts,
    now: float,
    *,
    no_stripe: BillingError | None = None,
    no_secret: BillingError | None = None,
    no_polling: BillingError | None = None,
) -> DeliveryHealth:
    """The verdict. Each ``BillingError`` tells why that way is closed at present."""
    last = known.events[0] if known.events else None
    source = (EventSource.WEBHOOK if last.deliveries else EventSource.POLL) if last else None

    def say(level: Level, title: str, text: str, mend: str = "") -> DeliveryHealth:
        return DeliveryHealth(level, title, text, mend, last, source)

    if no_stripe:
        title = "No events can arrive"
        return say(Level.WRONG, title, "", "Check the settings on the Setup page.")
    newest_needed = next(_needed(known.events), last)
    by_webhook = newest_needed is not None and newest_needed.deliveries > 0
    if no_polling and (no_secret or not by_webhook):
        title = "Events cannot be retrieved from Stripe"
        return say(Level.WRONG, title, no_polling.message, no_polling.next_step)
    if no_secret:
        text = f"{no_secret.message} {POLLED}"
        return say(Level.WARNING, "Webhooks are not accepted", text, no_secret.next_step)
    if known.refusal:
        which = "delivery was" if known.refused == 1 else f"{known.refused:,} deliveries were"
        title = f"The last {which} refused"
        text = f"{format_duration(now - known.refusal.received_at)} ago: {known.refusal.reason}"
        return say(Level.WARNING, title, text, known.refusal.next_step)
    if known.paid_unheard and last:
        age = format_duration(now - last.received_at)
        number = known.paid_unheard
        sessions = "1 session was" if number == 1 else f"{number:,} sessions were"
        return say(
            Level.WARNING,
            f"No events for {age}",
            f"{sessions} paid since then, but no events about them have arrived.",
            FIND_OUT,
        )
    if last is None:
        return say(
            Level.INFO,
            "Waiting for the first event",
            "Events arrive within seconds of a payment.",
        )
    if known.last_webhook is None:
        return say(Level.INFO, "No webhook has arrived yet", POLLED, FIND_OUT)
    if _polling_has_taken_over(known, now):
        age = format_duration(now - known.last_webhook.received_at)
        return say(
            Level.WARNING,
            "Webhooks have stopped arriving",
            f"The last one arrived {age} ago; newer events were found by polling. {POLLED}",
            FIND_OUT,
        )
    return say(Level.GOOD, "Webhooks are working", _usual_delay(known))


def _polling_has_taken_over(known: DeliveryFacts, now: float) -> bool:
    judgeable = (
        event
        for event in _needed(known.events)
        if event.deliveries or event.received_at <= now - WEBHOOK_COMES_WITHIN
    )
    newest = next(judgeable, None)
    return newest is not None and not newest.deliveries


def _needed(events: tuple[Event, ...]) -> Iterator[Event]:
    """Those that are handled: an endpoint need not be told of the others."""
    return (event for event in events if event.state is not EventState.IGNORED)


def _usual_delay(known: DeliveryFacts) -> str:
    delays = [event.delay for event in known.events if event.source is EventSource.WEBHOOK]
    if not delays:
        return ""
    usual = format_duration(max(median(delays), 0))
    return f"Events usually arrive {usual} after Stripe creates them."
