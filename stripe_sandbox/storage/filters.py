"""Turns the filters of a list into conditions of SQL over the columns and the `body` of a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stripe_sandbox.storage.tables import Table

COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
PRESENT = object()
"""A filter's value: whatever it is, but not null."""


def conditions(table: Table, filters: Mapping[str, Any]) -> tuple[list[str], list[Any]]:
    """The conditions and their values. A filter's name is a column's, one of the table's
    `of_items`, or a path in the object (`automatic_tax.enabled`); its value is what has to be
    there: a tuple means any of its values, a mapping a range by `gt`, `gte`, `lt` and `lte`, None
    that there is none."""
    columns = {column.name: column for column in table.columns}
    coarse = {name for name, column in columns.items() if column.coarse}
    fine = any(name in columns and name not in coarse for name in filters)
    found: list[str] = []
    values: list[Any] = []
    for name, wanted in filters.items():
        # The plus makes SQLite ignore the index of a column that half the rows share.
        plus = "+" if isinstance(wanted, tuple) or (fine and name in coarse) else ""
        for comparison, compared in _comparisons(wanted):
            if name in table.of_items:
                value = f"value ->> '$.{table.of_items[name]}'"
                items = f"SELECT 1 FROM json_each(body, '$.items.data') WHERE {value} {comparison}"  # noqa: S608  # literals
                found.append(f"EXISTS ({items})")
            else:
                sql = f"{plus}{name}" if name in columns or name == "id" else f"body ->> '$.{name}'"
                found.append(f"{sql} {comparison}")
            values += [int(one) if isinstance(one, bool) else one for one in compared]
    return found, values


def _comparisons(wanted: Any) -> Iterator[tuple[str, list[Any]]]:
    if wanted is None:
        yield "IS NULL", []
    elif wanted is PRESENT:
        yield "IS NOT NULL", []
    elif isinstance(wanted, tuple):
        yield f"IN ({', '.join('?' for _ in wanted)})", list(wanted)
    elif isinstance(wanted, Mapping):
        for name, bound in wanted.items():
            yield f"{COMPARISONS[name]} ?", [bound]
    else:
        yield "= ?", [wanted]
