"""What becomes of a sale changes the ledger, whether webhooks tell of it or polling alone."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

from billing.domain.ledger.line import Cause, LedgerLine, Origin, total
from billing.domain.sessions.checkout_session import Kind
from billing.store.ledger import lines
from pages.scenarios.sandbox_client import Controls
from stripe_sandbox.payments.checkout import Card
from stripe_sandbox.payments.outcomes import Paid
from tests.support.servers.sales import PAYER, create_session, pay, refresh
from tests.support.servers.shop import connected_shop, open_shop
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from tests.support.servers.shop import Shop

DAY = 86_400
REFUND_FAILS = Card("4000000000005126", 12, 2040, "123")
DISPUTED = Card("4000000000000259", 12, 2040, "123")
INQUIRY = Card("4000000000001976", 12, 2040, "123")


@pytest.fixture(scope="module", params=["webhooks", "polling alone"])
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    opened = (
        connected_shop(folder)
        if request.param == "webhooks"
        else open_shop(folder, sync_step_seconds=0.1)
    )
    with opened as shop:
        yield shop


def controls_of(shop: Shop) -> Controls:
    return Controls(f"{shop.server.services.settings.api_base}/_control")


def lines_of(shop: Shop, session_id: str) -> list[LedgerLine]:
    """The lines of what the session sold."""
    store = shop.server.services.store

    def read() -> list[LedgerLine]:
        async def ask() -> list[LedgerLine]:
            first = await store.read(lambda c: lines.of_sessions(c, [session_id]))
            if not first:
                return []
            subject = first[0].subject
            found = await store.read(lambda c: lines.of_subjects(c, [subject]))
            return list(found[subject])

        return shop.server.portal.call(ask)

    return read()


def wait_for_causes(shop: Shop, session_id: str, *causes: Cause) -> list[LedgerLine]:
    """The lines, once they have exactly these causes."""
    wait_for(
        lambda: [line.cause for line in lines_of(shop, session_id)] == list(causes),
        f"{causes}, but {[line.cause for line in lines_of(shop, session_id)]}",
    )
    return lines_of(shop, session_id)


def paid_with(shop: Shop, card: Card, kind: Kind = Kind.CREDITS, quantity: int = 1) -> str:
    session_id = create_session(shop, kind, quantity)
    result = shop.sandbox.payments.pay(session_id, card, PAYER, first_charge_passes=True)
    assert isinstance(result, Paid), result
    return refresh(shop, session_id)


def intent_of(shop: Shop, session_id: str) -> str:
    intent = shop.stripe.v1.checkout.sessions.retrieve(session_id).payment_intent
    assert isinstance(intent, str)
    return intent


def subscription_of(shop: Shop, session_id: str) -> str:
    found = shop.stripe.v1.checkout.sessions.retrieve(session_id).subscription
    assert isinstance(found, str)
    return found


def test_refunds_take_credits_back_rounded_down_until_none_is_left(shop: Shop) -> None:
    session_id = pay(shop, create_session(shop, quantity=10))
    intent = intent_of(shop, session_id)
    refunds = shop.stripe.v1.refunds
    refunds.create({"payment_intent": intent, "amount": 3 * 99 + 98})
    _, taken = wait_for_causes(shop, session_id, Cause.PURCHASE, Cause.REFUND)
    assert taken.quantity == -3
    rest = refunds.create({"payment_intent": intent})
    known = wait_for_causes(shop, session_id, Cause.PURCHASE, Cause.REFUND, Cause.REFUND)
    assert total(known).quantity == 0
    assert known[-1].refund == rest.id


def test_a_refund_that_fails_gives_the_credits_back(shop: Shop) -> None:
    session_id = paid_with(shop, REFUND_FAILS, quantity=10)
    shop.stripe.v1.refunds.create({"payment_intent": intent_of(shop, session_id), "amount": 297})
    wait_for_causes(shop, session_id, Cause.PURCHASE, Cause.REFUND)
    controls_of(shop).advance(DAY)
    known = wait_for_causes(shop, session_id, Cause.PURCHASE, Cause.REFUND, Cause.REFUND_FAILED)
    assert [line.quantity for line in known] == [10, -3, 3]


@pytest.mark.parametrize(
    ("evidence", "end", "left"), [("winning_evidence", Cause.DISPUTE_WON, 4), ("", None, 0)]
)
def test_a_dispute_holds_all_credits_until_it_is_won(
    shop: Shop, evidence: str, end: Cause | None, left: int
) -> None:
    session_id = paid_with(shop, DISPUTED, quantity=4)
    wait_for_causes(shop, session_id, Cause.PURCHASE, Cause.DISPUTE_OPENED)
    dispute = shop.stripe.v1.disputes.list({"payment_intent": intent_of(shop, session_id)}).data[0]
    if evidence:
        shop.stripe.v1.disputes.update(
            dispute.id, {"evidence": {"uncategorized_text": evidence}, "submit": True}
        )
        controls_of(shop).advance(DAY)
    else:
        shop.stripe.v1.disputes.close(dispute.id)
    ends = [end] if end else []
    known = wait_for_causes(shop, session_id, Cause.PURCHASE, Cause.DISPUTE_OPENED, *ends)
    assert total(known).quantity == left
    assert {line.dispute for line in known[1:]} == {dispute.id}


def test_an_inquiry_changes_nothing(shop: Shop) -> None:
    session_id = paid_with(shop, INQUIRY, quantity=4)
    later = pay(shop, create_session(shop, quantity=1))
    shop.stripe.v1.refunds.create({"payment_intent": intent_of(shop, later)})
    wait_for_causes(shop, later, Cause.PURCHASE, Cause.REFUND)  # the inquiry was told before
    assert total(lines_of(shop, session_id)).quantity == 4


def test_pro_is_canceled_at_once_or_stays_until_the_period_ends(shop: Shop) -> None:
    session_id = pay(shop, create_session(shop, Kind.PRO))
    name = subscription_of(shop, session_id)
    subscriptions = shop.stripe.v1.subscriptions
    item = subscriptions.retrieve(name)["items"]["data"][0]
    (bought,) = wait_for_causes(shop, session_id, Cause.PURCHASE)
    assert (bought.subject, bought.access_until) == (name, item["current_period_end"])
    earlier = item["current_period_end"] - 9 * DAY
    subscriptions.update(name, {"cancel_at": earlier})
    known = wait_for_causes(shop, session_id, Cause.PURCHASE, Cause.CANCELED)
    assert (total(known).quantity, total(known).access_until) == (1, earlier)
    subscriptions.update(name, {"cancel_at": ""})
    wait_for_causes(shop, session_id, Cause.PURCHASE, Cause.CANCELED, Cause.RESUMED)
    subscriptions.cancel(name)
    ended = (Cause.PURCHASE, Cause.CANCELED, Cause.RESUMED, Cause.CANCELED)
    known = wait_for_causes(shop, session_id, *ended)
    assert (total(known).quantity, total(known).access_until) == (0, None)


def test_pro_lasts_over_renewals_and_a_failed_one_until_stripe_gives_up(shop: Shop) -> None:
    session_id = paid_with(shop, Card("4000000000000341", 12, 2040, "123"), Kind.PRO)
    name = subscription_of(shop, session_id)
    subscriptions = shop.stripe.v1.subscriptions
    controls = controls_of(shop)
    wait_for_causes(shop, session_id, Cause.PURCHASE)
    controls.advance(31 * DAY)
    assert subscriptions.retrieve(name).status == "past_due"
    _, in_grace = wait_for_causes(shop, session_id, Cause.PURCHASE, Cause.RENEWAL)
    end = subscriptions.retrieve(name)["items"]["data"][0]["current_period_end"]
    assert (in_grace.quantity, in_grace.access_until) == (0, end)
    controls.advance(20 * DAY)
    assert subscriptions.retrieve(name).status == "canceled"
    wait_for(lambda: not total(lines_of(shop, session_id)).quantity, "the end of Pro")
    *_, ended = lines_of(shop, session_id)
    # The last attempt fails before Stripe cancels: either may be read.
    assert ended.cause in (Cause.PAYMENT_FAILED, Cause.CANCELED)


def test_what_ends_while_it_is_read_is_read_as_canceled(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the two requests of a reading Stripe tries for the last time, and cancels."""
    session_id = paid_with(shop, Card("4000000000000341", 12, 2040, "123"), Kind.PRO)
    name = subscription_of(shop, session_id)
    controls_of(shop).advance(31 * DAY)
    wait_for_causes(shop, session_id, Cause.PURCHASE, Cause.RENEWAL)
    gateway, has_ended = shop.services.gateway, threading.Event()

    def then_end(read: Callable[[str], Awaitable[Any]]) -> Callable[[str], Awaitable[Any]]:
        async def read_then_end(subscription_id: str) -> Any:
            found = await read(subscription_id)
            if subscription_id == name and not has_ended.is_set():
                has_ended.set()
                await asyncio.to_thread(controls_of(shop).advance, 20 * DAY)
            return found

        return read_then_end

    monkeypatch.setattr(gateway, "list_invoices", then_end(gateway.list_invoices))
    monkeypatch.setattr(gateway, "retrieve_subscription", then_end(gateway.retrieve_subscription))
    after_sale = shop.services.after_sale
    shop.server.portal.call(after_sale.refresh_subscription, name, Origin.SYNC)
    wait_for_causes(shop, session_id, Cause.PURCHASE, Cause.RENEWAL, Cause.CANCELED)
