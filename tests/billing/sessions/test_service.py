"""Sessions are found, expired and made again, in front of a real sandbox."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from billing.domain.ledger.line import Origin
from billing.domain.sessions.checkout_session import CheckoutSession, Kind
from billing.domain.sessions.filters import SessionFilter
from billing.errors import InvalidInput
from pages.scenarios.sandbox_client import Controls
from tests.billing.sessions.conftest import (
    call,
    create_session,
    details_of,
    receive_events,
    sessions_of,
)
from tests.support.servers.sales import GOOD_CARD, PAYER

if TYPE_CHECKING:
    from tests.support.servers.shop import Shop


def create_foreign_session(shop: Shop) -> str:
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


def test_an_open_session_is_expired_and_the_copy_knows_at_once(shop: Shop) -> None:
    session_id = create_session(shop)
    assert call(shop, lambda: sessions_of(shop).expire(session_id)).status == "expired"
    assert shop.stripe.v1.checkout.sessions.retrieve(session_id).status == "expired"
    known = call(shop, lambda: shop.server.services.mirror.session(session_id))
    assert known
    assert known.status == "expired"


def test_who_expires_a_session_that_was_paid_meanwhile_is_informed(shop: Shop) -> None:
    session_id = create_session(shop)
    shop.sandbox.payments.pay(session_id, GOOD_CARD, PAYER)
    with pytest.raises(InvalidInput) as refused:
        call(shop, lambda: sessions_of(shop).expire(session_id))
    assert refused.value.message == "This session is no longer open: it was paid in the meantime."
    known = call(shop, lambda: shop.server.services.mirror.session(session_id))
    assert known
    assert known.is_paid


def test_who_expires_a_session_whose_debit_is_under_way_is_not_informed_that_it_was_paid(
    shop: Shop,
) -> None:
    session_id = create_session(shop)
    controls = Controls(f"{shop.server.services.settings.api_base}/_control")
    controls.pay(session_id, email="tester@example.com", bank_account="000123456789")
    with pytest.raises(InvalidInput, match="its payment is processing"):
        call(shop, lambda: sessions_of(shop).expire(session_id))


def test_of_two_who_expire_a_session_the_second_is_informed(shop: Shop) -> None:
    session_id = create_session(shop)
    call(shop, lambda: sessions_of(shop).expire(session_id))
    with pytest.raises(InvalidInput, match="it has expired in the meantime"):
        call(shop, lambda: sessions_of(shop).expire(session_id))


def test_the_same_again_sells_the_same_in_a_new_session(shop: Shop) -> None:
    session = details_of(shop, create_session(shop, quantity=7)).session

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
    session = details_of(shop, create_foreign_session(shop)).session
    with pytest.raises(InvalidInput, match="created by another app"):
        call(
            shop,
            lambda: sessions_of(shop).duplicate(session, idempotency_key="k", made_by="page"),
        )


def test_what_was_just_made_is_found_and_followed(shop: Shop) -> None:
    sessions = sessions_of(shop)
    first = create_session(shop, key="1")
    found = call(shop, lambda: sessions.find(SessionFilter(), 10))
    assert [session.id for session in found.page.sessions] == [first]
    assert (found.page.is_partial, found.page.older, found.new) == (False, None, 0)
    second = create_session(shop, Kind.PRO, key="2")
    call(shop, lambda: sessions.expire(first))
    followed = call(shop, lambda: sessions.follow(found.page, SessionFilter()))
    assert [session.status for session in followed.page.sessions] == ["expired"]
    assert followed.new == 1
    pro = SessionFilter(kinds=frozenset({Kind.PRO}))
    found = call(shop, lambda: sessions.find(pro, 10))
    assert [session.id for session in found.page.sessions] == [second]


def test_the_time_to_pay_is_known_once_the_event_is_handled(shop: Shop) -> None:
    session_id = create_session(shop)
    shop.sandbox.payments.pay(session_id, GOOD_CARD, PAYER)
    receive_events(shop)
    call(
        shop,
        lambda: shop.server.services.fulfillment.refresh_and_grant(session_id, Origin.RETURN),
    )
    utc = ZoneInfo("UTC")
    numbers = call(shop, lambda: sessions_of(shop).figures(SessionFilter(), utc)).stats
    assert numbers.timed == 1
    assert numbers.seconds_to_pay is not None
    assert numbers.seconds_to_pay >= 0


def test_the_file_holds_what_matches_and_nothing_else(shop: Shop) -> None:
    one, two = create_session(shop, Kind.PRO, key="1"), create_session(shop, quantity=3, key="2")
    call(shop, shop.server.services.mirror.state)

    def rows(wanted: SessionFilter) -> list[dict[str, Any]]:
        contents = call(shop, lambda: sessions_of(shop).as_csv(wanted))
        return list(csv.DictReader(io.StringIO(contents.decode("utf-8-sig"))))

    assert {row["id"] for row in rows(SessionFilter())} == {one, two}
    (row,) = rows(SessionFilter(search="2.97"))
    assert (row["id"], row["made_by"], row["made_here"]) == (two, "tester@example.com", "yes")
