"""Who somebody is by what is stored, and taking their names and addresses out of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sqlalchemy import bindparam, delete, func, or_, select, update

from billing.domain.erasure import anonymize, anonymize_text, ids_in
from billing.domain.events.event_summary import summarize
from billing.domain.sessions.checkout_session import email_in
from billing.domain.stripe_json import JSON, id_at, object_at, text_at
from billing.json_codec import dumps, loads
from billing.store import customers as customer_rows
from billing.store import requests, sessions, stale_customers, stripe_objects, tables
from billing.store.readable_rows import read_each
from billing.store.sessions import search_terms
from billing.store.stripe_objects import as_email
from billing.store.tables import (
    checkout_sessions,
    events,
    session_terms,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from sqlalchemy import ColumnElement, Connection

AT_ONCE = 500
_ID = re.compile(r"[a-z]+_\w+")
MOST_NAMED = 3
SCANNED_AT_ONCE = 5_000

_s, _e, _t = checkout_sessions.c, events.c, session_terms.c
_x = tables.session_search.c
_r, _rh = tables.requests.c, tables.request_hashes.c
_o, _stale = tables.stripe_objects.c, tables.stale_customers.c


@dataclass(frozen=True)
class Person:
    """``customers`` and ``sessions`` are theirs, by id; ``ids`` are those and the ids of the
    payments, subscriptions and invoices that the sessions name. ``emails`` are in lower case.
    ``guest_sessions`` were paid without a Customer and count as their one Customer's."""

    emails: frozenset[str]
    customers: frozenset[str]
    sessions: frozenset[str]
    ids: frozenset[str]
    guest_sessions: frozenset[str] = frozenset()

    @property
    def named(self) -> str:
        """The ids that name them, as many as a line of the audit log holds: of their Customers,
        else of their sessions."""
        names = sorted(self.customers or self.sessions)
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        return " ".join(names[:MOST_NAMED]) + more

    def owner_of(self, name: str) -> str | None:
        """Whose an id is to be, where that is known by an email alone."""
        return next(iter(self.customers)) if name in self.guest_sessions else None


@dataclass(frozen=True)
class StoredIds:
    """The ids of what is stored of somebody."""

    sessions: frozenset[str] = frozenset()
    objects: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()
    requests: frozenset[str] = frozenset()


def find_person(
    connection: Connection,
    emails: Collection[str],
    customers: Collection[str],
    more: Iterable[JSON] = (),
) -> Person:
    """Who has one of these emails, or paid with it, or is one of these Customers (ids). ``more``
    are sessions (Stripe's objects) of theirs that may not be stored."""
    wanted = {as_email(one) for one in emails}
    owners = set(customers)
    for email in wanted:
        owners |= {one["id"] for one in stripe_objects.customers_with_email(connection, email)}
    if not emails:
        known = stripe_objects.load(connection, sorted(owners)).values()
        wanted = {as_email(given) for one in known if (given := text_at(one, "email"))}
        # What another Customer has, too, names nobody.
        wanted -= customer_rows.with_emails(connection, wanted, owners).keys()
    terms = sorted(wanted | {as_email(one) for one in owners})
    named = sessions.ids_by_term(connection, terms)
    found = {one.session.id: one.data for one in sessions.load(connection, named)}
    found |= {one["id"]: one for one in more}
    theirs, guests = {}, set()
    for name, data in found.items():
        owner = id_at(data, "customer") or ""
        paid_with = {as_email(one) for one in _emails_in(data)}
        if owner in owners or (paid_with & wanted and (emails or not owner)):
            theirs[name] = data
            owners |= {owner} if owner else set()
            guests |= set() if owner else {name}
    return Person(
        frozenset(wanted),
        frozenset(owners),
        frozenset(theirs),
        frozenset(owners).union(*map(ids_in, theirs.values())),
        frozenset(guests if len(owners) == 1 else ()),
    )


def stored_ids(connection: Connection, person: Person) -> StoredIds:
    """What is stored of somebody, as far as ids lead there."""
    ids = sorted(person.ids)
    objects: set[str] = set()
    about: set[str] = set()
    asked: set[str] = set()
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        theirs = or_(_o.id.in_(some), _o.customer.in_(some), _o.parent.in_(some))
        objects |= set(connection.scalars(select(_o.id).where(theirs)))
        about |= set(connection.scalars(select(_e.id).where(_e.object_id.in_(some))))
        hashes = map(requests.term_hash, some)
        touched = select(_rh.request).where(_rh.hash.in_(hashes))
        asked |= set(map(str, connection.scalars(touched)))
    chosen = sorted(objects)
    for start in range(0, len(chosen), AT_ONCE):
        of_objects = _e.object_id.in_(chosen[start : start + AT_ONCE])
        about |= set(connection.scalars(select(_e.id).where(of_objects)))
    return StoredIds(person.sessions, frozenset(objects), frozenset(about), frozenset(asked))


def mentions(
    connection: Connection, table: str, person: Person, after: str
) -> tuple[set[str], str | None]:
    """The ids of rows that hold one of the emails, are events about what is theirs, or requests
    that name it, among the next after an id; and the last id that was looked at, None at the end.
    ``table`` is the name of an attribute of ``StoredIds``."""
    rows, text, more = {
        "sessions": (_s, _s.data, []),
        "objects": (_o, _o.data, []),
        "events": (_e, _e.payload, [_e.reference, _e.error]),
        "requests": (_r, _r.path, [_r.error]),
    }[table]
    begin: str | int = int(after or 0) if table == "requests" else after
    part = select(rows.id).where(rows.id > begin).order_by(rows.id).limit(SCANNED_AT_ONCE)
    last = connection.scalar(select(func.max(part.subquery().c.id)))
    if last is None:
        return set(), None
    within = (rows.id > begin) & (rows.id <= last)
    needles = {needle for email in person.emails for needle in (email, quote(email))}
    holds: list[ColumnElement[bool]] = [
        func.lower(column).contains(needle, autoescape=True)
        for column in (text, *more)
        for needle in sorted(needles)
    ]
    found: set[str] = set()
    if holds:
        found |= set(map(str, connection.scalars(select(rows.id).where(within, or_(*holds)))))
    if table == "events":
        whole = select(_e.id, _e.payload).where(within, _e.payload_removed_at.is_(None))
        read = read_each(connection.execute(whole).all(), _event_ids)
        found |= {name for name, ids in read if not ids.isdisjoint(person.ids)}
    if table == "requests":  # lists name more than what they are found by
        for name, *texts in requests.texts(connection, int(begin), last):
            if any(_is_about(person, needles, one) for one in texts if one):
                found.add(str(name))
    return found, str(last)


def _is_about(person: Person, emails: set[str], text: str) -> bool:
    lowered = text.lower()
    if any(email.lower() in lowered for email in emails):
        return True
    return not person.ids.isdisjoint(_ID.findall(text))


def anonymize_sessions(connection: Connection, ids: Collection[str]) -> None:
    """Take names and addresses out of sessions, and out of what they are found by."""
    columns = (_s.id, _s.created, _s.data, _s.failure)
    for row in connection.execute(select(*columns).where(_s.id.in_(ids))).all():
        data = _loaded(row.data)
        safe = anonymize(data)
        connection.execute(
            update(checkout_sessions)
            .where(_s.id == row.id)
            .values(data=dumps(safe), failure=row.failure and anonymize_text(row.failure))
        )
        former = search_terms(data) | search_terms({"customer_email": data.get("customer_email")})
        former |= _searched_terms(connection, row.id)
        removed = former - search_terms(safe)
        connection.execute(
            delete(session_terms).where(
                _t.term.in_(removed), _t.created == row.created, _t.session_id == row.id
            )
        )


def _searched_terms(connection: Connection, session_id: str) -> set[str]:
    """What the session is found by, also where it was meanwhile stored anew without a name."""
    text = select(_x.text).where(_x.session_id == session_id)
    lines = (connection.scalar(text) or "").split("\n")
    return {term for line in lines if line for term in (line, line.rpartition("@")[2])}


def anonymize_objects(connection: Connection, ids: Collection[str]) -> None:
    """Take names and addresses out of Stripe's other objects."""
    rows = connection.execute(select(_o.id, _o.data).where(_o.id.in_(ids))).all()
    changes = [{"object": row.id, "safe": dumps(anonymize(_loaded(row.data)))} for row in rows]
    if changes:
        connection.execute(
            update(tables.stripe_objects)
            .where(_o.id == bindparam("object"))
            .values(data=bindparam("safe"), email=None),
            changes,
        )


def anonymize_events(connection: Connection, ids: Collection[str], at: float) -> None:
    """Remove the payloads of events, ``at`` a time (Unix seconds); they are handled as before."""
    columns = (_e.id, _e.payload, _e.reference, _e.error)
    for row in connection.execute(select(*columns).where(_e.id.in_(ids))).all():
        connection.execute(
            update(events)
            .where(_e.id == row.id)
            .values(
                payload=dumps(anonymize(summarize(_loaded(row.payload)))),
                payload_removed_at=func.coalesce(_e.payload_removed_at, at),
                reference=row.reference and anonymize_text(row.reference),
                error=row.error and anonymize_text(row.error),
            )
        )


def delete_requests(connection: Connection, ids: Collection[str]) -> None:
    """Delete requests from the log."""
    requests.delete_each(connection, [int(one) for one in ids])


def forget_customers(connection: Connection, person: Person) -> None:
    """Remove somebody from the list of customers, where their Customers appear again without an
    email, and their emails from what sessions are found by."""
    customer_rows.delete_named(connection, person.customers, person.emails)
    connection.execute(delete(tables.stale_customers).where(_stale.name.in_(person.emails)))
    connection.execute(delete(session_terms).where(_t.term.in_(person.emails)))
    stale_customers.mark(connection, person.customers)


def _emails_in(session: JSON) -> set[str]:
    """The one given at Checkout, and the one that it was created for."""
    return {one for one in (email_in(session), text_at(session, "customer_email")) if one}


def _event_ids(row: Any) -> tuple[str, set[str]]:
    return row.id, ids_in(object_at(loads(row.payload), "data", "object"))


def _loaded(text: str) -> JSON:
    """What is stored; nothing of it where it is damaged."""
    try:
        found = loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
