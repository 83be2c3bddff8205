"""Adding requests to the log, and taking the oldest out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from billing.domain.erasure import anonymize, anonymize_text
from billing.json_codec import dumps, loads
from billing.store import erased_ids
from billing.store.tables import request_terms, requests
from billing.store.upsert import upsert

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection

    from billing.domain.logged_request import LoggedRequest

_r, _t = requests.c, request_terms.c
_LONGEST = 300  # characters of paths, keys and terms
_insert = upsert(requests, lambda statement: statement.on_conflict_do_nothing())
_insert_terms = upsert(request_terms, lambda statement: statement.on_conflict_do_nothing())


def add(connection: Connection, found: Sequence[tuple[LoggedRequest, str]]) -> None:
    """Add requests, each with its cause (see ``ErrorCause``), empty where no try failed. Those
    about people who were erased are stored without names and addresses."""
    erased = [False] * len(found)
    if not erased_ids.is_empty(connection):
        named = [{*one.object_ids, *_texts_in(one.answer)} for one, _ in found]
        erased = erased_ids.among(connection, named)
    rows = [
        _row(one, cause, is_erased) for (one, cause), is_erased in zip(found, erased, strict=True)
    ]
    _insert(connection, rows)
    terms = [
        {"request": one.id, "term": term[:_LONGEST]} for one, _ in found for term in one.object_ids
    ]
    if terms:
        _insert_terms(connection, terms)


def trim(connection: Connection, size: int) -> None:
    """Keep the newest ``size`` requests."""
    newest = select(_r.id).order_by(_r.id.desc())
    last = connection.scalar(newest.offset(size).limit(1))
    if last is not None:
        connection.execute(delete(requests).where(_r.id <= last))
        connection.execute(delete(request_terms).where(_t.request <= last))


def delete_before(connection: Connection, before: int, limit: int) -> int:
    """Delete the oldest requests, ``limit`` at the most, whose ids are below ``before``; how
    many."""
    oldest = select(_r.id).where(_r.id < before).order_by(_r.id).limit(limit)
    ids = list(connection.scalars(oldest))
    delete_each(connection, ids)
    return len(ids)


def delete_each(connection: Connection, ids: Collection[int]) -> None:
    """Delete these requests."""
    connection.execute(delete(requests).where(_r.id.in_(ids)))
    connection.execute(delete(request_terms).where(_t.request.in_(ids)))


def _row(request: LoggedRequest, cause: str, is_erased: bool) -> dict[str, Any]:
    first = request.tries[0] if len(request.tries) == 1 else None
    is_plain = first is not None and first.status is not None
    error, params, answer = request.error, request.params, request.answer
    return {
        "id": request.id,
        "method": request.method,
        "path": request.path[:_LONGEST],
        "status": request.status or 0,
        "seconds": request.seconds,
        "cause": cause,
        "tries": "" if is_plain else dumps([list(vars(one).values()) for one in request.tries]),
        "error": dumps(vars(error)) if error and not is_erased else "",
        "api_version": request.api_version,
        "idempotency_key": (request.idempotency_key or "")[:_LONGEST] or None,
        "replayed": request.replayed,
        "request_id": request.request_id,
        "params": _anonymized(params) if is_erased else params,
        "answer": _anonymized(answer) if is_erased else answer,
    }


def _texts_in(answer: str) -> set[str]:
    """Every text in it, the ids of all objects of a list among them."""
    found: set[str] = set()
    left: list[Any] = [loads(answer)] if answer else []
    while left:
        value = left.pop()
        if isinstance(value, str):
            found.add(value)
        elif isinstance(value, dict):
            left += value.values()
        elif isinstance(value, list):
            left += value
    return found


def _anonymized(text: str) -> str:
    found = loads(text) if text else None
    return dumps(anonymize(found)) if isinstance(found, dict) else anonymize_text(text)
