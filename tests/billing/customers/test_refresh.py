"""The list of customers says what sessions, ledger and Stripe's objects say."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from billing.customers import refresh
from billing.customers.refresh import CustomerRefresh
from billing.domain.customers.customer import Customer, ProNote, ProStatus
from billing.domain.customers.page import CustomerFilter
from billing.domain.ledger.line import Cause, LedgerLine
from billing.domain.sessions.checkout_session import Kind
from billing.store import Store, customers, sessions, stale_customers, stripe_objects, tables
from billing.store.ledger import lines
from billing.store.reset import delete_everything
from billing.store.stripe_objects import ObjectReading
from tests.support.database.stored import copies
from tests.support.stripe_account import PAID, session_object
from tests.support.stripe_account.objects import subscription_object

if TYPE_CHECKING:
    from sqlalchemy import Connection

pytestmark = pytest.mark.anyio

NOW = 1_780_000_000
JSON = dict[str, Any]
EMAIL = "ada@example.com"


def sold(
    number: int,
    customer: str | None = None,
    *,
    kind: str = "credits",
    email: str = EMAIL,
    quantity: int = 10,
    **values: Any,
) -> JSON:
    """A paid session of this Customer, or of a guest, with this email."""
    session = session_object(number, kind, quantity, NOW + number) | PAID
    details = {"email": email, "name": None}
    return session | {"customer": customer, "customer_details": details} | values


def line_of(session: JSON, quantity: int = 10, sequence: int = 1, **values: Any) -> LedgerLine:
    subject = session["subscription"] or session["id"]
    kind = Kind(session["metadata"]["kind"])
    return replace(
        LedgerLine(
            subject=subject,
            sequence=sequence,
            kind=kind,
            quantity=1 if kind is Kind.PRO and sequence == 1 else quantity,
            access_until=NOW + 86_400 if kind is Kind.PRO else None,
            cause=Cause.PURCHASE,
            origin="evt_1",
            at=float(session["created"]),
            customer=session["customer"],
            session_id=session["id"],
        ),
        **values,
    )


async def sell(store: Store, *some: JSON, grant: bool = True) -> None:
    def write(connection: Connection) -> None:
        sessions.upsert_sessions(connection, [copies(some)])
        if grant:
            lines.add(connection, [line_of(one) for one in some])

    await store.write(write)


async def keep(store: Store, *objects: JSON, read_at: float = 1.0) -> None:
    readings = [ObjectReading(one, read_at) for one in objects]
    await store.write(partial(stripe_objects.store, found=readings))


async def listed(store: Store) -> dict[str, Customer]:
    """Every customer, once all that has changed is calculated."""
    work = CustomerRefresh(store)
    while await work.refresh_batch():
        pass
    page = await store.read(partial(customers.page, wanted=CustomerFilter(), limit=100))
    return {one.key: one for one in page.customers}


async def test_a_guest_is_listed_by_the_email_with_what_they_paid(store: Store) -> None:
    await sell(store, sold(1, email="Ada@Example.com"), sold(2))
    (guest,) = (await listed(store)).values()
    assert (guest.key, guest.customer, guest.email) == (EMAIL, None, EMAIL)
    assert (guest.credits, guest.paid, guest.pro) == (20, {"usd": 1980}, ProStatus.NONE)
    assert guest.last_activity == NOW + 2


async def test_guest_payments_are_the_customers_once_exactly_one_has_the_email(
    store: Store,
) -> None:
    await sell(store, sold(1))
    assert list(await listed(store)) == [EMAIL]
    await sell(store, sold(2, "cus_A"))
    found = await listed(store)
    assert {key: one.credits for key, one in found.items()} == {"cus_A": 20}
    await sell(store, sold(3, "cus_B"))
    found = await listed(store)
    assert {key: one.credits for key, one in found.items()} == {
        "cus_A": 10,
        "cus_B": 10,
        EMAIL: 10,
    }
    await keep(store, {"object": "customer", "id": "cus_A", "email": "new@example.com"})
    found = await listed(store)
    assert {key: one.credits for key, one in found.items()} == {"cus_A": 10, "cus_B": 20}
    assert found["cus_A"].email == "new@example.com"


async def test_two_customers_with_one_email_are_found_in_one_step_as_in_several(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [sold(1), sold(2, "cus_A"), sold(3, "cus_B"), sold(4, "cus_C", email="c@example.com")]
    await sell(store, *made)
    at_once = await listed(store)
    await store.write(delete_everything)
    monkeypatch.setattr(refresh, "BATCH_SIZE", 1)
    for one in reversed(made):
        await sell(store, one)
    assert await listed(store) == at_once
    assert {key: one.credits for key, one in at_once.items()} == dict.fromkeys(
        ("cus_A", "cus_B", "cus_C", EMAIL), 10
    )


async def test_several_currencies_stand_beside_each_other_the_most_used_first(
    store: Store,
) -> None:
    made = [
        sold(1, "cus_A", currency="jpy", amount_total=500),
        sold(2, "cus_A", currency="eur", amount_total=100),
        sold(3, "cus_A", currency="eur", amount_total=200),
        sold(4, "cus_A", currency="usd", amount_total=9900),
    ]
    await sell(store, *made)
    refund = {"object": "refund", "id": "re_1", "amount": 100, "currency": "eur"}
    await keep(store, refund | {"payment_intent": "pi_2", "status": "succeeded"})
    (ada,) = (await listed(store)).values()
    assert next(iter(ada.paid.items())) == ("eur", 300)
    assert ada.paid == {"eur": 300, "jpy": 500, "usd": 9900}
    assert ada.refunded == {"eur": 100}


@pytest.mark.parametrize(
    ("status", "refunded", "counts"),
    [("succeeded", {"usd": 99}, True), ("pending", {}, True), ("failed", {}, False)],
)
async def test_a_refund_counts_once_it_has_succeeded(
    store: Store, status: str, refunded: dict[str, int], counts: bool
) -> None:
    await sell(store, sold(1))
    await listed(store)
    refund = {"object": "refund", "id": "re_1", "amount": 99, "currency": "usd"}
    await keep(store, refund | {"payment_intent": "pi_1", "status": status})
    guest = (await listed(store))[EMAIL]
    assert (guest.refunded, guest.has_refunds) == (refunded, counts)


@pytest.mark.parametrize(
    ("status", "disputed"),
    [
        *(("needs_response", {"usd": 990}), ("lost", {"usd": 990})),
        *(("won", {}), ("warning_needs_response", {})),
    ],
)
async def test_a_dispute_counts_while_it_holds_the_money(
    store: Store, status: str, disputed: dict[str, int]
) -> None:
    await sell(store, sold(1, "cus_A"))
    await listed(store)
    dispute = {"object": "dispute", "id": "du_1", "amount": 990, "currency": "usd"}
    await keep(store, dispute | {"payment_intent": "pi_1", "status": status})
    ada = (await listed(store))["cus_A"]
    assert (ada.disputed, ada.has_disputes) == (disputed, True)


async def test_renewals_are_paid_by_invoices_and_the_first_is_counted_once(store: Store) -> None:
    session = sold(1, "cus_A", kind="pro", invoice="in_1")
    await sell(store, session)
    assert (await listed(store))["cus_A"].paid == {"usd": 9900}
    invoice = {"object": "invoice", "customer": "cus_A", "currency": "usd", "amount_paid": 9900}
    await keep(store, *(invoice | {"id": f"in_{number}"} for number in (1, 2, 3)))
    assert (await listed(store))["cus_A"].paid == {"usd": 29_700}


async def test_pro_says_until_when_and_what_comes_next_or_why_it_ended(store: Store) -> None:
    session = sold(1, "cus_A", kind="pro")
    subscription = subscription_object(session)
    await sell(store, session)
    for values, note in (
        ({}, ProNote.RENEWS),
        ({"cancel_at": NOW + 86_400}, ProNote.CANCELS),
        ({"status": "past_due"}, ProNote.RETRYING),
    ):
        await keep(store, subscription | values)
        ada = (await listed(store))["cus_A"]
        assert (ada.pro, ada.pro_until, ada.pro_note) == (ProStatus.ACTIVE, NOW + 86_400, note)
    await keep(store, subscription | {"status": "canceled"})
    ended = line_of(session, -1, 2, access_until=None, cause=Cause.PAYMENT_FAILED)
    await store.write(lambda connection: lines.add(connection, [ended]))
    ada = (await listed(store))["cus_A"]
    assert (ada.pro, ada.pro_until) == (ProStatus.ENDED, None)
    assert (ada.pro_note, ada.subscription_status) == (ProNote.PAYMENT_FAILED, "canceled")


async def test_of_two_subscriptions_the_active_one_counts(store: Store) -> None:
    old, new = sold(1, "cus_A", kind="pro"), sold(2, "cus_A", kind="pro")
    await sell(store, old, new)
    ended = line_of(new, -1, 2, access_until=None, cause=Cause.CANCELED)
    await store.write(lambda connection: lines.add(connection, [ended]))
    ada = (await listed(store))["cus_A"]
    assert (ada.pro, ada.pro_note) == (ProStatus.ACTIVE, ProNote.RENEWS)


async def test_an_email_that_never_completed_a_checkout_is_no_customer(store: Store) -> None:
    unpaid: dict[str, Any] = {"status": "open", "payment_status": "unpaid"}
    await sell(store, sold(1, **unpaid), grant=False)
    assert await listed(store) == {}
    await sell(store, sold(2, "cus_A", **unpaid), grant=False)
    ada = (await listed(store))["cus_A"]
    assert (ada.paid, ada.credits) == ({}, 0)


async def test_a_deleted_customer_has_the_email_of_their_newest_session(store: Store) -> None:
    await sell(store, sold(1, "cus_A"))
    await keep(store, {"object": "customer", "id": "cus_A", "email": "New@example.com"})
    assert (await listed(store))["cus_A"].email == "new@example.com"
    await store.write(lambda connection: stripe_objects.drop(connection, ["cus_A"]))
    assert (await listed(store))["cus_A"].email == EMAIL


async def test_what_changes_while_customers_are_calculated_is_calculated_again(
    store: Store,
) -> None:
    await sell(store, sold(1))
    batch = await store.read(refresh.calculate)
    assert batch
    await sell(store, sold(2))
    await store.write(partial(refresh.save, batch=batch))
    assert await store.read(partial(stale_customers.count, limit=9)) == 2  # email and session
    assert (await listed(store))[EMAIL].credits == 20
    assert await store.read(partial(stale_customers.count, limit=9)) == 0


async def test_an_outdated_calculation_is_not_stored(store: Store) -> None:
    await sell(store, sold(1))
    slow = await store.read(refresh.calculate)
    assert slow
    await sell(store, sold(2))
    await listed(store)  # by another process
    await sell(store, sold(3))
    await store.write(partial(refresh.save, batch=slow))
    assert (await listed(store))[EMAIL].credits == 30
    before_reset = await store.read(refresh.calculate)
    assert before_reset is None
    await sell(store, sold(4))
    before_reset = await store.read(refresh.calculate)
    assert before_reset
    await store.write(delete_everything)
    await store.write(partial(refresh.save, batch=before_reset))
    assert await listed(store) == {}


async def test_several_at_once_come_to_the_same(store: Store) -> None:
    made = [sold(number, email=f"buyer{number % 7}@example.com") for number in range(40)]
    workers = [CustomerRefresh(store) for _ in range(3)]
    for start in range(0, 40, 10):
        await sell(store, *made[start : start + 10])
        await asyncio.gather(*(one.refresh_batch() for one in workers))
    found = await listed(store)
    assert sum(one.credits for one in found.values()) == 400
    assert len(found) == 7


async def test_a_damaged_object_costs_that_object_and_no_other_customer(store: Store) -> None:
    session = sold(1, "cus_A", kind="pro")
    invoice = {"object": "invoice", "id": "in_9", "customer": "cus_A", "amount_paid": 5}
    await sell(store, session, sold(2, "cus_B"))
    await keep(store, subscription_object(session), invoice)

    def damage(connection: Connection) -> None:
        connection.execute(update(tables.stripe_objects).values(data="{}"))

    await store.write(damage)
    found = await listed(store)
    assert {key: one.paid for key, one in found.items()} == {
        "cus_A": {"usd": 9900},
        "cus_B": {"usd": 990},
    }
