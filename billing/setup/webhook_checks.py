"""The webhook endpoint that Stripe should call this app at.

https://docs.stripe.com/api/webhook_endpoints/object
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from billing.domain.events.event import SUBJECTS, Subject
from billing.domain.sessions.timeline import TIMELINE_EVENTS
from billing.errors import StripeFailure
from billing.setup.findings import Finding, Group, Missing, Status
from billing.urls import WEBHOOK_PATH, webhook_url

if TYPE_CHECKING:
    from billing.stripe_api.gateway import StripeGateway

WEBHOOK_PATHS = (WEBHOOK_PATH, f"{WEBHOOK_PATH}/")  # the route answers at each of them
# Without these a payment is granted late: an endpoint that lacks one is wrong.
NEEDED_EVENTS = tuple(name for name, what in SUBJECTS.items() if what is Subject.SESSION)
# All that are handled, and those that timelines show besides; polling covers what is lacking.
ENDPOINT_EVENTS = tuple(dict.fromkeys((*SUBJECTS, *TIMELINE_EVENTS)))
NAME = "Webhook endpoint"
ADD = "Add the missing types of event, here or in the Stripe Dashboard, under Webhooks."


async def all_endpoints(gateway: StripeGateway) -> list[dict[str, Any]]:
    """The account's webhook endpoints, and the thin destinations as far as the key may read those.
    Raises ``StripeFailure``."""
    endpoints = await gateway.list_webhook_endpoints()
    try:
        return endpoints + await gateway.list_thin_destinations()
    except StripeFailure as failure:
        if failure.is_temporary:
            raise
        return endpoints


def registered_at(endpoints: list[dict[str, Any]], url: str) -> list[dict[str, Any]]:
    """Those of ``endpoints`` that lead to ``url``, the enabled ones first."""
    here = [one for one in endpoints if _normalized(one["url"]) == _normalized(url)]
    return sorted(here, key=lambda one: one.get("status") != "enabled")


def check_endpoint(
    endpoints: list[dict[str, Any]], public_url: str, *, stripe_reaches_it: bool
) -> Finding:
    """The finding on ``endpoints``, which are all those of the account."""
    url = webhook_url(public_url)
    here = registered_at(endpoints, url)
    if not here:
        return _missing(url, stripe_reaches_it=stripe_reaches_it)
    endpoint = here[0]
    events = endpoint.get("enabled_events") or []
    lacking = () if "*" in events else tuple(one for one in ENDPOINT_EVENTS if one not in events)
    finding = Finding(Group.WEBHOOK, NAME, Status.WRONG, "", reference=endpoint["id"])
    if endpoint.get("status") != "enabled":
        return replace(
            finding,
            found="The endpoint is disabled.",
            next_step="Enable it in the Stripe Dashboard, under Webhooks.",
        )
    if needed := [one for one in NEEDED_EVENTS if one in lacking]:
        return replace(
            finding,
            found=f"The endpoint does not receive {', '.join(needed)}.",
            next_step=ADD,
            lacking=lacking,
        )
    if len(here) > 1 and here[1].get("status") == "enabled":
        both = len({bool(one.get("thin")) for one in here}) > 1
        return replace(
            finding,
            status=Status.WARNING,
            found=f"{sum(one.get('status') == 'enabled' for one in here)} enabled endpoints have "
            "this URL, so each of them delivers every event.",
            next_step="Nothing is granted twice. Disable the snapshot endpoint in the Stripe "
            "Dashboard once the thin one delivers."
            if both
            else "Delete all but one in the Stripe Dashboard and use that one's signing secret.",
        )
    if lacking:
        number = f"{len(lacking)} type{'' if len(lacking) == 1 else 's'}"
        return replace(
            finding,
            status=Status.WARNING,
            found=f"Enabled, and receives what every payment needs, but not {number} of event "
            "about declines, refunds, disputes and subscriptions. Polling finds those changes, "
            "but later.",
            next_step=ADD,
            lacking=lacking,
        )
    received = "all events" if "*" in events else f"{len(events)} types of event"
    thin = " as thin events" if endpoint.get("thin") else ""
    return replace(finding, status=Status.OK, found=f"Enabled, receives {received}{thin}.")


def _missing(url: str, *, stripe_reaches_it: bool) -> Finding:
    if stripe_reaches_it:
        return Finding(
            Group.WEBHOOK,
            NAME,
            Status.WRONG,
            "No endpoint has this URL, so Stripe delivers no events to this app.",
            next_step="Add an endpoint with this URL in the Stripe Dashboard, under Webhooks.",
            reference=url,
            missing=Missing.WEBHOOK_ENDPOINT,
        )
    return Finding(
        Group.WEBHOOK,
        NAME,
        Status.WARNING,
        "Stripe cannot reach this URL, so the app polls Stripe for events.",
        next_step=f"Optional: forward events with stripe listen --forward-to {url.partition('://')[2]}",
        reference=url,
    )


def _normalized(url: str) -> tuple[str, str, int | None, str]:
    """What two URLs of the same endpoint have in common; localhost has several names."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # another API may hold anything
        return "", url, None, ""
    host = parts.hostname or ""
    host = "localhost" if host in ("127.0.0.1", "::1") else host
    port = port or {"http": 80, "https": 443}.get(parts.scheme)
    path = unquote(parts.path)
    return parts.scheme, host, port, WEBHOOK_PATH if path in WEBHOOK_PATHS else path
