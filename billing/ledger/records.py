"""Writes what a sale gives into the ledger: the purchase, and every change since.

All functions take the caller's transaction, which has stored what was read of Stripe. A line is
written when, and only when, what is stored says something else than the lines add up to: so the
same may be told twice, late, and in any order.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from billing.domain.ledger.credits import Payment, bought, payment_lines
from billing.domain.ledger.pro import Invoice, ProState, Subscription, pro_lines
from billing.domain.ledger.refunds import Dispute, Refund
from billing.domain.stripe_json import JSON, id_at, subscription_of
from billing.ledger import reversals
from billing.store import sessions, stripe_objects
from billing.store.ledger import lines
from billing.store.stripe_objects import ObjectType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from billing.domain.ledger.line import LedgerLine
    from billing.domain.sessions.line_item import SoldPrice
    from billing.store import Connection

log = logging.getLogger(__name__)

MAX_LOG_LINES = 10  # of lines that are written at once


@dataclass(frozen=True)
class CreditsSale:
    """A Checkout Session for credits that is paid. ``bought`` is what its line items say; None
    where only what followed is of interest. ``paid`` is in minor units; ``origin`` and ``at`` are
    those of the lines to write."""

    session_id: str
    bought: int | None
    paid: int
    payment_intent: str | None
    customer: str | None
    origin: str
    at: float


@dataclass(frozen=True)
class ProSale:
    """A subscription that may sell Pro, by the Price ``pro``; ``origin`` and ``at`` are those of
    the lines to write. ``session_id`` is the Checkout Session that began it, where it is known, and
    ``paid`` whether that is."""

    subscription: str
    pro: SoldPrice
    origin: str
    at: float
    session_id: str | None = None
    paid: bool = False


def record_credits(
    connection: Connection, sales: Sequence[CreditsSale]
) -> dict[str, tuple[LedgerLine, ...]]:
    """Write what is missing; all lines, by session id, of those that have some."""
    found = {sale.session_id: sale for sale in reversed(sales)}
    if not found:
        return {}
    known = lines.of_subjects(connection, found)
    payments = payments_of(connection, found.values())
    reversals.of_payments(connection, payments.values())
    new: dict[str, list[LedgerLine]] = {}
    for name, payment in payments.items():
        if before := known.get(name, ()):
            payment = replace(payment, bought=bought(before))
        new[name] = payment_lines(before, payment, found[name].origin, found[name].at)
    return _add(connection, known, new)


def payments_of(connection: Connection, sales: Iterable[CreditsSale]) -> dict[str, Payment]:
    """The payments of sales with their refunds and disputes as stored, by session id."""
    found = list(sales)
    intents = [sale.payment_intent for sale in found if sale.payment_intent]
    refunds = _by_payment(connection, ObjectType.REFUND, intents)
    disputes = _by_payment(connection, ObjectType.DISPUTE, intents)
    return {
        sale.session_id: Payment(
            session_id=sale.session_id,
            bought=sale.bought or 0,
            paid=sale.paid,
            payment_intent=sale.payment_intent,
            customer=sale.customer,
            refunds=tuple(map(Refund.from_stripe, refunds[sale.payment_intent])),
            disputes=tuple(map(Dispute.from_stripe, disputes[sale.payment_intent])),
        )
        for sale in found
    }


def record_pro(
    connection: Connection, sales: Sequence[ProSale]
) -> dict[str, tuple[LedgerLine, ...]]:
    """Write what is missing; all lines, by subscription id, of those that have some."""
    found = {sale.subscription: sale for sale in reversed(sales)}
    if not found:
        return {}
    known = lines.of_subjects(connection, found)
    states = pro_states(connection, {name: sale.pro for name, sale in found.items()})
    new = {
        name: pro_lines(
            known.get(name, ()), state, sale.origin, sale.at, sale.session_id, paid=sale.paid
        )
        for name, state in states.items()
        for sale in (found[name],)
    }
    together = _add(connection, known, new)
    begun = {name: sale.session_id for name, sale in found.items()}
    begun |= {name: some[0].session_id for name, some in together.items() if some[0].session_id}
    reversals.of_subscriptions(
        connection, {one: states[name] for name, one in begun.items() if one and name in states}
    )
    return together


def pro_states(connection: Connection, wanted: Mapping[str, SoldPrice]) -> dict[str, ProState]:
    """What is stored of subscriptions, by their ids; ``wanted`` says by which Price the item of
    each is known."""
    stored = stripe_objects.load(connection, wanted)
    invoices: defaultdict[str | None, list[Invoice]] = defaultdict(list)
    for one in stripe_objects.of_parents(connection, ObjectType.INVOICE, stored):
        invoices[subscription_of(one)].append(Invoice.from_stripe(one))
    intents = {
        intent for some in invoices.values() for one in some for intent in one.payment_intents
    }
    disputes = [
        Dispute.from_stripe(one)
        for one in stripe_objects.of_parents(connection, ObjectType.DISPUTE, intents)
    ]
    return {
        name: ProState(
            Subscription.from_stripe(data, wanted[name]), tuple(invoices[name]), tuple(disputes)
        )
        for name, data in stored.items()
    }


def record_payments(
    connection: Connection, causes: Mapping[str, tuple[str, float]]
) -> dict[str, tuple[LedgerLine, ...]]:
    """Write what stored refunds and disputes have changed about sessions, if they were fulfilled;
    all lines of each. ``causes``: origin and time of the lines to write, by session id."""
    sales = [
        CreditsSale(
            session_id=one.session.id,
            bought=None,
            paid=one.session.amount_total or 0,
            payment_intent=id_at(one.data, "payment_intent"),
            customer=id_at(one.data, "customer"),
            origin=causes[one.session.id][0],
            at=causes[one.session.id][1],
        )
        for one in sessions.load(connection, list(causes))
    ]
    return record_credits(connection, sales)


def _log(written: Sequence[LedgerLine]) -> None:
    """A line of the log for each line, and one for many at once: a history holds hundreds."""
    if len(written) <= MAX_LOG_LINES:
        for line in written:
            what = (line.cause.label, line.quantity, line.kind, line.subject, line.origin)
            log.info("%s: %+d x %s for %s (%s)", *what)
        return
    counted = Counter(line.cause.label for line in written)
    causes = ", ".join(f"{number} x {cause}" for cause, number in sorted(counted.items()))
    log.info("Ledger: %s lines written (%s)", len(written), causes)


def _by_payment(
    connection: Connection, kind: ObjectType, intents: Sequence[str]
) -> defaultdict[str | None, list[JSON]]:
    found: defaultdict[str | None, list[JSON]] = defaultdict(list)
    for one in stripe_objects.of_parents(connection, kind, intents):
        found[id_at(one, "payment_intent")].append(one)
    return found


def _add(
    connection: Connection,
    known: Mapping[str, tuple[LedgerLine, ...]],
    new: Mapping[str, Sequence[LedgerLine]],
) -> dict[str, tuple[LedgerLine, ...]]:
    written = [line for some in new.values() for line in some]
    lines.add(connection, written)
    _log(written)
    together = {name: (*known.get(name, ()), *some) for name, some in new.items()}
    return {name: some for name, some in together.items() if some}
