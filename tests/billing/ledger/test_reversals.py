"""What became of the money of a session shows in its outcome, whichever payment it was."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from billing.domain.sessions.checkout_session import Kind, Outcome
from billing.domain.sessions.filters import SessionFilter
from billing.domain.sessions.source import Source
from billing.domain.sessions.stats import Revenue
from tests.support.servers.after_sale import (
    DAY,
    DISPUTED,
    FAILING_REFUND,
    INQUIRY,
    controls,
    look,
    paid_invoice,
    payment_of,
    refund,
    sell,
)
from tests.support.servers.sales import (
    GOOD_CARD,
    PAYER,
    create_foreign_session,
    create_session,
    pay,
    refresh,
)
from tests.support.servers.shop import connected_shop
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from billing.domain.sessions.checkout_session import CheckoutSession
    from tests.support.servers.shop import Shop

MONTH = 32 * DAY


def known(shop: Shop, session_id: str) -> CheckoutSession:
    session = shop.server.portal.call(lambda: shop.services.mirror.session(session_id))
    assert session is not None
    return session


@pytest.mark.parametrize("kind", list(Kind))
def test_refunds_add_up_and_reading_the_session_again_keeps_them(shop: Shop, kind: Kind) -> None:
    session_id = sell(shop, kind)
    payment = payment_of(shop, session_id)
    assert known(shop, session_id).outcome is Outcome.PAID
    refund(shop, payment, amount=297)
    look(shop, payment)
    assert known(shop, session_id).outcome is Outcome.PARTLY_REFUNDED
    assert known(shop, session_id).went_back == "$2.97 refunded"
    refund(shop, payment)
    look(shop, payment)
    for _ in range(2):
        assert known(shop, session_id).outcome is Outcome.REFUNDED
        refresh(shop, session_id)


def test_a_refund_that_fails_later_brings_the_session_back_to_paid(shop: Shop) -> None:
    session_id = sell(shop, card=FAILING_REFUND)
    payment = payment_of(shop, session_id)
    refund(shop, payment)
    look(shop, payment)
    assert known(shop, session_id).outcome is Outcome.REFUNDED
    controls(shop).advance(2 * DAY)
    look(shop, payment)
    assert known(shop, session_id).outcome is Outcome.PAID


@pytest.mark.parametrize(
    ("evidence", "ends_as"),
    [("winning_evidence", Outcome.PAID), ("losing_evidence", Outcome.DISPUTED)],
)
@pytest.mark.parametrize("kind", list(Kind))
def test_a_dispute_shows_until_it_is_won_and_for_ever_when_it_is_lost(
    shop: Shop, kind: Kind, evidence: str, ends_as: Outcome
) -> None:
    session_id = sell(shop, kind, DISPUTED)
    payment = payment_of(shop, session_id)
    look(shop, payment)
    assert known(shop, session_id).outcome is Outcome.DISPUTED
    (dispute,) = shop.stripe.v1.disputes.list({"payment_intent": payment}).data
    params: Any = {"evidence": {"uncategorized_text": evidence}, "submit": True}
    shop.stripe.v1.disputes.update(dispute.id, params)
    controls(shop).advance(2 * DAY)
    look(shop, payment)
    assert known(shop, session_id).outcome is ends_as


def test_an_inquiry_changes_nothing(shop: Shop) -> None:
    session_id = sell(shop, card=INQUIRY)
    payment = payment_of(shop, session_id)
    look(shop, payment)
    assert shop.stripe.v1.disputes.list({"payment_intent": payment}).data
    assert known(shop, session_id).outcome is Outcome.PAID


def test_the_refund_of_a_renewal_changes_nothing_about_the_session_that_began_it(
    shop: Shop,
) -> None:
    session_id = sell(shop, Kind.PRO)
    controls(shop).advance(MONTH)
    session = shop.stripe.v1.checkout.sessions.retrieve(session_id)
    params: Any = {"subscription": session.subscription}
    renewal = shop.stripe.v1.invoices.list(params).data[0]
    payment = paid_invoice(shop, str(renewal.id))
    refund(shop, payment)
    look(shop, payment)
    assert known(shop, session_id).outcome is Outcome.PAID


def test_a_sale_that_was_refunded_before_our_copy_knew_it_is_refunded(shop: Shop) -> None:
    for kind in Kind:
        session_id = create_session(shop, kind, 10 if kind is Kind.CREDITS else 1)
        controls(shop).pay(session_id, email=PAYER.email, card=GOOD_CARD.number)
        payment = payment_of(shop, session_id)
        refund(shop, payment)
        look(shop, payment)
        refresh(shop, session_id)
        assert known(shop, session_id).outcome is Outcome.REFUNDED


def test_the_refund_of_another_apps_session_shows_as_well(shop: Shop) -> None:
    session_id = create_foreign_session(shop, "theirs")
    pay(shop, session_id)
    payment = payment_of(shop, session_id)
    refund(shop, payment)
    look(shop, payment)
    assert known(shop, session_id).outcome is Outcome.REFUNDED


def test_events_alone_bring_the_outcome_and_revenue_is_net(tmp_path: Path) -> None:
    with connected_shop(tmp_path) as shop:
        refunded, disputed = sell(shop), sell(shop, card=DISPUTED)
        sell(shop, Kind.PRO)
        refund(shop, payment_of(shop, refunded), amount=297)
        expected = {refunded: Outcome.PARTLY_REFUNDED, disputed: Outcome.DISPUTED}
        wait_for(
            lambda: {one: known(shop, one).outcome for one in expected} == expected,
            "the outcomes that events told of",
        )
        sessions, everything = shop.services.sessions, SessionFilter()
        figures = shop.server.portal.call(lambda: sessions.figures(everything, ZoneInfo("UTC")))
        gross = 2 * 990 + 9900
        assert figures.stats.revenue == {"usd": Revenue(gross, gross - 297 - 990)}
        assert (figures.stats.paid, figures.stats.created) == (3, 3)
        chosen = SessionFilter(
            outcomes=frozenset({Outcome.PARTLY_REFUNDED}), sources=frozenset({Source.PAGE})
        )
        text = shop.server.portal.call(lambda: sessions.as_csv(chosen)).decode("utf-8-sig")
        (row,) = csv.DictReader(io.StringIO(text))
        assert (row["id"], row["outcome"]) == (refunded, "partly_refunded")
        assert (row["amount"], row["amount_refunded"]) == ("9.90", "2.97")
        assert row["amount_disputed"] == "0.00"
