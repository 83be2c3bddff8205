"""What was paid for is granted once; what was not, never."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest

from billing.domain.ledger.line import Origin
from billing.errors import InvalidInput, StripeFailure
from tests.support.database.records import granted_totals, ledger
from tests.support.servers.services import open_services
from tests.support.stripe_account import (
    DOWN,
    NO_FAULTS,
    ONE_SESSION,
    StripeAccount,
    line_item,
    page_of,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from billing.services import Services

pytestmark = pytest.mark.anyio

PAID: dict[str, Any] = {"status": "complete", "payment_status": "paid"}


@pytest.fixture
async def services(account: StripeAccount, database_url: str) -> AsyncIterator[Services]:
    async with open_services(account.url, database_url) as opened:
        yield opened


async def test_a_paid_pro_session_makes_its_customer_pro_once(
    services: Services, account: StripeAccount
) -> None:
    sold = account.sell("pro", **PAID)
    for cause in ("evt_1", "evt_2", Origin.RETURN):
        settled = await services.fulfillment.refresh_and_grant(sold["id"], cause)
        assert settled.grant is not None
        assert settled.grant.origin == "evt_1"
    assert await services.store.read(granted_totals) == {"pro": 1}


async def test_a_paid_credits_session_grants_its_credits_once(
    services: Services, account: StripeAccount
) -> None:
    sold = account.sell("credits", 12, **PAID)
    for _ in range(3):
        await services.fulfillment.refresh_and_grant(sold["id"], Origin.RETURN)
    (line,) = (await ledger(services.store)).values()
    assert (line.session_id, line.kind, line.quantity) == (sold["id"], "credits", 12)
    assert (line.customer, line.payment_intent) == (sold["customer"], sold["payment_intent"])


async def test_the_quantity_is_what_was_bought_not_what_was_noted(
    services: Services, account: StripeAccount
) -> None:
    sold = account.sell("credits", 500, items=[line_item("credits", 3)], **PAID)
    await services.fulfillment.refresh_and_grant(sold["id"], Origin.RETURN)
    assert await services.store.read(granted_totals) == {"credits": 3}


async def test_a_session_that_costs_nothing_is_granted(
    services: Services, account: StripeAccount
) -> None:
    sold = account.sell("pro", status="complete", payment_status="no_payment_required")
    await services.fulfillment.refresh_and_grant(sold["id"], Origin.RETURN)
    assert await services.store.read(granted_totals) == {"pro": 1}


@pytest.mark.parametrize(
    ("ours", "values"),
    [
        (True, {"status": "open", "payment_status": "unpaid"}),
        (True, {"status": "complete", "payment_status": "unpaid"}),
        (True, {"status": "expired", "payment_status": "unpaid"}),
        (False, PAID),
        (True, PAID | {"metadata": {"app": "billing-dashboard", "kind": "yacht"}}),
        (True, PAID | {"metadata": {}}),
        (True, PAID | {"metadata": None, "mode": "setup", "amount_total": None}),
    ],
    ids=["open", "money on its way", "expired", "another app's", "unknown kind", "plain", "setup"],
)
async def test_nothing_else_is_granted_but_it_is_stored(
    services: Services, account: StripeAccount, values: dict[str, Any], *, ours: bool
) -> None:
    sold = account.sell("credits", 5, ours=ours, items=[], **values)
    settled = await services.fulfillment.refresh_and_grant(sold["id"], Origin.RETURN)
    assert settled.grant is None
    assert await ledger(services.store) == {}
    assert await services.mirror.session(sold["id"]) == settled.session


async def test_the_webhook_and_the_landing_page_at_once_grant_once(
    services: Services, account: StripeAccount
) -> None:
    sold = account.sell("credits", 5, **PAID)
    settled = await asyncio.gather(
        *(services.fulfillment.refresh_and_grant(sold["id"], f"evt_{n}") for n in range(30))
    )
    assert {one.grant for one in settled} == set((await ledger(services.store)).values())
    assert await services.store.read(granted_totals) == {"credits": 5}


async def test_two_processes_at_once_grant_once(
    services: Services, account: StripeAccount, database_url: str
) -> None:
    sold = [account.sell("credits", n, **PAID) for n in range(1, 21)]
    async with open_services(account.url, database_url) as other:
        await asyncio.gather(
            *(
                process.fulfillment.refresh_and_grant(one["id"], Origin.RETURN)
                for one in sold
                for process in (services, other)
            )
        )
    granted = {name: line.quantity for name, line in (await ledger(services.store)).items()}
    assert granted == {one["id"]: n for n, one in enumerate(sold, start=1)}


async def test_sessions_that_are_granted_at_once_get_each_its_own_grant_and_cause(
    services: Services, account: StripeAccount
) -> None:
    paid = [account.sell("credits", n, **PAID) for n in range(1, 9)]
    settled = await asyncio.gather(
        *(
            services.fulfillment.refresh_and_grant(one["id"], f"evt_{n}")
            for n, one in enumerate(paid)
        )
    )
    told = [(one.session.id, one.grant and one.grant.origin) for one in settled]
    assert told == [(one["id"], f"evt_{n}") for n, one in enumerate(paid)]
    assert await services.store.read(granted_totals) == {"credits": sum(range(1, 9))}


async def test_a_listed_session_is_granted_too(services: Services, account: StripeAccount) -> None:
    paid, still_open = account.sell("credits", 5, **PAID), account.sell("credits", 7)
    await services.fulfillment.upsert_and_grant(page_of([paid, still_open]))
    (line,) = (await ledger(services.store)).values()
    assert (line.session_id, line.quantity, line.origin) == (paid["id"], 5, "sync")


async def test_one_grant_is_logged_by_its_session_and_a_history_in_one_line(
    services: Services, account: StripeAccount, caplog: pytest.LogCaptureFixture
) -> None:
    one = account.sell("credits", 5, **PAID)
    many = [account.sell("credits", n, **PAID) for n in range(1, 12)]
    many += [account.sell("pro", **PAID), account.sell("pro")]
    with caplog.at_level(logging.INFO, "billing.ledger.records"):
        await services.fulfillment.refresh_and_grant(one["id"], "evt_1")
        await services.fulfillment.upsert_and_grant(page_of([one, *many]))
        await services.fulfillment.upsert_and_grant(page_of([one, *many]))
    assert caplog.messages == [
        f"Purchase: +5 x credits for {one['id']} (evt_1)",
        "Ledger: 11 lines written (11 x Purchase)",
        f"Purchase: +1 x pro for {many[-2]['subscription']} (sync)",
    ]


@pytest.mark.parametrize("expanded", [True, False])
async def test_the_customer_is_known_by_id_also_when_expanded(
    services: Services, account: StripeAccount, *, expanded: bool
) -> None:
    sold = account.sell("pro", customer={"id": "cus_9"} if expanded else "cus_9", **PAID)
    settled = await services.fulfillment.refresh_and_grant(sold["id"], Origin.RETURN)
    assert settled.grant is not None
    assert settled.grant.customer == "cus_9"


@pytest.mark.parametrize(
    "name", ["", "cs_live_1", "cs_test_", "cs_test_1/../x", "pi_1", "cs_test_1\n"]
)
async def test_what_is_no_test_session_is_refused_without_asking_stripe(
    services: Services, account: StripeAccount, name: str
) -> None:
    with pytest.raises(InvalidInput):
        await services.fulfillment.refresh_and_grant(name, Origin.RETURN)
    assert account.asked == {}


async def test_a_session_of_another_account_is_missing(services: Services) -> None:
    with pytest.raises(StripeFailure) as failed:
        await services.fulfillment.refresh_and_grant("cs_test_0", Origin.RETURN)
    assert failed.value.is_missing
    assert await ledger(services.store) == {}


async def test_while_stripe_fails_nothing_is_granted_and_later_it_is(
    services: Services, account: StripeAccount
) -> None:
    sold = account.sell("pro", **PAID)
    account.faults = DOWN
    with pytest.raises(StripeFailure):
        await services.fulfillment.refresh_and_grant(sold["id"], Origin.RETURN)
    assert await ledger(services.store) == {}
    account.faults = NO_FAULTS
    await services.fulfillment.refresh_and_grant(sold["id"], Origin.RETURN)
    assert await services.store.read(granted_totals) == {"pro": 1}
    assert account.asked[ONE_SESSION] == 2
