"""The statements that functions of the store run, and the plans that databases make for them."""

from __future__ import annotations

import re
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Join, Select, Table, event, text
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import False_

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from sqlalchemy import Connection, Engine

STORE = "billing.store."
_SQLITE_SCAN = re.compile(r"SCAN (?:TABLE )?(\w+)")
_POSTGRESQL_SCANS = ("Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Index Scan")
_READ_ALL = ("Sort", "Aggregate", "Hash", "SetOp", "WindowAgg")  # whatever LIMIT is above them
_FIRST = ("Outer", "Member", "Subquery")  # what is run once, and not for each row of another
_STRETCH = 0.05  # of a table: so much is read at the most before a LIMIT is reached
_INDEXES = text(
    "SELECT indexrelid::regclass::text AS name, indrelid::regclass::text AS of_table,"
    " pg_get_indexdef(indexrelid, 1, true) AS leading FROM pg_index"
)


@dataclass(frozen=True)
class Statement:
    """A statement with parameters, and the functions of the store that ran it: the first itself,
    the next because it was called by that. ``bounded`` are the tables of which it reads so many
    rows, whichever they are."""

    text: str
    parameters: Any
    functions: tuple[str, ...]
    bounded: frozenset[str]


@contextmanager
def recorded(engine: Engine) -> Iterator[list[Statement]]:
    """The statements that the store runs within the block, each with its parameters once."""
    found: dict[object, Statement] = {}

    def note(
        _connection: object, _cursor: object, sql: str, values: Any, context: Any, many: bool
    ) -> None:
        if functions := _functions_under_way():
            values = values[0] if many else values
            compiled = getattr(context, "compiled", None)
            bounded = _bounded(compiled.statement) if compiled else frozenset()
            statement = Statement(sql, values, functions, bounded)
            found.setdefault((sql, repr(values), functions), statement)

    statements: list[Statement] = []
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)
        statements += found.values()


def _functions_under_way() -> tuple[str, ...]:
    frame: FrameType | None = sys._getframe()
    found = []
    while frame := frame and frame.f_back:
        module = str(frame.f_globals.get("__name__"))
        if module.startswith(STORE) and module != "billing.store.upsert":
            name = frame.f_code.co_qualname.partition(".<locals>")[0]
            if name[0] != "<":
                found.append(f"{module.removeprefix(STORE)}.{name}")
    return tuple(found)


def _bounded(statement: Any) -> frozenset[str]:
    """The tables from which a part of the statement selects with a limit and no condition, or with
    one that nothing meets."""
    return frozenset(
        name
        for part in visitors.iterate(statement)
        if isinstance(part, Select)
        and part._limit_clause is not None
        and (
            part.whereclause is None or any(isinstance(one, False_) for one in part._where_criteria)
        )
        for source in part.get_final_froms()
        for name in _first_table(source)
    )


def _first_table(source: Any) -> list[str]:
    while isinstance(source, Join) and source.isouter:  # which leaves out no row of the first
        source = source.left
    return [source.name] if isinstance(source, Table) else []


def scans(connection: Connection, statement: Statement, growing: frozenset[str]) -> list[str]:
    """The steps of the plan that read all rows of a ``growing`` table or of an index of it."""
    if connection.dialect.name == "postgresql":
        return list(_postgresql_scans(connection, statement, growing))
    return list(_sqlite_scans(connection, statement, growing))


def _sqlite_scans(
    connection: Connection, statement: Statement, growing: frozenset[str]
) -> Iterator[str]:
    # https://sqlite.org/eqp.html
    aliases = {alias: table for table, alias in re.findall(r"(\w+) AS (\w+)", statement.text)}
    asked = f"EXPLAIN QUERY PLAN {statement.text}"
    for step in connection.exec_driver_sql(asked, statement.parameters or ()).all():
        detail = str(step.detail)
        if scan := _SQLITE_SCAN.match(detail):
            table = aliases.get(scan[1], scan[1])
            if table in growing and table not in statement.bounded:
                yield detail
        elif "AUTOMATIC" in detail:  # an index that is made for this once, of all rows
            yield detail


def _postgresql_scans(
    connection: Connection, statement: Statement, growing: frozenset[str]
) -> Iterator[str]:
    # https://www.postgresql.org/docs/current/sql-explain.html
    indexes = {row.name: row for row in connection.execute(_INDEXES)}
    asked = f"EXPLAIN (FORMAT JSON) {statement.text}"
    explained = connection.exec_driver_sql(asked, statement.parameters).scalar_one()
    for node, share in _nodes(explained[0]["Plan"], 1.0):
        if node["Node Type"] not in _POSTGRESQL_SCANS:
            continue
        index = indexes.get(node.get("Index Name"))
        table = index.of_table if index else node["Relation Name"]
        has_range = index and re.search(
            rf"\b{re.escape(index.leading)}(?!\w)", node.get("Index Cond", "")
        )
        if table in growing and not has_range and share > _STRETCH:
            yield " ".join((node["Node Type"], index.name if index else table))


def _nodes(node: dict[str, Any], share: float) -> Iterator[tuple[dict[str, Any], float]]:
    """Every step of a plan, and which share of it PostgreSQL expects to run before a LIMIT."""
    yield node, share
    for below in node.get("Plans", ()):
        if node["Node Type"] == "Limit":
            share_below = node["Total Cost"] / max(below["Total Cost"], 0.01)  # 0 of an empty one
        elif node["Node Type"] in _READ_ALL or below["Parent Relationship"] not in _FIRST:
            share_below = 1.0
        else:
            share_below = share
        yield from _nodes(below, share_below)
