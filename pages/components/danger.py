"""Buttons that destroy something: red, which none of Streamlit's own button types is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

import streamlit as st

if TYPE_CHECKING:
    from collections.abc import Callable

    from pages.components.permission import Guarded


def danger_button(
    label: str,
    *,
    key: str,
    icon: str | None = None,
    on_click: Callable[..., None] | None = None,
    args: tuple[Any, ...] = (),
    **how: Unpack[Guarded],
) -> bool:
    """``st.button`` in red: the last one, under the question whether to destroy. The one that
    leads to the question is an ordinary button whose label ends in ``…``."""
    with st.container(key=f"danger_{key}", width="content"):
        return st.button(
            label, key=key, type="primary", icon=icon, on_click=on_click, args=args, **how
        )
