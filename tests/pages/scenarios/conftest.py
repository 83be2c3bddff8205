"""One shop for all runs of scenarios, and what the sandbox's controls play in it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from billing.access.caller import acting_as
from pages.scenarios.delivery import Delivery
from pages.scenarios.runs.run import ScenarioResult, ScenarioRun
from pages.scenarios.runs.runner import run_scenario
from tests.pages.scenarios.players import TESTER, Listener
from tests.support.servers.shop import ConnectedShop, connected_shop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pages.scenarios.catalog.scenario import Scenario


@pytest.fixture(scope="package")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConnectedShop]:
    with connected_shop(tmp_path_factory.mktemp("shop")) as running:
        yield running


@pytest.fixture(scope="package")
def ran(shop: ConnectedShop) -> Callable[..., ScenarioResult]:
    """The result of a scenario that the sandbox's controls play."""

    def result(scenario: Scenario, delivery: Delivery = Delivery.IN_ORDER) -> ScenarioResult:
        return run_scenario(scenario, shop.pages, shop.controls, Listener(), delivery)

    return result


@pytest.fixture(scope="package")
def played(shop: ConnectedShop) -> Callable[[Scenario], ScenarioRun]:
    """The run of a scenario that the sandbox's controls play, once, with its result."""

    @cache
    def run(scenario: Scenario) -> ScenarioRun:
        listener, under_way = Listener(), ScenarioRun(scenario.name)
        with acting_as(TESTER):  # who may move no clock and set no faults but by a scenario
            last = run_scenario(scenario, shop.pages, shop.controls, listener, run=under_way)
        assert listener.results == list(last.steps)
        assert listener.labels[:-1] == [step.label for step in scenario.steps]
        return under_way

    return run
