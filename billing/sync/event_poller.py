"""Finds the events that no webhook delivered, in Stripe's list of events.

https://docs.stripe.com/api/events/list
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from billing.domain.events.event import EventSource, EventState
from billing.domain.sessions.timeline import CHECKOUT_EVENTS
from billing.errors import StripeFailure
from billing.store import events
from billing.store.events import DueEvent, ReceivedEvent
from billing.sync.list_poller import ListPoller
from billing.webhooks.processor import initial_state

if TYPE_CHECKING:
    from billing.store import Connection, Store
    from billing.stripe_api.gateway import StripeGateway
    from billing.stripe_api.requests import Page
    from billing.timings import Timings
    from billing.webhooks.processor import EventProcessor

# The events that change something, and those that the timeline of a session shows besides. Stripe
# takes 20 types at the most: what else changes something comes together with one of these.
# https://docs.stripe.com/api/events/list#list_events-types
POLLED_TYPES = (
    *CHECKOUT_EVENTS,
    *("refund.created", "refund.updated", "refund.failed"),
    *("charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed"),
    *("customer.subscription.created", "customer.subscription.updated"),
    *("customer.subscription.deleted", "invoice.paid", "invoice.payment_failed"),
    "customer.updated",
)
NO_EVENTS = ("no_events", "no_events_next_step")

JSON = dict[str, Any]


class EventPoller:
    """``stripe_time`` is when the newest event was created (Unix seconds, 0 before the first): a
    sandbox's clock may be ahead of ours."""

    def __init__(
        self,
        gateway: StripeGateway,
        store: Store,
        event_processor: EventProcessor,
        timings: Timings,
    ) -> None:
        self._gateway = gateway
        self._store = store
        self._event_processor = event_processor
        self._timings = timings
        self._poller = ListPoller(gateway.list_events, types=list(POLLED_TYPES))
        self._due_at = 0.0  # by the monotonic clock, which nobody sets back
        self.stripe_time = 0.0

    def poll_soon(self) -> None:
        """Do not wait before the next poll."""
        self._due_at = 0.0

    async def newest(self) -> JSON:
        """The cursor at the newest event; empty where the key may not read events."""
        try:
            page = await self._gateway.list_events(types=list(POLLED_TYPES), limit=1)
        except StripeFailure as failure:
            if not failure.is_forbidden:
                raise
            return {}
        return {"event": _first_id(page)}

    async def poll(self, saved: JSON) -> None:
        """Record events that no webhook delivered, whole or thin, if it is time to; less often
        while all are delivered. ``saved`` is the checkpoint, which says afterwards how far that
        went."""
        if time.monotonic() < self._due_at:
            return
        waiting: list[DueEvent] = []
        missed = False

        def record(connection: Connection, page: list[JSON]) -> None:
            nonlocal missed
            now = time.time()
            twins = events.thin_twins(connection, page)
            new = [event for event in page if event["id"] not in twins]
            arrivals = [
                ReceivedEvent(event, EventSource.POLL, initial_state(event), now) for event in new
            ]
            for event, known in zip(new, events.record(connection, arrivals), strict=True):
                # An endpoint need not be sent what is not handled.
                missed = missed or (known.deliveries == 0 and known.state is not EventState.IGNORED)
                if known.state is EventState.PENDING:
                    waiting.append(DueEvent.of(event))

        seen = 0
        try:
            async for page in self._poller.pages(saved.get("event")):
                await self._store.write(partial(record, page=page.data))
                seen += len(page.data)
                self.stripe_time = max(self.stripe_time, *(one["created"] for one in page.data))
        except StripeFailure as failure:
            if not failure.is_forbidden:
                raise
            saved |= dict(zip(NO_EVENTS, (failure.message, failure.next_step), strict=True))
            self._due_at = time.monotonic() + self._timings.forbidden_retry_seconds
            return
        for name in NO_EVENTS:
            saved.pop(name, None)
        self._event_processor.enqueue(waiting)
        save_cursor(saved, "event", self._poller)
        if missed:
            self._due_at = 0.0
        elif seen:
            self._due_at = time.monotonic() + self._timings.events_poll_seconds


def save_cursor(saved: JSON, cursor: str, poller: ListPoller) -> None:
    """Put the poller's cursor into the checkpoint; after a gap the whole history is read again."""
    saved[cursor] = poller.cursor
    if poller.has_gap:
        saved |= {"complete": False, "caught_up": False}
        saved.pop("left", None)


def _first_id(page: Page) -> str | None:
    return page.data[0]["id"] if page.data else None
