"""Pages that show the same rows share one table, and nobody is shown another's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types
import pytest
import streamlit as st

from pages.components.shared_results import MOST_RESULTS, SharedResults
from pages.components.tables import DrawnTable, Table, time_column

AT = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.fixture
def table() -> Table[object]:
    columns = {"value": time_column("Value"), "id": st.column_config.TextColumn("ID")}
    return Table(columns, lambda item: {"value": item, "id": "one"}, {"id": 50})


def zone_in(drawn: DrawnTable) -> str:
    assert isinstance(drawn.data, pa.Table)
    return str(drawn.data.schema.field("value").type.tz)


def test_the_same_rows_are_one_table_for_all_who_ask_at_once(table: Table[object]) -> None:
    with ThreadPoolExecutor(8) as viewers:
        drawn = list(viewers.map(lambda _: table.draw([AT]), range(40)))
    assert all(one is drawn[0] for one in drawn)
    assert drawn[0].columns["id"]["width"] >= 50
    assert list(drawn[0].cells["id"]) == ["one"]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kolkata", "America/New_York"])
def test_the_same_moment_in_another_time_zone_is_another_table(
    table: Table[object], zone: str
) -> None:
    there = AT.astimezone(ZoneInfo(zone))
    assert there == AT
    assert zone_in(table.draw([AT])) == "UTC"
    assert zone_in(table.draw([there])) == zone


def test_cells_that_are_equal_and_look_otherwise_are_another_table(table: Table[object]) -> None:
    drawn = [table.draw([value]) for value in (1, 1.0, True)]
    assert [str(one.cells["value"][0]) for one in drawn] == ["1", "1.0", "True"]


def test_what_arrow_cannot_hold_is_left_to_streamlit(table: Table[object]) -> None:
    assert table.draw([AT, "text"]).data.shape == (2, 2)


def test_only_the_last_used_results_are_held() -> None:
    shared, made = SharedResults[int](), []

    def make() -> int:
        made.append(1)
        return len(made)

    for content in range(MOST_RESULTS):
        shared.get(content, make)
    shared.get(0, make)  # so that 1 is the one that was not used for longest
    shared.get(MOST_RESULTS, make)
    assert shared.get(0, make) == 1
    assert shared.get(1, make) == MOST_RESULTS + 2
