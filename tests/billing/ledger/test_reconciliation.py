"""The ledger held against Stripe: what differs is listed, and mended where that is asked for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, update

from billing.domain.ledger.line import Cause, total
from billing.domain.sessions.checkout_session import Kind
from billing.ledger.account import AccountReader, AccountReading
from billing.ledger.reconciliation import RECENT_SECONDS
from billing.store import tables
from billing.store.ledger import lines
from tests.support.servers.sales import create_session, pay
from tests.support.servers.shop import idle_shop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

    from billing.domain.ledger.line import LedgerLine
    from billing.domain.ledger.reconciliation import ReconciliationReport
    from tests.support.servers.shop import Shop


@pytest.fixture
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with idle_shop(tmp_path_factory.mktemp("shop")) as shop:
        yield shop


def reconcile(shop: Shop, *, fix: bool = False) -> ReconciliationReport:
    return shop.server.portal.call(partial(shop.services.reconciliation.run, fix=fix))


def change(shop: Shop, work: Callable[[Connection], object]) -> None:
    shop.server.portal.call(lambda: shop.services.store.write(work))


def lines_of(shop: Shop, subject: str) -> tuple[LedgerLine, ...]:
    async def read() -> tuple[LedgerLine, ...]:
        found = await shop.services.store.read(lambda c: lines.of_subjects(c, [subject]))
        return found.get(subject, ())

    return shop.server.portal.call(read)


def refund(shop: Shop, session_id: str, amount: int) -> None:
    intent = shop.stripe.v1.checkout.sessions.retrieve(session_id).payment_intent
    shop.stripe.v1.refunds.create({"payment_intent": str(intent), "amount": amount})


def test_a_healthy_ledger_has_no_difference(shop: Shop) -> None:
    for _ in range(3):
        pay(shop, create_session(shop, quantity=2))
    pay(shop, create_session(shop, Kind.PRO))
    create_session(shop)
    report = reconcile(shop)
    assert str(report) == "3 payments, 1 subscription, 0 differences"
    assert report.is_proof
    last = shop.server.portal.call(shop.services.reconciliation.last)
    assert last is not None
    assert (last.text, last.is_proof) == (str(report), True)


def test_a_refund_that_nobody_reported_is_listed_and_only_a_fix_writes_it(shop: Shop) -> None:
    session_id = pay(shop, create_session(shop, quantity=10))
    refund(shop, session_id, 297)
    for _ in range(2):
        (difference,) = reconcile(shop).differences
        assert str(difference) == (
            f"{session_id}: 10 extra credits here, 7 extra credits in Stripe"
        )
    assert len(lines_of(shop, session_id)) == 1
    assert reconcile(shop, fix=True).differences == (difference,)
    assert [line.cause for line in lines_of(shop, session_id)] == [Cause.PURCHASE, Cause.REFUND]
    assert reconcile(shop).differences == ()


def test_a_grant_of_another_quantity_than_was_bought_is_corrected_for_good(shop: Shop) -> None:
    session_id = pay(shop, create_session(shop, quantity=10))
    wrong = update(tables.ledger).where(tables.ledger.c.subject == session_id)
    change(shop, lambda connection: connection.execute(wrong.values(quantity=25)))
    assert [one.recorded.quantity for one in reconcile(shop).differences] == [25]
    reconcile(shop, fix=True)
    known = lines_of(shop, session_id)
    assert [(line.cause, line.quantity) for line in known] == [
        (Cause.PURCHASE, 25),
        (Cause.RECONCILED, -15),
    ]
    refund(shop, session_id, 297)
    reconcile(shop, fix=True)
    assert total(lines_of(shop, session_id)).quantity == 7
    assert reconcile(shop).differences == ()


def test_a_missing_grant_and_a_missed_cancellation_are_written(shop: Shop) -> None:
    bought = pay(shop, create_session(shop, quantity=4))
    change(shop, lambda connection: connection.execute(delete(tables.ledger)))
    session_id = pay(shop, create_session(shop, Kind.PRO))
    name = str(shop.stripe.v1.checkout.sessions.retrieve(session_id).subscription)
    shop.stripe.v1.subscriptions.cancel(name)
    report = reconcile(shop, fix=True)
    assert {one.subject for one in report.differences} == {bought, name}
    assert total(lines_of(shop, bought)).quantity == 4
    assert [line.cause for line in lines_of(shop, name)] == [Cause.PURCHASE, Cause.CANCELED]
    assert reconcile(shop).differences == ()


def test_what_is_no_longer_in_stripe_gives_nothing_after_a_fix(shop: Shop) -> None:
    session_id = pay(shop, create_session(shop, quantity=4))
    known = lines_of(shop, session_id)[0]
    stray = {**vars(known), "subject": "cs_test_stray", "session_id": "cs_test_stray"}
    stray["at"] = known.at - 2 * RECENT_SECONDS
    change(shop, lambda connection: connection.execute(tables.ledger.insert().values(**stray)))
    (difference,) = reconcile(shop, fix=True).differences
    assert difference.subject == "cs_test_stray"
    assert total(lines_of(shop, "cs_test_stray")).quantity == 0
    assert reconcile(shop).differences == ()


def test_what_was_just_bought_is_not_taken_for_gone(shop: Shop) -> None:
    known = lines_of(shop, pay(shop, create_session(shop, quantity=4)))[0]
    newer = {**vars(known), "subject": "cs_test_newer", "session_id": "cs_test_newer"}
    change(shop, lambda connection: connection.execute(tables.ledger.insert().values(**newer)))
    assert reconcile(shop, fix=True).differences == ()
    assert total(lines_of(shop, "cs_test_newer")).quantity == 4


def test_what_the_key_may_not_read_is_not_taken_for_gone(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = pay(shop, create_session(shop, Kind.PRO))
    name = str(shop.stripe.v1.checkout.sessions.retrieve(session_id).subscription)
    long_ago = update(tables.ledger).where(tables.ledger.c.subject == name)
    change(shop, lambda connection: connection.execute(long_ago.values(at=1.0)))

    async def read(*_: object) -> AccountReading:
        return AccountReading(forbidden=["The key may not read Subscriptions."])

    monkeypatch.setattr(AccountReader, "read", read)
    report = reconcile(shop, fix=True)
    assert report.differences == ()
    assert not report.is_proof
    assert total(lines_of(shop, name)).quantity == 1


def test_a_subscription_whose_period_has_passed_is_read_again(shop: Shop) -> None:
    session_id = pay(shop, create_session(shop, Kind.PRO))
    name = str(shop.stripe.v1.checkout.sessions.retrieve(session_id).subscription)
    ends = lines_of(shop, name)[-1].access_until
    assert ends is not None
    shop.stripe.v1.subscriptions.cancel(name)
    read_passed = shop.services.after_sale.refresh_passed
    shop.server.portal.call(partial(read_passed, now=ends - 1))
    assert total(lines_of(shop, name)).quantity == 1
    shop.server.portal.call(partial(read_passed, now=ends))
    assert total(lines_of(shop, name)).quantity == 0
