"""Endpoints as Stripe's API, and the embedded sandbox's controls, describe them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from billing.domain.events.endpoint import Endpoint, Payload, PendingEvents, SandboxDeliveries
from billing.domain.stripe_json import JSON, text_at
from billing.settings.embedded import ENDPOINT_DESCRIPTION
from billing.setup.webhook_checks import ENDPOINT_EVENTS, registered_at

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from billing.stripe_api.requests import Page

_USER = re.compile(r"^([A-Za-z]+://)[^/?#]*@")
REPLACES = "replaces"  # in an endpoint's metadata: the id of the one that it is made to replace


def read_endpoints(
    found: list[JSON], own_urls: Sequence[str], states: Mapping[str, JSON] | None
) -> tuple[Endpoint, ...]:
    """The endpoints, those at ``own_urls`` first. ``states`` are the embedded sandbox's, by id;
    None of any other Stripe."""
    own = {one["id"] for url in own_urls for one in registered_at(found, url)}
    listed = sorted(found, key=lambda one: one["id"] not in own)
    return tuple(_endpoint(one, states, leads_here=one["id"] in own) for one in listed)


def read_pending(page: Page) -> PendingEvents | None:
    """The events of a page of those that were not delivered everywhere."""
    if not page.data:
        return None
    since = min(one["created"] for one in page.data)
    return PendingEvents(len(page.data), page.has_more, since)


def _endpoint(found: JSON, states: Mapping[str, JSON] | None, *, leads_here: bool) -> Endpoint:
    events = tuple(found.get("enabled_events") or ())
    description = text_at(found, "description") or ""
    is_sandbox = states is not None
    return Endpoint(
        id=found["id"],
        url=_without_password(found["url"]),
        payload=Payload.THIN if found.get("thin") else Payload.SNAPSHOT,
        is_enabled=found.get("status") == "enabled",
        enabled_events=events,
        missing=() if "*" in events else tuple(x for x in ENDPOINT_EVENTS if x not in events),
        api_version=text_at(found, "api_version"),
        description=description,
        leads_here=leads_here,
        is_built_in=is_sandbox and leads_here and description == ENDPOINT_DESCRIPTION,
        replaces=text_at(found, "metadata", REPLACES),
        deliveries=_deliveries(states.get(found["id"], {})) if states is not None else None,
    )


def _deliveries(state: JSON) -> SandboxDeliveries:
    status = state.get("status")
    answered = f"It answered {status}." if status else ""
    return SandboxDeliveries(
        waiting=state.get("waiting", 0),
        failed=state.get("failed", 0),
        failing_since=state.get("failing_since"),
        reason=text_at(state, "error") or answered,
        next_attempt=state.get("next_attempt"),
        former_secret_until=state.get("former_secret_until"),
    )


def _without_password(url: str) -> str:
    """The URL without the user and password that some hold."""
    return _USER.sub(r"\1", url)
