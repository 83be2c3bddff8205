"""Whether events arrive and how: an assessment of what is stored."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from billing.domain.durations import format_duration
from billing.domain.events.delivery_health import DeliveryHealth, Level
from billing.domain.events.event import EventFilter, EventSource, EventState
from billing.domain.ledger.line import Origin
from billing.store import events
from billing.store.events import refusals
from billing.store.ledger import lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from billing.domain.events.event import Event, Refusal
    from billing.errors import BillingError
    from billing.store import Connection

SAMPLE = 50
# Polling may be faster than a webhook; after so many seconds that one is missing.
WEBHOOK_GRACE_SECONDS = 15.0
# While webhooks arrive, Stripe is polled every half minute; after that the event is missing.
EVENT_GRACE_SECONDS = 60.0

POLLED = "Stripe is polled every few seconds instead, so no event is missed."
CHECK_ENDPOINT = "Check the endpoint and its signing secret on the Setup page."


@dataclass(frozen=True)
class DeliveryFacts:
    """What is stored of deliveries: the newest ``events`` first; ``last_webhook``, the newest that
    a webhook delivered; how many deliveries were ``refused`` since that one, and the newest
    ``refusal`` of them; ``paid_without_event``, how many sessions were paid since the newest event
    without an event about them."""

    events: tuple[Event, ...]
    last_webhook: Event | None
    refusal: Refusal | None
    refused: int
    paid_without_event: int


def read_facts(connection: Connection, now: float) -> DeliveryFacts:
    """Read the facts as of ``now`` (Unix seconds)."""
    newest = events.page(connection, EventFilter(), SAMPLE).events
    by_webhook = events.page(connection, EventFilter(source=EventSource.WEBHOOK), 1).events
    since = by_webhook[0].received_at if by_webhook else 0.0
    last_at = newest[0].received_at if newest else 0.0
    refused = refusals.count_since(connection, since)
    return DeliveryFacts(
        newest,
        by_webhook[0] if by_webhook else None,
        refusals.newest(connection, 1)[0] if refused else None,
        refused,
        lines.count_purchases(connection, Origin.RETURN, last_at, now - EVENT_GRACE_SECONDS),
    )


def assess(
    facts: DeliveryFacts,
    now: float,
    *,
    no_stripe: BillingError | None = None,
    no_secret: BillingError | None = None,
    no_polling: BillingError | None = None,
) -> DeliveryHealth:
    """Whether events arrive, as of ``now`` (Unix seconds). Each ``BillingError`` says why Stripe,
    webhooks or polling cannot be used at present."""
    last = facts.events[0] if facts.events else None
    source = (EventSource.WEBHOOK if last.deliveries else EventSource.POLL) if last else None

    def health(level: Level, title: str, text: str, next_step: str = "") -> DeliveryHealth:
        return DeliveryHealth(level, title, text, next_step, last, source)

    if no_stripe:
        title = "No events can arrive"
        return health(Level.WRONG, title, "", "Check the settings on the Setup page.")
    newest_handled = next(_handled(facts.events), last)
    by_webhook = newest_handled is not None and newest_handled.deliveries > 0
    if no_polling and (no_secret or not by_webhook):
        title = "Events cannot be retrieved from Stripe"
        return health(Level.WRONG, title, no_polling.message, no_polling.next_step)
    if no_secret:
        text = f"{no_secret.message} {POLLED}"
        return health(Level.WARNING, "Webhooks are not accepted", text, no_secret.next_step)
    if facts.refusal:
        which = "delivery was" if facts.refused == 1 else f"{facts.refused:,} deliveries were"
        title = f"The last {which} refused"
        text = f"{format_duration(now - facts.refusal.received_at)} ago: {facts.refusal.reason}"
        return health(Level.WARNING, title, text, facts.refusal.next_step)
    if facts.paid_without_event and last:
        age = format_duration(now - last.received_at)
        number = facts.paid_without_event
        sessions = "1 session was" if number == 1 else f"{number:,} sessions were"
        return health(
            Level.WARNING,
            f"No events for {age}",
            f"{sessions} paid since then, but no events about them have arrived.",
            CHECK_ENDPOINT,
        )
    if last is None:
        return health(
            Level.INFO,
            "Waiting for the first event",
            "Events arrive within seconds of a payment.",
        )
    if facts.last_webhook is None:
        return health(Level.INFO, "No webhook has arrived yet", POLLED, CHECK_ENDPOINT)
    if _polling_has_taken_over(facts, now):
        age = format_duration(now - facts.last_webhook.received_at)
        return health(
            Level.WARNING,
            "Webhooks have stopped arriving",
            f"The last one arrived {age} ago; newer events were found by polling. {POLLED}",
            CHECK_ENDPOINT,
        )
    return health(Level.GOOD, "Webhooks are working", _usual_delay(facts))


def _polling_has_taken_over(facts: DeliveryFacts, now: float) -> bool:
    considered = (
        event
        for event in _handled(facts.events)
        if event.deliveries or event.received_at <= now - WEBHOOK_GRACE_SECONDS
    )
    newest = next(considered, None)
    return newest is not None and not newest.deliveries


def _handled(events: tuple[Event, ...]) -> Iterator[Event]:
    """Those of types that are handled: an endpoint need not subscribe to the others."""
    return (event for event in events if event.state is not EventState.IGNORED)


def _usual_delay(facts: DeliveryFacts) -> str:
    delays = [event.delay for event in facts.events if event.source.is_webhook]
    if not delays:
        return ""
    usual = format_duration(max(median(delays), 0))
    return f"Events usually arrive {usual} after Stripe creates them."
