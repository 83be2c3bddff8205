"""Pages of requests, one request, and why requests failed. Each query reads a bounded number of
rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, literal, select

from billing.domain.logged_request import (
    MICROSECONDS,
    NO_ANSWER,
    THIS_APP,
    ErrorCause,
    LoggedRequest,
    RequestError,
    RequestFilter,
    RequestPage,
    Try,
)
from billing.json_codec import dumps, loads
from billing.safe_text import sanitize
from billing.store.readable_rows import read_each
from billing.store.requests.batch import Contents, unpack
from billing.store.requests.hashes import term_hash
from billing.store.tables import request_batches, request_hashes, requests

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sqlalchemy import ColumnElement, Connection, Row, Select


REQUEST_PREFIX = "req_"
BATCHES_AT_ONCE = 100
SCAN_LIMIT = 20_000  # newest requests that a query reads which no single index answers

_r, _b, _h = requests.c, request_batches.c, request_hashes.c
_UNLISTED = ("params", "answer", "batch")
_LISTED = [column for column in requests.c if column.name not in _UNLISTED]
# As the indexes of what failed say it, and a range of them: all.
_FAILED = and_(_r.cause != literal("", literal_execute=True), _r.id > 0)


def page(
    connection: Connection, wanted: RequestFilter, limit: int, below: int | None = None
) -> RequestPage:
    """The newest requests that match, or those below an id; ``limit`` at the most. The client is
    no part of it: all have the same."""
    query = select(*_LISTED).where(*_conditions(connection, wanted))
    if below is not None:
        query = query.where(_r.id < below)
    found = connection.execute(query.order_by(_r.id.desc()).limit(limit + 1)).all()
    older = found[limit - 1].id if len(found) > limit else None
    return RequestPage(tuple(read_each(found[:limit], _listed)), older)


def get(connection: Connection, request_id: int) -> LoggedRequest | None:
    """The request of this id, whole."""
    rows = connection.execute(select(requests).where(_r.id == request_id)).all()

    def read(row: Row[Any]) -> LoggedRequest:
        found = _contents(connection, row)
        own = (row.request_id, row.idempotency_key)
        ids = tuple(term for term in found.terms if term not in own)
        params, answer = (dumps(loads(one)) if one else "" for one in (found.params, found.answer))
        return _request(row, params=params, answer=answer, object_ids=ids)

    return next(iter(read_each(rows, read)), None)


def touching(connection: Connection, terms: Collection[str], limit: int) -> list[LoggedRequest]:
    """The newest requests that have one of these terms (ids of objects, idempotency keys), the
    oldest first; ``limit`` at the most."""
    ids: set[int] = set()
    for term in set(terms):
        ids.update(connection.scalars(_with_term(term).limit(limit)))
    newest = sorted(ids)[-limit:]
    query = select(*_LISTED).where(_r.id.in_(newest)).order_by(_r.id)
    return read_each(connection.execute(query).all(), _listed)


def texts(connection: Connection, after: int, last: int) -> Iterator[tuple[int, str, str]]:
    """Parameters and answer of each request, by id, of those after an id until the ``last``."""
    rows = select(_r.id, _r.batch, _r.params, _r.answer).where(_r.id > after, _r.id <= last)
    found = {row.id: row for row in connection.execute(rows)}
    for row in found.values():
        if not row.batch:
            yield row.id, row.params, row.answer
    batches = sorted({row.batch for row in found.values()})
    for start in range(0, len(batches), BATCHES_AT_ONCE):
        some = batches[start : start + BATCHES_AT_ONCE]
        stored = select(_b.id, _b.contents).where(_b.id.in_(some))
        for one in read_each(connection.execute(stored), lambda row: unpack(row.contents)):
            for request_id, contents in one:
                if request_id in found:
                    yield request_id, contents.params, contents.answer


def causes(connection: Connection, limit: int) -> list[ErrorCause]:
    """Why requests failed, of the newest that did; the newest cause first."""
    newest = (
        select(_r.id, _r.cause).where(_FAILED).order_by(_r.id.desc()).limit(SCAN_LIMIT).subquery()
    )
    last = func.max(newest.c.id).label("last")
    first, number = func.min(newest.c.id).label("first"), func.count().label("number")
    query = select(newest.c.cause, number, first, last).group_by(newest.c.cause)
    rows = connection.execute(query.order_by(last.desc()).limit(limit))
    return [
        ErrorCause(row.cause, row.number, row.first / MICROSECONDS, row.last / MICROSECONDS)
        for row in rows
    ]


def _conditions(connection: Connection, wanted: RequestFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.cause:
        found += [_FAILED, _r.cause == sanitize(wanted.cause)]
    elif wanted.errors:
        found.append(_FAILED)
    if wanted.status:
        found.append(_r.status == (0 if wanted.status == NO_ANSWER else int(wanted.status)))
    is_bounded = bool(wanted.cause)
    if wanted.object_id.startswith(REQUEST_PREFIX):
        found.append(_r.request_id == sanitize(wanted.object_id))
    elif wanted.object_id:
        found.append(_r.id.in_(_with_term(wanted.object_id).limit(SCAN_LIMIT)))
        is_bounded = True
    if wanted.path:
        found.append(_r.path.startswith(sanitize(wanted.path), autoescape=True))
    by_index = is_bounded or (len(found) == 1 and (wanted.status or wanted.errors))
    if found and not by_index:
        found += _newest(connection)
    return found


def _newest(connection: Connection) -> list[ColumnElement[bool]]:
    """Only the newest, where no index leads to the others."""
    oldest = connection.scalar(select(_r.id).order_by(_r.id.desc()).offset(SCAN_LIMIT).limit(1))
    return [_r.id > (oldest or 0)]


def _with_term(term: str) -> Select[tuple[int]]:
    """The ids of the requests that are found by it, the newest first."""
    is_found = _h.hash == term_hash(sanitize(term))
    return select(_h.request).where(is_found).order_by(_h.request.desc())


def _contents(connection: Connection, row: Row[Any]) -> Contents:
    """Of a row of ``requests``."""
    stored = connection.scalar(select(_b.contents).where(_b.id == row.batch))
    found = dict(unpack(stored)).get(row.id) if stored else None
    return found or Contents(row.params, row.answer, ())


def _listed(row: Row[Any]) -> LoggedRequest:
    return _request(row)


def _request(row: Row[Any], **more: Any) -> LoggedRequest:
    status = row.status or None
    tries = [Try(*one) for one in loads(row.tries)] if row.tries else [Try(status, row.seconds)]
    return LoggedRequest(
        id=row.id,
        at=row.id / MICROSECONDS,
        method=row.method,
        path=row.path,
        status=status,
        seconds=row.seconds,
        tries=tuple(tries),
        client=THIS_APP,
        api_version=row.api_version,
        idempotency_key=row.idempotency_key,
        replayed=bool(row.replayed),
        request_id=row.request_id,
        error=RequestError(**loads(row.error)) if row.error else None,
        **more,
    )
