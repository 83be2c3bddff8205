"""Adding requests to the log, and taking the oldest out of it."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, select, update

from billing.domain.erasure import anonymize, anonymize_text
from billing.json_codec import dumps, loads
from billing.store import erased_ids
from billing.store.requests.batch import Batch, Contents, pack, unpack
from billing.store.tables import request_batches, request_hashes, request_terms, requests
from billing.store.upsert import upsert

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

_r, _b = requests.c, request_batches.c
_insert = upsert(requests, lambda statement: statement.on_conflict_do_nothing())
_insert_hashes = upsert(request_hashes, lambda statement: statement.on_conflict_do_nothing())


def add(connection: Connection, batch: Batch) -> None:
    """Add requests. Those about people who were erased are stored without names and addresses; one
    whose id another process has used gets the next."""
    if ids := _free_ids(connection, batch):
        batch = _with_ids(batch, ids)
    if not erased_ids.is_empty(connection):
        batch = _without_names(connection, batch)
    name = max(row["id"] for row in batch.rows)
    for row in batch.rows:
        row["batch"] = name
    _insert(connection, batch.rows)
    connection.execute(insert(request_batches), {"id": name, "contents": batch.packed})
    if batch.hashes:
        _insert_hashes(connection, batch.hashes)


def trim(connection: Connection, size: int) -> None:
    """Keep the newest ``size`` requests, and those that were written with one of them."""
    newest = select(_r.id).order_by(_r.id.desc())
    last = connection.scalar(newest.offset(size).limit(1))
    if last is not None:
        _delete_batches(connection, last)


def delete_before(connection: Connection, before: int, limit: int) -> int:
    """Delete the oldest batches of requests whose ids are below ``before``: of ``limit`` requests
    or some more; how many they were."""
    oldest = select(_r.id, _r.batch).where(_r.id < before, _r.batch < before)
    part = oldest.order_by(_r.id).limit(limit).subquery()
    last = connection.execute(select(func.max(part.c.id), func.max(part.c.batch))).one()
    return _delete_batches(connection, max(last)) if last[0] is not None else 0


def delete_each(connection: Connection, ids: Collection[int]) -> None:
    """Delete these requests, also out of their batches."""
    of_ids = select(_r.batch).where(_r.id.in_(ids)).distinct()
    batches = connection.execute(select(request_batches).where(_b.id.in_(of_ids))).all()
    for row in batches:
        left = [(name, one) for name, one in unpack(row.contents) if name not in ids]
        its_row = _b.id == row.id
        connection.execute(
            update(request_batches).where(its_row).values(contents=pack(left))
            if left
            else delete(request_batches).where(its_row)
        )
    connection.execute(delete(requests).where(_r.id.in_(ids)))
    for table in (request_hashes, request_terms):
        connection.execute(delete(table).where(table.c.request.in_(ids)))


def _delete_batches(connection: Connection, last: int) -> int:
    """Delete the batches of which the newest request is no newer than ``last``; how many requests
    they had."""
    deleted = connection.execute(delete(requests).where(_r.id <= last, _r.batch <= last))
    connection.execute(delete(request_batches).where(_b.id <= last))
    left = select(_r.id).where(_r.id <= last)  # in a batch with newer ones
    for table in (request_hashes, request_terms):
        request = table.c.request
        connection.execute(delete(table).where(request <= last, request.not_in(left)))
    return deleted.rowcount


def _free_ids(connection: Connection, batch: Batch) -> list[int]:
    """An id that is not used for each request; empty where their own are not."""
    ids = [row["id"] for row in batch.rows]
    used = set(connection.scalars(select(_r.id).where(_r.id.between(min(ids), max(ids)))))
    if used.isdisjoint(ids) and len(set(ids)) == len(ids):
        return []
    free = []
    for wanted in ids:
        one = next(number for number in count(wanted) if number not in used)
        used.add(one)
        free.append(one)
    return free


def _with_ids(batch: Batch, ids: list[int]) -> Batch:
    found = Batch()
    for row, request_id, contents in zip(batch.rows, ids, batch.contents, strict=True):
        found.add({**row, "id": request_id}, contents)
    return found


def _without_names(connection: Connection, batch: Batch) -> Batch:
    """The same, of those about people who were erased without names and addresses."""
    contents = batch.contents
    erased = erased_ids.among(
        connection, [{*one.terms, *_texts_in(one.answer)} for one in contents]
    )
    if not any(erased):
        return batch
    found = Batch()
    for row, one, is_erased in zip(batch.rows, contents, erased, strict=True):
        if is_erased:
            safe = Contents(_anonymized(one.params), _anonymized(one.answer), one.terms)
            found.add({**row, "error": ""}, safe)
        else:
            found.add(row, one)
    return found


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
