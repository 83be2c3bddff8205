"""Each signed delivery is known afterwards: when it came and how it was answered."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from billing.domain.events.delivery import ReceivedDelivery
from billing.errors import InjectedFault, WebhookRefused
from billing.store.events import deliveries
from tests.billing.webhooks.conftest import wait_for_states
from tests.support.servers.webhooks import deliver
from tests.support.stripe_account import StripeAccount

if TYPE_CHECKING:
    from billing.services import Services
    from billing.store import Store

pytestmark = pytest.mark.anyio


async def test_an_event_has_its_deliveries_with_their_answers(
    services: Services, account: StripeAccount
) -> None:
    paid = account.pay(account.sell("credits", 5))
    sent = account.say("completed", paid, event_id="evt_1")

    async def fail(_: dict[str, Any]) -> None:
        raise InjectedFault("Answered 500.")

    services.webhooks.intercept = fail
    with pytest.raises(InjectedFault):
        await deliver(services, sent)
    services.webhooks.intercept = None
    await deliver(services, sent)
    await deliver(services, sent)
    with pytest.raises(WebhookRefused):
        await services.webhooks.receive(b"{}", "t=1,v1=none")
    await wait_for_states(services, handled=1)
    details = await services.event_log.get("evt_1")
    assert details is not None
    assert [one.status for one in details.deliveries] == [500, 200, 200]
    assert [one.is_refused for one in details.deliveries] == [True, False, False]
    assert details.event.deliveries == 2
    first, *_, last = details.deliveries
    assert 0 < first.received_at <= details.event.received_at <= last.received_at
    assert all(one.seconds > 0 for one in details.deliveries)


async def test_the_newest_deliveries_stay(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "MOST_STORED", 3)
    for at in range(5):
        one = ReceivedDelivery("evt_1", at, 200, 0.01)
        await store.write(partial(deliveries.add, received=[one]))
    stored = await store.read(partial(deliveries.of_events, ids=["evt_1", "evt_2"]))
    assert [one.received_at for one in stored["evt_1"]] == [2, 3, 4]
    assert stored["evt_2"] == ()
