"""Reads everything that became of sales in the account: once at the start, and to reconcile.

Lists are read to their end, a hundred objects a request; only what concerns us is stored.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from billing.domain.ledger.line import Origin
from billing.domain.ledger.pro import Invoice
from billing.domain.sessions.checkout_session import Kind
from billing.domain.stripe_json import JSON, id_at, objects_at, subscription_of
from billing.errors import StripeFailure
from billing.ledger.records import ProSale, record_payments, record_pro
from billing.store import sessions, stripe_objects
from billing.store.ledger import lines
from billing.store.stripe_objects import ObjectReading, ObjectType

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from billing.catalog import Catalog
    from billing.domain.sessions.line_item import SoldPrice
    from billing.store import Connection, Store
    from billing.stripe_api.gateway import StripeGateway
    from billing.stripe_api.requests import Page

CauseOf = Callable[[str], tuple[str, float]]  # of a payment or subscription: origin and time
T = TypeVar("T")

RECORDED_AT_ONCE = 200


@dataclass
class AccountReading:
    """What was read: subscriptions that sell Pro by their ids, each with the Checkout Session
    that began it, where one did, and Checkout Sessions whose payment was refunded or disputed,
    with that payment. ``forbidden`` are Stripe's words for what the key may not read."""

    subscriptions: dict[str, str | None] = field(default_factory=dict)
    payments: dict[str, str] = field(default_factory=dict)
    invoices: dict[str, str] = field(default_factory=dict)  # subscriptions, by PaymentIntent
    forbidden: list[str] = field(default_factory=list)


def read_now(_: str) -> tuple[str, float]:
    """Stripe was read, just now."""
    return Origin.SYNC, time.time()


class AccountReader:
    """Every method raises ``StripeFailure`` or ``StoreFailure``, and ``NotConfigured`` where no
    setting names the Price of the Pro plan."""

    def __init__(self, gateway: StripeGateway, catalog: Catalog, store: Store) -> None:
        self._gateway = gateway
        self._catalog = catalog
        self._store = store

    async def catch_up(self, cause_of: CauseOf = read_now) -> AccountReading:
        """Read everything and write what is missing in the ledger. Our copy of the sessions is
        complete. ``cause_of`` says what the lines are to say of their origin and time."""
        pro = await self._catalog.sold_price(Kind.PRO)
        reading = await self.read(pro)
        await self.record(reading, pro, cause_of)
        return reading

    async def read(self, pro: SoldPrice) -> AccountReading:
        """Read everything and store it; no line is written."""
        reading = AccountReading()
        gateway = self._gateway
        for pages, store in (
            (gateway.subscription_pages(), partial(_store_subscriptions, reading, pro)),
            (gateway.invoice_pages(), partial(_store_invoices, reading)),
            (gateway.refund_pages(), partial(_store_of_payments, reading)),
            (gateway.dispute_pages(), partial(_store_of_payments, reading)),
            (gateway.customer_pages(), _store_customers),
        ):
            await self._read(pages, reading, store)
        return reading

    async def record(self, reading: AccountReading, pro: SoldPrice, cause_of: CauseOf) -> None:
        """Write the lines that are missing of what was read."""

        def write_pro(connection: Connection, chosen: Sequence[str]) -> None:
            sales = [
                ProSale(one, pro, *cause_of(one), reading.subscriptions[one]) for one in chosen
            ]
            record_pro(connection, sales)

        def write_payments(connection: Connection, chosen: Sequence[str]) -> None:
            record_payments(connection, {one: cause_of(reading.payments[one]) for one in chosen})

        for some in batches(list(reading.subscriptions)):
            await self._store.write(partial(write_pro, chosen=some))
        for some in batches(list(reading.payments)):
            await self._store.write(partial(write_payments, chosen=some))

    async def _read(
        self,
        pages: AsyncIterator[Page],
        reading: AccountReading,
        store: Callable[..., None],
    ) -> None:
        try:
            async for page in pages:
                await self._store.write(partial(store, page=page))
        except StripeFailure as failure:
            if not failure.is_forbidden:
                raise
            reading.forbidden.append(failure.message)


def batches(found: Sequence[T]) -> Iterator[Sequence[T]]:
    """The same in parts that one transaction deals with."""
    for start in range(0, len(found), RECORDED_AT_ONCE):
        yield found[start : start + RECORDED_AT_ONCE]


def _store_subscriptions(
    reading: AccountReading, pro: SoldPrice, connection: Connection, page: Page
) -> None:
    known = lines.of_subjects(connection, [one["id"] for one in page.data])
    chosen = [
        one
        for one in page.data
        if one["id"] in known or any(map(pro.sells_price_of, objects_at(one, "items")))
    ]
    began = sessions.ids_by_object(connection, "subscription", [one["id"] for one in chosen])
    _store(connection, page, chosen)
    reading.subscriptions |= {one["id"]: began.get(one["id"]) for one in chosen}


def _store_invoices(reading: AccountReading, connection: Connection, page: Page) -> None:
    chosen = [one for one in page.data if subscription_of(one) in reading.subscriptions]
    _store(connection, page, chosen)
    for one in chosen:
        for intent in Invoice.from_stripe(one).payment_intents:
            reading.invoices[intent] = subscription_of(one) or ""


def _store_of_payments(reading: AccountReading, connection: Connection, page: Page) -> None:
    intents = {intent for one in page.data if (intent := id_at(one, "payment_intent"))}
    paid = sessions.ids_by_object(connection, "payment_intent", list(intents))
    ours = paid.keys() | reading.invoices.keys()
    _store(connection, page, [one for one in page.data if id_at(one, "payment_intent") in ours])
    reading.payments |= {session_id: intent for intent, session_id in paid.items()}


def _store_customers(connection: Connection, page: Page) -> None:
    names = [one["id"] for one in page.data]
    subscriptions = stripe_objects.of_customers(connection, ObjectType.SUBSCRIPTION, names)
    bought = {
        *sessions.ids_by_object(connection, "customer", names),
        *(id_at(one, "customer") for one in subscriptions),
    }
    _store(connection, page, [one for one in page.data if one["id"] in bought])


def _store(connection: Connection, page: Page, chosen: Sequence[JSON]) -> None:
    stripe_objects.store(connection, [ObjectReading(one, page.requested_at) for one in chosen])
