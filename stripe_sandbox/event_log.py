"""Events (https://docs.stripe.com/api/events): recorded, listed, and queued for webhook
endpoints."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from typing import Any, get_args

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import NO_REQUEST, RequestInfo
from stripe_sandbox.api.pagination import Page
from stripe_sandbox.clock import Clock
from stripe_sandbox.ids import new_id, random_text
from stripe_sandbox.schema import thin_changes
from stripe_sandbox.schema.sdk_types import object_class, object_fields
from stripe_sandbox.storage.changes import recording
from stripe_sandbox.storage.database import Database
from stripe_sandbox.storage.delivery_queue import DeliveryQueue
from stripe_sandbox.storage.json_text import dump, load
from stripe_sandbox.storage.objects import NoSuchCursorError, Object, Window, fetch_page
from stripe_sandbox.versions.releases import NEWEST
from stripe_sandbox.versions.translation import Translations

RETENTION_SECONDS = 30 * 86_400
MAXIMUM_TYPES = 20
THIN_ID = "evt_test_"
"""How the ids of thin events begin."""
TEST_ID = "evt_00000000"
"""How the ids of test events begin, as those of Stripe's Dashboard did."""
PING = "v2.core.event_destination.ping"

_IS_NEWEST = f'"object": "event",\n  "api_version": "{NEWEST}"'


def is_thin_only(name: str) -> bool:
    """Whether only a thin event tells of it: /v1 shows no event of the type."""
    return name.startswith(("v1.", "v2."))


@dataclass
class RecordedEvents:
    """Events that were recorded: their `ids` in order, and their number by type and, of invoices,
    `billing_reason`."""

    ids: list[str] = field(default_factory=list)
    counts: Counter[tuple[str, str | None]] = field(default_factory=Counter)

    def add(self, identifier: str, name: str, subject: Object) -> None:
        """Count one more event about `subject`."""
        self.ids.append(identifier)
        self.counts[name, subject.get("billing_reason")] += 1


_capturing: ContextVar[RecordedEvents | None] = ContextVar("recorded events", default=None)
_muted: ContextVar[bool] = ContextVar("whether events are delivered to no endpoint", default=False)


@cache
def event_types() -> tuple[str, ...]:
    """Every event type that Stripe has."""
    return get_args(object_fields(object_class("event"))["type"])


@cache
def thin_types() -> frozenset[str]:
    """Every type of thin event that Stripe has."""
    # The SDK's list of them takes a while to import, and most sandboxes need it never.
    from stripe.events import _event_classes

    return frozenset(_event_classes._V2_EVENT_CLASS_LOOKUP)


class EventLog:
    """Records events and their deliveries, in the transaction of the change that they report."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        translations: Translations,
        delay: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """`delay` returns the seconds after which a new delivery is due."""
        self._database = database
        self._clock = clock
        self._translations = translations
        self._delay = delay
        self.queue = DeliveryQueue(database)

    @property
    def version(self) -> str:
        """The account's version of the API, in which events are recorded."""
        return self._translations.default

    @contextmanager
    def capture(self) -> Iterator[RecordedEvents]:
        """Yields the events that the block records."""
        found = RecordedEvents()
        token = _capturing.set(found)
        try:
            yield found
        finally:
            _capturing.reset(token)

    @contextmanager
    def muted(self) -> Iterator[None]:
        """The events that the block records are delivered to no endpoint."""
        token = _muted.set(True)
        try:
            yield
        finally:
            _muted.reset(token)

    def record(
        self,
        name: str,
        subject: Object,
        request: RequestInfo = NO_REQUEST,
        previous: Object | None = None,
        *,
        is_test: bool = False,
    ) -> str:
        """Record an event of the type `name` about `subject` as it is now; returns its id. It is
        created in the account's time, also where the subject lives in a test clock's.

        `previous` holds the former values of the fields that an update changed. `is_test`: nothing
        happened, somebody only wants it sent.
        """
        identifier = TEST_ID + random_text(16) if is_test else new_id("evt", 24)
        data: Object = {"object": subject}
        if previous is not None:
            data["previous_attributes"] = previous
        endpoints = [] if _muted.get() else self._endpoints_for(name, subject)
        self._store(identifier, name, data, endpoints, request)
        capture = _capturing.get()
        if capture is not None:
            capture.add(identifier, name, subject)
        if not is_test:
            self.record_thin(name, subject, request, previous)
        return identifier

    def record_thin(
        self,
        name: str,
        subject: Object,
        request: RequestInfo = NO_REQUEST,
        previous: Object | None = None,
    ) -> None:
        """Record the events that only thin ones tell beside an event of the type `name`."""
        for changed, before in thin_changes.changes(name, subject, previous):
            destinations = [] if _muted.get() else self._destinations_for(f"v1.{changed}")
            data = {"object": subject, "previous_attributes": before}
            self._store(new_id("evt_test", 24), f"v1.{changed}", data, destinations, request)

    def send(
        self, name: str, subject: Object, endpoints: list[str], request: RequestInfo
    ) -> Object:
        """Record an event that only thin ones tell, for these destinations (their ids), and return
        it."""
        return self._store(new_id("evt_test", 24), name, {"object": subject}, endpoints, request)

    def _store(
        self,
        identifier: str,
        name: str,
        data: Object,
        endpoints: list[str],
        request: RequestInfo,
    ) -> Object:
        now = int(self._clock.account_time())
        event: Object = {
            "id": identifier,
            "object": "event",
            "api_version": self._translations.default,
            "created": now,
            "data": data,
            "livemode": False,
            "request": {"id": request.id, "idempotency_key": request.idempotency_key},
            "type": name,
        }
        self._database.write(
            "INSERT INTO events (id, created, type, pending, delivered, body) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (identifier, now, name, len(endpoints), not endpoints, dump(event)),
        )
        changes = recording.get()
        if changes is not None:
            changes.events.append((identifier, name))
        for endpoint in endpoints:
            self.queue.add(identifier, endpoint, self._clock.account_time() + self._delay())
        return event

    def _endpoints_for(self, name: str, subject: Object) -> list[str]:
        found: list[str] = []
        for identifier, body in self._database.rows(
            "SELECT id, body FROM webhook_endpoints WHERE status = 'enabled' "
            "UNION ALL SELECT id, body FROM event_destinations WHERE status = 'enabled'"
        ):
            endpoint = load(body)
            if endpoint.get("event_payload") == "thin":
                if not {"*", f"v1.{name}"}.isdisjoint(endpoint["enabled_events"]):
                    found.append(identifier)
                continue
            version = endpoint["api_version"] or self._translations.default
            if not {"*", name}.isdisjoint(endpoint["enabled_events"]) and self._translations.of(
                version
            ).sends(name, subject):
                found.append(identifier)
        return found

    def _destinations_for(self, name: str) -> list[str]:
        """The destinations of thin events of the type."""
        rows = self._database.rows(
            "SELECT id, body FROM event_destinations WHERE status = 'enabled'"
        )
        wanted = {"*", name}
        return [one for one, body in rows if not wanted.isdisjoint(load(body)["enabled_events"])]

    def get(self, identifier: str, version: str | None = None) -> Object | None:
        """The event as it is now, or None; in the version of the API, otherwise in the account's of
        when it was recorded."""
        row = self._database.row(
            "SELECT body, pending FROM events WHERE id = ? AND created > ?",
            (identifier, self._oldest()),
        )
        if row is None:
            return None
        return self._translations.event(load(_with_pending(row[0], row[1])), version)

    def page(
        self, url: str, types: Iterable[str] | None, delivered: bool | None, window: Window
    ) -> Page:
        """Events of the types (None: all), newest first. StripeError: an unknown cursor."""
        conditions = ["created > ?"]
        values: list[Any] = [self._oldest()]
        if delivered is not None:
            conditions.append("delivered" if delivered else "NOT delivered")
        try:
            if types is None:
                conditions.append("type NOT GLOB 'v[12].*'")
                rows, more = self._rows(conditions, values, window)
            else:
                rows, more = self._merge_types(sorted(set(types)), conditions, values, window)
        except NoSuchCursorError as error:
            raise errors.no_such("event", error.identifier, error.parameter) from error
        return Page(url, [self._shown(_with_pending(row[2], row[3])) for row in rows], more)

    def _shown(self, body: str) -> str:
        """A stored event, whose object is the newest version's, in its own version."""
        return body if _IS_NEWEST in body else dump(self._translations.event(load(body)))

    def _rows(
        self, conditions: list[str], values: list[Any], window: Window
    ) -> tuple[list[tuple[Any, ...]], bool]:
        return fetch_page(
            self._database, "events", conditions, values, window, "created, seq, body, pending"
        )

    def _merge_types(
        self, types: list[str], conditions: list[str], values: list[Any], window: Window
    ) -> tuple[list[tuple[Any, ...]], bool]:
        """Each type's newest by its own index, merged: no type is rare enough to cost a scan."""
        pages = [
            self._rows([*conditions, "type = ?"], [*values, wanted], window) for wanted in types
        ]
        merged = list(heapq.merge(*(rows for rows, _ in pages), reverse=True))
        more = len(merged) > window.limit or any(more for _, more in pages)
        rows = merged[-window.limit :] if window.ending_before else merged[: window.limit]
        return rows, more

    def purge_old(self) -> None:
        """Remove events after their retention, with their deliveries."""
        oldest = self._oldest()
        with self._database.transaction():
            self.queue.remove_before(oldest)
            self._database.write("DELETE FROM events WHERE created <= ?", (oldest,))

    def _oldest(self) -> int:
        """The creation time up to which events are past their retention. By the wall clock's time:
        moving the clock forward must not remove what is still to be delivered."""
        return int(self._clock.wall()) - RETENTION_SECONDS


def _with_pending(body: str, pending: int) -> str:
    return f'{body[:-1].rstrip()},\n  "pending_webhooks": {pending}\n}}'
