"""Text to copy: one line with its copy button in sight, as pointing at it is no way on a phone."""

from __future__ import annotations

from typing import Literal

import streamlit as st


def copyable(text: str, *, key: str, width: int | Literal["stretch"] = "stretch") -> None:
    """``text`` on one line, ``width`` pixels long and cut where that is too short; the whole is
    copied."""
    with st.container(key=f"copyable_{key}", width=width):
        st.code(text, language=None)
