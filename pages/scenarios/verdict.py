"""Was it granted exactly once, or rightly not at all, and did each later change count once? By what
Stripe says, what the ledger holds, and what other programs get of it."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from billing.domain.durations import format_duration
from billing.domain.events.event import EventState
from billing.domain.ledger.line import Cause, Due, LedgerLine, Origin, total
from billing.domain.sessions.checkout_session import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from billing.domain.events.event import Event
    from billing.domain.sessions.details import SessionRecords
    from pages.scenarios.records import ScenarioRecords
    from pages.scenarios.truth import Sale

UNHANDLED = (EventState.FAILED, EventState.PENDING)
TIMES = {1: "once", 2: "twice", 3: "three times"}


@dataclass(frozen=True)
class Expected:
    """What a scenario expects in the end: so many credits, or Pro (``quantity`` 1), and the
    causes of the ledger's lines; none where nothing is paid."""

    quantity: int
    causes: tuple[Cause, ...]

    @property
    def is_paid(self) -> bool:
        """Its Checkout is paid."""
        return bool(self.causes)


@dataclass(frozen=True)
class Verdict:
    """``passed`` when all is as it should be; ``title`` says it in a few words, ``reason`` why,
    ``arrivals`` how Stripe's events came. Plain text, which may hold what others wrote."""

    passed: bool
    title: str
    reason: str
    arrivals: str = ""


def verify(
    both_sides: ScenarioRecords,
    expected: Expected,
    *,
    clock_ahead: float = 0.0,
    grant_seconds: float = math.inf,
) -> Verdict:
    """The verdict on one sale. ``clock_ahead``: by how many seconds Stripe's clock was ahead of
    ours when it created the events; ``grant_seconds``: how long after the payment a grant is in
    time."""
    sale, records = both_sides.sale, both_sides.records
    arrivals = describe_arrivals(records.events, clock_ahead)
    if sale.is_paid != expected.is_paid:
        title = "Paid unexpectedly" if sale.is_paid else "Not paid"
        ending = "should have been paid" if expected.is_paid else "should not have been paid"
        return Verdict(False, title, f"Stripe says {sale.state}; this {ending}.", arrivals)
    if sale.is_paid:
        wrong = (
            _wrong_purchase(both_sides)
            or _wrong_ledger(sale, records, expected)
            or _wrong_entitlements(both_sides)
            or _late_grant(both_sides, grant_seconds)
        )
        passed, (title, reason) = not wrong, wrong or _right(both_sides)
    elif records.lines:
        passed, title = False, "Granted without a payment"
        reason = f"Stripe says {sale.state}, and the ledger has {_changes(records.lines)}."
    else:
        wrong = _wrong_entitlements(both_sides)
        right = "Correctly not granted", f"Stripe says {sale.state}, and there is no grant for it."
        passed, (title, reason) = not wrong, wrong or right
    unhandled = [event for event in records.events if event.state in UNHANDLED]
    if passed and unhandled:
        event = unhandled[0]
        why = f": {event.error}" if event.error else "."
        return Verdict(
            False, f"{title}, but an event is {event.state}", f"{event.type}{why}", arrivals
        )
    return Verdict(passed, title, reason, arrivals)


def _wrong_purchase(both_sides: ScenarioRecords) -> tuple[str, str] | None:
    """What is wrong with what was granted at first, if anything is: a title and a reason."""
    sale, records = both_sides.sale, both_sides.records
    due = 1 if sale.kind is Kind.PRO else sale.bought
    bought = sale.kind.describe(due) if sale.kind else "something that is not ours"
    session_id = sale.session["id"] if sale.session else None
    if not records.grants:
        failed = next((event.error for event in records.events if event.error), "")
        reason = f"Stripe has {sale.amount} for {bought}; there is no grant. {failed}"
        return "Paid, but not granted", reason.strip()
    if len(records.grants) > 1:
        reason = f"One payment for {bought}, and {len(records.grants)} grants."
        return f"Granted {_times(len(records.grants))}", reason
    grant = records.grants[0]
    granted = grant.kind.describe(grant.quantity)
    wrong = [
        f"{what} {ours} in the grant, {theirs} in Stripe"
        for what, ours, theirs in (
            ("session", grant.session_id, session_id),
            ("kind", grant.kind, sale.kind),
            ("quantity", grant.quantity, due),
        )
        if ours != theirs
    ]
    if wrong:
        differing = ", ".join(wrong)
        return f"Granted {granted} for {bought}", f"{differing[0].upper()}{differing[1:]}."
    return None


def _wrong_ledger(
    sale: Sale, records: SessionRecords, expected: Expected
) -> tuple[str, str] | None:
    """What is wrong with the sum of the lines or with their causes: a title and a reason."""
    has, due = total(records.lines), sale.due
    if has != due:
        return (
            f"The ledger says {_left(sale, has)}, Stripe {_left(sale, due)}",
            f"Lines: {_changes(records.lines)}.",
        )
    if due.quantity != expected.quantity:
        planned = _left(sale, Due(expected.quantity))
        title = f"Stripe says {_left(sale, due)}, the scenario {planned}"
        return title, f"Lines: {_changes(records.lines)}."
    found = Counter(line.cause for line in records.lines)
    for cause in Cause:
        if found[cause] != expected.causes.count(cause):
            times = _times(found[cause]) if found[cause] else "never"
            wanted = ", ".join(one.label.lower() for one in expected.causes)
            reason = f"Lines: {_changes(records.lines)}; expected: {wanted}."
            return f"{cause.label}: {times} in the ledger", reason
    return None


def _wrong_entitlements(both_sides: ScenarioRecords) -> tuple[str, str] | None:
    """Where other programs get something else of the customer than Stripe says."""
    sale, answer = both_sides.sale, both_sides.entitlements
    has = Due(answer["credits"])
    if sale.subscription:
        has = Due(int(answer["pro"]["active"]), answer["pro"]["until"])
    if has == sale.due:
        return None
    title = f"The entitlements say {_left(sale, has)}, Stripe {_left(sale, sale.due)}"
    return title, f"Lines: {_changes(both_sides.records.lines)}."


def _late_grant(both_sides: ScenarioRecords, in_time: float) -> tuple[str, str] | None:
    """A grant that came too long after the payment."""
    paid_at, grant = both_sides.paid_at, both_sides.records.grants[0]
    if paid_at is None or grant.at - paid_at <= in_time:
        return None
    granted = f"{grant.kind.describe(grant.quantity)} for {both_sides.sale.amount}"
    late = format_duration(grant.at - paid_at)
    reason = f"{granted}: granted {late} after Stripe called it paid, {format_duration(in_time)} "
    return "Granted late", f"{reason}at the most are in time."


def _right(both_sides: ScenarioRecords) -> tuple[str, str]:
    """The title and the reason of a passed verdict."""
    lines = both_sides.records.lines
    grant = lines[0]
    granted = f"{grant.kind.describe(grant.quantity)} for {both_sides.sale.amount}"
    granted_by = _granted_by(grant, both_sides.records.events)
    if len(lines) == 1:
        reason = f"{granted}: one payment, one grant, by {granted_by}."
        return "Granted exactly once", reason
    left = _left(both_sides.sale, total(lines))
    reason = f"{granted}, granted by {granted_by}; now {left}, as Stripe says. "
    return "Each change exactly once", f"{reason}Lines: {_changes(lines)}."


def _left(sale: Sale, due: Due) -> str:
    """``7 credits``, ``Pro until 4 Jan 2027``, ``no Pro``."""
    if not sale.subscription:
        return _many(due.quantity, "credit")
    if not due.access_until:
        return "Pro" if due.quantity else "no Pro"
    return f"Pro until {datetime.fromtimestamp(due.access_until, UTC):%-d %b %Y, %H:%M:%S} UTC"


def _changes(lines: Sequence[LedgerLine]) -> str:
    """``purchase +10, refund -3``; of Pro, which each line states anew, without numbers."""
    return ", ".join(
        line.cause.label.lower() + (f" {line.quantity:+d}" if line.kind is Kind.CREDITS else "")
        for line in lines
    )


def _times(number: int) -> str:
    return TIMES.get(number, f"{number} times")


def _granted_by(grant: LedgerLine, events: Sequence[Event]) -> str:
    if grant.origin == Origin.RETURN:
        return "the landing page"
    event = next((event for event in events if event.id == grant.origin), None)
    if event is None:
        return "Stripe's list of sessions" if grant.origin == Origin.SYNC else grant.origin
    return f"{event.source.label} ({event.type})"


def describe_arrivals(events: Sequence[Event], clock_ahead: float = 0.0) -> str:
    """How many webhooks came, which repeatedly, in what order, and how late; as a sentence."""
    if not events:
        return "Stripe has sent no event about this session."
    webhooks = sum(event.deliveries for event in events)
    repeated = [event for event in events if event.deliveries > 1]
    polled = [event for event in events if not event.source.is_webhook]
    came = sorted(
        (event for event in events if event.source.is_webhook),
        key=lambda event: event.received_at,
    )
    delays = [event.delay + clock_ahead for event in came]
    parts = []
    if webhooks:
        parts.append(f"{_many(webhooks, 'webhook')} for {_many(len(events), 'event')}")
    if len(repeated) == 1:
        (one,) = repeated
        parts.append(f"{one.type} {_times(one.deliveries)}")
    elif repeated:
        parts.append(f"{len(repeated)} of them more than once")
    if polled:
        parts.append(f"polling found {_many(len(polled), 'event')} first")
    if any(earlier.created > later.created for earlier, later in pairwise(came)):
        parts.append("not in the order in which Stripe created them")
    if delays:
        which = "the slowest " if len(delays) > 1 else ""
        parts.append(f"{which}{at_most(max(delays))}")
    said = "; ".join(parts)
    return f"{said[0].upper()}{said[1:]}."


def at_most(delay: float) -> str:
    """How late an event came. Stripe tells its time in whole seconds, so it was rather less."""
    return f"at most {format_duration(max(delay, 0.0))} after Stripe created it"


def _many(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
