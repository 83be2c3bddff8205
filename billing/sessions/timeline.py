"""The story of one Checkout Session: what happened, in order, from all that is known of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from billing.domain.checkout_session import CheckoutSession, Kind, Outcome
from billing.domain.money import format_money
from billing.domain.stripe_json import JSON, integer_at, payment_error, text_at
from billing.domain.timeline import TIMELINE_EVENTS, EntryKind, TimelineEntry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from billing.domain.grant import Grant
    from billing.store.sessions import SessionEvent

MADE_BY = {"page": "in this dashboard", "api": "through the API", "": "by another app"}


_TITLES = dict(TIMELINE_EVENTS.values())
_ORDER = list(EntryKind)
_EXPIRED = "Its link can no longer be used to pay"
_PAYMENT = {
    "paid": "Paid",
    "unpaid": "The payment is processing",
    "no_payment_required": "No payment was required",
}
_CAUSES = {
    "return": "when the customer returned from Checkout",
    "sync": "when the session was retrieved from Stripe",
}


def timeline_entries(
    session: CheckoutSession,
    told: Sequence[SessionEvent],
    grant: Grant | None,
    made_by_request: str | None,
) -> tuple[TimelineEntry, ...]:
    """The steps, the first thing first; what is still to come at the end."""
    entries = [_made(session, made_by_request), *_events(session, told)]
    if grant:
        entries.append(_granted(grant))
    entries.sort(key=lambda step: (int(step.at), _ORDER.index(step.kind), step.at))
    return (*entries, *_untold(session, entries), *_not_granted(session, entries, told, grant))


def _untold(session: CheckoutSession, entries: Sequence[TimelineEntry]) -> Iterator[TimelineEntry]:
    """What the session's outcome says and no event has told; or what is still to come."""
    last, turns = entries[-1].at, {step.kind for step in entries}
    if session.outcome is Outcome.FAILED and EntryKind.ASYNC_PAYMENT_FAILED not in turns:
        yield TimelineEntry(
            EntryKind.ASYNC_PAYMENT_FAILED,
            last,
            _TITLES[EntryKind.ASYNC_PAYMENT_FAILED],
            session.failure or "",
        )
    elif session.outcome is Outcome.EXPIRED and EntryKind.EXPIRED not in turns:
        ended = max(last, min(session.expires_at, time.time()))
        yield TimelineEntry(EntryKind.EXPIRED, ended, _TITLES[EntryKind.EXPIRED], _EXPIRED)
    elif session.outcome is Outcome.OPEN:
        yield TimelineEntry(
            EntryKind.EXPIRES_LATER, session.expires_at, "Open until", "Its link works until then."
        )


def _not_granted(
    session: CheckoutSession,
    entries: Sequence[TimelineEntry],
    told: Sequence[SessionEvent],
    grant: Grant | None,
) -> Iterator[TimelineEntry]:
    if not (session.ours and session.is_paid and session.kind) or grant:
        return
    failed = [one.event.error for one in told if one.event.error]
    if session.quantity == 0:
        title = "Paid, but nothing to grant"
        detail = "None of its line items has the Price from the settings."
    else:
        title = "Paid, but not granted yet"
        detail = failed[-1] if failed else "It is granted as soon as one of its events is handled."
    yield TimelineEntry(EntryKind.NOT_GRANTED, entries[-1].at, title, detail)


def _made(session: CheckoutSession, request_id: str | None) -> TimelineEntry:
    by = MADE_BY.get(session.made_by, f"by {session.made_by}")
    return TimelineEntry(
        EntryKind.CREATED,
        session.created,
        f"Created {by}",
        f"{session.what}, {session.amount}",
        request_id=request_id,
    )


def _granted(grant: Grant) -> TimelineEntry:
    what = Kind(grant.kind).describe(grant.quantity)
    cause = _CAUSES.get(grant.cause, f"by event {grant.cause}")
    return TimelineEntry(EntryKind.GRANTED, grant.granted_at, f"Granted: {what}", cause)


def _events(session: CheckoutSession, told: Iterable[SessionEvent]) -> Iterator[TimelineEntry]:
    for one in told:
        kind, title = TIMELINE_EVENTS.get(one.event.type, (EntryKind.OTHER, one.event.type))
        detail = _details(kind, one.object, session)
        yield TimelineEntry(kind, one.event.created, title, detail, one.event, one.request_id)


def _details(kind: EntryKind, found: JSON, session: CheckoutSession) -> str:
    """What the event's object says beside its type; where an older API version says nothing of
    it, what the session says."""
    match kind:
        case EntryKind.PAYMENT_FAILED:
            return payment_error(found) or ""
        case EntryKind.ASYNC_PAYMENT_FAILED:
            return session.failure or ""
        case EntryKind.PAYMENT_ATTEMPTED | EntryKind.PAYMENT_SUCCEEDED if currency := text_at(
            found, "currency"
        ):
            return format_money(integer_at(found, "amount") or 0, currency)
        case EntryKind.COMPLETED | EntryKind.ASYNC_PAYMENT_SUCCEEDED:
            return _PAYMENT.get(text_at(found, "payment_status") or session.payment_status, "")
        case EntryKind.EXPIRED:
            return _EXPIRED
    return ""
