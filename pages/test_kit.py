"""The Test kit: scenarios, cards to pay with, and faults of our own webhook. With the local sandbox
scenarios run by themselves, and there is a clock to move, Stripe's faults on demand, and a month of
history for a demo."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from billing.errors import BillingError
from pages.components.errors import show_failure
from pages.components.test_kit.cards import cards
from pages.components.test_kit.clock import clock
from pages.components.test_kit.demo_data import demo_data
from pages.components.test_kit.faults import fault_switches
from pages.components.test_kit.open_sessions import clear_results, open_sessions
from pages.components.test_kit.scenario_steps import scenario_drawer
from pages.components.test_kit.scenarios import scenario_list
from pages.components.test_kit.webhook_faults import webhook_faults
from pages.components.test_kit.without_sandbox import without_sandbox
from pages.scenarios.sandbox_client import sandbox_controls

if TYPE_CHECKING:
    from pages.scenarios.sandbox_client import Controls

SCENARIOS, CARDS, OURS = "Scenarios", "Test cards", "Webhook faults"


def at_stripe() -> None:
    """What there is without the sandbox's controls."""
    has_scenarios = without_sandbox()
    *scenarios_tabs, cards_tab, webhook_tab = tabs([SCENARIOS] * has_scenarios + [CARDS, OURS])
    for scenarios_tab in scenarios_tabs:
        if scenarios_tab.open:
            with scenarios_tab:
                scenario_list()
            scenario_drawer()
    if cards_tab.open:
        with cards_tab:
            cards()
    if webhook_tab.open:
        with webhook_tab:
            webhook_faults()


def with_sandbox(controls: Controls) -> None:
    """What there is with them."""
    scenarios_tab, cards_tab, sessions_tab, faults_tab, webhook_tab, demo_tab = tabs(
        [SCENARIOS, CARDS, "Open sessions", "Clock and faults", OURS, "Demo data"]
    )
    if scenarios_tab.open:
        with scenarios_tab:
            scenario_list()
        scenario_drawer()
    if cards_tab.open:
        with cards_tab:
            cards()
    if sessions_tab.open:
        with sessions_tab:
            open_sessions(controls)
    else:
        clear_results()
    if faults_tab.open:
        with faults_tab:
            state = controls.state()
            clock(controls, state)
            fault_switches(controls, state.faults)
    if webhook_tab.open:
        with webhook_tab:
            webhook_faults()
    if demo_tab.open:
        with demo_tab:
            demo_data(controls)


tabs = partial(st.tabs, key="show", on_change="rerun", bind="query-params")
sandbox = sandbox_controls()
if sandbox is None:
    try:
        at_stripe()
    except BillingError as failure:
        show_failure(failure, "The Test kit could not be loaded")
else:
    try:
        with_sandbox(sandbox)
    except BillingError as failure:
        show_failure(failure, "The sandbox returned an error")
