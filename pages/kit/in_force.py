"""What is out of the ordinary at the sandbox right now, on top of the page while it is."""

from __future__ import annotations

import streamlit as st

from billing.durations import written
from pages.failures import show_failure
from pages.kit.controls import ControlFailure, Controls
from pages.kit.faults import NO_FAULTS
from pages.markdown import plain
from pages.times import local

FOLLOWED_EVERY = "4s"
A_MOMENT = 5


@st.fragment(run_every=FOLLOWED_EVERY)
def in_force(controls: Controls) -> None:
    """The faults that are on, and the sandbox's time while it is ahead; else nothing."""
    try:
        state = controls.state()
    except ControlFailure as failure:
        show_failure(failure, "The sandbox's controls cannot be read")
        return
    if lines := state.faults.lines:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.warning(
                "  \n".join(plain(line) for line in lines),
                title="Things go wrong on purpose",
                icon=":material/bug_report:",
            )
            if st.button("Clear all faults", key="clear_faults", icon=":material/healing:"):
                try:
                    controls.set_faults(NO_FAULTS)
                except ControlFailure as failure:
                    show_failure(failure, "The faults could not be cleared")
                else:
                    st.rerun()
    if state.ahead_seconds > A_MOMENT:
        st.info(
            f"It is {plain(f'{local(state.now):%a %d %b %Y, %H:%M}')} there, "
            f"{written(state.ahead_seconds)} ahead of now. A reset sets it back.",
            title="The sandbox's clock is ahead",
            icon=":material/fast_forward:",
        )
