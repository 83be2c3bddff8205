"""Whose something is: a Customer's, all Customers' of an email, or that of who paid without one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from billing.domain.ledger.entitlements import Entitlements, ProAccess
from billing.domain.ledger.line import Cause, LedgerLine
from billing.domain.sessions.checkout_session import Kind
from billing.ledger.customers import entitlements_of_customer, entitlements_of_email
from billing.store import Store, sessions, stripe_objects
from billing.store.ledger import lines
from billing.store.stripe_objects import ObjectReading
from tests.support.database.stored import copies

if TYPE_CHECKING:
    from sqlalchemy import Connection

pytestmark = pytest.mark.anyio

ANN = "ann@example.com"


def session(name: str, email: str, customer: str | None, **other: Any) -> dict[str, Any]:
    return {
        "id": f"cs_test_{name}",
        "object": "checkout.session",
        "created": 1,
        "status": "complete",
        "payment_status": "paid",
        "mode": "payment",
        "customer": customer,
        "customer_details": {"email": email},
        "metadata": {"app": "billing-dashboard", "kind": "credits"},
        **other,
    }


async def sell(
    store: Store, name: str, bought: int, email: str, customer: str | None = None, **other: Any
) -> None:
    """A paid session for so many credits."""
    data = session(name, email, customer, **other)
    line = LedgerLine(
        subject=data["id"],
        sequence=1,
        kind=Kind.CREDITS,
        quantity=bought,
        access_until=None,
        cause=Cause.PURCHASE,
        origin="evt_1",
        at=1.0,
        customer=customer,
        session_id=data["id"],
    )

    def write(connection: Connection) -> None:
        sessions.upsert_sessions(connection, [copies([data])])
        lines.add(connection, [line])

    await store.write(write)


async def know(store: Store, customer: str, email: str | None) -> None:
    """A Customer as Stripe has it now."""
    data = {"id": customer, "object": "customer", "created": 1, "email": email}
    await store.write(lambda c: stripe_objects.store(c, [ObjectReading(data, 1.0)]))


async def of_customer(store: Store, customer: str) -> Entitlements:
    return await store.read(lambda c: entitlements_of_customer(c, customer))


async def of_email(store: Store, email: str) -> Entitlements:
    return await store.read(lambda c: entitlements_of_email(c, email))


def having(customer: str | None, email: str | None, count: int) -> Entitlements:
    return Entitlements(customer, email, count, ProAccess())


async def test_somebody_unknown_has_nothing(store: Store) -> None:
    assert await of_customer(store, "cus_\x009") == having(
        "cus_\N{REPLACEMENT CHARACTER}9", None, 0
    )
    assert await of_email(store, " Nobody@example.com ") == having(None, "Nobody@example.com", 0)


async def test_payments_without_a_customer_belong_to_their_email(store: Store) -> None:
    await sell(store, "1", 5, "Ann@Example.com")
    await sell(store, "2", 7, "bob@example.com")
    assert await of_email(store, "aNN@example.com") == having(None, "aNN@example.com", 5)


async def test_payments_without_a_customer_count_as_the_ones_when_one_has_the_email(
    store: Store,
) -> None:
    await sell(store, "1", 5, ANN)
    await sell(store, "2", 7, ANN, "cus_1")
    await know(store, "cus_1", "ANN@example.com")
    assert await of_customer(store, "cus_1") == having("cus_1", "ANN@example.com", 12)
    assert await of_email(store, ANN) == having("cus_1", ANN, 12)


async def test_of_several_customers_with_one_email_the_credits_are_summed(store: Store) -> None:
    await sell(store, "1", 5, ANN)
    await sell(store, "2", 7, ANN, "cus_1")
    await sell(store, "3", 20, ANN, "cus_2")
    await know(store, "cus_1", ANN)
    await know(store, "cus_2", ANN)
    assert await of_email(store, ANN) == having(None, ANN, 32)
    assert await of_customer(store, "cus_1") == having("cus_1", ANN, 7)


async def test_the_email_that_counts_is_the_one_in_stripe_now(store: Store) -> None:
    await sell(store, "1", 5, ANN)
    await sell(store, "2", 7, ANN, "cus_1")
    await know(store, "cus_1", "new@example.com")
    assert await of_email(store, ANN) == having(None, ANN, 5)
    assert await of_email(store, "new@example.com") == having("cus_1", "new@example.com", 7)
    assert await of_customer(store, "cus_1") == having("cus_1", "new@example.com", 7)


async def test_a_customer_of_whom_only_a_payment_is_stored_has_the_email_of_that(
    store: Store,
) -> None:
    await sell(store, "1", 5, ANN)
    await sell(store, "2", 7, ANN, "cus_1")
    assert await of_email(store, ANN) == having("cus_1", ANN, 12)
    assert await of_customer(store, "cus_1") == having("cus_1", ANN, 12)


async def test_a_customer_without_an_email_has_what_is_their_own(store: Store) -> None:
    await sell(store, "1", 7, ANN, "cus_1")
    await know(store, "cus_1", None)
    assert await of_customer(store, "cus_1") == having("cus_1", None, 7)


async def test_an_email_in_a_label_or_a_reference_gives_nothing(store: Store) -> None:
    metadata = {"app": "billing-dashboard", "kind": "credits", "label": ANN}
    await sell(store, "1", 900, "bob@example.com", metadata=metadata)
    await sell(store, "2", 900, "bob@example.com", client_reference_id=ANN)
    assert await of_email(store, ANN) == having(None, ANN, 0)


async def test_of_an_email_the_newest_sessions_of_a_kind_can_be_asked_for(store: Store) -> None:
    for number in (1, 2, 3):
        await sell(store, str(number), number, ANN, created=number)
    newest = await store.read(lambda c: lines.of_email(c, ANN, kind=Kind.CREDITS, limit=2))
    assert [line.quantity for line in newest] == [2, 3]
    assert await store.read(lambda c: lines.of_email(c, ANN, kind=Kind.PRO)) == []
