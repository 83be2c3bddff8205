"""The scenarios on the page: one table with the last verdict of each, to run one or, with the
sandbox, all."""

from __future__ import annotations

from functools import partial

import streamlit as st

from billing.changes.topics import Topic
from billing.domain.access import Permission
from billing.errors import BillingError
from pages.components.errors import show_failure
from pages.components.live import live
from pages.components.opening_table import HOW_TO_OPEN
from pages.components.permission import guarded
from pages.components.rerun import request_page_rerun, rerun_page_if_requested
from pages.components.test_kit.scenario_steps import SEEN_EVERY, begin, runs_that_go_on
from pages.components.test_kit.scenario_table import Row, scenario_table
from pages.scenarios.catalog.scenarios import SCENARIOS
from pages.scenarios.delivery import Delivery
from pages.scenarios.runs.background import known_runs, stop_waiting, waiting_runs
from pages.scenarios.sandbox_client import sandbox_controls
from pages.services import page_services, refusal

RUN_ALL = tuple(scenario.name for scenario in SCENARIOS if not scenario.moves_clock)


def scenario_list() -> None:
    """All scenarios, with a person's part at Stripe; the table follows those that run."""
    is_any = any(one.is_running for one in known_runs(page_services()).values())
    live(Topic.SCENARIOS, run_every=SEEN_EVERY if is_any else None)(list_part)()


def list_part() -> None:
    """What is above the table, the table, and what Stripe does not allow."""
    rerun_page_if_requested()
    controls, billing = sandbox_controls(), page_services()
    known = runs_that_go_on()
    waiting = waiting_runs(billing, known)
    if controls:
        head(under_way=bool(waiting) or any(one.is_running for one in known.values()))
    else:
        st.markdown(
            "Each makes a sale at Stripe in test mode, says what a person has to do at Checkout, "
            "and compares the ledger with what Stripe says. Those by API, and another's payments, "
            "run by themselves. Time is passed by Stripe's test clocks."
        )
    if failure := st.session_state.pop("scenario_failure", None):
        show_failure(failure, "The scenario was not run")
    rows = [
        Row(
            one,
            known.get(one.name),
            is_waiting=one.name in waiting,
            at_stripe=controls is None,
        )
        for one in SCENARIOS
    ]
    may_run = refusal(Permission.RUN_SCENARIOS) is None
    scenario_table(rows, run if controls else run_at_stripe, may_run=may_run)
    st.caption(f"{HOW_TO_OPEN} A run goes on when the page is left, and everybody sees it.")
    if not controls:
        limits()


def limits() -> None:
    """What scenarios cannot have at Stripe, and why."""
    with st.expander("What Stripe does not allow"):
        st.markdown(
            "- **Failures of its API**, and answers that are lost: it does not fail on demand. "
            "The scenarios of that need the local sandbox.\n"
            "- **Checkout without a person**: no API pays it. Subscriptions and payments made by "
            "the API alone need nobody.\n"
            "- **The time of Checkout**: a session that nobody pays is expired by the API, as its "
            "day cannot be passed. Test debits, refunds that fail and evidence take Stripe's own "
            "minutes. Subscriptions live in the time of test clocks.\n"
            "- **The order of deliveries**, late ones and lost ones: Stripe delivers as it does. "
            "What has arrived can be held, doubled, dropped or refused here."
        )
        st.page_link(
            "test_kit.py",
            label="Webhook faults",
            icon=":material/bug_report:",
            query_params={"show": "Webhook faults"},
        )


def run(*names: str) -> None:
    """As a callback: have these run."""
    begin(*names)
    request_page_rerun()


def run_at_stripe(name: str) -> None:
    """As a callback: begin a run, and open its steps."""
    begin(name)
    st.query_params["scenario"] = name
    request_page_rerun()


def stop_all() -> None:
    """As a callback: have the run under way stop, and those that wait for it not run."""
    billing = page_services()
    try:
        stop_waiting(billing)
        for name, known in known_runs(billing).items():
            if known.is_running:
                billing.call(partial(billing.services.scenario_runs.stop, name))
    except BillingError as failure:
        st.session_state["scenario_failure"] = failure


def head(*, under_way: bool) -> None:
    """What scenarios are, how their webhooks are delivered, and the buttons that run and stop
    them."""
    may_run = partial(guarded, Permission.RUN_SCENARIOS)
    st.markdown(
        "Each plays a sale in the sandbox, then compares the ledger with what the sandbox says."
    )
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"
    ):
        st.segmented_control(
            "Delivery of webhooks",
            list(Delivery),
            format_func=lambda one: one.label,
            key="delivery",
            default=Delivery.IN_ORDER,
            required=True,
            wrap=True,
            **may_run("  \n".join(f"**{one.label}**: {one.about}" for one in Delivery)),
        )
        with st.container(horizontal=True, width="content", gap="small"):
            st.button(
                "Run all",
                key="run_all",
                icon=":material/playlist_play:",
                type="primary",
                on_click=run,
                args=RUN_ALL,
                **may_run(
                    f"{len(RUN_ALL)} scenarios, one after another, in about a minute. The last in "
                    "the list moves the sandbox's clock, and is run from its row."
                ),
            )
            if under_way:
                st.button(
                    "Stop all",
                    key="stop_all",
                    icon=":material/stop:",
                    on_click=stop_all,
                    **may_run("Each ends within seconds, and closes what it has made."),
                )
