"""Actions on a subscription: canceled, kept, paused, late; where no event arrives."""

from __future__ import annotations

import uuid
from functools import partial
from typing import TYPE_CHECKING

import pytest

from billing.domain.actions.subscription import SubscriptionAction, unpaid_invoice
from billing.domain.ledger.line import Cause, Due
from billing.domain.ledger.pro import ProState
from billing.domain.sessions.checkout_session import Kind
from billing.errors import InvalidInput, StripeFailure
from pages.scenarios.sandbox_client import Controls
from tests.support.servers.shop import Shop, open_shop
from tests.support.servers.sold import due_of, ledger_of, pro_of, sell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from billing.actions.service import Actions

A = SubscriptionAction
DAY = 86_400


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("shop"), sync_step_seconds=3_600.0) as opened:
        yield opened


@pytest.fixture(scope="module")
def actions(shop: Shop) -> Actions:
    return shop.services.actions


def change(shop: Shop, state: ProState, action: SubscriptionAction, key: str = "") -> None:
    shop.server.portal.call(
        partial(
            shop.services.actions.change_subscription,
            state.subscription.id,
            action,
            idempotency_key=key or str(uuid.uuid4()),
        )
    )


def test_canceled_at_the_end_of_the_period_pro_stays_until_then_and_can_be_continued(
    shop: Shop,
) -> None:
    session_id = sell(shop, Kind.PRO)
    before = pro_of(shop, session_id)
    end = before.subscription.period_end
    change(shop, before, A.CANCEL_AT_PERIOD_END)
    state = pro_of(shop, session_id)
    assert (state.subscription.status, state.subscription.cancel_at) == ("active", end)
    assert due_of(shop, state.subscription.id) == Due(1, end)
    for _ in range(2):
        change(shop, before, A.KEEP, key="kept by a double press")
    assert pro_of(shop, session_id).subscription.cancel_at is None


def test_a_time_at_which_it_is_to_be_canceled_is_undone_as_well(shop: Shop) -> None:
    session_id = sell(shop, Kind.PRO)
    state = pro_of(shop, session_id)
    at = (state.subscription.period_end or 0) - DAY
    shop.stripe.v1.subscriptions.update(state.subscription.id, {"cancel_at": at})
    change(shop, state, A.KEEP)
    assert due_of(shop, state.subscription.id) == Due(1, state.subscription.period_end)


def test_canceled_now_pro_ends_at_once_and_a_double_press_is_no_error(shop: Shop) -> None:
    session_id = sell(shop, Kind.PRO)
    state = pro_of(shop, session_id)
    for _ in range(2):
        change(shop, state, A.CANCEL_NOW, key="canceled by a double press")
    assert due_of(shop, state.subscription.id) == Due(0)
    causes = [line.cause for line in ledger_of(shop, state.subscription.id)]
    assert causes == [Cause.PURCHASE, Cause.CANCELED]
    with pytest.raises(InvalidInput, match=f"{state.subscription.id} has already ended"):
        change(shop, state, A.PAUSE_COLLECTION)


def test_paused_collection_leaves_pro_alone_and_is_resumed(shop: Shop) -> None:
    session_id = sell(shop, Kind.PRO)
    state = pro_of(shop, session_id)
    change(shop, state, A.PAUSE_COLLECTION)
    paused = pro_of(shop, session_id)
    assert paused.subscription.collection_is_paused
    assert paused.due == state.due == due_of(shop, state.subscription.id)
    change(shop, state, A.RESUME_COLLECTION)
    assert not pro_of(shop, session_id).subscription.collection_is_paused


def test_a_paused_subscription_is_resumed(shop: Shop) -> None:
    session_id = sell(shop, Kind.PRO)
    state = pro_of(shop, session_id)
    shop.stripe.v1.subscriptions.pause(state.subscription.id, {"type": "subscription"})
    change(shop, state, A.RESUME)
    assert pro_of(shop, session_id).subscription.status == "active"


def test_the_next_renewal_fails_when_asked_to_and_its_invoice_is_retried(
    shop: Shop, actions: Actions
) -> None:
    session_id = sell(shop, Kind.PRO)
    subscription = pro_of(shop, session_id).subscription
    call = shop.server.portal.call
    fail = partial(actions.fail_next_renewal, subscription.id, subscription.customer or "")
    for _ in range(2):
        call(partial(fail, idempotency_key="failed by a double press"))
    Controls(f"{shop.services.settings.api_base}/_control").advance(32 * DAY)
    call(actions.refresh, call(actions.of_session, session_id))
    late = pro_of(shop, session_id)
    assert late.in_grace
    invoice = unpaid_invoice(late)
    assert invoice
    pay = partial(actions.pay_invoice, subscription.id, invoice.id)
    with pytest.raises(StripeFailure, match="The card was declined: Your card was declined"):
        call(partial(pay, idempotency_key="declined"))
    method = shop.stripe.v1.payment_methods.attach(
        "pm_card_visa", {"customer": subscription.customer or ""}
    )
    shop.stripe.v1.subscriptions.update(subscription.id, {"default_payment_method": method.id})
    call(partial(pay, idempotency_key="paid"))
    assert pro_of(shop, session_id).subscription.status == "active"
    with pytest.raises(InvalidInput, match=f"{invoice.id} is already paid"):
        call(partial(pay, idempotency_key="paid again"))


def test_the_customer_portal_leads_back_to_a_page_of_ours(shop: Shop, actions: Actions) -> None:
    customer = pro_of(shop, sell(shop, Kind.PRO)).subscription.customer or ""
    open_portal = partial(actions.open_portal, customer, return_path="/app/sessions?session=cs_1")
    url = shop.server.portal.call(partial(open_portal, idempotency_key="opened"))
    assert url.startswith(f"{shop.services.settings.api_base}/p/session/")
    (session,) = shop.stripe.v1.events.list({"type": "billing_portal.session.created"}).data
    back = f"{shop.services.settings.public_url}/app/sessions?session=cs_1"
    assert session.data.object["return_url"] == back
