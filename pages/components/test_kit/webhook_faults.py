"""Faults of our own webhook: a switch for each, and the deliveries that are held."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from billing.changes.topics import Topic
from billing.domain.access import Permission
from billing.domain.receiver_faults import (
    MINUTES,
    MOST_MINUTES,
    NO_FAULTS,
    Answer,
    RandomFaults,
    ReceiverFaults,
)
from billing.errors import BillingError
from pages.components.errors import show_failure
from pages.components.live import live
from pages.components.permission import guarded
from pages.components.test_kit.fault_controls import FaultControls
from pages.components.test_kit.random_run import FAILURE, random_run
from pages.components.text.ids import short_id
from pages.components.text.markdown import code, plain
from pages.components.text.times import counting, exact_time, local, markdown
from pages.services import page_services

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from billing.domain.receiver_faults import FaultsInForce, HeldDelivery
    from billing.webhooks.fault_injection.service import FaultInjection, FaultState

DROPS = {0: "none", 2: "every second", 1: "all"}
REPEATS = {0: "once", 1: "twice", 2: "three times"}
DURATIONS = (MINUTES, 30, MOST_MINUTES)  # minutes
ROWS_SHOWN = 25
KEYS = ("answer", "drop", "hold", "repeats", "crash")


@live(Topic.STATUS)
def webhook_faults() -> None:
    """The switches, which show what is on, whoever switched it on; and what is held."""
    billing = page_services()
    try:
        state = billing.call(billing.services.fault_injection.state)
    except BillingError as failure:
        show_failure(failure, "The webhook faults could not be loaded")
        return
    st.markdown(
        "What this dashboard does to a delivery once its signature is checked, whoever sends it. "
        "Each switch is in effect at once. All end after the chosen time, and with the server."
    )
    if refused := st.session_state.pop(FAILURE, None):
        show_failure(refused, "The webhook faults could not be changed")
    switches_side, held_side = st.columns(2, gap="medium")
    with switches_side, st.container(border=True, height="stretch"):
        switches(state.in_force)
    with held_side, st.container(border=True, height="stretch"):
        held_deliveries(state)
    with st.container(border=True):
        random_run(state.run)


def switches(in_force: FaultsInForce | None) -> None:
    """One for each fault, and how long they are on."""
    on = in_force.faults if in_force else NO_FAULTS
    faults = FaultControls("webhook_fault", set_faults, disabled=isinstance(on, RandomFaults))
    if isinstance(on, ReceiverFaults):
        faults.fill(
            {
                "answer": on.answer,
                "drop": on.drop_every,
                "hold": on.hold,
                "repeats": on.repeats,
                "crash": on.crash,
            }
        )
    st.session_state.setdefault("webhook_fault_minutes", MINUTES)
    st.header("Deliveries", anchor=False)
    faults.choice(
        "Answer to each first delivery",
        "answer",
        {answer: answer.label for answer in Answer},
        "After a 500 the event is not recorded: Stripe delivers it again.",
    )
    faults.choice(
        "Drop", "drop", DROPS, "Answered with 200 and forgotten: only polling can find the event."
    )
    faults.choice("Process each event", "repeats", REPEATS, "As if it had been delivered as often.")
    faults.switch("Hold deliveries", "hold", "Answered with 200 at once, and recorded when let go.")
    faults.switch(
        "Crash after recording",
        "crash",
        "The event stays pending until the next sweep, or polling, finds it.",
    )
    faults.choice("End after", "minutes", {one: f"{one} min" for one in DURATIONS})
    if in_force:
        by = f", switched on by {plain(in_force.by)}" if in_force.by else ""
        st.caption(f"On until {local(in_force.ends_at):%H:%M:%S}{by}.")
        end_now_button("webhook_faults_end")


def set_faults() -> None:
    """As a callback: have what all switches show."""
    switched = {name: st.session_state[f"webhook_fault_{name}"] for name in KEYS}
    faults = ReceiverFaults(
        answer=switched["answer"],
        drop_every=switched["drop"],
        hold=switched["hold"],
        repeats=switched["repeats"],
        crash=switched["crash"],
    )
    minutes = st.session_state["webhook_fault_minutes"]
    change(lambda injection: injection.set(faults, minutes))


def held_deliveries(state: FaultState) -> None:
    """Each that is held, to let go in any order, and what the faults have done so far."""
    number = f" ({len(state.held):,})" if state.held else ""
    st.header(f"Held deliveries{number}", anchor=False)
    if not state.held:
        st.caption("None. What is held is let go at the end, and recorded before the server stops.")
    for held in state.held[:ROWS_SHOWN]:
        row(held)
    if len(state.held) > ROWS_SHOWN:
        st.caption(f"{len(state.held) - ROWS_SHOWN:,} more were held later.")
    if state.held:
        st.button(
            "Release all",
            key="release_all",
            icon=":material/playlist_play:",
            on_click=change,
            args=(lambda injection: injection.release_all(),),
            **guarded(Permission.SET_FAULTS),
        )
    if state.is_shared:
        st.caption(
            "Several processes may share this database: they have the same faults, number the "
            "deliveries of a random run together, and Release all and End now reach them all. "
            "What is listed here is held by the process that serves this page; the verdict is "
            "shown by the one that has begun the run."
        )
    if state.injected:
        done = ", ".join(f"{number:,} {name}" for name, number in state.injected.items())
        st.caption(f"Deliveries since it was switched on: {done}.")


def row(held: HeldDelivery) -> None:
    """One delivery, and the button that lets it go."""
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        about = f"{code(short_id(held.object_id))} · " if held.object_id else ""
        markdown(
            f"**{plain(held.type)}**  \n:small[{about}{counting(held.held_at)}]",
            width="stretch",
            help=f"{plain(exact_time(held.held_at))}  \n{code(held.event_id)}",
        )
        st.button(
            "Release",
            key=f"release_{held.number}",
            on_click=change,
            args=(lambda injection: injection.release(held.number),),
            **guarded(Permission.SET_FAULTS),
        )


def end_now_button(key: str) -> None:
    """Ends all webhook faults."""
    st.button(
        "End now",
        key=key,
        icon=":material/healing:",
        on_click=change,
        args=(lambda injection: injection.end(),),
        **guarded(Permission.SET_FAULTS),
    )


def change(make: Callable[[FaultInjection], Coroutine[None, None, object]]) -> None:
    """As a callback: change the faults; the panel says where that fails."""
    billing = page_services()  # in a callback, it is not known before who has the page open
    try:
        billing.call(lambda: make(billing.services.fault_injection))
    except BillingError as failure:
        st.session_state[FAILURE] = failure
