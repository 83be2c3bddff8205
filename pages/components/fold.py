"""Parts of a page that a phone has no width for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator


def folded_on_phones(label: str, name: str) -> DeltaGenerator:
    """A container that a narrow screen shows only while the switch above it is on, and a wide one
    always, without a switch. ``pages/style.css`` lists the names."""
    st.toggle(label, key=f"unfold_{name}")
    return st.container(gap="small", key=f"fold_{name}")
