"""What a request changed: each object, and its fields before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from billing.json_codec import dumps, loads
from pages.components.text.markdown import code, plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from billing.domain.logged_request import ObjectChange

SHORT = 80  # characters of a value that stand in a line


def show_changes(changes: Iterable[ObjectChange]) -> None:
    """Nothing where there are none."""
    found = list(changes)
    if not found:
        return
    st.subheader("What it changed", anchor=False)
    for one in found:
        st.markdown(f"{plain(one.change.capitalize())} {plain(one.kind)} {code(one.id)}")
        if one.before and one.after:
            _fields(one)


def _fields(change: ObjectChange) -> None:
    before, after = loads(change.before), loads(change.after)
    short = {name: [_text(one.get(name)) for one in (before, after)] for name in after}
    lines = {
        plain(name): f"{code(old)} → {code(new)}"
        for name, (old, new) in short.items()
        if len(old) <= SHORT and len(new) <= SHORT
    }
    if lines:
        st.table(lines, border="horizontal", alt=f"What changed in {change.id}")
    for name in short:
        if plain(name) not in lines:
            with st.expander(plain(name)):
                for title, value in (("Before", before), ("After", after)):
                    st.markdown(f":small[{title}]")
                    st.json({name: value.get(name)}, expanded=2)


def _text(value: object) -> str:
    if value is None:
        return "null"
    return value if isinstance(value, str) and value else dumps(value)
