"""The scenarios on the page: one table with the last verdict of each, to run one or, with the
sandbox, all."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from billing.changes.topics import Topic
from billing.domain.access import Permission
from billing.errors import BillingError
from pages.components.errors import show_failure
from pages.components.live import live
from pages.components.opening_table import HOW_TO_OPEN
from pages.components.permission import guarded
from pages.components.rerun import request_page_rerun, rerun_page_if_requested
from pages.components.test_kit.scenario_steps import SEEN_EVERY, PageReporter, begin
from pages.components.test_kit.scenario_table import (
    RUNNING,
    WAITING,
    Row,
    progress_table,
    scenario_table,
)
from pages.scenarios.catalog.scenarios import SCENARIOS
from pages.scenarios.delivery import Delivery
from pages.scenarios.runs.background import known_runs
from pages.scenarios.runs.runner import run_scenario
from pages.services import page_services, refusal

if TYPE_CHECKING:
    from pages.scenarios.sandbox_client import Controls

RUN_ALL = tuple(scenario.name for scenario in SCENARIOS if not scenario.moves_clock)


def scenario_list(controls: Controls) -> None:
    """All scenarios, played in the sandbox; those that are queued run first, while the table shows
    how far that is."""
    rerun_page_if_requested()
    queue: tuple[str, ...] = st.session_state.pop("scenario_queue", ())
    head(running=bool(queue))
    if queue:
        try:
            run_queue(queue, controls)
        except BillingError as refused:  # the role has changed since the page was drawn
            st.session_state["scenario_failure"] = refused
        st.rerun()
    show_scenario_failure()
    known = known_runs(page_services())
    rows = [Row(scenario, known.get(scenario.name)) for scenario in SCENARIOS]
    scenario_table(rows, enqueue, may_run=refusal(Permission.RUN_SCENARIOS) is None)
    st.caption(f"{HOW_TO_OPEN} The last verdicts are those of everybody who uses this sandbox.")


@live(Topic.SCENARIOS, run_every=SEEN_EVERY)
def scenario_list_at_stripe() -> None:
    """All scenarios, with a person's part at Stripe; the table follows those that run."""
    rerun_page_if_requested()
    st.markdown(
        "Each makes a sale at Stripe in test mode, says what a person has to do at Checkout, and "
        "compares the ledger with what Stripe says. Those by API, and another's payments, run by "
        "themselves. Time is passed by Stripe's test clocks."
    )
    show_scenario_failure()
    known = known_runs(page_services())
    rows = [Row(one, known.get(one.name), at_stripe=True) for one in SCENARIOS]
    scenario_table(rows, run_at_stripe, may_run=refusal(Permission.RUN_SCENARIOS) is None)
    st.caption(f"{HOW_TO_OPEN} A run goes on when the page is left, and everybody sees it.")
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


def run_at_stripe(name: str) -> None:
    """As a callback: begin a run, and open its steps."""
    begin(name)
    st.query_params["scenario"] = name
    request_page_rerun()


def show_scenario_failure() -> None:
    """Why one did not run, once."""
    if failure := st.session_state.pop("scenario_failure", None):
        show_failure(failure, "The scenario was not run")


def head(*, running: bool) -> None:
    """What scenarios are, how their webhooks are delivered, and the button that runs them."""
    may_run = partial(guarded, Permission.RUN_SCENARIOS, disabled=running)
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
        st.button(
            "Run all",
            key="run_all",
            icon=":material/playlist_play:",
            type="primary",
            on_click=enqueue,
            args=RUN_ALL,
            **may_run(
                f"{len(RUN_ALL)} scenarios, one after another, in about a minute. The last in "
                "the list moves the sandbox's clock, and is run from its row."
            ),
        )


def enqueue(*names: str) -> None:
    """As a callback: have these run in the next run of the page."""
    st.session_state["scenario_queue"] = names
    request_page_rerun()


def run_queue(queue: tuple[str, ...], controls: Controls) -> None:
    """Run them one after the other. The table shows which is running, its steps stand above."""
    billing = page_services()
    delivery: Delivery = st.session_state["delivery"]
    steps, table = st.empty(), st.empty()
    for number, name in enumerate(queue):
        (scenario,) = (one for one in SCENARIOS if one.name == name)
        progress = {name: RUNNING, **dict.fromkeys(queue[number + 1 :], WAITING)}
        known = known_runs(billing)
        with table.container():
            progress_table(
                [Row(one, known.get(one.name), progress.get(one.name, "")) for one in SCENARIOS]
            )
        with steps.container():
            run_scenario(scenario, billing, controls, PageReporter(scenario.title), delivery)
