"""Of a refused delivery is known which event its body claims to be, and nothing else."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import pytest

from billing.domain.events.delivery import ClaimedDelivery
from billing.domain.sessions.details import SessionLookup
from billing.errors import WebhookRefused
from billing.store.events import claims
from billing.webhooks.receiver import MAX_SEARCHED, claimed_event
from billing.webhooks.refused_deliveries import MAX_CLAIMS
from tests.billing.webhooks.conftest import wait_for_states
from tests.support.servers.webhooks import deliver

if TYPE_CHECKING:
    from billing.services import Services
    from billing.store import Store
    from tests.support.stripe_account import StripeAccount

pytestmark = pytest.mark.anyio

LATER = 4_000_000_000.0
WRONG = "t=1,v1=" + "0" * 64


async def refuse(services: Services, body: bytes) -> None:
    with pytest.raises(WebhookRefused):
        await services.webhooks.receive(body, WRONG)


async def test_the_event_and_its_session_have_what_claims_to_be_it(
    services: Services, account: StripeAccount
) -> None:
    paid = account.pay(account.sell("credits", 5))
    sent = account.say("completed", paid, event_id="evt_1")
    for _ in range(2):
        await refuse(services, json.dumps(sent).encode())
    await refuse(services, json.dumps(sent | {"id": "evt_of_nobody"}).encode())
    await deliver(services, sent)
    await wait_for_states(services, handled=1)
    details = await services.event_log.get("evt_1")
    assert details is not None
    (claim,) = details.claims
    assert (claim.event_id, claim.count) == ("evt_1", 2)
    assert claim.reason == "The signature does not match."
    assert details.event.deliveries == 1
    session = await services.sessions.details(paid["id"], SessionLookup())
    assert session.claims["evt_1"] == (claim,)


@pytest.mark.parametrize(
    ("body", "claimed"),
    [
        (b'{\n  "id": "evt_1", "object": "event"}', "evt_1"),
        (b'{"data":{"object":{"id":"cs_1"}},"id":"evt_test_2"}', "evt_test_2"),
        (b'{"id": "evt_<script>"}', None),
        (b'{"id": "evt_' + b"x" * 251 + b'"}', None),
        (b'{"id": 1}', None),
        (b"\xff\x00", None),
        (b" " * MAX_SEARCHED + b'{"id": "evt_1"}', None),
    ],
    ids=range(7),
)
def test_no_more_is_read_than_an_id_in_the_beginning(body: bytes, claimed: str | None) -> None:
    assert claimed_event(body) == claimed


async def test_a_flood_of_claims_is_bounded(
    services: Services, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(MAX_CLAIMS + 5):
        await refuse(services, f'{{"id": "evt_{number}"}}'.encode())
    await services.refused.write()
    ids = [f"evt_{number}" for number in range(MAX_CLAIMS + 5)]
    found = await services.store.read(partial(claims.of_events, ids=ids[-10:]))
    assert len(found) == 5
    monkeypatch.setattr(claims, "MOST_STORED", 3)
    for at in range(5):
        one = ClaimedDelivery(f"evt_{at}", "It is old.", LATER + at, 1)
        await store.write(partial(claims.add, claimed=[one]))
    found = await store.read(partial(claims.of_events, ids=ids))
    assert sorted(found) == ["evt_2", "evt_3", "evt_4"]
