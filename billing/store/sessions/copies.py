"""Our copy of Stripe's Checkout Sessions. What became of a session only moves forward."""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, select, update

from billing.domain.checkout_session import APP_METADATA, CheckoutSession, Outcome
from billing.domain.stripe_json import JSON, id_at, object_at, text_at
from billing.json_codec import dumps, loads
from billing.safe_text import sanitize
from billing.store.readable_rows import read_each
from billing.store.tables import checkout_sessions, events, session_terms
from billing.store.upsert import upsert

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection

TERM_LENGTH = 200
COMPLETED = "checkout.session.completed"
CHANGING = (
    *("progress", "outcome", "ours", "kind"),
    *("amount_total", "currency", "quantity", "failure", "data"),
)
# How far a session has come. Stripe's own states never go back, so neither does our copy: what a
# list says of a delayed payment that has failed is older than what was read of that payment; one
# that succeeds all the same is paid.
PROGRESS = {
    Outcome.OPEN: 0,
    Outcome.PROCESSING: 1,
    Outcome.FAILED: 2,
    Outcome.PAID: 3,
    Outcome.EXPIRED: 3,
}
COMPLETE = (Outcome.PROCESSING, Outcome.PAID, Outcome.FAILED)
# What `session_of` makes a session from.
SESSION = (
    checkout_sessions.c.id,
    checkout_sessions.c.data,
    checkout_sessions.c.quantity,
    checkout_sessions.c.failure,
)


def _forward_only(statement: Any) -> Any:
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["id"],
        set_={name: new[name] for name in CHANGING},
        where=new.progress >= checkout_sessions.c.progress,
    )


_keep_sessions = upsert(checkout_sessions, _forward_only)
_note_request = (
    update(checkout_sessions)
    .where(checkout_sessions.c.id == bindparam("session"))
    .values(request_id=bindparam("request"))
)
_keep_terms = upsert(session_terms, lambda statement: statement.on_conflict_do_nothing())


@dataclass(frozen=True)
class SessionRows:
    """Sessions and their search terms as rows: all that can be done without the database."""

    sessions: list[JSON]
    terms: list[JSON]

    @classmethod
    def of(cls, found: Sequence[tuple[CheckoutSession, JSON]]) -> SessionRows:
        """Copies of sessions, each with Stripe's object that it was read from."""
        terms = [
            {"term": term, "created": session.created, "session_id": session.id}
            for session, data in found
            for term in search_terms(session, data)
        ]
        return cls([_row(session, data) for session, data in found], terms)


def upsert_sessions(connection: Connection, copies: Sequence[SessionRows]) -> None:
    """Store sessions; an older state never replaces a newer one."""
    rows = sorted((row for one in copies for row in one.sessions), key=itemgetter("progress"))
    if rows:
        # Of two states of one session, the one that has come further.
        _keep_sessions(connection, list({row["id"]: row for row in rows}.values()))
    terms = [row for one in copies for row in one.terms]
    if terms:
        _keep_terms(connection, terms)


def recent(connection: Connection, limit: int) -> list[CheckoutSession]:
    """The newest sessions first."""
    newest = (
        select(*SESSION)
        .order_by(checkout_sessions.c.created.desc(), checkout_sessions.c.id.desc())
        .limit(limit)
    )
    return read_each(connection.execute(newest).all(), session_of)


def get(connection: Connection, session_id: str) -> CheckoutSession | None:
    """One session, or None when we have no copy of it."""
    this = select(*SESSION).where(checkout_sessions.c.id == session_id)
    return next(iter(read_each(connection.execute(this).all(), session_of)), None)


def session_of(row: Any) -> CheckoutSession:
    """The session of a row that has the columns of ``SESSION``."""
    return CheckoutSession.from_stripe(loads(row.data), quantity=row.quantity, failure=row.failure)


def record_completions(connection: Connection, session_ids: Sequence[str]) -> None:
    """Write down when Checkout was completed, as Stripe's events tell, where they have arrived."""
    told = (
        select(func.min(events.c.created))
        .where(events.c.object_id == checkout_sessions.c.id, events.c.type == COMPLETED)
        .scalar_subquery()
    )
    connection.execute(
        update(checkout_sessions)
        .where(
            checkout_sessions.c.id.in_(session_ids),
            checkout_sessions.c.outcome.in_(COMPLETE),
            checkout_sessions.c.completed_at.is_(None),
        )
        .values(completed_at=told)
    )


def record_completion_times(connection: Connection, times: Mapping[str, int]) -> None:
    """Write down when Checkout was completed (Unix seconds), by session, where it is not known."""
    for session_id, completed_at in times.items():
        connection.execute(
            update(checkout_sessions)
            .where(checkout_sessions.c.id == session_id, checkout_sessions.c.completed_at.is_(None))
            .values(completed_at=completed_at)
        )


def record_request_ids(connection: Connection, requests: Mapping[str, str]) -> None:
    """Write down which request to Stripe's API made a session: ids of sessions to request ids."""
    if requests:
        made = [{"session": name, "request": request} for name, request in requests.items()]
        connection.execute(_note_request, made)


def request_id_of(connection: Connection, session_id: str) -> str | None:
    """The id of the request that made the session, when it was made here."""
    return connection.scalar(
        select(checkout_sessions.c.request_id).where(checkout_sessions.c.id == session_id)
    )


def search_terms(session: CheckoutSession, data: JSON) -> Iterable[str]:
    """What the session can be found by, besides its id and amount."""
    email = session.customer_email or ""
    found = (
        email,
        email.rpartition("@")[2],
        text_at(data, "client_reference_id"),
        *(id_at(data, name) for name in ("customer", "payment_intent", "subscription", "invoice")),
        *(value for key, value in object_at(data, "metadata").items() if key not in APP_METADATA),
    )
    return {
        sanitize(term.lower())[:TERM_LENGTH] for term in found if isinstance(term, str) and term
    }


def _row(session: CheckoutSession, data: JSON) -> JSON:
    return {
        "id": session.id,
        "created": session.created,
        "progress": PROGRESS[session.outcome],
        "outcome": session.outcome,
        "ours": session.ours,
        "kind": session.kind,
        "amount_total": session.amount_total,
        "currency": session.currency,
        "quantity": session.quantity,
        "failure": None if session.failure is None else sanitize(session.failure),
        "data": dumps(data),
    }
