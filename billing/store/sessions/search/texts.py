"""The text that sessions are searched in: any part of an id, email, reference or metadata value.

The text of each session is a row of ``session_search``, in order of time, and its trigrams (every
three characters in a row) are indexed: by FTS5 on SQLite, by a GIN index on PostgreSQL. Triggers
keep both in step with the tables of sessions and terms, whichever release writes those.
https://sqlite.org/fts5.html#the_trigram_tokenizer https://www.postgresql.org/docs/current/gin.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zlib import crc32

from sqlalchemy import Text, any_, bindparam, cast, column, func, select, table, text, tuple_
from sqlalchemy.dialects.postgresql import ARRAY

from billing.domain.sessions.checkout_session import APP_METADATA, email_in
from billing.domain.sessions.filters import SCAN_LIMIT, TRIGRAM
from billing.domain.stripe_json import id_at, object_at, text_at
from billing.json_codec import dumps, loads
from billing.safe_text import sanitize
from billing.store import sync_state
from billing.store.readable_rows import read_each
from billing.store.tables import TERM_LENGTH, checkout_sessions, session_search
from billing.store.upsert import upsert

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Column, ColumnElement, Connection, Select

    from billing.domain.stripe_json import JSON

PLACES = 2**31  # of sessions that were created in the same second
OBJECT_IDS = ("pi_", "cus_", "sub_", "in_")  # found by their beginning, among the terms
FILLED_DOWN_TO = "session_search"  # in the state, until all sessions of an older release have texts
_MOST_TRIGRAMS = 64  # that are looked up; what they find is compared with the whole text
_AT_ONCE = 5_000

_s, _x = checkout_sessions.c, session_search.c
_index = table("session_search_index", column("rowid"))


def _one_of(column: Column[Any]) -> dict[bool, Select[Any]]:
    """The rows with one of the values ``wanted``, as text for SQLite (True) and for PostgreSQL:
    ``IN`` is another statement for each number of them, which takes longer to make than to run."""
    from_json = func.json_each(bindparam("wanted", type_=Text())).table_valued("value").c.value
    from_array = any_(bindparam("wanted", type_=ARRAY(column.type)))
    rows = select(session_search)
    return {
        True: rows.where(column.in_(select(from_json))),
        False: rows.where(column == from_array),
    }


_of_sessions, _at_places = _one_of(_x.session_id), _one_of(_x.place)
_upsert = upsert(
    session_search,
    lambda statement: statement.on_conflict_do_update(
        index_elements=["place"], set_={"text": statement.excluded.text}
    ),
)


def holding(
    connection: Connection, searched: str, since: int, until: int, *, walked: int | None = None
) -> Select[Any]:
    """``place``, ``created`` and ``id`` of the sessions between two places whose text holds what is
    ``searched``, the newest first. ``walked``: among so many of the newest, read one by one."""
    is_sqlite = connection.dialect.name == "sqlite"
    if walked or len(searched) < TRIGRAM:
        some = (
            select(session_search)
            .where(_x.place >= since, _x.place < until)
            .order_by(_x.place.desc())
            .limit(walked or SCAN_LIMIT)
            .subquery()
            .c
        )
        rows = select(*_session_at(some)).where(holds(connection, some.text, searched))
        return rows.order_by(some.place.desc())
    trigrams = sorted({searched[at : at + TRIGRAM] for at in range(len(searched) - TRIGRAM + 1)})
    rows = select(*_session_at(_x)).where(holds(connection, _x.text, searched))
    if is_sqlite:
        quoted = (f'"{one}"'.replace('"', '""')[1:-1] for one in trigrams[:_MOST_TRIGRAMS])
        matches = text("session_search_index MATCH :trigrams")
        return (
            rows.join(_index, _index.c.rowid == _x.place)
            .where(
                matches.bindparams(trigrams=" AND ".join(quoted)),
                *(_index.c.rowid >= since, _index.c.rowid < until),
            )
            .order_by(_index.c.rowid.desc())
        )
    wanted = cast(trigrams[:_MOST_TRIGRAMS], ARRAY(Text))
    return rows.where(
        func.search_trigrams(_x.text).op("@>")(wanted), _x.place >= since, _x.place < until
    ).order_by(_x.place.desc())


def holds(
    connection: Connection, text_of_a_session: ColumnElement[str], searched: str
) -> ColumnElement[bool]:
    """Whether what is ``searched`` stands in the text."""
    find = func.instr if connection.dialect.name == "sqlite" else func.strpos
    return find(text_of_a_session, searched) > 0


def _session_at(row: Any) -> tuple[ColumnElement[Any], ...]:
    return row.place, (row.place // PLACES).label("created"), row.session_id.label("id")


def record_texts(connection: Connection, rows: Iterable[JSON], terms: Iterable[JSON]) -> None:
    """Store the texts of sessions: rows of the tables of sessions and of terms. What is in a text
    stays there until its term is deleted."""
    created = {row["id"]: row["created"] for row in rows}
    lines: dict[str, set[str]] = {one: set() for one in created}
    for term in terms:
        if not term["term"].startswith(OBJECT_IDS):
            lines[term["session_id"]].add(term["term"])
    ids = list(created)
    for start in range(0, len(ids), _AT_ONCE):
        some = {one: created[one] for one in ids[start : start + _AT_ONCE]}
        if changed := _changed(connection, some, lines):
            _upsert(connection, changed)


def _changed(
    connection: Connection, created: dict[str, int], lines: dict[str, set[str]]
) -> list[JSON]:
    places = {one: at * PLACES + crc32(one.encode()) % PLACES for one, at in created.items()}
    known: dict[str, str] = {}
    taken: dict[int, str] = {}
    is_sqlite = connection.dialect.name == "sqlite"
    for query, wanted in ((_of_sessions, list(created)), (_at_places, list(places.values()))):
        values = {"wanted": dumps(wanted) if is_sqlite else wanted}
        for row in connection.execute(query[is_sqlite], values):
            known[row.session_id] = row.text
            taken[row.place] = row.session_id
            places[row.session_id] = row.place
    changed = []
    for one in created:
        while taken.setdefault(places[one], one) != one:
            second, place = divmod(places[one], PLACES)
            places[one] = second * PLACES + (place + 1) % PLACES
        found = before = known.get(one, "")
        found = found or f"\n{one.lower()}\n"
        for line in sorted(lines[one], key=len, reverse=True):
            if line not in found:  # as a domain is in its email
                found += f"{line}\n"
        if found != before:
            changed.append({"place": places[one], "session_id": one, "text": found})
    return changed


def search_terms(data: JSON) -> set[str]:
    """What a session (Stripe's object) can be found by, besides its id and amount; in lower
    case."""
    email = email_in(data) or ""
    found = (
        email,
        email.rpartition("@")[2],
        text_at(data, "client_reference_id"),
        *(id_at(data, name) for name in ("customer", "payment_intent", "subscription", "invoice")),
        *(value for key, value in object_at(data, "metadata").items() if key not in APP_METADATA),
    )
    return {as_term(term) for term in found if isinstance(term, str) and term}


def as_term(text: str) -> str:
    """``text`` as the term that sessions are found by."""
    return sanitize(text.lower())[:TERM_LENGTH]


def fill_texts(connection: Connection, limit: int) -> bool:
    """Store the texts of some more of the sessions that were there before there were texts, the
    newest first. False once all have theirs."""
    place = sync_state.load(connection, FILLED_DOWN_TO)
    if place is None:
        return False
    rows = connection.execute(
        select(_s.id, _s.created, _s.data)
        .where(tuple_(_s.created, _s.id) < (place["created"], place["id"]))
        .order_by(_s.created.desc(), _s.id.desc())
        .limit(limit)
    ).all()
    found = [{"id": row.id, "created": row.created} for row in rows]
    terms = [
        {"term": term, "session_id": row_id}
        for row_id, data in read_each(rows, lambda row: (row.id, loads(row.data)))
        for term in search_terms(data)
    ]
    record_texts(connection, found, terms)
    if len(rows) < limit:
        sync_state.delete(connection, FILLED_DOWN_TO)
        return False
    sync_state.save(connection, FILLED_DOWN_TO, {"created": rows[-1].created, "id": rows[-1].id})
    return True
