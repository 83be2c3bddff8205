"""Customers of a shop: found, exported, and shown with all that is theirs."""

from __future__ import annotations

import csv
import io
from functools import partial
from typing import TYPE_CHECKING

import pytest

from billing.domain.customers.customer import ProNote, ProStatus
from billing.domain.customers.page import CustomerFilter
from billing.domain.ledger.line import Cause, Origin
from billing.domain.sessions.checkout_session import Kind, Outcome
from billing.errors import InvalidInput
from billing.store import sessions
from pages.scenarios.sandbox_client import Controls
from tests.support.database.stored import copies
from tests.support.servers.sales import PAYER, create_session
from tests.support.servers.shop import Shop, open_shop
from tests.support.servers.sold import payment_of, pro_of, sell
from tests.support.stripe_account import PAID, session_object
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from billing.domain.customers.customer import Customer
    from billing.domain.customers.details import CustomerDetails

EVERYBODY = CustomerFilter()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """Nothing happens but what the test does."""
    with open_shop(tmp_path, sync_step_seconds=3_600.0) as opened:
        state = opened.services.mirror.state
        wait_for(lambda: opened.server.portal.call(state).as_of, "the first step")
        yield opened


def listed(shop: Shop, wanted: CustomerFilter = EVERYBODY) -> list[Customer]:
    found = shop.server.portal.call(shop.services.customers.find, wanted, 25)
    assert found.waiting == 0
    return list(found.page.customers)


def details_of(shop: Shop, key: str) -> CustomerDetails:
    return shop.server.portal.call(shop.services.customers.details, key)


def refresh_payment(shop: Shop, payment_intent: str) -> None:
    refresh = shop.services.after_sale.refresh_payment
    shop.server.portal.call(refresh, payment_intent, Origin.SYNC)


def test_who_bought_as_a_guest_and_then_pro_is_one_customer(shop: Shop) -> None:
    credits_session = sell(shop, quantity=10)
    (guest,) = listed(shop)
    assert (guest.key, guest.credits, guest.paid) == (PAYER.email, 10, {"usd": 990})
    pro_session = sell(shop, Kind.PRO)
    (customer,) = listed(shop)
    assert customer.customer
    assert (customer.email, customer.credits) == (PAYER.email, 10)
    assert customer.paid == {"usd": 9900 + 990}
    assert (customer.pro, customer.pro_note) == (ProStatus.ACTIVE, ProNote.RENEWS)
    found = details_of(shop, customer.key)
    by_email = details_of(shop, PAYER.email.upper())  # a link to the guest of before
    assert by_email.customer.key == customer.key
    assert {one.id for one in found.sessions} == {credits_session, pro_session}
    assert {one.line.session_id for one in found.entries} == {credits_session, pro_session}
    assert found.same_email == 0


def test_a_refunded_and_a_disputed_payment_are_listed_with_what_went_back(shop: Shop) -> None:
    part, disputed = (payment_of(shop, sell(shop, quantity=10)) for _ in range(2))
    shop.stripe.v1.refunds.create({"payment_intent": part.payment_intent, "amount": 297})
    charge = shop.stripe.v1.payment_intents.retrieve(disputed.payment_intent).latest_charge
    Controls(f"{shop.services.settings.api_base}/_control").dispute(str(charge), "fraudulent")
    for payment in (part, disputed):
        refresh_payment(shop, payment.payment_intent)
    (guest,) = listed(shop, CustomerFilter(with_refunds=True, with_disputes=True))
    assert (guest.credits, guest.refunded, guest.disputed) == (7, {"usd": 297}, {"usd": 990})
    found = details_of(shop, guest.key)
    by_outcome = {one.outcome: one for one in found.payments}
    assert set(by_outcome) == {Outcome.PARTLY_REFUNDED, Outcome.DISPUTED}
    (refund,) = by_outcome[Outcome.PARTLY_REFUNDED].refunds
    assert (refund.amount, refund.status) == (297, "succeeded")
    (dispute,) = by_outcome[Outcome.DISPUTED].disputes
    assert dispute.dispute.amount == 990
    assert dispute.evidence_due
    assert dispute.evidence_due > dispute.dispute.created
    causes = [one.line.cause for one in found.entries]
    assert {Cause.REFUND, Cause.DISPUTE_OPENED} <= set(causes)


def test_a_subscription_is_shown_with_period_invoice_and_what_comes_next(shop: Shop) -> None:
    session_id = sell(shop, Kind.PRO)
    payment_of(shop, session_id)  # its invoices are read
    subscription = pro_of(shop, session_id).subscription
    shop.stripe.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    refresh = shop.services.after_sale.refresh_subscription
    shop.server.portal.call(refresh, subscription.id, Origin.SYNC)
    (customer,) = listed(shop, CustomerFilter(pro=frozenset({ProStatus.ACTIVE})))
    assert (customer.pro_note, customer.paid) == (ProNote.CANCELS, {"usd": 9900})
    assert customer.pro_until == subscription.period_end
    found = details_of(shop, customer.key)
    (shown,) = found.subscriptions
    assert (shown.period_end, shown.cancel_at) == (subscription.period_end,) * 2
    assert shown.gives_pro
    (invoice,) = found.invoices
    assert (invoice.status, invoice.amount, invoice.attempts) == ("paid", 9900, 1)
    assert invoice.next_attempt is None
    (payment,) = found.payments
    assert (payment.what, payment.session_id) == ("Pro plan", session_id)
    assert (payment.invoice, payment.subscription) == (invoice.id, subscription.id)
    shop.stripe.v1.subscriptions.cancel(subscription.id)
    shop.server.portal.call(refresh, subscription.id, Origin.SYNC)
    (ended,) = listed(shop, CustomerFilter(pro=frozenset({ProStatus.ENDED})))
    assert (ended.pro_until, ended.pro_note) == (None, ProNote.CANCELED)
    assert listed(shop, CustomerFilter(pro=frozenset({ProStatus.ACTIVE}))) == []


def test_a_page_that_was_found_follows_its_customers_and_counts_the_new(shop: Shop) -> None:
    sell(shop, quantity=1)
    customers = shop.services.customers
    shown = shop.server.portal.call(customers.find, EVERYBODY, 25).page
    sell(shop, quantity=4)
    other = session_object(1, "credits", 2) | PAID | {"customer": "cus_other"}
    keep = partial(sessions.upsert_sessions, batches=[copies([other])])
    shop.server.portal.call(shop.services.store.write, keep)
    followed = shop.server.portal.call(customers.follow, shown, EVERYBODY)
    assert [one.credits for one in followed.page.customers] == [5]
    assert followed.new == 1


def test_the_csv_has_a_row_for_each_currency_and_the_credits_once(shop: Shop) -> None:
    made = [
        session_object(number, "credits", 1)
        | PAID
        | {"customer": "cus_1", "currency": currency, "amount_total": amount}
        | {"customer_details": {"email": "=cmd()@example.com"}}
        for number, (currency, amount) in enumerate({"usd": 990, "jpy": 500, "kwd": 12_340}.items())
    ]
    keep = partial(sessions.upsert_sessions, batches=[copies(made)])
    shop.server.portal.call(shop.services.store.write, keep)
    create_session(shop)
    sent = shop.server.portal.call(shop.services.customers.as_csv, EVERYBODY)
    rows = list(csv.DictReader(io.StringIO(sent.decode("utf-8-sig"))))
    assert {row["currency"]: row["paid"] for row in rows} == {
        "USD": "9.90",
        "JPY": "500",
        "KWD": "12.340",
    }
    assert [row["credits"] for row in rows] == ["0", "", ""]
    assert {row["email"] for row in rows} == {"'=cmd()@example.com"}


@pytest.mark.parametrize("key", ["cus_forged", "nobody@example.com", "", "%", "\x00", "\ud800"])
def test_somebody_unknown_is_not_found(shop: Shop, key: str) -> None:
    with pytest.raises(InvalidInput):
        details_of(shop, key)
