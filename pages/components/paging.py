"""Paging through a list, the newest first: where one browser tab is, and the buttons to turn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

import streamlit as st

Query = TypeVar("Query")
Cursor = TypeVar("Cursor")
Page = TypeVar("Page")


@dataclass
class Paging(Generic[Query, Cursor, Page]):
    """Where in the answer to ``query`` one is: ``cursors`` are the beginnings of the pages that
    were turned to, ``page`` is what was read at the last of them."""

    query: Query
    cursors: list[Cursor] = field(default_factory=list)
    page: Page | None = None

    @property
    def cursor(self) -> Cursor | None:
        """Where the current page begins; None at the newest."""
        return self.cursors[-1] if self.cursors else None

    def older(self, cursor: Cursor) -> None:
        """Turn to the page that begins below ``cursor``."""
        self.cursors.append(cursor)
        self.page = None

    def newer(self) -> None:
        """Turn back."""
        self.cursors.pop()
        self.page = None

    def newest(self) -> None:
        """Turn to the first page."""
        self.cursors.clear()
        self.page = None


def current_paging(name: str, query: Query) -> Paging[Query, Cursor, Page]:
    """The paging of the list ``name`` in this browser tab; another query begins at the newest."""
    paging: Paging[Query, Cursor, Page] | None = st.session_state.get(f"{name}_paging")
    if paging is None or paging.query != query:
        paging = st.session_state[f"{name}_paging"] = Paging(query)
    return paging


def pager(name: str, paging: Paging[Query, Cursor, Page], older: Cursor | None) -> None:
    """The buttons Newer and Older; none when there is one page. ``older`` is where the next page
    begins, None on the last."""
    if not paging.cursors and older is None:
        return
    with st.container(horizontal=True, horizontal_alignment="center", vertical_alignment="center"):
        st.button(
            "Newer",
            key=f"{name}_newer",
            icon=":material/chevron_left:",
            disabled=not paging.cursors,
            on_click=paging.newer,
        )
        st.button(
            "Older",
            key=f"{name}_older",
            icon=":material/chevron_right:",
            icon_position="right",
            disabled=older is None,
            on_click=paging.older,
            args=(older,),
        )
