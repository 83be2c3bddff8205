"""What a customer may use now: credits, and Pro until a time."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from billing.domain.ledger.line import Due, LedgerLine, total
from billing.domain.sessions.checkout_session import Kind
from billing.domain.stripe_json import JSON, integer_at, text_at

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class ProAccess:
    """Whether Pro is ``active``, and then ``until`` when (Unix seconds; None where that has not
    been read yet). ``status`` is the subscription's, in Stripe's word; None without one."""

    active: bool = False
    until: int | None = None
    status: str | None = None


@dataclass(frozen=True)
class Entitlements:
    """What somebody has: the id of the one ``customer`` whose it is (None where it is nobody's, or
    several Customers' of one email) and their ``email``, as far as they are known."""

    customer: str | None
    email: str | None
    credits: int
    pro: ProAccess


def credits_in(lines: Iterable[LedgerLine]) -> int:
    """The credits that the lines add up to."""
    return sum(line.quantity for line in lines if line.kind is Kind.CREDITS)


def pro_access(lines: Iterable[LedgerLine], subscriptions: Iterable[JSON]) -> ProAccess:
    """The best of what the lines and the subscriptions (Stripe's objects) of one customer give: of
    several active ones that which lasts longest, of none the newest."""
    known = {one["id"]: one for one in subscriptions}
    by_subject: defaultdict[str, list[LedgerLine]] = defaultdict(list, {name: [] for name in known})
    for line in sorted(lines, key=lambda line: line.sequence):
        if line.kind is Kind.PRO:
            by_subject[line.subject].append(line)
    due = {subject: total(some) for subject, some in by_subject.items()}

    def rank(subject: str) -> tuple[bool, int, int]:
        gives = due[subject]
        created = integer_at(known.get(subject), "created") or 0
        return gives.quantity > 0, gives.access_until or 0, created

    best = max(due, key=rank, default=None)
    gives = due[best] if best else Due(0)
    status = text_at(known.get(best), "status") if best else None
    return ProAccess(gives.quantity > 0, gives.access_until, status)
