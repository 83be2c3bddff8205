"""Reads what was sold from our copy, within one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.domain.actions.payment import PaymentState
from billing.domain.actions.sale import Sale
from billing.domain.ledger.refunds import Dispute, Refund
from billing.domain.sessions.checkout_session import Kind
from billing.domain.stripe_json import id_at
from billing.ledger.records import pro_states
from billing.store import sessions, stripe_objects
from billing.store.ledger import lines
from billing.store.stripe_objects import ObjectType

if TYPE_CHECKING:
    from collections.abc import Callable

    from billing.domain.ledger.pro import Invoice, ProState
    from billing.domain.sessions.line_item import SoldPrice
    from billing.store import Connection
    from billing.store.sessions import StoredSession


def read_session(connection: Connection, session_id: str, pro: SoldPrice) -> Sale:
    """What a Checkout Session sold; of Pro with the payment of its first invoice. Nothing while
    it is unpaid, or where another app created it."""
    stored = next(iter(sessions.load(connection, [session_id])), None)
    if stored is None or not stored.session.is_paid or stored.session.kind is None:
        return Sale()
    if stored.session.kind is Kind.CREDITS:
        return Sale(_credits_payment(connection, stored))
    subscription = id_at(stored.data, "subscription")
    if subscription is None:
        return Sale()
    invoice = id_at(stored.data, "invoice")
    return _pro_sale(connection, subscription, pro, lambda one: one.id == invoice)


def read_payment(
    connection: Connection, payment_intent: str, subscription: str | None, pro: SoldPrice
) -> Sale:
    """A payment: for credits, or of an invoice of ``subscription``, and that then as well."""
    if subscription:
        return _pro_sale(
            connection, subscription, pro, lambda one: payment_intent in one.payment_intents
        )
    ids = sessions.ids_by_term(connection, [payment_intent])
    for stored in sessions.load(connection, ids):
        is_its = id_at(stored.data, "payment_intent") == payment_intent
        if is_its and stored.session.is_paid and stored.session.kind is Kind.CREDITS:
            return Sale(_credits_payment(connection, stored))
    return Sale()


def read_subscription(connection: Connection, subscription: str, pro: SoldPrice) -> Sale:
    """A subscription with the payment of its newest paid invoice."""
    return _pro_sale(connection, subscription, pro, lambda _: True)


def _credits_payment(connection: Connection, stored: StoredSession) -> PaymentState | None:
    session = stored.session
    payment_intent = id_at(stored.data, "payment_intent")
    if payment_intent is None or not session.amount_total or not session.currency:
        return None  # it cost nothing
    known = lines.of_subjects(connection, [session.id]).get(session.id)
    return _payment(
        connection,
        payment_intent,
        session.amount_total,
        session.currency,
        bought=known[0].quantity if known else 0,
    )


def _pro_sale(
    connection: Connection, subscription: str, pro: SoldPrice, wanted: Callable[[Invoice], bool]
) -> Sale:
    state = pro_states(connection, {subscription: pro}).get(subscription)
    if state is None:
        return Sale()
    return Sale(_pro_payment(connection, state, wanted), state)


def _pro_payment(
    connection: Connection, state: ProState, wanted: Callable[[Invoice], bool]
) -> PaymentState | None:
    """The payment of the newest paid invoice among the ``wanted``."""
    paid = [
        one
        for one in state.invoices
        if one.status == "paid" and one.amount_paid and one.payment_intents and wanted(one)
    ]
    if not paid:
        return None
    invoice = max(paid, key=lambda one: one.period_end)
    return _payment(
        connection,
        min(invoice.payment_intents),
        invoice.amount_paid,
        invoice.currency,
        subscription=state.subscription.id,
    )


def _payment(
    connection: Connection,
    payment_intent: str,
    amount: int,
    currency: str,
    *,
    bought: int = 0,
    subscription: str | None = None,
) -> PaymentState:
    refunds = stripe_objects.of_parents(connection, ObjectType.REFUND, [payment_intent])
    disputes = stripe_objects.of_parents(connection, ObjectType.DISPUTE, [payment_intent])
    return PaymentState(
        payment_intent,
        amount,
        currency,
        bought,
        subscription,
        tuple(map(Refund.from_stripe, refunds)),
        tuple(map(Dispute.from_stripe, disputes)),
    )
