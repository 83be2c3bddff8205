"""Every scenario of the Test kit, run against a real sandbox and a real server; and the verdicts
that a broken product gets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from billing import fulfillment
from billing.checkout_session import CheckoutSession
from billing.store import grants
from pages.kit import steps
from pages.kit.faults import NO_FAULTS, Faults, WebhookFaults
from pages.kit.journey import Astray
from pages.kit.runner import Run, StepDone, run
from pages.kit.scenarios import SCENARIOS, Scenario
from pages.kit.steps import Step
from tests.support.connected_shop import ConnectedShop, connected_shop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from billing.store.grants import Grant
    from pages.kit.journey import Journey

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


class Listener:
    """Remembers what a run tells."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.done_steps: list[StepDone] = []

    def begins(self, label: str) -> None:
        self.begun.append(label)

    def done(self, step: StepDone) -> None:
        self.done_steps.append(step)


class Leaver(Listener):
    """Goes away when a step is done, as a person does who leaves the page."""

    class Left(BaseException):
        pass

    def __init__(self, after: str) -> None:
        super().__init__()
        self._after = after

    def done(self, step: StepDone) -> None:
        if step.label == self._after:
            raise self.Left


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConnectedShop]:
    with connected_shop(tmp_path_factory.mktemp("shop")) as running:
        yield running


def ran(shop: ConnectedShop, scenario: Scenario) -> Run:
    return run(scenario, shop.pages, shop.controls, Listener())


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_scenario_goes_as_it_says_and_its_verdict_is_right(
    shop: ConnectedShop, scenario: Scenario
) -> None:
    listener = Listener()
    last = run(scenario, shop.pages, shop.controls, listener)
    assert all(step.well for step in last.steps), last.steps
    assert last.verdict.right, last
    expected = "Granted exactly once" if scenario.paid else "Rightly not granted"
    assert last.verdict.title == expected
    assert listener.done_steps == list(last.steps)
    assert listener.begun[1:-1] == [step.label for step in scenario.steps]
    assert last.session_id.startswith("cs_test_")
    assert shop.controls.faults() == NO_FAULTS
