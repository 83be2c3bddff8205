"""``INSERT … ON CONFLICT`` of many rows in one statement, in the words of the database at hand.

A statement for each row would hand Python's lock over as often, or cost a round trip each;
SQLAlchemy's own batches take 1.5 to 2.5 times as long for a hundred rows.
"""

from __future__ import annotations

from functools import cache
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, String, Text, bindparam, cast, column, func, select
from sqlalchemy.dialects import sqlite

from billing.json_codec import dumps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sqlalchemy import Column, Connection, CursorResult, Row, Select, Table

FEW_ROWS, MOST_ROWS = (
    8,
    128,
)  # of one statement in SQLite; 30 columns of them are far from its limit


def upsert(
    table: Table, finish: Callable[[Any], Any]
) -> Callable[[Connection, Sequence[Mapping[str, Any]]], list[Row[Any]]]:
    """A function that writes one or more rows of ``table``, and answers what is returned of them.

    ``finish`` says what to do about a conflict, on an insert that knows
    ``on_conflict_do_update`` and ``on_conflict_do_nothing``. All rows have the same columns, and
    no two the same key.
    """

    @cache
    def from_json(names: tuple[str, ...]) -> Any:
        from sqlalchemy.dialects import postgresql  # 3 MiB, which SQLite does not need

        rows = _recordset([table.c[name] for name in names])
        return finish(postgresql.insert(table).from_select(names, rows))

    @cache
    def from_values(names: tuple[str, ...]) -> tuple[str, str, str, itemgetter[Any]]:
        one_row = finish(sqlite.insert(table).values({name: bindparam(name) for name in names}))
        compiled = one_row.compile(dialect=sqlite.dialect())
        placeholders = f"({', '.join('?' * len(names))})"
        before, after = str(compiled).split(placeholders)
        return before, placeholders, after, itemgetter(*compiled.positiontup or ())

    def results(
        connection: Connection, rows: Sequence[Mapping[str, Any]]
    ) -> Iterator[CursorResult[Any]]:
        names = tuple(rows[0])
        if connection.dialect.name == "postgresql":
            sent = {"rows": dumps(rows)}
            yield connection.execute(from_json(names), sent)
            return
        before, placeholders, after, values_of = from_values(names)
        start = 0
        while start < len(rows):
            size = _size(len(rows) - start)
            some = rows[start : start + size]
            statement = before + ", ".join([placeholders] * size) + after
            values = tuple(chain.from_iterable(map(values_of, some)))
            yield connection.exec_driver_sql(statement, values)
            start += size

    def write(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> list[Row[Any]]:
        answers = (one for one in results(connection, rows) if one.returns_rows)
        return list(chain.from_iterable(answers))

    return write


def _size(left: int) -> int:
    """How many rows the next statement writes. A connection keeps its last 128 statements, each
    with what it wrote last: so there are few, which also are found again."""
    return left if left <= FEW_ROWS else min(1 << left.bit_length() - 1, MOST_ROWS)


def _recordset(columns: Sequence[Column[Any]]) -> Select[Any]:
    """https://www.postgresql.org/docs/current/functions-json.html#FUNCTIONS-JSON-PROCESSING"""
    # As plain text: it is the table's column that says how long it may be.
    typed = [
        column(one.key, Text() if isinstance(one.type, String) else one.type) for one in columns
    ]
    rows = func.json_to_recordset(cast(bindparam("rows", type_=Text()), JSON))
    return select(rows.table_valued(*typed, name="sent").render_derived(with_types=True))
