"""The timeline goes on after the grant, with what each change did to what the customer has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from billing.domain.sessions.checkout_session import Kind
from billing.domain.sessions.details import SessionDetails, SessionLookup
from billing.domain.sessions.timeline import EntryKind, TimelineEntry
from billing.sessions.ticket import ticket
from tests.billing.sessions.conftest import details_of
from tests.support.servers.after_sale import (
    DAY,
    DISPUTED,
    FAILING_REFUND,
    INQUIRY,
    look,
    payment_of,
    refund,
    sell,
)
from tests.support.servers.shop import ConnectedShop, connected_shop
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.servers.shop import Shop

MONTH = 32 * DAY
AFTER_SALE = tuple(EntryKind)[
    tuple(EntryKind).index(EntryKind.REFUNDED) : tuple(EntryKind).index(EntryKind.NOT_GRANTED)
]
MINUS = "\N{MINUS SIGN}"


@pytest.fixture(scope="module")
def connected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConnectedShop]:
    with connected_shop(tmp_path_factory.mktemp("connected")) as opened:
        yield opened


def details(shop: Shop, session_id: str) -> SessionDetails:
    """From our copy alone."""
    sessions = shop.services.sessions
    return shop.server.portal.call(lambda: sessions.details(session_id, SessionLookup()))


def after_the_sale(found: SessionDetails) -> list[str]:
    """Title and detail of each entry about what followed the sale."""
    return [_text(one) for one in found.entries if one.kind in AFTER_SALE]


def to_come(found: SessionDetails) -> list[str]:
    return [_text(entry) for entry in found.entries if entry.kind is EntryKind.LATER]


def _text(entry: TimelineEntry) -> str:
    day = " DAY" if entry.until else ""
    return f"{entry.title}: {entry.detail}{day}" if entry.detail else entry.title


def wait_until(shop: Shop, session_id: str, *expected: str) -> SessionDetails:
    """Its details once its timeline goes on so, whatever the order within a second."""

    def found() -> list[str]:
        return sorted(after_the_sale(details(shop, session_id)))

    try:
        wait_for(lambda: found() == sorted(expected), "the timeline")
    except AssertionError:
        assert found() == sorted(expected)
        raise
    return details(shop, session_id)


def wait_to_come(shop: Shop, session_id: str, *expected: str) -> None:
    wait_for(lambda: to_come(details(shop, session_id)) == list(expected), "what is to come")


def test_a_refund_and_its_failure_each_with_their_line(connected: ConnectedShop) -> None:
    session_id = sell(connected, card=FAILING_REFUND)
    refund(connected, payment_of(connected, session_id), amount=297)
    begun = ("Refund created: $2.97", f"{MINUS}3 credits: refund")
    wait_until(connected, session_id, *begun)
    connected.controls.advance(2 * DAY)
    found = wait_until(
        connected,
        session_id,
        *begun,
        "Refund failed: $2.97, expired or canceled card",
        "+3 credits: refund failed",
    )
    line = found.entries[-1]
    assert line.event
    assert line.event.type.startswith(("refund.", "charge.refund"))
    assert f"{MINUS}3 credits: refund" in ticket(found, "http://here", with_email=False)


def test_a_dispute_that_is_won(connected: ConnectedShop) -> None:
    session_id = sell(connected, card=DISPUTED)
    begun = ("Dispute opened: $9.90, fraudulent", f"{MINUS}10 credits: dispute opened")
    wait_until(connected, session_id, *begun)
    wait_to_come(connected, session_id, "Evidence due: $9.90")
    (dispute,) = connected.stripe.v1.disputes.list(
        {"payment_intent": payment_of(connected, session_id)}
    ).data
    params: Any = {"evidence": {"uncategorized_text": "winning_evidence"}, "submit": True}
    connected.stripe.v1.disputes.update(dispute.id, params)
    connected.controls.advance(DAY)
    wait_until(
        connected,
        session_id,
        *begun,
        "Evidence submitted: $9.90",
        "Dispute won: $9.90",
        "+10 credits: dispute won",
    )
    wait_to_come(connected, session_id)


def test_an_inquiry_is_shown_and_changes_nothing(connected: ConnectedShop) -> None:
    session_id = sell(connected, card=INQUIRY)
    wait_until(connected, session_id, "Inquiry opened: $9.90, fraudulent")
    wait_to_come(connected, session_id, "Evidence due: $9.90")


def test_a_subscription_that_renews_is_declined_and_ends(connected: ConnectedShop) -> None:
    session_id = sell(connected, Kind.PRO)
    session = connected.stripe.v1.checkout.sessions.retrieve(session_id)
    subscription, customer = str(session.subscription), str(session.customer)
    v1 = connected.stripe.v1
    wait_to_come(connected, session_id, "Subscription renews")
    connected.controls.advance(MONTH)
    story = ["Renewed: $99.00", "Pro plan: renewal, until DAY"]
    wait_until(connected, session_id, *story)
    v1.subscriptions.update(subscription, {"cancel_at_period_end": True})
    story += ["Cancellation scheduled: for DAY"]
    wait_until(connected, session_id, *story)
    wait_to_come(connected, session_id, "Subscription ends")
    v1.subscriptions.update(subscription, {"cancel_at_period_end": False})
    story += ["Cancellation undone"]
    wait_until(connected, session_id, *story)
    card = v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer})
    v1.subscriptions.update(subscription, {"default_payment_method": card.id})
    connected.controls.advance(MONTH)
    story += ["Subscription past due", "Renewal declined: $99.00, attempt 1, the next on DAY"]
    story += ["Pro plan: renewal, until DAY"]  # as long as Stripe tries again
    wait_until(connected, session_id, *story)
    wait_to_come(connected, session_id, "Next attempt to charge the card")
    v1.subscriptions.cancel(subscription)
    story += ["Subscription canceled", "Pro plan ended: canceled"]
    wait_until(connected, session_id, *story)
    wait_to_come(connected, session_id)


def test_what_no_event_reported_is_in_the_timeline_all_the_same(shop: Shop) -> None:
    session_id = sell(shop)
    payment = payment_of(shop, session_id)
    refund(shop, payment, amount=99)
    look(shop, payment)
    assert after_the_sale(details_of(shop, session_id)) == [
        "Refund created: $0.99",
        f"{MINUS}1 credit: refund",
    ]
    pro, lost = sell(shop, Kind.PRO), sell(shop, card=DISPUTED)
    payment = payment_of(shop, lost)
    (dispute,) = shop.stripe.v1.disputes.list({"payment_intent": payment}).data
    shop.stripe.v1.disputes.close(dispute.id)
    look(shop, payment)
    assert after_the_sale(details_of(shop, lost))[-1] == f"{MINUS}10 credits: dispute lost"
    assert "Dispute lost: $9.90" in [_text(one) for one in details_of(shop, lost).entries]
    session = shop.stripe.v1.checkout.sessions.retrieve(pro)
    shop.stripe.v1.subscriptions.cancel(str(session.subscription))
    look(shop, payment_of(shop, pro))
    assert after_the_sale(details_of(shop, pro)) == [
        "Subscription canceled",
        "Pro plan ended: canceled",
    ]
