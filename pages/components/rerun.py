"""What a press inside a fragment may ask for: the whole page again, or another page. In a callback
``st.rerun`` and ``st.switch_page`` do nothing."""

from __future__ import annotations

import streamlit as st

_REQUESTED = "page_rerun_requested"
_PAGE = "page_requested"


def request_page_rerun() -> None:
    """In a callback: what it changed is drawn outside of the fragment, too."""
    st.session_state[_REQUESTED] = True


def request_page(page: str, **query: str) -> None:
    """In a callback: open another page (its file), with ``query`` in its address."""
    st.session_state[_PAGE] = (page, query)


def rerun_page_if_requested() -> None:
    """At the beginning of a fragment with such a callback."""
    if requested := st.session_state.pop(_PAGE, None):
        page, query = requested
        st.switch_page(page, query_params=query)
    if st.session_state.pop(_REQUESTED, False):
        st.rerun(scope="app")
