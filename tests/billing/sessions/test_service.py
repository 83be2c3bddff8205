"""Sessions are found, told of and acted on, in front of a real sandbox."""

from __future__ import annotations

import csv
import io
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import pytest
import requests

from billing.domain.checkout_session import CheckoutSession, Kind
from billing.domain.event import EntryKind
from billing.domain.session_filter import SessionFilter
from billing.errors import InvalidInput, StripeFailure
from billing.session_reader import SessionReading
from billing.sessions.service import Lookup
from billing.sessions.timeline import SessionDetails
from billing.setup.webhook_checks import NEEDED_EVENTS, STORY_EVENTS
from billing.store import events
from pages.scenarios.sandbox_client import Controls
from stripe_sandbox.payments.checkout import AuthenticationRequired, Card, Payer
from tests.support.billing_server import billing_server
from tests.support.settings import working_settings
from tests.support.stripe_account import DOWN, REQUEST_ID, StripeAccount

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection
    from pathlib import Path

    from billing.sessions.service import Sessions
    from tests.support.shop import Shop

T = TypeVar("T")

GOOD_CARD = Card("4242424242424242", 12, 2040, "123")
NO_FUNDS = Card("4000000000009995", 12, 2040, "123")
THREE_D_SECURE = Card("4000002500003155", 12, 2040, "123")
PAYER = Payer("tester@example.com", "Test Customer")


def call(shop: Shop, function: Callable[[], Awaitable[T]]) -> T:
    return shop.server.portal.call(function)


def sessions_of(shop: Shop) -> Sessions:
    return shop.server.services.sessions


def made(shop: Shop, kind: Kind = Kind.CREDITS, quantity: int = 1, key: str = "a") -> str:
    checkout = shop.server.services.checkout
    session = call(
        shop,
        lambda: checkout.create(
            kind, quantity, idempotency_key=f"press-{key}", made_by="tester@example.com"
        ),
    )
    return session.id


def foreign(shop: Shop) -> str:
    session = shop.stripe.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "line_items": [
                {"price": shop.server.services.settings.price_extra_credit or "", "quantity": 2}
            ],
            "success_url": "https://example.com",
            "metadata": {"note": "of another app"},
        }
    )
    return session.id


def hear(shop: Shop, types: Collection[str] = ()) -> None:
    """The sandbox's events arrive, as by webhook: all, or those of these types."""
    listed = requests.get(
        f"{shop.server.services.settings.api_base}/v1/events?limit=100",
        headers={"Authorization": "Bearer sk_test_of_the_tests"},
        timeout=5,
    ).json()["data"]
    for event in reversed(listed):
        if types and event["type"] not in types:
            continue
        record = partial(
            events.record, arrivals=[events.ReceivedEvent(event, "webhook", "ignored", time.time())]
        )
        call(shop, partial(shop.server.services.store.write, record))


def told(shop: Shop, session_id: str) -> SessionDetails:
    sessions = sessions_of(shop)
    asked = call(shop, lambda: sessions.look_up(session_id))
    return call(shop, lambda: sessions.details(session_id, asked))


def turns(details: SessionDetails) -> list[EntryKind]:
    return [step.kind for step in details.entries if step.kind is not EntryKind.OTHER]


# The story ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(Kind))
def test_the_story_of_a_decline_and_a_payment_is_told_in_order(shop: Shop, kind: Kind) -> None:
    session_id = made(shop, kind)
    shop.sandbox.payments.pay(session_id, NO_FUNDS, PAYER)
    shop.sandbox.payments.pay(session_id, GOOD_CARD, PAYER)
    hear(shop)
    call(shop, lambda: shop.server.services.fulfillment.refresh_and_grant(session_id, "return"))
    details = told(shop, session_id)
    assert turns(details) == [
        *(
            EntryKind.MADE,
            EntryKind.TRIED,
            EntryKind.DECLINED,
            EntryKind.MONEY_TAKEN,
            EntryKind.COMPLETED,
            EntryKind.GRANTED,
        )
    ]
    first, _, declined, *_, granted = [
        step for step in details.entries if step.kind is not EntryKind.OTHER
    ]
    assert first.title == "Created by tester@example.com"
    assert (first.request_id or "").startswith("req_")
    assert "insufficient_funds" in declined.detail
    assert declined.event
    assert declined.event.type == "payment_intent.payment_failed"
    assert declined.event.delay >= 0
    # Whoever came first: the landing page, or the mirror that follows Stripe.
    assert granted.detail in (
        "when the customer returned from Checkout",
        "when the session was retrieved from Stripe",
    )
    assert details.grant
    assert details.in_the_copy


@pytest.mark.parametrize("kind", list(Kind))
def test_the_events_that_setup_asks_for_tell_the_whole_story(shop: Shop, kind: Kind) -> None:
    session_id = made(shop, kind)
    shop.sandbox.payments.pay(session_id, NO_FUNDS, PAYER)
    challenge = shop.sandbox.payments.pay(session_id, THREE_D_SECURE, PAYER)
    assert isinstance(challenge, AuthenticationRequired)
    shop.sandbox.payments.authenticate(session_id, challenge.payment_intent, succeed=True)
    hear(shop, {*NEEDED_EVENTS, *STORY_EVENTS})
    call(shop, lambda: shop.server.services.fulfillment.refresh_and_grant(session_id, "return"))
    details = told(shop, session_id)
    by_few = [step.kind for step in details.entries]
    assert sorted(by_few) == sorted(
        [
            *(EntryKind.MADE, EntryKind.TRIED, EntryKind.DECLINED, EntryKind.CHALLENGED),
            *(EntryKind.MONEY_TAKEN, EntryKind.COMPLETED, EntryKind.GRANTED),
        ]
    )
    hear(shop)
    assert turns(told(shop, session_id)) == by_few


def test_a_decline_is_told_while_the_session_is_still_open(shop: Shop) -> None:
    other, session_id = made(shop, key="other"), made(shop, quantity=5)
    shop.sandbox.payments.pay(other, THREE_D_SECURE, PAYER)
    shop.sandbox.payments.pay(session_id, NO_FUNDS, PAYER)
    hear(shop)
    assert turns(told(shop, session_id)) == [
        *(EntryKind.MADE, EntryKind.TRIED, EntryKind.DECLINED, EntryKind.WILL_EXPIRE)
    ]
    assert turns(told(shop, other)) == [
        *(EntryKind.MADE, EntryKind.TRIED, EntryKind.CHALLENGED, EntryKind.WILL_EXPIRE)
    ]


def test_the_story_holds_line_items_and_stripes_object(shop: Shop) -> None:
    details = told(shop, made(shop, quantity=5))
    (item,) = details.line_items
    assert (item.description, item.quantity, item.amount_total) == ("Credit", 5, 495)
    assert details.data["object"] == "checkout.session"


def test_what_was_paid_and_not_granted_is_said(shop: Shop) -> None:
    session_id = made(shop)
    shop.sandbox.payments.pay(session_id, GOOD_CARD, PAYER)
    data = dict(shop.stripe.v1.checkout.sessions.retrieve(session_id).to_dict())
    asked = Lookup(SessionReading(data, CheckoutSession.from_stripe(data)))
    details = call(shop, lambda: sessions_of(shop).details(session_id, asked))
    assert EntryKind.NOT_GRANTED in turns(details)


def test_the_request_that_expired_a_session_is_named(shop: Shop) -> None:
    session_id = made(shop)
    call(shop, lambda: sessions_of(shop).expire(session_id))
    hear(shop)
    (expired,) = [step for step in told(shop, session_id).entries if step.kind is EntryKind.EXPIRED]
    assert (expired.request_id or "").startswith("req_")


@pytest.mark.parametrize("session_id", ["", "cs_live_a", "../x", "cs_test_<b>", "%27"])
def test_what_cannot_be_an_id_is_refused_without_asking_stripe(shop: Shop, session_id: str) -> None:
    with pytest.raises(InvalidInput, match="not the ID of a Checkout Session in test mode"):
        call(shop, lambda: sessions_of(shop).look_up(session_id))


def test_an_id_that_nobody_knows_gets_a_clear_word(shop: Shop) -> None:
    with pytest.raises(InvalidInput, match="does not exist in this Stripe account") as refused:
        told(shop, "cs_test_ofAnotherAccount")
    assert "another account" in refused.value.next_step


def test_when_stripe_fails_the_story_is_told_from_the_copy(
    tmp_path: Path, shop: Shop, account: StripeAccount
) -> None:
    session_id = made(shop)
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
    session_id = made(shop)
    assert told(shop, session_id).dashboard_url is None
    call(shop, shop.server.services.mirror.state)
    with billing_server(
        replace(shop.server.services.settings, api_base=None, secret_key=None)
    ) as server:
        sessions = server.services.sessions
        places = {}
        for name in ("payment_intent", "subscription", "x"):
            data = {"id": session_id, "status": "open", name: f"{name}_1"}
            data = {**told(shop, session_id).data, **data, "status": "complete"}
            asked = Lookup(SessionReading(data, CheckoutSession.from_stripe(data)))
            details = server.portal.call(partial(sessions.details, session_id, asked))
            places[name] = details.dashboard_url
    dashboard = "https://dashboard.stripe.com/test"
    assert places == {
        "payment_intent": f"{dashboard}/payments/payment_intent_1",
        "subscription": f"{dashboard}/subscriptions/subscription_1",
        "x": f"{dashboard}/search?query={session_id}",
    }


# Acting on it -------------------------------------------------------------------------------


def test_an_open_session_is_expired_and_the_copy_knows_at_once(shop: Shop) -> None:
    session_id = made(shop)
    assert call(shop, lambda: sessions_of(shop).expire(session_id)).status == "expired"
    assert shop.stripe.v1.checkout.sessions.retrieve(session_id).status == "expired"
    known = call(shop, lambda: shop.server.services.mirror.session(session_id))
    assert known
    assert known.status == "expired"


def test_who_expires_a_session_that_was_paid_meanwhile_is_told_so(shop: Shop) -> None:
    session_id = made(shop)
    shop.sandbox.payments.pay(session_id, GOOD_CARD, PAYER)
    with pytest.raises(InvalidInput) as refused:
        call(shop, lambda: sessions_of(shop).expire(session_id))
    assert refused.value.message == "This session is no longer open: it was paid in the meantime."
    known = call(shop, lambda: shop.server.services.mirror.session(session_id))
    assert known
    assert known.is_paid


def test_who_expires_a_session_whose_debit_is_under_way_is_not_told_that_it_was_paid(
    shop: Shop,
) -> None:
    session_id = made(shop)
    controls = Controls(f"{shop.server.services.settings.api_base}/_control")
    controls.pay(session_id, email="tester@example.com", bank_account="000123456789")
    with pytest.raises(InvalidInput, match="its payment is processing"):
        call(shop, lambda: sessions_of(shop).expire(session_id))


def test_of_two_who_expire_a_session_the_second_is_told_so(shop: Shop) -> None:
    session_id = made(shop)
    call(shop, lambda: sessions_of(shop).expire(session_id))
    with pytest.raises(InvalidInput, match="it has expired in the meantime"):
        call(shop, lambda: sessions_of(shop).expire(session_id))


def test_the_same_again_sells_the_same_in_a_new_session(shop: Shop) -> None:
    session = told(shop, made(shop, quantity=7)).session

    def again(key: str) -> CheckoutSession:
        return call(
            shop,
            lambda: sessions_of(shop).duplicate(session, idempotency_key=key, made_by="page"),
        )

    first, repeated, second = again("one"), again("one"), again("two")
    assert first.id == repeated.id
    assert len({session.id, first.id, second.id}) == 3
    assert (first.kind, first.quantity, first.status) == (Kind.CREDITS, 7, "open")


def test_what_another_app_sold_cannot_be_made_again(shop: Shop) -> None:
    session = told(shop, foreign(shop)).session
    with pytest.raises(InvalidInput, match="created by another app"):
        call(
            shop,
            lambda: sessions_of(shop).duplicate(session, idempotency_key="k", made_by="page"),
        )


# Finding ------------------------------------------------------------------------------------


def test_what_was_just_made_is_found_and_followed(shop: Shop) -> None:
    sessions = sessions_of(shop)
    first = made(shop, key="1")
    found = call(shop, lambda: sessions.find(SessionFilter(), 10))
    assert [session.id for session in found.sessions] == [first]
    assert (found.partial, found.older) == (False, None)
    second = made(shop, Kind.PRO, key="2")
    call(shop, lambda: sessions.expire(first))
    followed = call(shop, lambda: sessions.follow([first], SessionFilter(), None))
    assert [session.status for session in followed.sessions] == ["expired"]
    assert followed.new == 1
    pro = SessionFilter(kinds=frozenset({Kind.PRO}))
    assert [one.id for one in call(shop, lambda: sessions.find(pro, 10)).sessions] == [second]


def test_the_time_to_pay_is_known_once_the_event_is_handled(shop: Shop) -> None:
    session_id = made(shop)
    shop.sandbox.payments.pay(session_id, GOOD_CARD, PAYER)
    hear(shop)
    call(shop, lambda: shop.server.services.fulfillment.refresh_and_grant(session_id, "return"))
    utc = ZoneInfo("UTC")
    numbers = call(shop, lambda: sessions_of(shop).numbers(SessionFilter(), utc))
    assert numbers.timed == 1
    assert numbers.seconds_to_pay is not None
    assert numbers.seconds_to_pay >= 0


def test_the_file_holds_what_matches_and_nothing_else(shop: Shop) -> None:
    one, two = made(shop, Kind.PRO, key="1"), made(shop, quantity=3, key="2")
    call(shop, shop.server.services.mirror.state)

    def rows(wanted: SessionFilter) -> list[dict[str, Any]]:
        contents = call(shop, lambda: sessions_of(shop).as_csv(wanted))
        return list(csv.DictReader(io.StringIO(contents.decode("utf-8-sig"))))

    assert {row["id"] for row in rows(SessionFilter())} == {one, two}
    (row,) = rows(SessionFilter(search="2.97"))
    assert (row["id"], row["made_by"], row["made_here"]) == (two, "tester@example.com", "yes")
