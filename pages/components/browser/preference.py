"""What a person prefers, kept in their browser as a cookie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import streamlit as st

if TYPE_CHECKING:
    from pages.components.permission import Guarded

_ON = "1"
# The server cannot set a cookie once the page is open.
_JS = """
export default function ({ data }) {
  const set = document.cookie.split("; ").includes(`${data.name}=${data.value}`);
  if (data.value === "" || set) return;
  const attributes = ["path=/app", "max-age=31536000", "samesite=lax"];
  if (location.protocol === "https:") attributes.push("secure");
  document.cookie = [`${data.name}=${data.value}`, ...attributes].join("; ");
}
"""
_COOKIE = st.components.v2.component("preference", js=_JS)


def preference(name: str) -> bool:
    """Whether the person has switched on what ``name`` stands for, here or on an earlier visit."""
    # The cookie is that of the moment when the page was opened; the widget's state ends with it.
    chosen: bool | None = st.session_state.get(f"preference_{name}")
    return st.context.cookies.get(name) == _ON if chosen is None else chosen


def preference_toggle(name: str, label: str, **how: Unpack[Guarded]) -> None:
    """The switch for it."""
    key = f"toggle_{name}"

    def remember() -> None:
        st.session_state[f"preference_{name}"] = bool(st.session_state[key])

    st.toggle(label, value=preference(name), key=key, on_change=remember, **how)
    chosen = st.session_state.get(f"preference_{name}")
    value = "" if chosen is None else _ON if chosen else "0"
    _COOKIE(data={"name": name, "value": value}, key=f"cookie_{name}")
