"""Stripe's API for where events are sent: webhook endpoints, which are sent snapshot events, and
event destinations that are sent thin ones.

The latter are shown as webhook endpoints are, with ``thin`` true and their types of event without
``v1.``.
https://docs.stripe.com/api/webhook_endpoints
https://docs.stripe.com/api/v2/core/event-destinations
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, get_args
from urllib.parse import quote

import stripe

from billing.domain.stripe_json import JSON, text_at
from billing.domain.stripe_objects import (
    CREATED_DESTINATION,
    CREATED_ENDPOINT,
    ENDPOINT_STATES,
    EVENT_DESTINATION,
    EVENT_DESTINATIONS,
    OBJECT,
    ROLLED_SECRET,
    WEBHOOK_ENDPOINT,
)
from billing.stripe_api.calls import PAGE_SIZE, StripeCalls

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ENDPOINTS = "/v1/webhook_endpoints"
_DESTINATIONS = "/v2/core/event_destinations"
_V1 = "v1."


@cache
def event_types() -> tuple[str, ...]:
    """Every type of event that an endpoint can receive."""
    from stripe.params import WebhookEndpointCreateParams  # read when somebody chooses

    (names,) = get_args(WebhookEndpointCreateParams.__annotations__["enabled_events"])
    return tuple(sorted(name for name in get_args(names) if name != "*"))


class EndpointCalls(StripeCalls):
    """Operations of the gateway on endpoints. A key may lack the permission, and another API may
    lack all of ``/v2``."""

    async def list_webhook_endpoints(self) -> list[JSON]:
        """All of them: an account has at most 16.

        https://docs.stripe.com/api/webhook_endpoints/list
        """
        page = await self._requests.page(WEBHOOK_ENDPOINT, _ENDPOINTS, {"limit": PAGE_SIZE})
        return page.data

    async def create_webhook_endpoint(
        self, params: Mapping[str, Any], idempotency_key: str
    ) -> JSON:
        """With its signing secret under ``secret``, which Stripe returns only now.

        Its events come in the API version that this code speaks, unless ``api_version`` is given;
        None is the account's.
        https://docs.stripe.com/api/webhook_endpoints/create
        """
        given = {"api_version": stripe.api_version, **params}
        given = {name: value for name, value in given.items() if value is not None}
        return await self._call(
            CREATED_ENDPOINT, "post", _ENDPOINTS, given, idempotency_key=idempotency_key
        )

    async def update_webhook_endpoint(self, endpoint_id: str, params: Mapping[str, Any]) -> JSON:
        """https://docs.stripe.com/api/webhook_endpoints/update"""
        path = f"/v1/webhook_endpoints/{_quoted(endpoint_id)}"
        return await self._call(WEBHOOK_ENDPOINT, "post", path, params)

    async def delete_webhook_endpoint(self, endpoint_id: str) -> None:
        """https://docs.stripe.com/api/webhook_endpoints/delete"""
        await self._call(OBJECT, "delete", f"/v1/webhook_endpoints/{_quoted(endpoint_id)}")

    async def list_thin_destinations(self) -> list[JSON]:
        """Those that lead to a URL."""
        params = {"limit": PAGE_SIZE, "include": ["webhook_endpoint.url"]}
        found = (await self._call(EVENT_DESTINATIONS, "get", _DESTINATIONS, params))["data"]
        return [
            {
                "id": one["id"],
                "url": url,
                "status": one.get("status"),
                "enabled_events": [name.removeprefix(_V1) for name in one["enabled_events"]],
                "description": one.get("description") or one.get("name"),
                "metadata": one.get("metadata"),
                "thin": True,
            }
            for one in found
            if one["event_payload"] == "thin" and (url := text_at(one, "webhook_endpoint", "url"))
        ]

    async def create_thin_destination(
        self, params: Mapping[str, Any], idempotency_key: str
    ) -> JSON:
        """Of the parameters of a webhook endpoint; with its signing secret under ``secret``, which
        Stripe returns only now."""
        given = {
            "name": params["description"],
            "description": params["description"],
            "type": "webhook_endpoint",
            "event_payload": "thin",
            "enabled_events": _prefixed(params["enabled_events"]),
            "metadata": params["metadata"],
            "webhook_endpoint": {"url": params["url"]},
            "include": ["webhook_endpoint.signing_secret"],
        }
        made = await self._call(
            CREATED_DESTINATION, "post", _DESTINATIONS, given, idempotency_key=idempotency_key
        )
        return {"id": made["id"], "secret": made["webhook_endpoint"]["signing_secret"]}

    async def update_thin_destination(self, destination_id: str, params: Mapping[str, Any]) -> JSON:
        """Of a webhook endpoint's parameters, ``enabled_events`` and ``metadata``."""
        given = dict(params)
        if "enabled_events" in given:
            given["enabled_events"] = _prefixed(given["enabled_events"])
        path = f"/v2/core/event_destinations/{_quoted(destination_id)}"
        return await self._call(EVENT_DESTINATION, "post", path, given)

    async def turn_thin_destination(self, destination_id: str, *, on: bool) -> None:
        """Enable or disable it."""
        name = _quoted(destination_id)
        enable = f"/v2/core/event_destinations/{name}/enable"
        disable = f"/v2/core/event_destinations/{name}/disable"
        await self._call(EVENT_DESTINATION, "post", enable if on else disable)

    async def delete_thin_destination(self, destination_id: str) -> None:
        """Delete it."""
        path = f"/v2/core/event_destinations/{_quoted(destination_id)}"
        await self._call(OBJECT, "delete", path)

    async def endpoint_states_in_sandbox(self) -> dict[str, JSON]:
        """How the embedded sandbox's deliveries to each endpoint go, by its id: see
        ``docs/sandbox.md``. Stripe itself has no such call."""
        answer = await self._call(ENDPOINT_STATES, "get", "/_control/endpoints")
        found: dict[str, JSON] = answer["endpoints"]
        return found

    async def roll_secret_in_sandbox(self, endpoint_id: str, former_valid_seconds: float) -> JSON:
        """The endpoint's new ``secret``, and ``former_secret_until`` when the former one is valid.
        Stripe itself has no such call."""
        path = f"/_control/endpoints/{_quoted(endpoint_id)}/roll_secret"
        params = {"former_valid_seconds": former_valid_seconds}
        return await self._call(ROLLED_SECRET, "post", path, params)


def _quoted(object_id: str) -> str:
    return quote(object_id, safe="")


def _prefixed(names: Sequence[str]) -> list[str]:
    return [name if name == "*" or name.startswith("v2.") else f"{_V1}{name}" for name in names]
