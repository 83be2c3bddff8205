"""A session's details: what happened to it, in order, with what Stripe says."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest
import stripe

from billing.domain.ledger.line import Origin
from billing.domain.sessions.checkout_session import CheckoutSession, Kind
from billing.domain.sessions.details import SessionDetails, SessionLookup, SessionReading
from billing.domain.sessions.timeline import EntryKind
from billing.errors import InvalidInput, StripeFailure
from billing.setup.webhook_checks import ENDPOINT_EVENTS
from stripe_sandbox.payments.checkout import AuthenticationRequired, Card
from tests.billing.sessions.conftest import (
    call,
    create_session,
    details_of,
    receive_events,
    sessions_of,
)
from tests.support.servers.billing_server import billing_server
from tests.support.servers.sales import GOOD_CARD, PAYER
from tests.support.servers.settings import working_settings
from tests.support.stripe_account import DOWN, REQUEST_ID, StripeAccount

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.shop import Shop


NO_FUNDS = Card("4000000000009995", 12, 2040, "123")
THREE_D_SECURE = Card("4000002500003155", 12, 2040, "123")


RENEWS: dict[Kind, list[EntryKind]] = {Kind.PRO: [EntryKind.LATER], Kind.CREDITS: []}


def entry_kinds(details: SessionDetails) -> list[EntryKind]:
    return [step.kind for step in details.entries if step.kind is not EntryKind.OTHER]


def test_another_programs_session_that_only_saves_a_card_is_shown_and_grants_nothing(
    shop: Shop,
) -> None:
    client = stripe.StripeClient(
        "sk_test_of_the_tests",
        base_addresses={"api": str(shop.server.services.settings.api_base)},
    )
    made = client.v1.checkout.sessions.create(
        {"mode": "setup", "currency": "usd", "success_url": "http://shop.example/"}
    )
    shop.sandbox.payments.pay(made.id, GOOD_CARD, PAYER)
    receive_events(shop)
    call(
        shop,
        lambda: shop.server.services.fulfillment.refresh_and_grant(made.id, Origin.RETURN),
    )
    details = details_of(shop, made.id)
    session = details.session
    assert (session.what, session.amount, session.status) == ("Other setup", "", "complete")


@pytest.mark.parametrize("kind", list(Kind))
def test_the_story_of_a_decline_and_a_payment_is_reported_in_order(shop: Shop, kind: Kind) -> None:
    session_id = create_session(shop, kind)
    shop.sandbox.payments.pay(session_id, NO_FUNDS, PAYER)
    shop.sandbox.payments.pay(session_id, GOOD_CARD, PAYER)
    receive_events(shop)
    call(
        shop,
        lambda: shop.server.services.fulfillment.refresh_and_grant(session_id, Origin.RETURN),
    )
    details = details_of(shop, session_id)
    assert entry_kinds(details) == [
        *(
            EntryKind.CREATED,
            EntryKind.PAYMENT_ATTEMPTED,
            EntryKind.PAYMENT_FAILED,
            EntryKind.PAYMENT_SUCCEEDED,
            EntryKind.COMPLETED,
            EntryKind.GRANTED,
        ),
        *RENEWS[kind],
    ]
    first, _, declined, *_, granted = [
        step for step in details.entries if step.kind not in (EntryKind.OTHER, EntryKind.LATER)
    ]
    assert first.title == "Created by tester@example.com"
    assert (first.request_id or "").startswith("req_")
    assert "insufficient_funds" in declined.detail
    assert declined.event
    assert declined.event.type == "payment_intent.payment_failed"
    assert declined.event.delay >= 0
    assert granted.detail == "when the customer returned from Checkout"
    assert details.grant
    assert details.is_stored


@pytest.mark.parametrize("kind", list(Kind))
def test_the_events_that_setup_asks_for_tell_the_whole_story(shop: Shop, kind: Kind) -> None:
    session_id = create_session(shop, kind)
    shop.sandbox.payments.pay(session_id, NO_FUNDS, PAYER)
    challenge = shop.sandbox.payments.pay(session_id, THREE_D_SECURE, PAYER)
    assert isinstance(challenge, AuthenticationRequired)
    shop.sandbox.payments.authenticate(session_id, challenge.payment_intent, succeed=True)
    receive_events(shop, ENDPOINT_EVENTS)
    call(
        shop,
        lambda: shop.server.services.fulfillment.refresh_and_grant(session_id, Origin.RETURN),
    )
    details = details_of(shop, session_id)
    by_few = entry_kinds(details)
    assert sorted(by_few) == sorted(
        [
            *(
                EntryKind.CREATED,
                EntryKind.PAYMENT_ATTEMPTED,
                EntryKind.PAYMENT_FAILED,
                EntryKind.ACTION_REQUIRED,
            ),
            *(EntryKind.PAYMENT_SUCCEEDED, EntryKind.COMPLETED, EntryKind.GRANTED),
            *RENEWS[kind],
        ]
    )
    receive_events(shop)
    assert entry_kinds(details_of(shop, session_id)) == by_few


def test_a_decline_is_reported_while_the_session_is_still_open(shop: Shop) -> None:
    other, session_id = create_session(shop, key="other"), create_session(shop, quantity=5)
    shop.sandbox.payments.pay(other, THREE_D_SECURE, PAYER)
    shop.sandbox.payments.pay(session_id, NO_FUNDS, PAYER)
    receive_events(shop)
    assert entry_kinds(details_of(shop, session_id)) == [
        *(
            EntryKind.CREATED,
            EntryKind.PAYMENT_ATTEMPTED,
            EntryKind.PAYMENT_FAILED,
            EntryKind.LATER,
        )
    ]
    assert entry_kinds(details_of(shop, other)) == [
        *(
            EntryKind.CREATED,
            EntryKind.PAYMENT_ATTEMPTED,
            EntryKind.ACTION_REQUIRED,
            EntryKind.LATER,
        )
    ]


def test_the_story_holds_line_items_and_stripes_object(shop: Shop) -> None:
    details = details_of(shop, create_session(shop, quantity=5))
    (item,) = details.line_items
    assert (item.description, item.quantity, item.amount_total) == ("Credit", 5, 495)
    assert details.data["object"] == "checkout.session"


def test_what_was_paid_and_not_granted_is_said(shop: Shop) -> None:
    session_id = create_session(shop)
    shop.sandbox.payments.pay(session_id, GOOD_CARD, PAYER)
    data = dict(shop.stripe.v1.checkout.sessions.retrieve(session_id).to_dict())
    asked = SessionLookup(SessionReading(data, CheckoutSession.from_stripe(data), 0.0))
    details = call(shop, lambda: sessions_of(shop).details(session_id, asked))
    assert EntryKind.NOT_GRANTED in entry_kinds(details)


def test_the_request_that_expired_a_session_is_named(shop: Shop) -> None:
    session_id = create_session(shop)
    call(shop, lambda: sessions_of(shop).expire(session_id))
    receive_events(shop)
    (expired,) = [
        step for step in details_of(shop, session_id).entries if step.kind is EntryKind.EXPIRED
    ]
    assert (expired.request_id or "").startswith("req_")


@pytest.mark.parametrize("session_id", ["", "cs_live_a", "../x", "cs_test_<b>", "%27"])
def test_what_cannot_be_an_id_is_refused_without_asking_stripe(shop: Shop, session_id: str) -> None:
    with pytest.raises(InvalidInput, match="not the ID of a Checkout Session in test mode"):
        call(shop, lambda: sessions_of(shop).look_up(session_id))


def test_an_id_that_nobody_knows_gets_a_clear_word(shop: Shop) -> None:
    with pytest.raises(InvalidInput, match="does not exist in this Stripe account") as refused:
        details_of(shop, "cs_test_ofAnotherAccount")
    assert "another account" in refused.value.next_step


def test_when_stripe_fails_the_story_is_distinguished_from_the_copy(
    tmp_path: Path, shop: Shop, account: StripeAccount
) -> None:
    session_id = create_session(shop)
    call(shop, shop.server.services.mirror.state)
    account.faults = DOWN
    database = shop.server.services.settings.database_url
    settings = working_settings(tmp_path, account.url, database_url=database)
    with billing_server(settings) as server:
        sessions = server.services.sessions
        asked = server.portal.call(lambda: sessions.look_up(session_id))
        assert asked.failure
        assert asked.failure.request_id == REQUEST_ID
        details = server.portal.call(lambda: sessions.details(session_id, asked))
        assert details.session.id == session_id
        assert details.line_items == ()
        with pytest.raises(StripeFailure):
            server.portal.call(lambda: sessions.details("cs_test_notHere", asked))


def test_only_stripe_itself_has_a_dashboard(shop: Shop) -> None:
    session_id = create_session(shop)
    assert details_of(shop, session_id).dashboard_url is None
    call(shop, shop.server.services.mirror.state)
    with billing_server(
        replace(shop.server.services.settings, api_base=None, secret_key=None)
    ) as server:
        sessions = server.services.sessions
        places = {}
        for name in ("payment_intent", "subscription", "x"):
            data = {"id": session_id, "status": "open", name: f"{name}_1"}
            data = {**details_of(shop, session_id).data, **data, "status": "complete"}
            asked = SessionLookup(SessionReading(data, CheckoutSession.from_stripe(data), 0.0))
            details = server.portal.call(partial(sessions.details, session_id, asked))
            places[name] = details.dashboard_url
    dashboard = "https://dashboard.stripe.com/test"
    assert places == {
        "payment_intent": f"{dashboard}/payments/payment_intent_1",
        "subscription": f"{dashboard}/subscriptions/subscription_1",
        "x": f"{dashboard}/search?query={session_id}",
    }
