"""What becomes of a sale changes the ledger where Stripe sends thin events and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from billing.domain.events.event import EventFilter, EventSource, EventState
from billing.domain.ledger.line import Cause
from billing.domain.sessions.checkout_session import Kind, Outcome
from billing.setup.webhook_checks import ENDPOINT_EVENTS
from billing.store import events
from billing.urls import WEBHOOK_PATH
from stripe_sandbox.payments.outcomes import Declined
from tests.billing.ledger.test_after_sale import DAY, DISPUTED, intent_of, wait_for_causes
from tests.support.servers.sales import GOOD_CARD, PAYER, create_session
from tests.support.servers.shop import HOUR, ConnectedShop, connected_shop
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from billing.domain.events.event import Event

DECLINING = "4000000000009995"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConnectedShop]:
    """One that is sent thin events alone, and does not poll."""
    with connected_shop(tmp_path_factory.mktemp("shop"), sync_step_seconds=HOUR) as opened:
        [endpoint] = opened.stripe.v1.webhook_endpoints.list().data
        opened.stripe.v1.webhook_endpoints.delete(endpoint.id)
        params: Any = {
            "name": "The product",
            "type": "webhook_endpoint",
            "event_payload": "thin",
            "enabled_events": [f"v1.{name}" for name in ENDPOINT_EVENTS],
            "webhook_endpoint": {"url": f"{opened.url}{WEBHOOK_PATH}"},
        }
        made = opened.stripe.v2.core.event_destinations.create(params)
        secrets = [one.get_secret_value() for one in opened.services.settings.webhook_secrets]
        objects = opened.sandbox._backend.objects
        objects.save_hidden("v2.core.event_destination", made.id, {"secrets": secrets})
        yield opened


def events_about(shop: ConnectedShop, object_id: str) -> list[Event]:
    wanted = EventFilter(about=object_id)
    read = shop.services.store.read
    return list(shop.server.portal.call(read, lambda c: events.page(c, wanted, 50)).events)


def test_a_refund_and_a_dispute_take_back_what_was_granted(shop: ConnectedShop) -> None:
    bought = create_session(shop, quantity=10)
    shop.sandbox.payments.pay(bought, GOOD_CARD, PAYER)
    wait_for_causes(shop, bought, Cause.PURCHASE)
    refund = shop.stripe.v1.refunds.create({"payment_intent": intent_of(shop, bought)})
    _, taken = wait_for_causes(shop, bought, Cause.PURCHASE, Cause.REFUND)
    assert (taken.quantity, taken.refund) == (-10, refund.id)
    [told, *_] = events_about(shop, refund.id)
    assert told.source is EventSource.THIN
    disputed = create_session(shop, quantity=3)
    shop.sandbox.payments.pay(disputed, DISPUTED, PAYER)
    wait_for_causes(shop, disputed, Cause.PURCHASE, Cause.DISPUTE_OPENED)


def test_a_renewal_extends_pro(shop: ConnectedShop) -> None:
    session_id = create_session(shop, Kind.PRO)
    shop.sandbox.payments.pay(session_id, GOOD_CARD, PAYER)
    wait_for_causes(shop, session_id, Cause.PURCHASE)
    shop.controls.advance(32 * DAY)
    first, renewed = wait_for_causes(shop, session_id, Cause.PURCHASE, Cause.RENEWAL)
    assert (renewed.access_until or 0) > (first.access_until or 0)


def test_a_decline_is_shown_with_its_session(shop: ConnectedShop) -> None:
    """The payment is read from Stripe: its notification names neither session nor reason."""
    session_id = create_session(shop, quantity=2)
    card = type(GOOD_CARD)(DECLINING, 12, 2040, "123")
    declined = shop.sandbox.payments.pay(session_id, card, PAYER)
    assert isinstance(declined, Declined), declined
    mirror = shop.services.mirror

    def outcome() -> object:
        session = shop.server.portal.call(mirror.session, session_id)
        return session and session.outcome

    wait_for(lambda: outcome() is Outcome.DECLINED, "the decline")


def test_nothing_failed(shop: ConnectedShop) -> None:
    """After all that was sent, and again when it is replayed."""
    read, failed = shop.services.store.read, EventFilter(state=EventState.FAILED)
    assert not shop.server.portal.call(read, lambda c: events.page(c, failed, 9)).events
    thin = EventFilter(source=EventSource.THIN, state=EventState.HANDLED)
    handled = shop.server.portal.call(read, lambda c: events.page(c, thin, 50)).events
    ids = [one.id for one in handled]
    assert shop.server.portal.call(shop.services.event_processor.replay, ids) == len(ids)

    def again() -> list[Event]:
        page = shop.server.portal.call(read, lambda c: events.page(c, EventFilter(), 100))
        return [one for one in page.events if one.id in ids]

    wait_for(lambda: {one.state for one in again()} == {EventState.HANDLED}, "the replay")
