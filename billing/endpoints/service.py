"""What is done with the account's endpoints, whichever Stripe is at the other end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pydantic import SecretStr

from billing.access.caller import requires
from billing.domain.access import Permission
from billing.domain.events.endpoint import EVERY_TYPE, EndpointList, EndpointSecret, Payload
from billing.domain.events.event import EventFilter, EventSource
from billing.domain.sessions.checkout_session import APP
from billing.endpoints import calls
from billing.endpoints.reading import read_endpoints, read_pending
from billing.endpoints.rolling import SecretRolls
from billing.endpoints.urls import check_url, leads_here, local_url, own_urls
from billing.errors import InvalidInput, StripeFailure
from billing.setup.webhook_checks import ENDPOINT_EVENTS, all_endpoints, registered_at
from billing.store import events
from billing.stripe_api.endpoints import event_types

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from billing.domain.events.endpoint import PendingEvents
    from billing.domain.stripe_json import JSON
    from billing.settings.model import Settings
    from billing.store import Connection, Store
    from billing.stripe_api.gateway import StripeGateway

PENDING_LIMIT = 100
SOURCES = {Payload.SNAPSHOT: EventSource.WEBHOOK, Payload.THIN: EventSource.THIN}


class Endpoints:
    """Every use case raises ``StripeFailure`` or ``NotConfigured`` as the gateway does, and
    ``InvalidInput`` where nothing was changed."""

    def __init__(
        self,
        settings: Settings,
        gateway: StripeGateway,
        store: Store,
        read_settings: Callable[[], Settings],
    ) -> None:
        self._settings = settings
        self._gateway = gateway
        self._store = store
        self.rolls = SecretRolls(settings, gateway, read_settings)

    @property
    def handled_types(self) -> tuple[str, ...]:
        """The types of event that this app handles."""
        return ENDPOINT_EVENTS

    @property
    def known_types(self) -> tuple[str, ...]:
        """Every type that an endpoint can receive."""
        return event_types()

    @requires(Permission.VIEW)
    async def find(self) -> EndpointList:
        """All endpoints, and what is known of deliveries to them. Also raises ``StoreFailure``."""
        gateway, settings = self._gateway, self._settings
        if settings.is_embedded:
            found, states = await asyncio.gather(
                all_endpoints(gateway), gateway.endpoint_states_in_sandbox()
            )
            return EndpointList(read_endpoints(found, own_urls(settings), states))
        found, pending, arrivals = await asyncio.gather(
            all_endpoints(gateway), self._pending(), self._store.read(_arrivals)
        )
        endpoints = read_endpoints(found, own_urls(settings), None)
        return EndpointList(endpoints, self.rolls.under_way(endpoints, found), pending, arrivals)

    @requires(Permission.SET_UP, creates="id", does="Add an endpoint")
    async def add(
        self, url: str, payload: Payload, types: Sequence[str], *, idempotency_key: str
    ) -> EndpointSecret:
        """Create an endpoint that receives these types; with the same ``idempotency_key`` only
        once. One that leads here gets events in the API version that this app speaks."""
        url = url.strip()
        check_url(url, self._settings)
        if not types:
            raise InvalidInput("Choose at least one type of event.")
        found = await all_endpoints(self._gateway)
        for one in registered_at(found, url):
            if bool(one.get("thin")) is (payload is Payload.THIN) and not _is_of_press(
                one, idempotency_key
            ):
                raise InvalidInput(
                    f"An endpoint with this URL already exists: {one['id']}.",
                    "A second one would deliver each event twice.",
                )
        is_own = leads_here(url, self._settings)
        params: JSON = {
            "url": url,
            "enabled_events": [*types],
            "description": "The billing dashboard" if is_own else f"Added for {url}"[:100],
            "metadata": {"app": APP, "press": idempotency_key},
        }
        is_thin = payload is Payload.THIN
        if not (is_thin or is_own):
            params["api_version"] = None
        made = await calls.create(self._gateway, params, idempotency_key, thin=is_thin)
        return EndpointSecret(made["id"], url, SecretStr(made["secret"]))

    @requires(Permission.SET_UP, creates="id", does="Listen on port {port}")
    async def listen(self, port: int, path: str, *, idempotency_key: str) -> EndpointSecret:
        """Have the embedded sandbox send every event to a program on this machine, as ``stripe
        listen`` does of Stripe."""
        if not self._settings.is_embedded:
            raise InvalidInput("Only the local sandbox reaches this machine.", "Use stripe listen.")
        url = local_url(port, path)
        return await self.add(url, Payload.SNAPSHOT, EVERY_TYPE, idempotency_key=idempotency_key)

    @requires(Permission.SET_UP, on="endpoint_id", does="Turn the endpoint on")
    async def enable(self, endpoint_id: str) -> None:
        """Have events sent to it."""
        found = await calls.find(self._gateway, endpoint_id)
        await calls.turn(self._gateway, found, on=True)

    @requires(Permission.SET_UP, on="endpoint_id", does="Turn the endpoint off")
    async def disable(self, endpoint_id: str) -> None:
        """Have nothing sent to it."""
        found = await calls.find(self._gateway, endpoint_id)
        await calls.turn(self._gateway, found, on=False)

    @requires(Permission.SET_UP, on="endpoint_id", does="Delete the endpoint")
    async def delete(self, endpoint_id: str) -> None:
        """Delete it, with what waits to be delivered to it."""
        found = await calls.find(self._gateway, endpoint_id)
        states: dict[str, JSON] | None = {} if self._settings.is_embedded else None
        (endpoint,) = read_endpoints([found], own_urls(self._settings), states)
        if endpoint.is_built_in:
            raise InvalidInput(
                "This endpoint delivers the sandbox's events to this dashboard.",
                "Turn it off instead: without it payments are found by polling alone.",
            )
        await calls.delete(self._gateway, found)

    async def _pending(self) -> PendingEvents | None:
        try:
            filters = {"delivery_success": False, "limit": PENDING_LIMIT}
            return read_pending(await self._gateway.list_events(**filters))
        except StripeFailure as failure:
            if failure.is_temporary:
                raise
            return None  # a restricted key, or an API without the filter


def _is_of_press(endpoint: JSON, idempotency_key: str) -> bool:
    return bool((endpoint.get("metadata") or {}).get("press") == idempotency_key)


def _arrivals(connection: Connection) -> dict[Payload, float]:
    found = {
        payload: events.page(connection, EventFilter(source=source), 1).events
        for payload, source in SOURCES.items()
    }
    return {payload: newest[0].received_at for payload, newest in found.items() if newest}
