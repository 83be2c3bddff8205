"""Receives Stripe's webhook deliveries: https://docs.stripe.com/webhooks"""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from billing.domain.events.delivery import ReceivedDelivery
from billing.domain.events.event import EventSource, EventState
from billing.domain.events.thin_event import is_thin, with_reference
from billing.domain.stripe_objects import EVENT, THIN_EVENT
from billing.errors import (
    BillingError,
    NotConfigured,
    StoreFailure,
    WebhookRefusal,
    WebhookRefused,
)
from billing.json_codec import loads
from billing.settings.model import WEBHOOK_SECRET, Settings
from billing.store import events
from billing.store.events import DueEvent, ReceivedEvent, accounts_of
from billing.stripe_api.webhook_signature import verify
from billing.timings import DEFAULT_TIMINGS
from billing.webhooks.delivery_log import DeliveryLog
from billing.webhooks.processor import initial_state

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from billing.store import Store
    from billing.timings import Timings
    from billing.webhooks.answered_deliveries import AnsweredDeliveries
    from billing.webhooks.own_account import OwnAccount
    from billing.webhooks.processor import EventProcessor
    from billing.webhooks.refused_deliveries import RefusedDeliveries

CLAIMED = re.compile(rb'"id"\s{0,9}:\s{0,9}"(evt_[A-Za-z0-9_]{1,250})"')
MAX_SEARCHED = 64 * 1024  # bytes


class WebhookReceiver:
    """Verifies and records events. Without a signing secret nothing is accepted."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        event_processor: EventProcessor,
        own_account: OwnAccount,
        refused: RefusedDeliveries,
        answered: AnsweredDeliveries,
        timings: Timings = DEFAULT_TIMINGS,
        *,
        sandbox_secrets: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        """``sandbox_secrets`` are those that the embedded sandbox signs with at the moment, which
        may roll them: they are valid instead of those in the settings."""
        self._settings = settings
        self._store = store
        self._event_processor = event_processor
        self._own_account = own_account
        self._refused = refused
        self._answered = answered
        self._sandbox_secrets = sandbox_secrets
        self._log = DeliveryLog()
        self._account_seconds = timings.webhook_account_seconds
        # What takes a verified event in the place of ``record``: see ``fault_injection``.
        self.intercept: Callable[[dict[str, Any]], Awaitable[None]] | None = None

    async def receive(self, body: bytes, signature: str | None) -> str:
        """Verify a delivery and record its event; returns the event's id once it is committed.

        ``body`` is the raw request body, ``signature`` the ``Stripe-Signature`` header.
        Raises ``NotConfigured`` without a secret, ``WebhookRefused`` when the signature or the
        body is not Stripe's (both are recorded as refused), ``StoreFailure`` when the event could
        not be recorded: Stripe repeats deliveries that are not answered with 200. What
        ``intercept`` does with the event is its own, ``InjectedFault`` included.
        """
        try:
            event = parse_event(body, signature, self._secrets())
        except (NotConfigured, WebhookRefused) as refused:
            self._refused.record(refused, len(body), claimed_event(body))
            raise
        received_at, started, status = time.time(), time.perf_counter(), 500
        try:
            if self.intercept is None:
                await self.record(event)
            else:
                await self.intercept(event)
            status = 200
        except StoreFailure:
            status = 503
            raise
        finally:
            seconds = time.perf_counter() - started
            self._answered.record(ReceivedDelivery(event["id"], received_at, status, seconds))
        return str(event["id"])

    def is_processing(self, event_id: str) -> bool:
        """Whether the event was enqueued, and is not processed yet."""
        return self._event_processor.has(event_id)

    async def record(
        self, event: dict[str, Any], *, enqueue: bool = True, again: bool = False
    ) -> None:
        """Record a verified event and have it processed, where it is to be; ``again``: also where
        it was. Without ``enqueue`` the processor has to find it. Raises ``StoreFailure``."""
        source = EventSource.THIN if is_thin(event) else EventSource.WEBHOOK
        arrival = ReceivedEvent(event, source, await self._state(event), time.time())
        known = await self._store.write_each(events.record, arrival, urgent=True)
        self._refused.record_accepted(arrival.at)
        self._log.received(event)
        is_due = known.state is EventState.PENDING or (
            again and known.state is not EventState.IGNORED
        )
        if enqueue and is_due:
            self._event_processor.enqueue([DueEvent.of(event)])

    def _secrets(self) -> list[str]:
        if found := self._sandbox_secrets():
            return list(found)
        secrets = self._settings.require(WEBHOOK_SECRET, self._settings.webhook_secrets)
        return [secret.get_secret_value() for secret in secrets]

    async def _state(self, event: dict[str, Any]) -> EventState:
        """The state to record it in. When Stripe does not say within ``webhook_account_seconds``
        which account is ours, the processor asks again."""
        state = initial_state(event)
        if state is EventState.PENDING and (accounts := accounts_of(event)):
            with suppress(BillingError, TimeoutError):
                async with asyncio.timeout(self._account_seconds):
                    if await self._own_account.is_another_account(accounts):
                        return EventState.IGNORED
        return state


def claimed_event(body: bytes) -> str | None:
    """The id of the event that a body nobody has verified says that it is; nothing else of it is
    read, and no more than its beginning."""
    found = CLAIMED.search(body, 0, MAX_SEARCHED)
    return found[1].decode() if found else None


def parse_event(body: bytes, signature: str | None, secrets: list[str]) -> dict[str, Any]:
    """The event in ``body``, snapshot or thin, in the shape of a snapshot event. Raises
    ``WebhookRefused`` unless one of ``secrets`` signed it."""
    verify(body, signature, secrets)
    try:
        event = loads(body)
        came_thin = isinstance(event, dict) and is_thin(event)
        fault = (THIN_EVENT if came_thin else EVENT).fault(event)
    except ValueError as error:
        fault = str(error)
    if fault is not None:
        raise WebhookRefused(
            "The body is signed, but it is not an event.",
            f"{fault}.",
            WebhookRefusal.NOT_AN_EVENT,
        )
    return with_reference(event) if came_thin else dict(event)
