"""A thin event does what the snapshot event of the same change does; both together do it once."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from billing.domain.events.event import EventFilter, EventSource
from billing.domain.events.thin_event import created_at
from billing.domain.sessions.timeline import EntryKind
from billing.errors import InvalidInput
from billing.store import events
from billing.sync.event_poller import EventPoller
from billing.timings import DEFAULT_TIMINGS
from tests.billing.webhooks.conftest import wait_for_states
from tests.support.database.records import event_rows, granted_totals, ledger
from tests.support.servers.webhooks import deliver
from tests.support.stripe_account import ONE_SESSION, StripeAccount

if TYPE_CHECKING:
    from billing.services import Services

pytestmark = pytest.mark.anyio


def thin(event: dict[str, Any]) -> dict[str, Any]:
    """The thin event of the same change as this snapshot event."""
    about = event["data"]["object"]
    created = datetime.fromtimestamp(event["created"], UTC).isoformat(timespec="milliseconds")
    return {
        "id": f"{event['id']}_thin",
        "object": "v2.core.event",
        "type": f"v1.{event['type']}",
        "created": created.replace("+00:00", "Z"),
        "livemode": False,
        "context": None,
        "reason": {"type": "request", "request": {"id": "req_1", "idempotency_key": "key"}},
        "related_object": {"id": about["id"], "type": about["object"], "url": "/v1/…"},
    }


async def test_a_thin_event_grants_what_stripe_says_was_paid(
    services: Services, account: StripeAccount
) -> None:
    paid = account.pay(account.sell("credits", 5))
    sent = thin(account.say("completed", paid, event_id="evt_1"))
    assert await deliver(services, sent) == "evt_1_thin"
    await wait_for_states(services, handled=1)
    (line,) = (await ledger(services.store)).values()
    assert (line.session_id, line.quantity, line.origin) == (paid["id"], 5, "evt_1_thin")
    page = await services.store.read(
        lambda connection: events.page(connection, EventFilter(source=EventSource.THIN), 9)
    )
    (shown,) = page.events
    assert (shown.type, shown.payload) == ("checkout.session.completed", "Thin")
    assert (shown.object_id, shown.created) == (paid["id"], created_at(sent))
    details = await services.event_log.get("evt_1_thin")
    assert details is not None
    assert json.loads(details.payload) == sent


async def test_what_a_snapshot_and_a_thin_event_say_is_granted_once_and_shown_once(
    services: Services, account: StripeAccount
) -> None:
    paid = account.pay(account.sell("credits", 5))
    whole = account.say("completed", paid)
    await asyncio.gather(deliver(services, thin(whole)), deliver(services, whole))
    await wait_for_states(services, handled=2)
    assert await services.store.read(granted_totals) == {"credits": 5}
    lookup = await services.sessions.look_up(paid["id"])
    details = await services.sessions.details(paid["id"], lookup)
    entries = [one for one in details.entries if one.kind is not EntryKind.OTHER]
    assert [one.kind for one in entries] == ["created", "completed", "granted"]


async def test_polling_does_not_find_again_what_a_thin_event_has_told(
    services: Services, account: StripeAccount
) -> None:
    poller = EventPoller(
        services.gateway, services.store, services.event_processor, DEFAULT_TIMINGS
    )
    saved = await poller.newest()
    paid = account.pay(account.sell("credits", 5))
    await deliver(services, thin(account.say("completed", paid)))
    await wait_for_states(services, handled=1)
    other = account.say("completed", account.pay(account.sell("credits", 2)))
    asked = account.asked[ONE_SESSION]
    await poller.poll(saved)
    await wait_for_states(services, handled=2)
    stored = await event_rows(services.store)
    assert [one["source"] for one in stored.values()] == ["thin", "poll"]
    assert other["id"] in stored
    assert account.asked[ONE_SESSION] == asked + 1


async def test_what_only_thin_events_tell_is_ignored_by_name(
    services: Services, account: StripeAccount
) -> None:
    paid = account.pay(account.sell("pro"))
    told = thin(account.say("completed", paid))
    ping = {"type": "v2.core.event_destination.ping", "related_object": None}
    await deliver(services, told | ping)
    await deliver(services, told | {"id": "evt_2", "type": "v1.customer.subscription.active"})
    await wait_for_states(services, ignored=2)
    stored = await event_rows(services.store)
    assert {one["type"] for one in stored.values()} == {
        "v2.core.event_destination.ping",
        "customer.subscription.active",
    }
    with pytest.raises(InvalidInput, match="cannot be replayed"):
        await services.event_log.replay("evt_2")
