"""Events of other accounts and modes are ignored, and so are types that nobody handles."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from billing.errors import WebhookRefused
from billing.store import tables
from tests.billing.webhooks.conftest import wait_for_states
from tests.support.database.records import event_rows, states
from tests.support.servers.webhooks import deliver, signature
from tests.support.stripe_account import (
    ACCOUNT,
    DOWN,
    NO_FAULTS,
    ONE_SESSION,
    StripeAccount,
    event_object,
    session_object,
)

if TYPE_CHECKING:
    from billing.services import Services


pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "kind", ["invoice.created", "plan.deleted", "checkout.session.something_new"]
)
async def test_types_that_nobody_handles_are_stored_as_ignored(
    services: Services, account: StripeAccount, kind: str
) -> None:
    await deliver(services, event_object("evt_1", kind, session_object(1, "pro", 1)))
    await deliver(services, account.say("completed", account.pay(account.sell("pro"))))
    await wait_for_states(services, ignored=1, handled=1)
    assert account.asked[ONE_SESSION] == 1
    assert await services.event_processor.replay(["evt_1"]) == 0


async def test_an_event_of_live_mode_is_stored_as_ignored(
    services: Services, account: StripeAccount
) -> None:
    live = session_object(1, "pro", 1) | {"id": "cs_live_1", "livemode": True}
    await deliver(services, event_object("evt_1", "completed", live) | {"livemode": True})
    await wait_for_states(services, ignored=1)
    assert account.asked[ONE_SESSION] == 0


async def test_events_of_other_accounts_are_ignored_and_those_of_ours_are_not(
    services: Services, account: StripeAccount
) -> None:
    ours, way_to_ours = "acct_of_the_tests", "org_1/acct_of_the_tests"
    foreign: list[dict[str, Any]] = [
        *({"account": "acct_2"}, {"context": "acct_2"}, {"context": "org_1/acct_2"}),
        *({"account": ours, "context": "acct_2"}, {"account": 7}, {"context": ["x"]}),
    ]
    own: list[dict[str, Any]] = [
        *({"account": ours}, {"context": way_to_ours}, {"account": None, "context": ""}),
        {"account": ours, "context": way_to_ours},
    ]
    for names in foreign:
        event = account.say("completed", account.pay(account.sell())) | names
        await deliver(services, event)
        assert (await event_rows(services.store))[event["id"]]["state"] == "ignored"
    assert account.asked[ONE_SESSION] == 0
    for names in own:
        await deliver(services, account.say("completed", account.pay(account.sell())) | names)
    await wait_for_states(services, ignored=len(foreign), handled=len(own))
    assert account.asked[ACCOUNT] == 1
    assert await services.event_processor.replay() == 0


@pytest.mark.parametrize("number", [1, 5])
async def test_whose_an_event_is_is_found_out_later_where_stripe_does_not_say_at_once(
    services: Services, account: StripeAccount, number: int
) -> None:
    account.faults = DOWN
    for _ in range(number):
        for owner in ("acct_2", "acct_of_the_tests"):
            event = account.say("completed", account.pay(account.sell()))
            await deliver(services, event | {"account": owner})
    await wait_for_states(services, failed=2 * number)
    account.faults = NO_FAULTS
    await wait_for_states(services, handled=number, ignored=number)


async def test_a_key_that_may_not_ask_for_its_account_ignores_whatever_names_one(
    services: Services, account: StripeAccount
) -> None:
    account.forbidden = {f"GET {ACCOUNT}": "Account Read"}
    for owner in ("acct_2", "acct_of_the_tests"):
        event = account.say("completed", account.pay(account.sell()))
        await deliver(services, event | {"account": owner})
    await wait_for_states(services, ignored=2)


async def rejections(services: Services) -> list[dict[str, Any]]:
    await services.refused.write()
    rows = await services.store.read(
        lambda connection: connection.execute(select(tables.rejected_deliveries)).mappings().all()
    )
    return [dict(row) for row in rows]


async def test_a_rejected_delivery_is_stored_with_its_reason_and_without_its_contents(
    services: Services,
) -> None:
    body = json.dumps(event_object("evt_1", "completed", session_object(77, "pro", 1))).encode()
    deliveries = {
        "does not match": (body, signature(body, "whsec_of_another")),
        "malformed": (body, "nonsense"),
        "missing": (body, None),
        "not an event": (b"{}", signature(b"{}")),
        "minutes old": (body, signature(body, at=1_000)),
    }
    for said, (sent, header) in deliveries.items():
        with pytest.raises(WebhookRefused) as refused:
            await services.webhooks.receive(sent, header)
        assert said in refused.value.message + refused.value.next_step
    kept = await rejections(services)
    assert len(kept) == len(deliveries)
    for said, (sent, _) in deliveries.items():
        (row,) = [row for row in kept if said in row["reason"] + row["next_step"]]
        assert (row["size"], row["count"]) == (len(sent), 1)
        assert "evt_1" not in str(row)
        assert "buyer77" not in str(row)
    assert await states(services.store) == {}
