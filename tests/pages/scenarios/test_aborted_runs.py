"""Runs of scenarios that fail, are aborted, or run under faults: what they leave behind."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from billing.domain.sessions.checkout_session import Kind
from pages.scenarios.context import RunContext
from pages.scenarios.faults import NO_FAULTS, Faults, WebhookFaults
from pages.scenarios.runs.errors import StepFailed
from pages.scenarios.runs.run import ScenarioResult, StepStatus
from pages.scenarios.runs.runner import run_scenario
from pages.scenarios.steps.checkout import create_session, pay
from pages.scenarios.steps.faults import set_api_fault
from pages.scenarios.steps.step import Step
from tests.pages.scenarios.players import BY_NAME, Leaver, Listener

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.servers.shop import ConnectedShop

    Ran = Callable[..., ScenarioResult]

SESSION = create_session(Kind.CREDITS, 3)


def test_a_step_that_fails_stops_the_run_and_the_verdict_names_it(ran: Ran) -> None:
    scenario = replace(BY_NAME["credits-paid"], steps=(SESSION, pay("4000000000000002")))
    last = ran(scenario)
    assert [step.status for step in last.steps] == [StepStatus.PASSED, StepStatus.FAILED]
    assert last.verdict.title == "Stopped at “Pay with 4000 0000 0000 0002”"
    assert last.verdict.reason.startswith("declined: generic decline, but paid was expected.")


def test_a_session_that_a_run_leaves_open_is_expired_at_its_end(
    shop: ConnectedShop, ran: Ran
) -> None:
    failed = replace(BY_NAME["credits-paid"], steps=(SESSION, pay("4000000000000002")))
    for last in (ran(BY_NAME["3ds-failed"]), ran(failed)):
        assert shop.stripe.v1.checkout.sessions.retrieve(last.session_id).status == "expired"


def fail(_: RunContext) -> str:
    raise StepFailed("It never works.")


USUAL = Faults(webhooks=WebhookFaults(delay_seconds=0.05))


@pytest.fixture
def usual_faults(shop: ConnectedShop) -> Iterator[Faults]:
    shop.controls.set_faults(USUAL)
    yield USUAL
    shop.controls.set_faults(NO_FAULTS)


def test_faults_that_were_on_before_are_on_again_after_a_run_that_breaks_off(
    shop: ConnectedShop, ran: Ran, usual_faults: Faults
) -> None:
    broken = replace(
        BY_NAME["stripe-500"], steps=(SESSION, set_api_fault(500), Step("Something", fail))
    )
    assert ran(broken).verdict.title == "Stopped at “Something”"
    assert shop.controls.faults() == usual_faults


def test_faults_are_cleared_when_the_run_is_aborted(shop: ConnectedShop) -> None:
    scenario = BY_NAME["stripe-429"]
    leaver = Leaver(scenario.steps[1].label)
    with pytest.raises(Leaver.Left):
        run_scenario(scenario, shop.pages, shop.controls, leaver)
    assert shop.controls.faults() == NO_FAULTS


def test_a_scenario_runs_under_the_faults_that_are_on(
    shop: ConnectedShop, ran: Ran, usual_faults: Faults
) -> None:
    assert ran(BY_NAME["credits-paid"]).verdict.passed
    assert shop.controls.faults() == usual_faults


def test_without_an_answer_of_the_control_api_the_verdict_says_so(shop: ConnectedShop) -> None:
    nowhere = type(shop.controls)("http://127.0.0.1:9/_control")
    last = run_scenario(BY_NAME["credits-paid"], shop.pages, nowhere, Listener())
    assert last.verdict.title == "Stopped"
    assert "does not answer" in last.verdict.reason
    assert last.session_id == ""
