"""Rows are written many at a time, by few statements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from billing.store import Store, erased_ids

if TYPE_CHECKING:
    from sqlalchemy import Connection

pytestmark = pytest.mark.anyio

BATCHES = (*range(1, 40), 63, 100, 127, 128, 129, 300, 512)
MOST_STATEMENTS = 12  # of different sizes: each is kept by its connection, with all that it wrote


async def test_any_number_of_rows_is_written_by_few_different_statements(store: Store) -> None:
    sent: set[str] = set()

    def note(_connection: object, _cursor: object, statement: str, *_: Any) -> None:
        if statement.startswith("INSERT"):
            sent.add(statement)

    def write(connection: Connection) -> None:
        event.listen(connection, "before_cursor_execute", note)
        for size in BATCHES:
            erased_ids.add(connection, {f"{size}_{row}": None for row in range(size)}, 1.0)

    await store.write(write)
    assert len(sent) <= MOST_STATEMENTS
    ids = [[f"{size}_{row}"] for size in BATCHES for row in (0, size - 1, size)]
    found = await store.read(lambda connection: erased_ids.among(connection, ids))
    assert found == [True, True, False] * len(BATCHES)
