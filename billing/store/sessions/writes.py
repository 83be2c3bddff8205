"""Sessions as rows, and storing them. What became of a session only moves forward."""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, and_, bindparam, case, func, literal_column, or_, select, update

from billing.domain.erasure import anonymize, ids_in
from billing.domain.sessions.checkout_session import (
    WAS_PAID,
    CheckoutSession,
    Outcome,
    email_in,
)
from billing.domain.stripe_json import JSON, compact, id_at
from billing.json_codec import dumps, loads
from billing.safe_text import sanitize
from billing.store import erased_ids, stale_customers
from billing.store.sessions.declines import DECLINABLE, record_declines, reference_of
from billing.store.sessions.search.texts import as_term, record_texts, search_terms
from billing.store.tables import checkout_sessions, events, session_terms
from billing.store.upsert import upsert

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

_COMPLETED = "checkout.session.completed"
_CHANGING = (
    *("progress", "outcome", "source", "kind"),
    *("amount_total", "currency", "quantity", "failure", "failure_code", "data"),
)
_COMPLETE = (Outcome.PROCESSING, *WAS_PAID, Outcome.FAILED)
_AT_ONCE = 5_000
_e = events.c


def _became(outcome: Any, total: Any, refunded: Any, disputed: Any) -> Any:
    """``CheckoutSession.outcome`` in SQL, of one that was ``outcome`` without what went back."""
    words: dict[Outcome, Any] = {one: literal_column(f"'{one}'") for one in WAS_PAID}
    zero: Any = literal_column("0")
    return case(
        (outcome.not_in(words.values()), outcome),
        (disputed > zero, words[Outcome.DISPUTED]),
        (refunded <= zero, words[Outcome.PAID]),
        (refunded < func.coalesce(total, zero), words[Outcome.PARTLY_REFUNDED]),
        else_=words[Outcome.REFUNDED],
    )


def _forward_only(statement: Any) -> Any:
    new, old = statement.excluded, checkout_sessions.c
    # Stripe's session does not say what went back of its payment; what is stored does.
    outcome = _became(new.outcome, new.amount_total, old.amount_refunded, old.amount_disputed)
    completed_at = func.coalesce(old.completed_at, new.completed_at)
    now = {name: new[name] for name in _CHANGING}
    now |= {"outcome": outcome, "completed_at": completed_at}
    # The newest sessions are read again at each poll: what is stored already is no change, which
    # every open page would hear of.
    differs = or_(*(value.is_distinct_from(old[name]) for name, value in now.items()))
    return statement.on_conflict_do_update(
        index_elements=["id"], set_=now, where=and_(new.progress >= old.progress, differs)
    )


def _request_id_only(statement: Any) -> Any:
    # Nothing that is stored of it is older than a session that was just created.
    request_id = func.coalesce(statement.excluded.request_id, checkout_sessions.c.request_id)
    return statement.on_conflict_do_update(index_elements=["id"], set_={"request_id": request_id})


_upsert_sessions = upsert(checkout_sessions, _forward_only)
_insert_created = upsert(checkout_sessions, _request_id_only)
_refunded, _disputed = (bindparam(name, type_=BigInteger()) for name in ("refunded", "disputed"))
_set_reversals = (
    update(checkout_sessions)
    .where(
        checkout_sessions.c.id == bindparam("session"),
        or_(
            checkout_sessions.c.amount_refunded != _refunded,
            checkout_sessions.c.amount_disputed != _disputed,
        ),
    )
    .values(
        outcome=_became(
            checkout_sessions.c.outcome, checkout_sessions.c.amount_total, _refunded, _disputed
        ),
        amount_refunded=_refunded,
        amount_disputed=_disputed,
    )
)
_insert_terms = upsert(session_terms, lambda statement: statement.on_conflict_do_nothing())


@dataclass(frozen=True)
class SessionRows:
    """Rows of sessions and of their search terms: all the work that needs no database.
    ``unpaid`` are the ids of sessions that an attempt to pay may have failed for, by the
    reference that such a payment names. ``customers`` are the ids and emails of whom they are."""

    sessions: list[JSON]
    terms: list[JSON]
    unpaid: dict[str, str]
    customers: set[str]

    @classmethod
    def of_created(
        cls, session: CheckoutSession, data: JSON, request_id: str | None
    ) -> SessionRows:
        """From a session that was just created by the request of this id. Nobody has tried to pay
        it; whoever does so before it is stored is found at the next poll."""
        rows = [_row(session, data) | {"request_id": request_id}]
        return cls(rows, _terms(session, data), {}, customer_names(data))

    @classmethod
    def of(cls, found: Sequence[tuple[CheckoutSession, JSON]]) -> SessionRows:
        """From sessions, each with Stripe's object that it was read from."""
        terms = [term for session, data in found for term in _terms(session, data)]
        unpaid = {
            reference: session.id
            for session, data in found
            if session.outcome in DECLINABLE and (reference := reference_of(data))
        }
        customers = {name for _, data in found for name in customer_names(data)}
        return cls([_row(session, data) for session, data in found], terms, unpaid, customers)


def upsert_sessions(connection: Connection, batches: Sequence[SessionRows]) -> None:
    """Store sessions, all of them just created or none; an older state never replaces a newer
    one."""
    if not erased_ids.is_empty(connection):
        batches = [_without_erased(connection, batch) for batch in batches]
    rows = sorted((row for batch in batches for row in batch.sessions), key=itemgetter("progress"))
    if rows:
        write = _insert_created if "request_id" in rows[0] else _upsert_sessions
        # Of two states of one session, the one that has come further.
        rows = list({row["id"]: row for row in rows}.values())
        if write is _upsert_sessions:
            # With the row, and not by an update of its own, which would cost twice as much again.
            completed = _completions(connection, rows)
            rows = [row | {"completed_at": completed.get(row["id"])} for row in rows]
    terms = [row for batch in batches for row in batch.terms]
    if rows:
        record_texts(connection, rows, terms)  # before the triggers see to it, row by row
        write(connection, rows)
    if terms:
        _insert_terms(connection, terms)
    unpaid = {reference: name for batch in batches for reference, name in batch.unpaid.items()}
    record_declines(connection, unpaid)
    stale_customers.mark(connection, (name for batch in batches for name in batch.customers))


def _completions(connection: Connection, rows: Sequence[JSON]) -> dict[str, int]:
    """When Checkout was completed, by session id, of those of these rows of which an event that has
    arrived says so."""
    ids = [row["id"] for row in rows if row["outcome"] in _COMPLETE]
    found: dict[str, int] = {}
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        # Of all types: else SQLite reads every event of this type instead of these sessions'.
        about = select(_e.object_id, _e.type, _e.created).where(_e.object_id.in_(some))
        for row in connection.execute(about):
            if row.type == _COMPLETED:
                found[row.object_id] = min(row.created, found.get(row.object_id, row.created))
    return found


def record_reversals(connection: Connection, amounts: Mapping[str, tuple[int, int]]) -> None:
    """Store what went back of the payments of sessions, by their ids: ``amount_refunded`` and
    ``amount_disputed``."""
    if amounts:
        rows = [
            {"session": name, "refunded": refunded, "disputed": disputed}
            for name, (refunded, disputed) in amounts.items()
        ]
        connection.execute(_set_reversals, rows)


def _terms(session: CheckoutSession, data: JSON) -> list[JSON]:
    return [
        {"term": term, "created": session.created, "session_id": session.id}
        for term in search_terms(data)
    ]


def customer_names(data: JSON) -> set[str]:
    """By what a session (Stripe's object) is a customer's: the id of the Customer, the email."""
    return {
        name
        for name in (sanitize(id_at(data, "customer") or ""), as_term(email_in(data) or ""))
        if name
    }


def _without_erased(connection: Connection, batch: SessionRows) -> SessionRows:
    """The rows, of people who were erased without names and addresses."""
    found = [loads(row["data"]) for row in batch.sessions]
    erased = erased_ids.among(connection, [ids_in(data) for data in found])
    if not any(erased):
        return batch
    safe = [anonymize(data) if one else data for data, one in zip(found, erased, strict=True)]
    terms = {row["id"]: search_terms(data) for row, data in zip(batch.sessions, safe, strict=True)}
    return SessionRows(
        [row | {"data": dumps(data)} for row, data in zip(batch.sessions, safe, strict=True)],
        [term for term in batch.terms if term["term"] in terms[term["session_id"]]],
        batch.unpaid,
        {name for data in safe for name in customer_names(data)},
    )


def _row(session: CheckoutSession, data: JSON) -> JSON:
    return {
        "id": session.id,
        "created": session.created,
        "progress": session.outcome.progress,
        "outcome": session.outcome,
        "source": session.source,
        "kind": session.kind,
        "amount_total": session.amount_total,
        "currency": session.currency,
        "quantity": session.quantity,
        "failure": None if session.failure is None else sanitize(session.failure),
        "failure_code": session.failure_code,
        "data": dumps(compact(data)),
    }
