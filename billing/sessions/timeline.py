"""The timeline of one Checkout Session, from its events, the ledger and its own state."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from billing.domain.events.event import EventSource
from billing.domain.events.thin_event import TWINS_WITHIN
from billing.domain.ledger.line import LedgerLine, Origin
from billing.domain.money import format_money
from billing.domain.sessions.checkout_session import CheckoutSession, Outcome
from billing.domain.sessions.details import RelatedObjects
from billing.domain.sessions.timeline import CHECKOUT_EVENTS, EntryKind, TimelineEntry
from billing.domain.stripe_json import JSON, integer_at, payment_error, text_at
from billing.sessions.after_sale_entries import (
    entries_without_event,
    event_entry,
    ledger_entries,
    upcoming_entries,
)
from billing.sessions.request_entries import with_requests

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from billing.domain.logged_request import LoggedRequest
    from billing.store.sessions import SessionEvent

_TITLES = dict(CHECKOUT_EVENTS.values())
_ORDER = list(EntryKind)
_BEFORE_GRANT = (EntryKind.CREATED, EntryKind.COMPLETED, EntryKind.ASYNC_PAYMENT_SUCCEEDED)
_EXPIRED = "Its link can no longer be used to pay"
_PAYMENT = {
    "paid": "Paid",
    "unpaid": "The payment is processing",
    "no_payment_required": "No payment was required",
}
NOTHING_RELATED = RelatedObjects()
_ORIGINS: dict[str, str] = {
    Origin.RETURN: "when the customer returned from Checkout",
    Origin.SYNC: "when the session was retrieved from Stripe",
}


def timeline_entries(
    session: CheckoutSession,
    events: Sequence[SessionEvent],
    lines: Sequence[LedgerLine] = (),
    related: RelatedObjects = NOTHING_RELATED,
    request_id: str | None = None,
    requests: Sequence[LoggedRequest] = (),
) -> tuple[TimelineEntry, ...]:
    """What happened, the oldest first, then what is still to come. ``events`` are those of the
    session, ``lines`` those of the ledger on what it sold, ``related`` what followed, as it is now,
    ``request_id`` that of the API request that created it, where it is known, and ``requests``
    those that touched what it is about."""
    grant = next(iter(lines), None)
    entries = [_created(session, request_id), *_events(session, events)]
    entries += entries_without_event(related, entries)
    if grant:
        granted = _granted(grant, events, entries)
        entries += [granted, *ledger_entries(lines[1:], granted.at, related, events)]
    entries.sort(key=_place)
    return (
        *sorted(with_requests(entries, requests), key=_place),
        *_without_event(session, entries),
        *_not_granted(session, entries, events, grant),
        *upcoming_entries(related),
    )


def with_more_requests(
    entries: Sequence[TimelineEntry], requests: Sequence[LoggedRequest]
) -> tuple[TimelineEntry, ...]:
    """A whole timeline with requests that others than this app made."""
    return tuple(sorted(with_requests(entries, requests), key=_place))


def _place(entry: TimelineEntry) -> tuple[int, int, float]:
    return int(entry.at), _ORDER.index(entry.kind), entry.at


def _without_event(
    session: CheckoutSession, entries: Sequence[TimelineEntry]
) -> Iterator[TimelineEntry]:
    """An end of the session that no event has told of; or when it will expire."""
    last, kinds = entries[-1].at, {entry.kind for entry in entries}
    if session.outcome is Outcome.FAILED and EntryKind.ASYNC_PAYMENT_FAILED not in kinds:
        yield TimelineEntry(
            EntryKind.ASYNC_PAYMENT_FAILED,
            last,
            _TITLES[EntryKind.ASYNC_PAYMENT_FAILED],
            session.failure or "",
        )
    elif session.outcome is Outcome.EXPIRED and EntryKind.EXPIRED not in kinds:
        ended = max(last, min(session.expires_at, time.time()))
        yield TimelineEntry(EntryKind.EXPIRED, ended, _TITLES[EntryKind.EXPIRED], _EXPIRED)
    elif session.status == "open":
        yield TimelineEntry(
            EntryKind.LATER, session.expires_at, "Open until", "Its link works until then."
        )


def _not_granted(
    session: CheckoutSession,
    entries: Sequence[TimelineEntry],
    events: Sequence[SessionEvent],
    grant: LedgerLine | None,
) -> Iterator[TimelineEntry]:
    if not (session.ours and session.is_paid and session.kind) or grant:
        return
    errors = [one.event.error for one in events if one.event.error]
    if session.quantity == 0:
        title = "Paid, but nothing to grant"
        detail = "None of its line items has the Price from the settings."
    else:
        title = "Paid, but not granted yet"
        detail = errors[-1] if errors else "It is granted as soon as one of its events is handled."
    yield TimelineEntry(EntryKind.NOT_GRANTED, entries[-1].at, title, detail)


def _created(session: CheckoutSession, request_id: str | None) -> TimelineEntry:
    return TimelineEntry(
        EntryKind.CREATED,
        session.created,
        f"Created {session.created_by}",
        f"{session.what}, {session.amount}",
        request_id=request_id,
    )


def _granted(
    grant: LedgerLine, events: Iterable[SessionEvent], entries: Iterable[TimelineEntry]
) -> TimelineEntry:
    """The grant, with the event that told of the payment, if one did; after the payment, though
    the clock of Stripe's sandbox may be ahead."""
    at = max(grant.at, *(entry.at for entry in entries if entry.kind in _BEFORE_GRANT))
    title = f"Granted: {grant.kind.describe(grant.quantity)}"
    event = next((one.event for one in events if one.event.id == grant.origin), None)
    detail = "" if event else _ORIGINS.get(grant.origin, f"by event {grant.origin}")
    return TimelineEntry(EntryKind.GRANTED, at, title, detail, event)


def _events(session: CheckoutSession, events: Iterable[SessionEvent]) -> Iterator[TimelineEntry]:
    for one in _without_twins(list(events)):
        if one.event.is_test:
            title = f"Test event {one.event.type}"
            yield TimelineEntry(EntryKind.OTHER, one.event.created, title, event=one.event)
            continue
        if after_sale := event_entry(one):
            yield after_sale
            continue
        kind, title = CHECKOUT_EVENTS.get(one.event.type, (EntryKind.OTHER, one.event.type))
        detail = _detail(kind, one.object, session)
        yield TimelineEntry(kind, one.event.created, title, detail, one.event, one.request_id)


def _without_twins(events: Sequence[SessionEvent]) -> Iterator[SessionEvent]:
    """Without the thin ones of changes that a snapshot event tells of as well, and says more."""
    snapshots = [one.event for one in events if one.event.source is not EventSource.THIN]
    whole = {(one.type, one.object_id, one.created) for one in snapshots}
    for one in events:
        event = one.event
        near = range(event.created - TWINS_WITHIN, event.created + TWINS_WITHIN + 1)
        is_twin = any((event.type, event.object_id, at) in whole for at in near)
        if event.source is not EventSource.THIN or not is_twin:
            yield one


def _detail(kind: EntryKind, subject: JSON, session: CheckoutSession) -> str:
    """What the event's object (``subject``) adds to its type; where that has an older API version
    and lacks it, what the session says."""
    match kind:
        case EntryKind.PAYMENT_FAILED:
            return payment_error(subject) or ""
        case EntryKind.ASYNC_PAYMENT_FAILED:
            return session.failure or ""
        case EntryKind.PAYMENT_ATTEMPTED | EntryKind.PAYMENT_SUCCEEDED if currency := text_at(
            subject, "currency"
        ):
            return format_money(integer_at(subject, "amount") or 0, currency)
        case EntryKind.COMPLETED | EntryKind.ASYNC_PAYMENT_SUCCEEDED:
            return _PAYMENT.get(text_at(subject, "payment_status") or session.payment_status, "")
        case EntryKind.EXPIRED:
            return _EXPIRED
    return ""
