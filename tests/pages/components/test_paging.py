"""Paging through a list, without the page around it."""

from __future__ import annotations

from functools import partial

from pages.components.paging import Paging


def test_turning_to_older_pages_and_back_moves_the_cursor() -> None:
    paging: Paging[str, int, list[str]] = Paging("all")
    turns = (
        partial(paging.older, 20),
        partial(paging.older, 10),
        paging.newer,
        partial(paging.older, 10),
        paging.newest,
    )
    cursors = [paging.cursor]
    for turn in turns:
        turn()
        cursors.append(paging.cursor)
    assert cursors == [None, 20, 10, 20, 10, None]


def test_what_was_read_of_a_page_is_dropped_on_turning() -> None:
    paging: Paging[str, int, list[str]] = Paging("all")
    for turn in (partial(paging.older, 20), paging.newer, paging.newest):
        paging.page = ["a row"]
        turn()
        assert paging.page is None
