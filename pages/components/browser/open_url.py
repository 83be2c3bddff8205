"""Leaving the page for another address, in the same tab."""

from __future__ import annotations

import streamlit as st

_JS = """
export default function ({ data }) {
  window.location.assign(data.url);
}
"""
_LEAVE = st.components.v2.component("open_url", js=_JS)


def open_url(url: str) -> None:
    """Have the browser go to ``url``, a web address, as soon as this is drawn."""
    _LEAVE(data={"url": url})
