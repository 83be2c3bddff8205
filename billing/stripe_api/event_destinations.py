"""Stripe's API for event destinations that are sent thin events.

They are shown as webhook endpoints are, with ``thin`` true and their types of event without
``v1.``.
https://docs.stripe.com/api/v2/core/event-destinations
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from billing.domain.stripe_json import JSON, text_at
from billing.domain.stripe_objects import (
    CREATED_DESTINATION,
    EVENT_DESTINATION,
    EVENT_DESTINATIONS,
)
from billing.stripe_api.calls import PAGE_SIZE, StripeCalls

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PATH = "/v2/core/event_destinations"
_V1 = "v1."


class EventDestinationCalls(StripeCalls):
    """Operations of the gateway on thin destinations. A key may lack the permission, and another
    API may lack all of ``/v2``."""

    async def list_thin_destinations(self) -> list[JSON]:
        """Those that lead to a URL."""
        params = {"limit": PAGE_SIZE, "include": ["webhook_endpoint.url"]}
        found = (await self._call(EVENT_DESTINATIONS, "get", _PATH, params))["data"]
        return [
            {
                "id": one["id"],
                "url": url,
                "status": one.get("status"),
                "enabled_events": [name.removeprefix(_V1) for name in one["enabled_events"]],
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
            CREATED_DESTINATION, "post", _PATH, given, idempotency_key=idempotency_key
        )
        return {"id": made["id"], "secret": made["webhook_endpoint"]["signing_secret"]}

    async def update_thin_destination(
        self, destination_id: str, enabled_events: Sequence[str]
    ) -> JSON:
        """Have it receive these types of event."""
        path = f"{_PATH}/{quote(destination_id, safe='')}"
        params = {"enabled_events": _prefixed(enabled_events)}
        return await self._call(EVENT_DESTINATION, "post", path, params)


def _prefixed(names: Sequence[str]) -> list[str]:
    return [name if name == "*" or name.startswith("v2.") else f"{_V1}{name}" for name in names]
