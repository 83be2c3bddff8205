"""What the list says of one customer, by all that is stored of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from billing.domain.customers.customer import Customer, ProNote, ProStatus
from billing.domain.ledger.entitlements import credits_in
from billing.domain.ledger.line import Cause, Due, LedgerLine, total
from billing.domain.ledger.pro import PAST_DUE
from billing.domain.ledger.refunds import Dispute, Refund
from billing.domain.sessions.checkout_session import Kind
from billing.domain.stripe_json import JSON, id_at, integer_at, text_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from billing.customers.records import CustomerRecords

NO_REFUND = frozenset(("failed", "canceled"))
_ENDED = {
    Cause.PAYMENT_FAILED: ProNote.PAYMENT_FAILED,
    Cause.PAUSED: ProNote.PAUSED,
    Cause.DISPUTE_OPENED: ProNote.DISPUTED,
    Cause.DISPUTE_LOST: ProNote.DISPUTE_LOST,
}


def summarize(
    key: str, customer: str | None, email: str | None, records: CustomerRecords
) -> Customer:
    """The row of the customer with this ``key``; see ``Customer``."""
    subject, due, last = _best(records)
    subscription = next((one for one in records.subscriptions if one["id"] == subject), None)
    active = due.quantity > 0
    payments = list(_payments(records))
    currencies = [currency for currency, _ in Counter(one for one, _ in payments).most_common()]
    refunds = [(one, Refund.from_stripe(one)) for one in records.refunds]
    disputes = [(one, Dispute.from_stripe(one)) for one in records.disputes]
    went_back = ((_currency(data), one.amount) for data, one in refunds if one.has_succeeded)
    held = ((_currency(data), one.amount) for data, one in disputes if one.holds_money)
    return Customer(
        key=key,
        customer=customer,
        email=email,
        credits=credits_in(records.lines),
        pro=ProStatus.ACTIVE if active else ProStatus.ENDED if last else ProStatus.NONE,
        pro_until=due.access_until if active else None,
        pro_note=_note(subscription, last, active=active) if last else None,
        subscription_status=text_at(subscription, "status"),
        paid=_sums(payments, currencies),
        refunded=_sums(went_back, currencies),
        disputed=_sums(held, currencies),
        has_refunds=any(one.status not in NO_REFUND for _, one in refunds),
        has_disputes=bool(disputes),
        last_activity=max(_times(records), default=0),
    )


def _best(records: CustomerRecords) -> tuple[str | None, Due, LedgerLine | None]:
    """Of their subscriptions the one that counts: of those that give Pro, the one that lasts
    longest, else the newest; what its lines add up to, and the last of them."""
    subjects: defaultdict[str, list[LedgerLine]] = defaultdict(list)
    for line in sorted(records.lines, key=lambda one: one.sequence):
        if line.kind is Kind.PRO:
            subjects[line.subject].append(line)
    created = {one["id"]: integer_at(one, "created") or 0 for one in records.subscriptions}

    def rank(subject: str) -> tuple[bool, int, float]:
        due = total(subjects[subject])
        begun = created.get(subject, subjects[subject][0].at)
        return due.quantity > 0, due.access_until or 0, begun

    best = max(subjects, key=rank, default=None)
    if best is None:
        return next(iter(created), None), Due(0), None
    return best, total(subjects[best]), subjects[best][-1]


def _note(subscription: JSON | None, last: LedgerLine, *, active: bool) -> ProNote:
    if not active:
        return _ENDED.get(last.cause, ProNote.CANCELED)
    if text_at(subscription, "status") == PAST_DUE:
        return ProNote.RETRYING
    return ProNote.CANCELS if integer_at(subscription, "cancel_at") else ProNote.RENEWS


def _payments(records: CustomerRecords) -> Iterator[tuple[str, int]]:
    """Currency and amount of each payment: of paid sessions, and of invoices."""
    invoices = {one["id"] for one in records.invoices}
    for stored in records.sessions:
        session = stored.session
        if session.is_paid and session.currency and id_at(stored.data, "invoice") not in invoices:
            yield session.currency, session.amount_total or 0
    for invoice in records.invoices:
        if amount := integer_at(invoice, "amount_paid"):
            yield _currency(invoice), amount


def _currency(data: JSON) -> str:
    return (text_at(data, "currency") or "usd").lower()


def _sums(amounts: Iterable[tuple[str, int]], order: list[str]) -> dict[str, int]:
    """The sum of each currency, without those of nothing."""
    sums: Counter[str] = Counter()
    for currency, amount in amounts:
        sums[currency] += amount
    return {one: sums[one] for one in dict.fromkeys((*order, *sums)) if sums[one]}


def _times(records: CustomerRecords) -> Iterator[int]:
    for stored in records.sessions:
        yield stored.completed_at or stored.session.created
    for objects in (
        *(records.subscriptions, records.invoices, records.refunds, records.disputes),
        [records.customer] if records.customer else [],
    ):
        yield from (integer_at(one, "created") or 0 for one in objects)
    yield from (integer_at(one, "ended_at") or 0 for one in records.subscriptions)
