"""A table whose rows open: by the button in the first column, or from the keyboard."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import streamlit as st

from pages.components.rerun import request_page_rerun, rerun_page_if_requested

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pages.components.tables import Table

HOW_TO_OPEN = "To open a row, click its first column or press Shift + Space."
BUTTON_FRAME = 16  # pixels, besides those around a cell's text

Item = TypeVar("Item")


@dataclass(frozen=True)
class CellButton:
    """What a press of a cell does: ``on_press`` with what the row holds in the column ``ids``,
    unless that is empty, as the cell is then."""

    ids: str
    on_press: Callable[[str], None]


def opening_table(
    table: Table[Item],
    items: Iterable[Item],
    *,
    key: str,
    first: str,
    opens: str,
    alt: str,
    order: Iterable[str] | None = None,
    height: int | Literal["auto", "content"] = "auto",
    buttons: Mapping[str, CellButton] | None = None,
) -> None:
    """The table, with the text column ``first`` in front as buttons. A row that is opened has the
    address name its ``id`` under ``opens``, and the whole page run, whose drawer shows it.

    ``buttons`` are further text columns to press.
    """
    rerun_page_if_requested()
    drawn = table.draw(items)
    columns = dict(drawn.columns)
    pressed = {first: CellButton("id", partial(_open, opens)), **(buttons or {})}
    for name, button in pressed.items():
        st.session_state[f"{key}_{name}_ids"] = drawn.cells[button.ids]
        columns[name] = _button_column(columns[name], f"{key}_{name}", button)
    others = (name for name in order or table.columns if name != first)
    st.dataframe(
        drawn.data,
        column_config=columns,
        column_order=(first, *others),
        hide_index=True,
        # In pixels, its height is reserved until it is loaded.
        height=drawn.height if height == "content" else height,
        key=key,
        on_select=partial(_on_select, key, f"{key}_{first}", pressed[first]),
        selection_mode="single-row",
        placeholder="",
        alt=alt,
    )


def _button_column(text: Any, key: str, button: CellButton) -> Any:
    return st.column_config.ButtonColumn(
        text["label"],
        width=text["width"] + BUTTON_FRAME if text["width"] else None,
        type="secondary",
        alignment="left",
        key=f"{key}_button",
        on_click=_on_click,
        args=(key, button),
    )


def _on_click(key: str, button: CellButton) -> None:
    _press(key, button, st.session_state[f"{key}_button"]["row"])


def _on_select(key: str, first: str, button: CellButton) -> None:
    selected = st.session_state[key]["selection"]["rows"]
    if selected:
        _press(first, button, selected[0])
    # The row can be selected again.
    st.session_state[key] = {"selection": {"rows": [], "columns": [], "cells": []}}


def _press(key: str, button: CellButton, row: int) -> None:
    ids: Sequence[str | None] = st.session_state.get(f"{key}_ids", [])
    if row < len(ids) and (item_id := ids[row]):
        button.on_press(item_id)


def _open(opens: str, item_id: str) -> None:
    st.query_params[opens] = item_id
    request_page_rerun()  # the drawer is outside of the table's fragment
