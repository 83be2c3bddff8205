"""Run the whole page after a press inside a fragment: in a callback ``st.rerun`` does nothing."""

from __future__ import annotations

import streamlit as st

_REQUESTED = "page_rerun_requested"


def request_page_rerun() -> None:
    """In a callback: what it changed is drawn outside of the fragment, too."""
    st.session_state[_REQUESTED] = True


def rerun_page_if_requested() -> None:
    """At the beginning of a fragment with such a callback."""
    if st.session_state.pop(_REQUESTED, False):
        st.rerun(scope="app")
