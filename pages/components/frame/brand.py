"""The product's mark and name, at the left of the navigation."""

from __future__ import annotations

from html import escape
from pathlib import Path

import streamlit as st

from billing.safe_text import sanitize

_MARK = Path(__file__).parents[2].joinpath("icon.svg").read_text(encoding="utf-8")
_MARK_SIZE = 32
_TEXT_SIZE = 20
_CHARACTER = 0.64 * _TEXT_SIZE  # wider than most


def brand(name: str) -> None:
    """Show the mark with ``name``, on every page."""
    color = "#E6E9F2" if st.context.theme.type == "dark" else "#12162B"
    st.logo(_logo(name, color), size="medium")


def _logo(name: str, color: str) -> str:
    """Mark and name as an SVG: Streamlit has no place for text beside a logo."""
    text = escape(sanitize(name))
    width = _MARK_SIZE + 10 + round(len(name) * _CHARACTER)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_MARK_SIZE}" '
        f'width="{width}" height="{_MARK_SIZE}">{_MARK}'
        f'<text x="{_MARK_SIZE + 8}" y="23" font-size="{_TEXT_SIZE}" font-weight="700" '
        f'font-family="Inter, -apple-system, Segoe UI, Roboto, Helvetica Neue, Arial, sans-serif" '
        f'fill="{color}">{text}</text></svg>'
    )
