"""A table whose rows open: by the button in the first column, or from the keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import streamlit as st

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

HOW_TO_OPEN = "To open a row, click its first column or press Shift + Space."
BUTTON_FRAME = 24  # pixels around its text
_OPENED = "row_opened"


def opening_table(
    rows: pd.DataFrame,
    columns: Mapping[str, Any],
    *,
    key: str,
    first: str,
    opens: Literal["session", "event"],
    alt: str,
    order: Iterable[str] | None = None,
    height: int | Literal["auto", "content"] = "auto",
) -> None:
    """The table, with the text column ``first`` in front as buttons. A row that is opened has the
    address name its ``id`` under ``opens``, and the whole page run, whose drawer shows it.

    Call it in a fragment or a page; ``columns`` configures each column of ``rows``.
    """
    if st.session_state.pop(_OPENED, False):
        st.rerun()  # the whole page: the drawer is outside of the table's fragment
    st.session_state[f"{key}_ids"] = list(rows["id"])
    text = columns[first]
    button = st.column_config.ButtonColumn(
        text["label"],
        width=text["width"] + BUTTON_FRAME,
        type="secondary",
        alignment="left",
        key=f"{key}_button",
        on_click=_pressed,
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
        on_select=lambda: _selected(key, opens),
        selection_mode="single-row",
        placeholder="",
        alt=alt,
    )


def _pressed(key: str, opens: str) -> None:
    _open(key, opens, st.session_state[f"{key}_button"]["row"])


def _selected(key: str, opens: str) -> None:
    picked = st.session_state[key]["selection"]["rows"]
    if picked:
        _open(key, opens, picked[0])
    # The row is free to be chosen again.
    st.session_state[key] = {"selection": {"rows": [], "columns": [], "cells": []}}


def _open(key: str, opens: str, row: int) -> None:
    ids: list[str | None] = st.session_state.get(f"{key}_ids", [])
    if row < len(ids) and (name := ids[row]):
        st.query_params[opens] = name
        st.session_state[_OPENED] = True
