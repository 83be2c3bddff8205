"""Sessions read from the store: pages of those that match a filter, some by id, one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, tuple_

from billing.domain.sessions.checkout_session import CheckoutSession
from billing.domain.sessions.filters import COUNT_LIMIT, SessionFilter
from billing.domain.sessions.page import Cursor, SessionPage
from billing.domain.stripe_json import id_at, text_at
from billing.json_codec import loads
from billing.store.readable_rows import read_each
from billing.store.sessions.matching import leaves_out, matching, newest
from billing.store.sessions.search.texts import as_term
from billing.store.tables import checkout_sessions, session_terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import Connection

    from billing.domain.stripe_json import JSON

_s = checkout_sessions.c
_t = session_terms.c
_LOADED_AT_ONCE = 500
_SAME_TERM = 20  # a term may be a customer's, too
# The columns that ``session_of`` reads.
SESSION = (
    _s.id,
    _s.data,
    _s.quantity,
    _s.failure,
    _s.failure_code,
    _s.amount_refunded,
    _s.amount_disputed,
)


@dataclass(frozen=True)
class StoredSession:
    """A session as it is stored: Stripe's object (``data``), what is read of it, and when Checkout
    was completed (Unix seconds; None where no event has said so)."""

    data: JSON
    session: CheckoutSession
    completed_at: int | None


def page(
    connection: Connection, wanted: SessionFilter, limit: int, below: Cursor | None = None
) -> SessionPage:
    """The newest sessions that match, or those below a cursor; ``limit`` at the most."""
    found = newest(connection, wanted, limit + 1, below)
    has_older = len(found) > limit
    return SessionPage(
        get_many(connection, [one.id for one in found[:limit]]),
        found[limit - 1] if has_older else None,
        not has_older and leaves_out(connection, wanted, below),
    )


def get_many(connection: Connection, ids: Sequence[str]) -> tuple[CheckoutSession, ...]:
    """The sessions of these ids, in this order, without those that are not stored."""
    return tuple(one.session for one in load(connection, ids))


def load(connection: Connection, ids: Sequence[str]) -> list[StoredSession]:
    """Like ``get_many``, with all that is stored of each."""
    rows = connection.execute(select(*SESSION, _s.completed_at).where(_s.id.in_(ids))).all()
    found = dict(read_each(rows, _stored_session))
    return [found[one] for one in ids if one in found]


def ids_by_term(connection: Connection, terms: Iterable[str]) -> list[str]:
    """The ids of the sessions that are found by exactly one of these terms: an email, an id of
    another object."""
    found = select(_t.session_id).where(_t.term.in_([as_term(one) for one in terms]))
    return list(connection.scalars(found.distinct()))


def ids_by_object(connection: Connection, name: str, ids: Sequence[str]) -> dict[str, str]:
    """The newest session of each of Stripe's other objects that some session names: of each
    ``customer``, ``payment_intent`` or ``subscription`` (``name``) among ``ids``."""
    wanted = set(ids)
    found = load(connection, ids_by_term(connection, ids))
    found.sort(key=lambda one: one.session.created)
    named = ((id_at(one.data, name), one.session.id) for one in found)
    return {value: session_id for value, session_id in named if value in wanted}


def _stored_session(row: Any) -> tuple[str, StoredSession]:
    return row.id, StoredSession(loads(row.data), session_of(row), row.completed_at)


def count_new(
    connection: Connection, wanted: SessionFilter, shown: Sequence[str], end: Cursor | None
) -> int:
    """How many sessions match and belong on a first page that shows the ids ``shown``: created
    since, or changed so that they match now. ``end`` is where the next page begins, None when
    there is none. A number over ``COUNT_LIMIT`` means that many and more."""
    if end:
        wanted = replace(wanted, since=max(end.created, wanted.since or 0))
    limit = COUNT_LIMIT + 1 + len(shown)
    if wanted.search:
        least = (end.created, end.id) if end else (0, "")
        found = newest(connection, wanted, limit)
        return sum((one.created, one.id) > least and one.id not in shown for one in found)
    rows = matching(connection, wanted, (_s.id, _s.created), limit=limit).subquery().c
    new = select(rows.id).where(rows.id.not_in(shown))
    if end:
        new = new.where(tuple_(rows.created, rows.id) > (end.created, end.id))
    bounded = new.limit(COUNT_LIMIT + 1).subquery()
    return connection.scalar(select(func.count()).select_from(bounded)) or 0


def iter_stored(
    connection: Connection, wanted: SessionFilter, limit: int
) -> Iterator[StoredSession]:
    """The sessions that match, the newest first; ``limit`` at the most."""
    found = newest(connection, wanted, limit)
    for start in range(0, len(found), _LOADED_AT_ONCE):
        yield from load(connection, [row.id for row in found[start : start + _LOADED_AT_ONCE]])


def recent(connection: Connection, limit: int) -> list[CheckoutSession]:
    """The newest sessions, the newest first."""
    rows = select(*SESSION).order_by(_s.created.desc(), _s.id.desc()).limit(limit)
    return read_each(connection.execute(rows).all(), session_of)


def get(connection: Connection, session_id: str) -> CheckoutSession | None:
    """One session; None when it is not stored."""
    one = select(*SESSION).where(_s.id == session_id)
    return next(iter(read_each(connection.execute(one).all(), session_of)), None)


def by_reference(connection: Connection, reference: str) -> CheckoutSession | None:
    """The newest session with this ``client_reference_id``; None when none is stored."""
    named = select(session_terms.c.session_id).where(session_terms.c.term == as_term(reference))
    rows = select(*SESSION).where(_s.id.in_(named)).order_by(_s.created.desc(), _s.id.desc())
    for row in connection.execute(rows.limit(_SAME_TERM)):
        if text_at(loads(row.data), "client_reference_id") == reference:
            return session_of(row)
    return None


def request_id_of(connection: Connection, session_id: str) -> str | None:
    """The id of the request to Stripe's API that created the session; None when it was not sent
    from here."""
    return connection.scalar(select(_s.request_id).where(_s.id == session_id))


def session_of(row: Any) -> CheckoutSession:
    """The session of a row that has the columns of ``SESSION``."""
    return CheckoutSession.from_stripe(
        loads(row.data),
        quantity=row.quantity,
        failure=row.failure,
        failure_code=row.failure_code,
        amount_refunded=row.amount_refunded,
        amount_disputed=row.amount_disputed,
    )
