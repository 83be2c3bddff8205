"""What went back of the payment of a Checkout Session, stored with it: refunds and disputes.

All functions take the caller's transaction, which has stored what was read of Stripe.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.domain.ledger.refunds import Refund, amount_disputed, amount_refunded
from billing.domain.stripe_json import id_at
from billing.store import sessions, stripe_objects
from billing.store.stripe_objects import ObjectType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from billing.domain.ledger.credits import Payment
    from billing.domain.ledger.pro import ProState
    from billing.store import Connection


def of_payments(connection: Connection, payments: Iterable[Payment]) -> None:
    """Store it of sessions that were one payment."""
    amounts = {
        one.session_id: (amount_refunded(one.refunds), amount_disputed(one.disputes))
        for one in payments
        if one.refunds or one.disputes
    }
    sessions.record_reversals(connection, amounts)


def of_subscriptions(connection: Connection, begun: Mapping[str, ProState]) -> None:
    """Store it of sessions (their ids) that began a subscription: of its first invoice, which is
    the session's own."""
    payments = {one: _payment_intents(state) for one, state in begun.items()}
    intents = {intent for some in payments.values() for intent in some}
    refunds = stripe_objects.of_parents(connection, ObjectType.REFUND, intents)
    went_back = {id_at(one, "payment_intent") for one in refunds}
    went_back |= {one.payment_intent for state in begun.values() for one in state.disputes}
    amounts: dict[str, tuple[int, int]] = {}
    for stored in sessions.load(connection, [one for one in begun if payments[one] & went_back]):
        state, invoice_id = begun[stored.session.id], id_at(stored.data, "invoice")
        first = {
            intent
            for invoice in state.invoices
            if invoice.id == invoice_id
            for intent in invoice.payment_intents
        }
        amounts[stored.session.id] = (
            amount_refunded(
                Refund.from_stripe(one) for one in refunds if id_at(one, "payment_intent") in first
            ),
            amount_disputed(one for one in state.disputes if one.payment_intent in first),
        )
    sessions.record_reversals(connection, amounts)


def _payment_intents(state: ProState) -> set[str]:
    return {intent for invoice in state.invoices for intent in invoice.payment_intents}
