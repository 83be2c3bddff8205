"""A history of sessions of every kind."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

from billing.domain.reason import Reason
from billing.domain.sessions.checkout_session import CheckoutSession, Kind, Outcome
from billing.domain.sessions.filters import SessionFilter
from billing.domain.sessions.page import Cursor
from billing.domain.sessions.source import Source
from billing.store import sessions
from tests.support.database.stored import copies
from tests.support.stripe_account import session_object

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from billing.store import Store


NOW = 1_780_000_000
JSON = dict[str, Any]
Stored = tuple[CheckoutSession, JSON]
STATES: tuple[tuple[str, str, str | None], ...] = (
    ("open", "unpaid", None),
    ("open", "unpaid", "lost_card"),
    ("open", "unpaid", "insufficient_funds"),
    ("complete", "paid", None),
    ("complete", "unpaid", None),
    ("complete", "unpaid", "insufficient_funds"),
    ("complete", "no_payment_required", None),
    ("expired", "unpaid", None),
    ("expired", "unpaid", "lost_card"),
)


def history(number: int) -> list[Stored]:
    """Sessions of every kind and state, several in the same second."""
    chance = random.Random(7)  # noqa: S311 - the same history at every run
    made = []
    for index in range(number):
        kind = chance.choice(("pro", "credits"))
        created = NOW - index // 3 * 7_000
        session = session_object(
            index, kind, chance.choice((1, 5, 10)), created, ours=chance.random() < 0.8
        )
        if session["metadata"].get("kind") and chance.random() < 0.1:
            session["metadata"]["kind"] = "gold"  # ours, of a version that sold something else
        if session["metadata"].get("kind"):
            session["metadata"]["source"] = chance.choice(("page", "api", "test_kit", "demo"))
        status, payment_status, failure = chance.choice(STATES)
        session |= {"status": status, "payment_status": payment_status}
        words = "The bank's words." if failure else None
        one = CheckoutSession.from_stripe(session, failure=words, failure_code=failure)
        if one.is_paid:
            paid = one.amount_total or 0
            went_back = chance.choice(((0, 0), (0, 0), (paid // 3, 0), (paid, 0), (0, paid)))
            one = replace(one, amount_refunded=went_back[0], amount_disputed=went_back[1])
        made.append((one, session))
    return made


async def keep(store: Store, made: Iterable[JSON]) -> None:
    await store.write(lambda connection: sessions.upsert_sessions(connection, [copies(made)]))


async def keep_history(store: Store, made: list[Stored]) -> None:
    as_read = [
        (replace(session, amount_refunded=0, amount_disputed=0), data) for session, data in made
    ]
    amounts = {one.id: (one.amount_refunded, one.amount_disputed) for one, _ in made}

    def write(connection: Connection) -> None:
        sessions.upsert_sessions(connection, [sessions.SessionRows.of(as_read)])
        sessions.record_reversals(connection, amounts)

    await store.write(write)


async def found(store: Store, wanted: SessionFilter, limit: int = 7) -> list[str]:
    """All that match, page by page."""
    ids: list[str] = []
    below: Cursor | None = None
    while True:
        page = await store.read(partial(sessions.page, wanted=wanted, limit=limit, below=below))
        ids += [session.id for session in page.sessions]
        if page.older is None:
            return ids
        below = page.older


def reasons(session: CheckoutSession) -> list[str]:
    """The reasons by which a session is found; nothing here is granted, and all is long ago."""
    code = session.failure_code
    not_granted: list[str] = [Reason.NOT_GRANTED] if session.kind else []
    by_outcome: dict[Outcome, list[str]] = {
        Outcome.DECLINED: [Reason.STILL_DECLINED, str(code)],
        Outcome.EXPIRED: [Reason.EXPIRED_DECLINED, code] if code else [Reason.ABANDONED],
        Outcome.FAILED: [Reason.FAILED_DEBIT],
        Outcome.PROCESSING: [Reason.LONG_PROCESSING],
        Outcome.PAID: not_granted,
        Outcome.PARTLY_REFUNDED: not_granted,
    }
    return by_outcome.get(session.outcome, [])


def expected(made: Iterable[Stored], wanted: SessionFilter) -> list[str]:
    """The same, by looking at each."""
    matching = [
        session
        for session, _ in made
        if (not wanted.reason or wanted.reason in reasons(session))
        and (not wanted.outcomes or session.outcome in wanted.outcomes)
        and (not wanted.kinds or session.kind in wanted.kinds)
        and (not wanted.sources or session.source in wanted.sources)
        and (wanted.since is None or session.created >= wanted.since)
        and (wanted.until is None or session.created < wanted.until)
    ]
    matching.sort(key=lambda session: (session.created, session.id), reverse=True)
    return [session.id for session in matching]


REASONS = [*Reason, "lost_card", "insufficient_funds", "no_such_code"]
FILTERS = [
    SessionFilter(
        outcomes=frozenset(outcomes),
        kinds=frozenset(kinds),
        sources=frozenset(sources),
        since=since,
        until=until,
    )
    for outcomes, kinds, sources, (since, until) in product(
        (
            *((), (Outcome.DECLINED,), (Outcome.FAILED,), (Outcome.PROCESSING, Outcome.PAID)),
            (Outcome.PARTLY_REFUNDED, Outcome.REFUNDED, Outcome.DISPUTED),
        ),
        ((), (Kind.PRO,), (Kind.PRO, Kind.CREDITS)),
        ((), (Source.PAGE, Source.API, Source.OTHER), (Source.OTHER,)),
        ((None, None), (NOW - 200_000, NOW - 14_000)),
    )
]
