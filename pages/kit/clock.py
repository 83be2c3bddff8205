"""The sandbox's clock, which can be moved forward."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import streamlit as st

from billing.durations import written
from billing.errors import BillingError
from billing.page_services import page_services
from billing.store import event_queries
from pages.failures import show_failure
from pages.kit.scenarios import DAYS_TO_RENEWAL
from pages.kit.steps import DAY
from pages.markdown import plain
from pages.times import local

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from pages.kit.controls import Controls, SandboxState

MOVES = {
    "An hour": 3_600,
    "A day": DAY,
    f"To the renewal ({DAYS_TO_RENEWAL} days)": DAYS_TO_RENEWAL * DAY,
}


def clock(controls: Controls, state: SandboxState) -> None:
    """What time it is there, and buttons that move it on."""
    with st.container(border=True):
        st.header("Clock", anchor=False)
        ahead = state.ahead_seconds
        st.markdown(
            f"**{plain(f'{local(state.now):%a %d %b %Y, %H:%M}')}** at the sandbox, "
            + (f"{written(ahead)} ahead of now." if ahead > 1 else "the real time.")
        )
        place = st.container()
        with st.container(horizontal=True):
            for label, seconds in MOVES.items():
                if st.button(label, key=f"move_{seconds}", icon=":material/fast_forward:"):
                    with place:
                        move(controls, label, seconds)
        st.caption(
            "Whatever falls due on the way happens, each at its time: sessions expire, delayed "
            "payments come, subscriptions renew. Only a reset sets the clock back."
        )
        if told := st.session_state.get("kit_moved"):
            place.success(plain(told), icon=":material/history:")


def move(controls: Controls, label: str, seconds: int) -> None:
    """Move the clock, and keep in words what happened on the way."""
    try:
        with st.spinner("Moving the clock, and waiting for the webhooks…", show_time=True):
            happened = controls.advance(seconds)
            types = Counter(types_of(happened))
    except BillingError as failure:
        show_failure(failure, "The clock could not be moved")
        return
    counted = ", ".join(f"{number} of {name}" for name, number in types.most_common())
    unheard = len(happened) - types.total()
    if unheard:
        counted += f"{', ' if counted else ''}{unheard} whose webhook has not come yet"
    st.session_state["kit_moved"] = f"{label} passed. " + (
        f"What happened: {counted}." if happened else "Nothing fell due."
    )
    st.rerun()


def types_of(ids: list[str]) -> list[str]:
    """The types of these events, as far as they have arrived here."""

    def ask(connection: Connection) -> list[str]:
        found = (event_queries.one(connection, event_id) for event_id in ids)
        return [event.type for event in found if event]

    billing = page_services()
    return billing.call(lambda: billing.services.store.read(ask))
