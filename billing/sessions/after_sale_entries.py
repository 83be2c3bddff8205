"""What a timeline tells of after the sale: refunds, disputes, the life of the subscription, and
what each of them changed in the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from billing.domain.money import format_money
from billing.domain.sessions.checkout_session import Kind
from billing.domain.sessions.timeline import AFTER_SALE_EVENTS, EntryKind, TimelineEntry
from billing.domain.stripe_json import JSON, integer_at, object_at, objects_at, text_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from billing.domain.ledger.line import LedgerLine
    from billing.domain.sessions.details import RelatedObjects
    from billing.store.sessions import SessionEvent

INQUIRY = "warning_"  # how the statuses of a dispute begin that has withdrawn no money
NEEDS_RESPONSE = ("needs_response", "warning_needs_response")
REVIEWED = ("under_review", "warning_under_review")
FIRST_INVOICE = "subscription_create"
RENEWAL = "subscription_cycle"
_CLOSED = {"won": "Dispute won", "lost": "Dispute lost", "warning_closed": "Inquiry closed"}
_NOT_PAID = {"past_due": "Subscription past due", "unpaid": "Subscription unpaid"}
_INVOICE_ENDS = {
    "invoice.voided": "Invoice voided",
    "invoice.marked_uncollectible": "Invoice marked uncollectible",
}


class _Text(NamedTuple):
    """What an entry says, without the event that says so."""

    kind: EntryKind
    title: str
    detail: str = ""
    until: int | None = None


def event_entry(one: SessionEvent) -> TimelineEntry | None:
    """What an event tells of after the sale; None where it tells of something else, or only
    repeats what others say."""
    kind_of_object = one.event.type.rpartition(".")[0]
    if one.event.type not in AFTER_SALE_EVENTS:
        return None
    text = {
        "refund": _refund,
        "charge.dispute": _dispute,
        "invoice": _invoice,
        "customer.subscription": _subscription,
    }[kind_of_object](one.event.type, one.object, one.previous)
    return text and _entry(text, one.event.created, one)


def entries_without_event(
    related: RelatedObjects, entries: Iterable[TimelineEntry]
) -> Iterator[TimelineEntry]:
    """What no event among ``entries`` tells of, by what the objects are now."""
    known = {one.event.object_id for one in entries if one.event and one.kind != EntryKind.OTHER}
    for refund in related.refunds:
        if refund["id"] not in known:
            failed = text_at(refund, "status") in ("failed", "canceled")
            text = _refund("refund.failed" if failed else "refund.created", refund, {})
            yield from _at(text, integer_at(refund, "created"))
    for dispute in related.disputes:
        if dispute["id"] not in known:
            opened = _dispute("charge.dispute.created", dispute, {})
            yield from _at(opened, integer_at(dispute, "created"))
            if text_at(dispute, "status") in _CLOSED:  # when that was, nothing says
                closed = _dispute("charge.dispute.closed", dispute, {})
                yield from _at(closed, integer_at(dispute, "created"))
    for invoice in related.invoices:
        if invoice["id"] not in known and text_at(invoice, "status") == "paid":
            paid_at = integer_at(invoice, "status_transitions", "paid_at")
            yield from _at(_invoice("invoice.paid", invoice, {}), paid_at)
    subscription = related.subscription
    if subscription and (ended_at := integer_at(subscription, "ended_at")):
        kinds = {one.kind for one in entries}
        if EntryKind.SUBSCRIPTION_ENDED not in kinds:
            text = _subscription("customer.subscription.deleted", subscription, {})
            yield from _at(text, ended_at)


def ledger_entries(
    lines: Sequence[LedgerLine],
    granted_at: float,
    related: RelatedObjects,
    events: Iterable[SessionEvent],
) -> Iterator[TimelineEntry]:
    """What each line after the purchase changed, no earlier than that and than what it is about:
    the clock of Stripe's sandbox may be ahead."""
    by_id = {one.event.id: one for one in events}
    created = {one["id"]: integer_at(one, "created") or 0 for one in _refunds_and_disputes(related)}
    at = granted_at
    for line in lines:
        event = by_id.get(line.origin)
        at = max(at, line.at, *(created.get(one or "", 0) for one in (line.refund, line.dispute)))
        if event:
            at = max(at, event.event.created)
        yield _entry(_line(line), at, event)


def upcoming_entries(related: RelatedObjects) -> Iterator[TimelineEntry]:
    """What is still to come: when evidence is due, and what the subscription does next."""
    for dispute in related.disputes:
        due_by = integer_at(dispute, "evidence_details", "due_by")
        if text_at(dispute, "status") in NEEDS_RESPONSE and due_by:
            yield TimelineEntry(EntryKind.LATER, due_by, "Evidence due", _money(dispute))
    subscription = related.subscription or {}
    if text_at(subscription, "status") not in ("active", "trialing", "past_due"):
        return
    attempts = [
        attempt
        for invoice in related.invoices
        if text_at(invoice, "status") == "open"
        and (attempt := integer_at(invoice, "next_payment_attempt"))
    ]
    if attempts:
        yield TimelineEntry(EntryKind.LATER, min(attempts), "Next attempt to charge the card")
    if ends_at := integer_at(subscription, "cancel_at"):
        yield TimelineEntry(EntryKind.LATER, ends_at, "Subscription ends")
    elif not attempts and (renews_at := _period_end(subscription)):
        yield TimelineEntry(EntryKind.LATER, renews_at, "Subscription renews")


def _refund(event_type: str, refund: JSON, previous: JSON) -> _Text | None:
    """https://docs.stripe.com/api/refunds/object#refund_object-status"""
    status, amount = text_at(refund, "status") or "", _money(refund)
    if event_type == "refund.created":
        pending = "" if status == "succeeded" else status.replace("_", " ")
        return _Text(EntryKind.REFUNDED, "Refund created", _joined(amount, pending))
    if event_type == "refund.failed":
        reason = (text_at(refund, "failure_reason") or "").replace("_", " ")
        title = "Refund canceled" if status == "canceled" else "Refund failed"
        return _Text(EntryKind.REFUND_FAILED, title, _joined(amount, reason))
    if "status" in previous and status == "succeeded":
        return _Text(EntryKind.REFUNDED, "Refund succeeded", amount)
    if "status" in previous and status == "canceled":
        return _Text(EntryKind.REFUND_FAILED, "Refund canceled", amount)
    return None  # its failure has an event of its own


def _dispute(event_type: str, dispute: JSON, previous: JSON) -> _Text | None:
    """https://docs.stripe.com/api/disputes/object#dispute_object-status"""
    status, before = text_at(dispute, "status") or "", text_at(previous, "status")
    amount = _money(dispute)
    reason = (text_at(dispute, "reason") or "").replace("_", " ")
    if event_type == "charge.dispute.closed":
        return _Text(EntryKind.DISPUTE_CLOSED, _CLOSED.get(status, "Dispute closed"), amount)
    if event_type == "charge.dispute.created":
        what = "Inquiry" if status.startswith(INQUIRY) else "Dispute"
        return _Text(EntryKind.DISPUTED, f"{what} opened", _joined(amount, reason))
    if before and status in REVIEWED:
        return _Text(EntryKind.DISPUTED, "Evidence submitted", amount)
    if before and before.startswith(INQUIRY) and status == "needs_response":
        return _Text(EntryKind.DISPUTED, "Inquiry became a dispute", _joined(amount, reason))
    return None


def _invoice(event_type: str, invoice: JSON, _: JSON) -> _Text | None:
    """Of a subscription's first invoice the Checkout Session tells.

    https://docs.stripe.com/api/invoices/object#invoice_object-billing_reason
    """
    reason = text_at(invoice, "billing_reason")
    if reason == FIRST_INVOICE:
        return None
    if event_type == "invoice.paid":
        title = "Renewed" if reason == RENEWAL else "Invoice paid"
        return _Text(EntryKind.RENEWED, title, _money(invoice, "amount_paid"))
    due = _money(invoice, "amount_due")
    if event_type in _INVOICE_ENDS:
        return _Text(EntryKind.RENEWAL_FAILED, _INVOICE_ENDS[event_type], due)
    title = "Renewal declined" if reason == RENEWAL else "Invoice payment failed"
    attempt = integer_at(invoice, "attempt_count")
    next_at = integer_at(invoice, "next_payment_attempt")
    detail = _joined(due, f"attempt {attempt}" if attempt else "")
    then = "the next on" if next_at else "no further attempt"
    return _Text(EntryKind.RENEWAL_FAILED, title, _joined(detail, then), next_at)


def _subscription(event_type: str, subscription: JSON, previous: JSON) -> _Text | None:
    """https://docs.stripe.com/api/subscriptions/object"""
    changed = EntryKind.SUBSCRIPTION_CHANGED
    match event_type.rpartition(".")[2]:
        case "deleted":
            return _Text(EntryKind.SUBSCRIPTION_ENDED, "Subscription canceled")
        case "paused" | "resumed" as word:
            return _Text(changed, f"Subscription {word}")
    if previous.keys() & {"cancel_at", "cancel_at_period_end"}:
        if cancel_at := integer_at(subscription, "cancel_at"):
            return _Text(changed, "Cancellation scheduled", "for", cancel_at)
        return _Text(changed, "Cancellation undone")
    if "pause_collection" in previous:
        is_paused = bool(object_at(subscription, "pause_collection"))
        return _Text(changed, f"Collection {'paused' if is_paused else 'resumed'}")
    status = text_at(subscription, "status") or ""
    if "status" in previous and status in _NOT_PAID:
        return _Text(changed, _NOT_PAID[status])
    return None


def _line(line: LedgerLine) -> _Text:
    """``-3 credits`` and why; until when Pro lasts, and why."""
    kind, cause = EntryKind.LEDGER_LINE, line.cause.label.lower()
    if line.kind is Kind.CREDITS:
        sign = "\N{MINUS SIGN}" if line.quantity < 0 else "+"
        number = abs(line.quantity)
        return _Text(kind, f"{sign}{number:,} credit{'' if number == 1 else 's'}", cause)
    if line.quantity < 0:
        return _Text(kind, "Pro plan ended", cause)
    title = "Pro plan granted again" if line.quantity > 0 else "Pro plan"
    return _Text(kind, title, _joined(cause, "until"), line.access_until)


def _entry(text: _Text, at: float, one: SessionEvent | None = None) -> TimelineEntry:
    event, request_id = (one.event, one.request_id) if one else (None, None)
    return TimelineEntry(text.kind, at, text.title, text.detail, event, request_id, text.until)


def _at(text: _Text | None, at: int | None) -> Iterator[TimelineEntry]:
    if text and at:
        yield _entry(text, at)


def _refunds_and_disputes(related: RelatedObjects) -> tuple[JSON, ...]:
    return (*related.refunds, *related.disputes)


def _period_end(subscription: JSON) -> int | None:
    """Of an item, or before the API version basil of the whole."""
    ends = [integer_at(one, "current_period_end") for one in objects_at(subscription, "items")]
    return min(filter(None, ends), default=integer_at(subscription, "current_period_end"))


def _money(found: JSON, name: str = "amount") -> str:
    amount, currency = integer_at(found, name), text_at(found, "currency")
    return "" if amount is None or not currency else format_money(amount, currency)


def _joined(*texts: str) -> str:
    return ", ".join(filter(None, texts))
