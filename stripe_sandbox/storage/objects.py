"""The store of Stripe's objects, by kind and id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stripe_sandbox.storage.changes import Change, recording
from stripe_sandbox.storage.database import Database
from stripe_sandbox.storage.filters import COMPARISONS, conditions
from stripe_sandbox.storage.json_text import dump, load
from stripe_sandbox.storage.tables import TABLES

Object = dict[str, Any]


@dataclass(frozen=True)
class Window:
    """A part of a list, newest first: at most `limit` objects, after or before an id, created in a
    range.

    `created` maps gt, gte, lt, lte to Unix seconds.
    """

    limit: int = 10
    starting_after: str | None = None
    ending_before: str | None = None
    created: Mapping[str, int] = field(default_factory=dict)


class NoSuchCursorError(LookupError):
    """The cursor names nothing: `parameter`, `identifier`."""

    def __init__(self, parameter: str, identifier: str) -> None:
        super().__init__(identifier)
        self.parameter = parameter
        self.identifier = identifier


class Objects:
    """Objects by kind (their `object` value) and id."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def insert(self, value: Object, hidden: Object | None = None) -> None:
        """Store a new object; `hidden` is stored with it and shown in no answer."""
        table = TABLES[value["object"]]
        body = dump(value)
        changes = recording.get()
        if changes is not None:
            changes.objects.append(Change(value["object"], value["id"], None, body))
        self.database.write(
            table.insert,
            (
                value["id"],
                _created(value),
                body,
                None if hidden is None else dump(hidden),
                *table.values(value),
            ),
        )

    def save(self, value: Object) -> None:
        """Store an object's new state."""
        table = TABLES[value["object"]]
        body = dump(value)
        changes = recording.get()
        if changes is not None:
            before = self.body(value["object"], value["id"])
            changes.objects.append(Change(value["object"], value["id"], before, body))
        self.database.write(
            table.update, (_created(value), body, *table.values(value), value["id"])
        )

    def save_hidden(self, kind: str, identifier: str, hidden: Object) -> None:
        """Store what no answer shows of an object."""
        self.database.write(
            f"UPDATE {TABLES[kind].name} SET hidden = ? WHERE id = ?",  # noqa: S608
            (dump(hidden), identifier),
        )

    def get(self, kind: str, identifier: str) -> Object | None:
        """The object, or None."""
        body = self.body(kind, identifier)
        return None if body is None else load(body)

    def body(self, kind: str, identifier: str) -> str | None:
        """The object's JSON as it is stored, or None."""
        row = self.database.row(
            f"SELECT body FROM {TABLES[kind].name} WHERE id = ?",  # noqa: S608
            (identifier,),
        )
        return None if row is None else str(row[0])

    def hidden(self, kind: str, identifier: str) -> Object:
        """What no answer shows of an object; empty when there is nothing."""
        row = self.database.row(
            f"SELECT hidden FROM {TABLES[kind].name} WHERE id = ?",  # noqa: S608
            (identifier,),
        )
        return {} if row is None or row[0] is None else load(row[0])

    def delete(self, kind: str, identifier: str) -> None:
        """Remove the object."""
        changes = recording.get()
        if changes is not None:
            before = self.body(kind, identifier)
            changes.objects.append(Change(kind, identifier, before, None))
        self.database.write(f"DELETE FROM {TABLES[kind].name} WHERE id = ?", (identifier,))  # noqa: S608

    def mark_deleted(self, kind: str, identifier: str) -> None:
        """Remove the object, and remember that it was there."""
        self.delete(kind, identifier)
        self.database.write("INSERT INTO deleted_objects VALUES (?, ?)", (identifier, kind))

    def deleted(self, kind: str, identifier: str) -> Object | None:
        """What is shown of an object that `mark_deleted` removed, or None."""
        row = self.database.row(
            "SELECT 1 FROM deleted_objects WHERE id = ? AND kind = ?", (identifier, kind)
        )
        return None if row is None else {"id": identifier, "object": kind, "deleted": True}

    def ids(self, kind: str, condition: str, values: Iterable[Any], limit: int = -1) -> list[str]:
        """The ids of the rows that meet an SQL condition over the columns."""
        rows = self.database.rows(
            f"SELECT id FROM {TABLES[kind].name} WHERE {condition} LIMIT ?",  # noqa: S608
            (*values, limit),
        )
        return [row[0] for row in rows]

    def first(self, kind: str, column: str, value: Any) -> Object | None:
        """The object whose column has the value, the first if there are several, or None."""
        row = self.database.row(
            f"SELECT body FROM {TABLES[kind].name} WHERE {column} = ? ORDER BY seq LIMIT 1",  # noqa: S608
            (value,),
        )
        return None if row is None else load(row[0])

    def page(self, kind: str, filters: Mapping[str, Any], window: Window) -> tuple[list[str], bool]:
        """The stored JSON of the objects in the window that meet the filters (see `filters`),
        newest first, and whether more follow."""
        table = TABLES[kind]
        sql, values = conditions(table, filters)
        rows, more = fetch_page(self.database, table.name, sql, values, window, "body")
        return [row[0] for row in rows], more

    def search(
        self,
        kind: str,
        condition: str,
        values: Sequence[Any],
        after: tuple[int, int] | None,
        limit: int,
    ) -> list[tuple[int, int, str]]:
        """`created`, place and JSON of the objects that meet an SQL condition over the columns and
        the `body`, the newest first; of those `after` a `created` and place only."""
        if after is not None:
            condition, values = f"(created, seq) < (?, ?) AND {condition}", [*after, *values]
        rows = self.database.rows(
            f"SELECT created, seq, body FROM {TABLES[kind].name} WHERE {condition} "  # noqa: S608
            "ORDER BY created DESC, seq DESC LIMIT ?",
            (*values, limit),
        )
        return [(created, seq, body) for created, seq, body in rows]

    def rebase(self, kind: str, field: str, old: str, new: str, condition: str = "TRUE") -> None:
        """Have the URLs in that field of the objects begin with the URL `new` instead of `old`."""
        table, path, length = TABLES[kind].name, f"$.{field}", len(old) + 1
        self.database.write(
            f"UPDATE {table} SET body = json_set(body, ?, ? || substr(body ->> ?, ?)) "  # noqa: S608  # names of ours
            f"WHERE {condition} AND substr(body ->> ?, 1, ?) = ?",
            (path, new, path, length, path, length, old + "/"),
        )

    def count(self, kind: str, condition: str, values: Sequence[Any]) -> int:
        """How many objects meet such a condition."""
        row = self.database.row(
            f"SELECT count(*) FROM {TABLES[kind].name} WHERE {condition}",  # noqa: S608
            values,
        )
        return 0 if row is None else int(row[0])


def _created(value: Object) -> int:
    """When the object was created; invoice items call that their `date`, discounts their
    `start`."""
    moment: int = next(value[name] for name in ("created", "date", "start") if name in value)
    return moment


def fetch_page(
    database: Database,
    table: str,
    conditions: list[str],
    values: list[Any],
    window: Window,
    columns: str,
) -> tuple[list[tuple[Any, ...]], bool]:
    """One window over a table with seq, id and created: its rows' `columns`, newest first, and
    whether more follow. NoSuchCursorError."""
    conditions, values = [*conditions], [*values]
    for comparison, moment in window.created.items():
        conditions.append(f"created {COMPARISONS[comparison]} ?")
        values.append(moment)
    backwards = window.ending_before is not None
    for parameter, cursor, operator in (
        ("starting_after", window.starting_after, "<"),
        ("ending_before", window.ending_before, ">"),
    ):
        if cursor is not None:
            row = database.row(f"SELECT created, seq FROM {table} WHERE id = ?", (cursor,))  # noqa: S608
            if row is None:
                raise NoSuchCursorError(parameter, cursor)
            conditions.append(f"(created, seq) {operator} (?, ?)")
            values.extend(row)
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    order = "ASC" if backwards else "DESC"
    rows = database.rows(
        f"SELECT {columns} FROM {table}{where} ORDER BY created {order}, seq {order} LIMIT ?",  # noqa: S608
        (*values, window.limit + 1),
    )
    page = rows[: window.limit]
    if backwards:
        page.reverse()
    return page, len(rows) > window.limit
