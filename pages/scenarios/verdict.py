"""Was it granted exactly once, or rightly not at all? By what Stripe and the ledger recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from billing.domain.durations import format_duration
from billing.domain.event import EventSource, EventState
from billing.domain.ledger.line import LedgerLine, Origin
from billing.domain.sessions.checkout_session import CheckoutSession, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from billing.domain.event import Event
    from pages.scenarios.records import ScenarioRecords

UNHANDLED = (EventState.FAILED, EventState.PENDING)
TIMES = {2: "twice", 3: "three times"}


@dataclass(frozen=True)
class Verdict:
    """``passed`` when all is as it should be; ``title`` says it in a few words, ``reason`` why,
    ``arrivals`` how Stripe's events came. Plain text, which may hold what others wrote."""

    passed: bool
    title: str
    reason: str
    arrivals: str = ""


def verify(
    both_sides: ScenarioRecords, *, should_be_paid: bool, clock_ahead: float = 0.0
) -> Verdict:
    """The verdict on one session. ``clock_ahead``: by how many seconds Stripe's clock was ahead of
    ours when it created the events."""
    session = CheckoutSession.from_stripe(both_sides.session)
    records = both_sides.records
    arrivals = describe_arrivals(records.events, clock_ahead)
    state = f"{session.status}, {session.payment_status}"
    if session.is_paid != should_be_paid:
        title = "Paid unexpectedly" if session.is_paid else "Not paid"
        ending = "should have been paid" if should_be_paid else "should not have been paid"
        return Verdict(False, title, f"Stripe says {state}; this session {ending}.", arrivals)
    if session.is_paid:
        passed, title, reason = _verify_paid(session, both_sides)
    else:
        passed = not records.grants
        title = "Correctly not granted" if passed else "Granted without a payment"
        grants = "no grant" if passed else _many(len(records.grants), "grant")
        reason = f"Stripe says {state}, and there is {grants} for it."
    unhandled = [event for event in records.events if event.state in UNHANDLED]
    if passed and unhandled:
        event = unhandled[0]
        why = f": {event.error}" if event.error else "."
        return Verdict(
            False, f"{title}, but an event is {event.state}", f"{event.type}{why}", arrivals
        )
    return Verdict(passed, title, reason, arrivals)


def _verify_paid(session: CheckoutSession, both_sides: ScenarioRecords) -> tuple[bool, str, str]:
    """``passed``, ``title`` and ``reason``."""
    records = both_sides.records
    items = both_sides.session["line_items"]["data"]
    due = 1 if session.kind is Kind.PRO else sum(item["quantity"] for item in items)
    bought = session.kind.describe(due) if session.kind else session.what
    if not records.grants:
        failed = next((event.error for event in records.events if event.error), "")
        reason = f"Stripe has {session.amount} for {bought}; there is no grant. {failed}"
        return False, "Paid, but not granted", reason.strip()
    if len(records.grants) > 1:
        times = TIMES.get(len(records.grants), f"{len(records.grants)} times")
        reason = f"One payment for {bought}, and {len(records.grants)} grants."
        return False, f"Granted {times}", reason
    grant = records.grants[0]
    granted = grant.kind.describe(grant.quantity)
    wrong = [
        f"{what} {ours} in the grant, {theirs} in Stripe"
        for what, ours, theirs in (
            ("session", grant.session_id, session.id),
            ("kind", grant.kind, session.kind),
            ("quantity", grant.quantity, due),
        )
        if ours != theirs
    ]
    if wrong:
        differing = ", ".join(wrong)
        return False, f"Granted {granted} for {bought}", f"{differing[0].upper()}{differing[1:]}."
    granted_by = _granted_by(grant, records.events)
    reason = f"{granted} for {session.amount}: one payment, one grant, by {granted_by}."
    return True, "Granted exactly once", reason


def _granted_by(grant: LedgerLine, events: Sequence[Event]) -> str:
    if grant.origin == Origin.RETURN:
        return "the landing page"
    event = next((event for event in events if event.id == grant.origin), None)
    if event is None:
        return "Stripe's list of sessions" if grant.origin == Origin.SYNC else grant.origin
    return f"{event.source.label} ({event.type})"


def describe_arrivals(events: Sequence[Event], clock_ahead: float = 0.0) -> str:
    """How many webhooks came, which repeatedly, and how late; as a sentence."""
    if not events:
        return "Stripe has sent no event about this session."
    webhooks = sum(event.deliveries for event in events)
    repeated = [event for event in events if event.deliveries > 1]
    polled = [event for event in events if event.source is not EventSource.WEBHOOK]
    delays = [event.delay + clock_ahead for event in events if event.source is EventSource.WEBHOOK]
    parts = []
    if webhooks:
        parts.append(f"{_many(webhooks, 'webhook')} for {_many(len(events), 'event')}")
    if len(repeated) == 1:
        (one,) = repeated
        parts.append(f"{one.type} {TIMES.get(one.deliveries, f'{one.deliveries} times')}")
    elif repeated:
        parts.append(f"{len(repeated)} of them more than once")
    if polled:
        parts.append(f"polling found {_many(len(polled), 'event')} first")
    if delays:
        which = "the slowest " if len(delays) > 1 else ""
        parts.append(f"{which}{at_most(max(delays))}")
    return f"{'; '.join(parts)}."


def at_most(delay: float) -> str:
    """How late an event came. Stripe tells its time in whole seconds, so it was rather less."""
    return f"at most {format_duration(max(delay, 0.0))} after Stripe created it"


def _many(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
