"""A table whose rows open: by the button in the first column, or from the keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeVar

import streamlit as st

from pages.components.rerun import request_page_rerun, rerun_page_if_requested

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pages.components.tables import Table

HOW_TO_OPEN = "To open a row, click its first column or press Shift + Space."
BUTTON_FRAME = 24  # pixels around its text

Item = TypeVar("Item")


def opening_table(
    table: Table[Item],
    items: Iterable[Item],
    *,
    key: str,
    first: str,
    opens: Literal["session", "event"],
    alt: str,
    order: Iterable[str] | None = None,
    height: int | Literal["auto", "content"] = "auto",
) -> None:
    """The table, with the text column ``first`` in front as buttons. A row that is opened has the
    address name its ``id`` under ``opens``, and the whole page run, whose drawer shows it."""
    rerun_page_if_requested()
    rows = table.rows(items)
    columns = table.config(rows)
    st.session_state[f"{key}_ids"] = list(rows["id"])
    text = columns[first]
    button = st.column_config.ButtonColumn(
        text["label"],
        width=text["width"] + BUTTON_FRAME,
        type="secondary",
        alignment="left",
        key=f"{key}_button",
        on_click=_on_click,
        args=(key, opens),
    )
    others = (name for name in order or columns if name != first)
    st.dataframe(
        rows,
        column_config={**columns, first: button},
        column_order=(first, *others),
        hide_index=True,
        height=height,
        key=key,
        on_select=lambda: _on_select(key, opens),
        selection_mode="single-row",
        placeholder="",
        alt=alt,
    )


def _on_click(key: str, opens: str) -> None:
    _open(key, opens, st.session_state[f"{key}_button"]["row"])


def _on_select(key: str, opens: str) -> None:
    selected = st.session_state[key]["selection"]["rows"]
    if selected:
        _open(key, opens, selected[0])
    # The row can be selected again.
    st.session_state[key] = {"selection": {"rows": [], "columns": [], "cells": []}}


def _open(key: str, opens: str, row: int) -> None:
    ids: list[str | None] = st.session_state.get(f"{key}_ids", [])
    if row < len(ids) and (item_id := ids[row]):
        st.query_params[opens] = item_id
        request_page_rerun()  # the drawer is outside of the table's fragment
