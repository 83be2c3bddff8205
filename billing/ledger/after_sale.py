"""Reads what became of a sale: refunds and disputes of its payment, its subscription.

An event, a list or a person only says where to look; what Stripe has now is read, stored, and
makes a line of the ledger where it differs from what the lines say.
"""

from __future__ import annotations

import asyncio
import logging
import time
from functools import partial
from typing import TYPE_CHECKING

from billing.domain.ledger.line import Origin
from billing.domain.ledger.pro import Subscription
from billing.domain.sessions.checkout_session import Kind
from billing.domain.stripe_json import id_at, subscription_of
from billing.errors import StripeFailure
from billing.ledger.records import ProSale, record_payments, record_pro
from billing.store import events, sessions, stripe_objects
from billing.store.ledger import lines
from billing.store.stripe_objects import ObjectReading

if TYPE_CHECKING:
    from collections.abc import Collection

    from billing.catalog import Catalog
    from billing.ledger.fulfillment import Fulfillment
    from billing.store import Connection, Store
    from billing.store.events import DueEvent
    from billing.stripe_api.gateway import StripeGateway

log = logging.getLogger(__name__)

PASSED_AT_ONCE = 200


class AfterSale:
    """Every method may be called again, concurrently, and after a crash. Raises ``StripeFailure``
    or ``StoreFailure``, and ``NotConfigured`` where no setting names the Price of the Pro plan;
    then nothing was written."""

    def __init__(
        self, gateway: StripeGateway, catalog: Catalog, store: Store, fulfillment: Fulfillment
    ) -> None:
        self._gateway = gateway
        self._catalog = catalog
        self._store = store
        self._fulfillment = fulfillment

    async def refresh_payment(self, payment_intent: str, origin: str) -> None:
        """Read the refunds and disputes of a payment, if it paid for something of ours.

        ``origin`` is stored in the ledger: an event's id, or an ``Origin``.
        """
        if session_ids := await self._sessions_with("payment_intent", payment_intent):
            found = await self._refunds_and_disputes(payment_intent)

            def write(connection: Connection) -> None:
                stripe_objects.store(connection, found)
                record_payments(connection, dict.fromkeys(session_ids, (origin, time.time())))

            await self._store.write(write)
            return
        invoice = await self._gateway.invoice_paid_by(payment_intent)
        if invoice and (subscription := subscription_of(invoice)):
            await self.refresh_subscription(subscription, origin, paid_by=payment_intent)

    async def refresh_subscription(
        self, subscription_id: str, origin: str, *, paid_by: str | None = None
    ) -> None:
        """Read a subscription with its invoices, if it sells Pro, or did so before; and the
        refunds and disputes of the PaymentIntent that one of them was ``paid_by``."""
        known = bool(await self._store.read(partial(lines.of_subjects, subjects=[subscription_id])))
        await self._gateway.acquire()
        read_at = time.time()
        # Before the subscription: an invoice of after it would say that nothing is tried again,
        # which ends Pro, where the subscription itself may have gone on or been canceled.
        invoices = await self._gateway.list_invoices(subscription_id) if known else []
        try:
            data = await self._gateway.retrieve_subscription(subscription_id)
        except StripeFailure as failure:
            if failure.is_missing and not known:
                return
            raise
        pro = await self._catalog.sold_price(Kind.PRO)
        if Subscription.from_stripe(data, pro).until is None and not known:
            return
        session_ids = await self._sessions_with("subscription", subscription_id)
        invoices = invoices or await self._gateway.list_invoices(subscription_id)
        found = [ObjectReading(one, read_at) for one in (data, *invoices)]
        if paid_by:
            found += await self._refunds_and_disputes(paid_by)
        if not session_ids:
            found += await self._new_customer(id_at(data, "customer"))
        session_id = next(iter(session_ids), None)
        sale = ProSale(subscription_id, pro, origin, time.time(), session_id)

        def write(connection: Connection) -> None:
            stripe_objects.store(connection, found)
            record_pro(connection, [sale])

        await self._store.write(write)

    async def read_object(self, path: str, event_ids: Collection[str]) -> list[DueEvent]:
        """Read the object that these thin events name, by its ``path``, and store it with them;
        what they say to look at, without those that say nothing."""
        await self._gateway.acquire()
        found = await self._gateway.retrieve_object(path)
        add = partial(events.add_object, ids=event_ids, found=found)
        return await self._store.write(add)

    async def refresh_passed(self, now: float) -> None:
        """Read the subscriptions whose period has passed by ``now`` (Unix seconds), though nothing
        has told that they ended or were renewed."""
        passed = partial(lines.passed, now=now, limit=PASSED_AT_ONCE)
        for name in await self._store.read(passed):
            try:
                await self.refresh_subscription(name, Origin.SYNC)
            except StripeFailure as failure:
                if not failure.is_final:
                    raise
                log.warning("Subscription %s could not be read: %s", name, failure.message)

    async def refresh_customer(self, customer_id: str) -> None:
        """Read a Customer, if something of ours is theirs."""

        def concerns_us(connection: Connection) -> bool:
            stored = stripe_objects.load(connection, [customer_id])
            return bool(stored or sessions.ids_by_term(connection, [customer_id]))

        if not await self._store.read(concerns_us):
            return
        await self._gateway.acquire()
        read_at = time.time()
        data = await self._gateway.retrieve_customer(customer_id)

        def write(connection: Connection) -> None:
            if data.get("deleted"):
                stripe_objects.drop(connection, [customer_id])
            else:
                stripe_objects.store(connection, [ObjectReading(data, read_at)])

        await self._store.write(write)

    async def _new_customer(self, customer: str | None) -> list[ObjectReading]:
        """The Customer of a subscription that no Checkout Session of ours began, and which alone
        tells their email; nothing where they are stored, or the key may not read them."""
        if customer is None:
            return []
        stored = await self._store.read(lambda c: stripe_objects.load(c, [customer]))
        if stored:
            return []
        await self._gateway.acquire()
        read_at = time.time()
        try:
            data = await self._gateway.retrieve_customer(customer)
        except StripeFailure as failure:
            if failure.is_forbidden:
                return []
            raise
        return [] if data.get("deleted") else [ObjectReading(data, read_at)]

    async def _refunds_and_disputes(self, payment_intent: str) -> list[ObjectReading]:
        read_at = time.time()
        refunds, disputes = await asyncio.gather(
            self._gateway.list_refunds(payment_intent),
            self._gateway.list_disputes(payment_intent),
        )
        return [ObjectReading(one, read_at) for one in (*refunds, *disputes)]

    async def _sessions_with(self, name: str, value: str) -> list[str]:
        """The Checkout Session that names a PaymentIntent or subscription, if any: one that is
        stored, else Stripe is asked for it, and it is stored and fulfilled."""

        def find(connection: Connection) -> list[str]:
            ids = sessions.ids_by_term(connection, [value])
            stored = sessions.load(connection, ids)
            return [one.session.id for one in stored if id_at(one.data, name) == value]

        if known := await self._store.read(find):
            return known
        page = await self._gateway.list_checkout_sessions(**{name: value}, limit=1)
        await self._fulfillment.upsert_and_grant(page)
        return [session["id"] for session in page.data]
