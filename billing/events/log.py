"""Use cases of the Events page: find events, one in detail, replay, delivery health."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from billing.access.caller import requires
from billing.domain.access import Permission
from billing.domain.durations import MINUTE
from billing.domain.events.delivery_health import DeliveryHealth
from billing.domain.events.event import Cursor, EventDetails, EventFilter, EventOverview
from billing.domain.events.thin_event import as_sent
from billing.domain.stripe_json import integer_at
from billing.errors import InvalidInput, NotConfigured, StripeFailure
from billing.events.delivery_health import assess, read_facts
from billing.json_codec import dumps, loads
from billing.settings.model import SECRET_KEY, WEBHOOK_SECRET
from billing.store import events, sessions
from billing.store.events import claims, deliveries, refusals

if TYPE_CHECKING:
    from collections.abc import Callable

    from billing.changes.shared_reads import SharedReads
    from billing.domain.events.event import Refusal
    from billing.domain.sync_state import SyncState
    from billing.errors import BillingError
    from billing.settings.model import Settings
    from billing.store import Connection, Store
    from billing.stripe_api.gateway import StripeGateway
    from billing.sync.mirror import Mirror
    from billing.webhooks.answered_deliveries import AnsweredDeliveries
    from billing.webhooks.processor import EventProcessor
    from billing.webhooks.refused_deliveries import RefusedDeliveries

PAGE_SIZE = 50
REFUSALS_LIMIT = 200
REFUSALS_SHOWN = 5
ID_LENGTH = 300
SNAPSHOT_ID = re.compile(r"evt_[A-Za-z0-9]+")
_DASHBOARD = "https://dashboard.stripe.com/test/events"


class EventLog:
    """Reads the stored events. Every method raises ``StoreFailure`` when they cannot be read."""

    def __init__(
        self,
        settings: Settings,
        gateway: StripeGateway,
        store: Store,
        event_processor: EventProcessor,
        mirror: Mirror,
        refused: RefusedDeliveries,
        answered: AnsweredDeliveries,
        shared: SharedReads,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._gateway = gateway
        self._store = store
        self._event_processor = event_processor
        self._mirror = mirror
        self._refused = refused
        self._answered = answered
        self._shared = shared
        self._clock = clock

    @requires(Permission.VIEW)
    async def find(self, wanted: EventFilter, below: Cursor | None = None) -> EventOverview:
        """A page of the newest events that match, or of those below a cursor, with its counts."""

        def read(connection: Connection) -> EventOverview:
            page = events.page(connection, wanted, PAGE_SIZE, below)
            return EventOverview(
                page,
                events.count_by_state(connection, wanted),
                events.count_failed(connection),
                sessions.sessions_of_events(connection, [event.id for event in page.events]),
            )

        await self._refused.write()
        return await self._shared.read(("events", wanted, below), read)

    @requires(Permission.VIEW)
    async def refusals(self) -> list[Refusal]:
        """The newest refused deliveries, the newest first."""
        await self._refused.write()
        return await self._store.read(
            lambda connection: refusals.newest(connection, REFUSALS_LIMIT)
        )

    @requires(Permission.VIEW)
    async def types(self) -> list[str]:
        """The types of event that have arrived, in alphabetical order."""
        return await self._store.read(events.known_types)

    @requires(Permission.VIEW)
    async def get(self, event_id: str) -> EventDetails | None:
        """The event of this id with its payload; None when it never arrived."""

        def read(connection: Connection) -> EventDetails | None:
            event = events.get(connection, event_id)
            payload = events.payload_of(connection, event_id)
            if event is None or payload is None:
                return None
            session = sessions.sessions_of_events(connection, [event.id]).get(event.id)
            return EventDetails(
                event,
                _readable(payload),
                session,
                deliveries.of_events(connection, [event.id])[event.id],
                tuple(
                    refusals.between(
                        connection, event.created - MINUTE, event.received_at, REFUSALS_SHOWN
                    )
                ),
                claims.of_events(connection, [event.id])[event.id],
                None if self._settings.api_base else f"{_DASHBOARD}/{event.id}",
            )

        await self._refused.write()
        await self._answered.write()
        return await self._store.read(read)

    @requires(Permission.VIEW)
    async def pending_webhooks(self, event_id: str) -> int | None:
        """To how many endpoints Stripe has yet to deliver the event, as it says now; None where it
        does not say: of thin events. Raises ``StripeFailure``.

        https://docs.stripe.com/api/events/object#event_object-pending_webhooks
        """
        if not SNAPSHOT_ID.fullmatch(event_id):
            return None
        found = await self._gateway.retrieve_object(f"/v1/events/{event_id}")
        return integer_at(found, "pending_webhooks")

    @requires(Permission.REPLAY, on="event_id")
    async def replay(self, event_id: str | None = None) -> int:
        """Handle an event again, or all that failed; how many those are.

        Raises ``NotConfigured`` when no key is set (nothing could be handled), ``InvalidInput``
        when there is nothing to do for this event.
        """
        self._settings.require(SECRET_KEY, self._settings.secret_key)
        replayed = await self._event_processor.replay(None if event_id is None else [event_id])
        if event_id is not None and not replayed:
            raise InvalidInput(
                "This event cannot be replayed.",
                "This app does not handle events of its type, or the event has been deleted.",
            )
        return replayed

    @requires(Permission.VIEW)
    async def delivery_health(self) -> DeliveryHealth:
        """Whether events arrive and how, in words."""
        now = self._clock()
        await self._refused.write()
        facts = await self._shared.read(
            ("delivery_health", int(now)), lambda connection: read_facts(connection, now)
        )
        state = await self._mirror.state()
        settings = self._settings
        return assess(
            facts,
            now,
            no_stripe=_missing(settings, SECRET_KEY, settings.secret_key),
            no_secret=_missing(settings, WEBHOOK_SECRET, settings.webhook_secrets),
            no_polling=_no_polling(state),
        )


def _readable(payload: str) -> str:
    try:
        sent = loads(payload)
        return dumps(as_sent(sent) if isinstance(sent, dict) else sent)
    except ValueError:
        return dumps(payload)


def _no_polling(state: SyncState) -> BillingError | None:
    """Why Stripe's list of events cannot be read, if so."""
    if state.failure:
        return StripeFailure(state.failure, state.next_step)
    if state.no_events:
        return StripeFailure(state.no_events, state.no_events_next_step)
    return None


def _missing(settings: Settings, name: str, value: object) -> BillingError | None:
    try:
        settings.require(name, value)
    except NotConfigured as missing:
        return missing
    return None
