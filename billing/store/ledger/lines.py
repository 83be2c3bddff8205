"""The lines of the ledger: added, never changed, read by what they are about."""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import exists, func, select

from billing.domain.ledger.line import Cause, LedgerLine
from billing.domain.sessions.checkout_session import Kind, email_in
from billing.json_codec import loads
from billing.store import committed, stale_customers
from billing.store.readable_rows import read_each
from billing.store.stripe_objects import as_email
from billing.store.tables import checkout_sessions, ledger, session_terms
from billing.store.upsert import upsert

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sqlalchemy import Connection, Select

    from billing.domain.ledger.line import Origin

_AT_ONCE = 5_000
_l = ledger.c
_later = ledger.alias("later").c
_s = checkout_sessions.c

# One process writes at a time, so that no other takes a number between reading and writing.
_add = upsert(ledger, lambda statement: statement)


def add(connection: Connection, lines: Sequence[LedgerLine]) -> None:
    """Write lines; their numbers follow those that the same transaction has read."""
    if lines:
        _add(connection, [vars(line) for line in lines])
        committed.count(connection, "ledger_lines", (line.cause for line in lines))
        stale_customers.mark(connection, (line.customer or line.session_id for line in lines))


def of_subjects(
    connection: Connection, subjects: Collection[str]
) -> dict[str, tuple[LedgerLine, ...]]:
    """The lines of each of the subjects that have some, in their order."""
    found: dict[str, tuple[LedgerLine, ...]] = {}
    names = list(subjects)
    for start in range(0, len(names), _AT_ONCE):
        chosen = _select().where(_l.subject.in_(names[start : start + _AT_ONCE]))
        lines = _read(connection, chosen.order_by(_l.subject, _l.sequence))
        found |= {subject: tuple(group) for subject, group in groupby(lines, attrgetter("subject"))}
    return found


def all_subjects(connection: Connection) -> Iterator[tuple[LedgerLine, ...]]:
    """The lines of each subject, in their order."""
    after = ""
    while found := connection.scalars(
        select(_l.subject).distinct().where(_l.subject > after).order_by(_l.subject).limit(_AT_ONCE)
    ).all():
        after = found[-1]
        yield from of_subjects(connection, found).values()


def passed(connection: Connection, now: float, limit: int) -> list[str]:
    """Subscriptions whose Pro lasts no longer than ``now`` (Unix seconds) by the ledger, though
    no line says that it ended; those that passed first come first, ``limit`` at the most."""
    is_last = ~exists().where(_later.subject == _l.subject, _later.sequence > _l.sequence)
    chosen = select(_l.subject).where(_l.access_until <= now, is_last)
    return list(connection.scalars(chosen.order_by(_l.access_until).limit(limit)))


def of_customers(connection: Connection, customers: Collection[str]) -> list[LedgerLine]:
    """The lines of these Customers (ids), the oldest first."""
    chosen = _select().where(_l.customer.in_(customers))
    return _read(connection, chosen.order_by(_l.at, _l.subject, _l.sequence))


def of_sessions(connection: Connection, session_ids: Collection[str]) -> list[LedgerLine]:
    """The lines that name one of these Checkout Sessions, the oldest first."""
    chosen = _select().where(_l.session_id.in_(session_ids))
    return _read(connection, chosen.order_by(_l.at, _l.subject, _l.sequence))


def of_email(
    connection: Connection, email: str, *, kind: Kind | None = None, limit: int | None = None
) -> list[LedgerLine]:
    """The lines of the Checkout Sessions that this email was given in, without regard to case;
    those of a ``kind``, where one is given, and of the newest ``limit`` sessions."""
    named = select(session_terms.c.session_id).where(session_terms.c.term == as_email(email))
    sold = exists().where(_l.session_id == _s.id)
    if kind:
        sold = sold.where(_l.kind == kind)
    chosen = select(_s.id, _s.data).where(_s.id.in_(named), sold)
    rows = connection.execute(chosen.order_by(_s.created.desc(), _s.id).limit(limit))
    # What a session is found by may be a label as well.
    found = read_each(rows, lambda row: (row.id, email_in(loads(row.data)) or ""))
    wanted = {name for name, given in found if as_email(given) == as_email(email)}
    lines = _select().where(_l.session_id.in_(named)).order_by(_l.at, _l.subject, _l.sequence)
    return [line for line in _read(connection, lines) if line.session_id in wanted]


def count_purchases(connection: Connection, origin: Origin, after: float, until: float) -> int:
    """How many purchases this app came to know so, after a time and up to another."""
    counted = (
        select(func.count())
        .select_from(ledger)
        .where(_l.at > after, _l.at <= until, _l.origin == origin, _l.cause == Cause.PURCHASE)
    )
    return connection.scalar(counted) or 0


def _select() -> Select[Any]:
    return select(*(_l[name] for name in LedgerLine.__dataclass_fields__))


def _read(connection: Connection, chosen: Select[Any]) -> list[LedgerLine]:
    return [_line(row) for row in connection.execute(chosen)]


def _line(row: Any) -> LedgerLine:
    values = row._mapping
    return LedgerLine(**{**values, "kind": Kind(row.kind), "cause": Cause(row.cause)})
