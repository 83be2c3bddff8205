"""What Stripe's answers leave out of a session is read before it is stored, on every way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from billing.domain.ledger.line import Origin
from billing.domain.sessions.checkout_session import Kind, Outcome
from billing.errors import NotConfigured
from billing.session_reader import NO_REASON
from billing.store import sold_prices
from tests.support.database.records import granted_totals, ledger, states
from tests.support.servers.services import at_work, open_services, quick_services
from tests.support.servers.settings import settings_for
from tests.support.servers.webhooks import deliver
from tests.support.stripe_account import (
    INVOICE_PAYMENTS,
    LINE_ITEMS,
    LIST_SESSIONS,
    NO_FAULTS,
    ONE_SESSION,
    PAID,
    PRICE,
    SHOWN_LINE_ITEMS,
    Faults,
    StripeAccount,
    line_item,
    page_of,
    price_object,
)
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from billing.domain.sessions.checkout_session import CheckoutSession
    from billing.services import Services

pytestmark = pytest.mark.anyio

JSON = dict[str, Any]
Way = Callable[["Services", StripeAccount, "Sequence[JSON]"], Awaitable[None]]
CLOSED = "The bank account has been closed."
HIDDEN_PAYMENTS = {  # as from a restricted key
    f"GET {path}": "Payments Read" for path in (INVOICE_PAYMENTS, "/v1/payment_intents")
}
LAST_YEAR = price_object("credits") | {
    "id": "price_credit_of_last_year",
    "product": "prod_credits",
}
PRO_AT_THE_SAME_PRODUCT = price_object("pro") | {"product": "prod_credits"}


@pytest.fixture
async def services(account: StripeAccount, sqlite_url: str) -> AsyncIterator[Services]:
    async with open_services(account.url, sqlite_url) as opened:
        yield opened


# The ways by which word of a session comes ------------------------------------------------------


async def alone(services: Services, _: StripeAccount, sold: Sequence[JSON]) -> None:
    """The landing page."""
    for one in sold:
        await services.fulfillment.refresh_and_grant(one["id"], Origin.RETURN)


async def by_webhooks(services: Services, account: StripeAccount, sold: Sequence[JSON]) -> None:
    """A burst of events, for which Stripe's list is read."""
    for one in sold:
        await deliver(services, account.say("completed", one, event_id=f"evt_{one['id']}"))
    async with at_work(services.event_processor.run):

        async def handled() -> bool:
            return (await states(services.store)).get("handled") == len(sold)

        await until(handled)


async def by_backfill(services: Services, _: StripeAccount, sold: Sequence[JSON]) -> None:
    """The history that is read once, and again when it is asked for."""
    async with at_work(services.sync_worker.run):

        async def complete() -> bool:
            return (await services.mirror.state()).complete

        await until(complete)
    assert sold


async def by_replay(services: Services, account: StripeAccount, sold: Sequence[JSON]) -> None:
    """Events that failed while Stripe was away, handled again by hand."""
    account.faults = Faults(failing=1.0)
    ids = [await deliver(services, account.say("completed", one)) for one in sold]
    async with at_work(services.event_processor.run):

        async def failed() -> bool:
            return (await states(services.store)).get("failed") == len(sold)

        await until(failed)
        account.faults = NO_FAULTS
        await services.event_processor.replay(ids)

        async def handled() -> bool:
            return (await states(services.store)).get("handled") == len(sold)

        await until(handled)


WAYS = [alone, by_webhooks, by_backfill, by_replay]


# What was bought --------------------------------------------------------------------------------

BASKETS: dict[str, tuple[list[JSON], int]] = {
    "with other products": ([line_item("credits", 4), line_item("mug", 7)], 4),
    "with metadata that lies": ([line_item("credits", 2)], 2),
    "without a quantity": (
        [
            line_item("credits", None, amount_subtotal=2 * 99 + 98, amount_total=1),
            {**line_item("credits", None, id="li_2", amount_total=99), "amount_subtotal": None},
        ],
        3,
    ),
    "of more line items than a session shows": (
        [line_item("credits", 1, id=f"li_{number}") for number in range(SHOWN_LINE_ITEMS + 103)],
        SHOWN_LINE_ITEMS + 103,
    ),
    "at the Price of last year": (
        [line_item("credits", 6, price=LAST_YEAR)],
        6,
    ),
    "with Pro at the same Product": (
        [line_item("credits", 3), line_item("pro", 1, price=PRO_AT_THE_SAME_PRODUCT)],
        3,
    ),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("basket", BASKETS)
async def test_credits_are_the_quantities_of_their_own_line_items_on_every_way(
    services: Services, account: StripeAccount, way: Way, basket: str
) -> None:
    items, bought = BASKETS[basket]
    sold = [account.sell("credits", 999_999, items=items, **PAID) for _ in range(5)]
    await way(services, account, sold)
    lines = await ledger(services.store)
    assert [line.quantity for line in lines.values()] == [bought] * len(sold)
    shown = (await services.mirror.recent(10)).sessions
    assert {one.what for one in shown} == {f"{bought} extra credits"}


async def test_what_was_sold_at_a_price_that_the_setting_named_before_is_granted(
    services: Services, account: StripeAccount
) -> None:
    await services.store.write(lambda c: sold_prices.add(c, Kind.CREDITS, "price_of_another"))
    price = price_object("credits") | {"id": "price_of_another", "product": "prod_another"}
    sold = account.sell("credits", 6, items=[line_item("credits", 6, price=price)], **PAID)
    await alone(services, account, [sold])
    assert await services.store.read(granted_totals) == {"credits": 6}


@pytest.mark.parametrize("way", WAYS)
async def test_what_was_not_bought_is_not_granted(
    services: Services, account: StripeAccount, way: Way
) -> None:
    sold = [
        account.sell(kind, 5, items=[line_item("mug", 5)], **PAID) for kind in ("credits", "pro")
    ]
    await way(services, account, sold)
    assert await ledger(services.store) == {}
    assert {one.outcome for one in (await services.mirror.recent(10)).sessions} == {Outcome.PAID}


async def test_forty_equal_purchases_at_once_are_one_request_and_grant_equally(
    services: Services, account: StripeAccount
) -> None:
    sold = [account.sell("credits", 1, items=[line_item("credits", 4)], **PAID) for _ in range(40)]
    await by_webhooks(services, account, sold)
    assert await services.store.read(granted_totals) == {"credits": 160}
    assert account.asked[LIST_SESSIONS] + account.asked[ONE_SESSION] <= 2
    assert account.asked[LINE_ITEMS] == account.asked[PRICE] == 0


async def test_without_the_setting_nothing_is_granted_and_the_event_says_which(
    services: Services, account: StripeAccount, sqlite_url: str
) -> None:
    settings = replace(settings_for(account.url, sqlite_url), price_extra_credit=None)
    unset = quick_services(settings)
    paid = [account.sell("credits", 5, **PAID) for _ in range(5)]
    with pytest.raises(NotConfigured, match="STRIPE_PRICE_EXTRA_CREDIT"):
        await unset.fulfillment.refresh_and_grant(paid[0]["id"], Origin.RETURN)
    for one in paid:
        await deliver(unset, account.say("completed", one))
    async with at_work(unset.event_processor.run, unset.sync_worker.run):

        async def failed() -> bool:
            return (await states(unset.store)).get("failed") == len(paid)

        await until(failed)
        assert (await unset.mirror.state()).failure is None
    assert await ledger(services.store) == {}
    assert {one.outcome for one in (await unset.mirror.recent(10)).sessions} == {Outcome.PAID}
    await unset.aclose()
    assert await services.event_processor.replay() == len(paid)


# Payments that come, or fail, later -------------------------------------------------------------


async def stored(services: Services, session: JSON) -> CheckoutSession:
    found = await services.mirror.session(session["id"])
    assert found is not None
    return found


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["credits", "pro"])
async def test_a_debit_that_failed_is_known_with_the_banks_reason_on_every_way(
    services: Services, account: StripeAccount, way: Way, kind: str
) -> None:
    failed = [account.debit(account.sell(kind, 4), CLOSED) for _ in range(5)]
    under_way = account.debit(account.sell(kind, 4))
    await way(services, account, [*failed, under_way])
    for one in failed:
        found = await stored(services, one)
        assert (found.outcome, found.outcome.is_final) == (Outcome.FAILED, True)
        assert found.failure == f"{CLOSED[:-1]} (payment_intent_payment_attempt_failed)."
    assert (await stored(services, under_way)).outcome is Outcome.PROCESSING
    assert await ledger(services.store) == {}


async def test_a_list_that_says_less_changes_nothing_and_a_success_wins(
    services: Services, account: StripeAccount
) -> None:
    sold = account.debit(account.sell("credits", 4), CLOSED)
    await services.fulfillment.refresh_and_grant(sold["id"], Origin.RETURN)
    account.forbidden |= HIDDEN_PAYMENTS
    await services.fulfillment.upsert_and_grant(page_of([account.session(sold["id"])]))
    assert (await stored(services, sold)).failure
    await services.fulfillment.upsert_and_grant(page_of([account.pay(sold)]))
    paid = await stored(services, sold)
    assert (paid.outcome, paid.failure) == (Outcome.PAID, None)
    assert await services.store.read(granted_totals) == {"credits": 4}


async def test_where_the_key_may_not_read_the_payment_the_event_tells(
    services: Services, account: StripeAccount
) -> None:
    account.forbidden |= HIDDEN_PAYMENTS
    failed, under_way = (
        account.debit(account.sell("credits"), reason) for reason in (CLOSED, None)
    )
    await deliver(services, account.say("async_payment_failed", failed))
    for one in (failed, under_way):
        await services.fulfillment.refresh_and_grant(one["id"], Origin.RETURN)
    assert (await stored(services, failed)).failure == NO_REASON
    assert (await stored(services, under_way)).outcome is Outcome.PROCESSING


async def test_a_payment_that_was_canceled_has_failed_too(
    services: Services, account: StripeAccount
) -> None:
    sold = account.debit(account.sell("credits"))
    account.cancel_payment(sold)
    await services.fulfillment.refresh_and_grant(sold["id"], Origin.RETURN)
    assert (await stored(services, sold)).failure == "The payment was canceled."
