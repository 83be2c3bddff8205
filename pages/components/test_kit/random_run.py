"""A random run of webhook faults: by which seed, and the verdict on the last."""

from __future__ import annotations

from functools import partial
from random import SystemRandom
from typing import TYPE_CHECKING

import streamlit as st

from billing.domain.access import Permission
from billing.domain.random_run import MOST_SEED
from billing.domain.receiver_faults import MINUTES
from billing.errors import BillingError
from pages.components.permission import guarded
from pages.components.text.markdown import plain
from pages.components.text.times import counting, markdown
from pages.scenarios import random_run as purchases
from pages.scenarios.sandbox_client import sandbox_controls
from pages.services import page_services

if TYPE_CHECKING:
    from billing.domain.random_run import RandomRun

FAILURE = "webhook_fault_failure"  # in the session's state: why a change failed


def random_run(run: RandomRun | None) -> None:
    """What to run, and how the last run ended."""
    st.header("Random run", anchor=False)
    is_sandbox = sandbox_controls() is not None
    what = (
        "makes purchases in the sandbox, and each of their deliveries"
        if is_sandbox
        else f"lasts {MINUTES} minutes, or until you end it, and each delivery that arrives"
    )
    st.markdown(
        f"It {what} is by chance delayed, repeated, dropped, answered 500 or left unprocessed. "
        "Then each session must be granted as Stripe says, exactly once. "
        "The same seed has the same faults."
    )
    is_under_way = run is not None and run.ended_at is None
    may_run = partial(guarded, Permission.SET_FAULTS, disabled=is_under_way)
    st.session_state.setdefault("random_seed", SystemRandom().randint(1, MOST_SEED))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.number_input(
            "Seed",
            min_value=0,
            max_value=MOST_SEED,
            step=1,
            key="random_seed",
            width=160,
            **may_run(),
        )
        if is_sandbox:
            st.segmented_control(
                "Purchases",
                purchases.PURCHASES,
                default=purchases.PURCHASES[1],
                key="random_purchases",
                required=True,
                **may_run(),
            )
        st.button(
            "Start random run",
            key="random_run",
            type="primary",
            icon=":material/casino:",
            on_click=begin,
            **may_run(),
        )
    if run:
        show_run(run)


def begin() -> None:
    """As a callback: begin a run."""
    billing = page_services()  # in a callback, it is not known before who has the page open
    controls, seed = sandbox_controls(), int(st.session_state["random_seed"])
    try:
        if controls:
            purchases.begin(billing, controls, seed, st.session_state["random_purchases"])
        else:
            injection = billing.services.fault_injection
            billing.call(partial(injection.begin_random_run, seed))
    except BillingError as failure:
        st.session_state[FAILURE] = failure


def begin_again(run: RandomRun) -> None:
    """As a callback: begin one with the same seed, and as many purchases."""
    st.session_state["random_seed"] = run.seed
    if run.purchases:
        st.session_state["random_purchases"] = run.purchases
    begin()


def show_run(run: RandomRun) -> None:
    """The verdict on a run and a button to repeat it, or that it is under way."""
    if run.ended_at is None:
        markdown(
            f":small[:gray[:material/pending: The run with seed {run.seed} began "
            f"{counting(run.started_at)}. Its verdict comes at the end, once the sweep and polling "
            "have found what they can.]]"
        )
        return
    st.badge(
        f"Seed {run.seed}: {'granted exactly once' if run.passed else 'failed'}",
        icon=":material/verified:" if run.passed else ":material/gpp_bad:",
        color="green" if run.passed else "red",
    )
    markdown(
        f"{_many(run.deliveries, 'delivery', 'deliveries')}, "
        f"{_many(run.sessions, 'session', 'sessions')}, {run.paid:,} paid; "
        f"ended {counting(run.ended_at)}."
    )
    for problem in run.problems:
        st.markdown(f":red[:material/close:] {plain(problem)}")
    st.button(
        "Run this seed again",
        key="random_run_again",
        icon=":material/replay:",
        on_click=begin_again,
        args=(run,),
        **guarded(Permission.SET_FAULTS),
    )


def _many(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
