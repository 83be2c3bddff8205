"""Who plays in a scenario's run: somebody who listens, a person at Checkout, one who leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.access.caller import Caller, acting_as
from billing.domain.access import Identity, IdentityKind, Role
from pages.scenarios.catalog.scenarios import SCENARIOS
from tests.support.stripe.payer import pay_at_checkout

if TYPE_CHECKING:
    import stripe

    from pages.scenarios.catalog.scenario import Scenario
    from pages.scenarios.runs.run import StepResult
    from tests.support.servers.shop import ConnectedShop

TESTER = Caller(Identity("tom@example.com", IdentityKind.OIDC, Role.TESTER))
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


class Listener:
    """Remembers what a run reports."""

    def __init__(self) -> None:
        self.labels: list[str] = []
        self.results: list[StepResult] = []

    def step_started(self, label: str) -> None:
        self.labels.append(label)

    def step_ended(self, result: StepResult) -> None:
        self.results.append(result)


class Person(Listener):
    """Does what a step asks a person for, at the Checkout page of the newest session; and is the
    time that passes at Stripe."""

    def __init__(self, shop: ConnectedShop, scenario: Scenario) -> None:
        super().__init__()
        self._shop = shop
        self._steps = {step.label: step for step in scenario.steps}

    def step_started(self, label: str) -> None:
        super().step_started(label)
        step = self._steps.get(label)
        if step and step.number:
            pay_at_checkout(
                str(self._session().url),
                step.number,
                by_bank="account" in step.by_person,
                confirm="Fail" not in step.by_person,
            )
        elif step and step.by_person:
            session = self._session()
            api = self._shop.controls.stripe
            with acting_as(TESTER):
                api.cancel_in_portal(str(session.customer), str(session.subscription))
        elif step and step.seconds:
            self._shop.controls.advance(step.seconds + 1)

    def _session(self) -> stripe.checkout.Session:
        return self._shop.stripe.v1.checkout.sessions.list({"limit": 1}).data[0]


class Leaver(Listener):
    """Aborts the run after a step, as leaving the page does."""

    class Left(BaseException):
        pass

    def __init__(self, after: str) -> None:
        super().__init__()
        self._after = after

    def step_ended(self, result: StepResult) -> None:
        if result.label == self._after:
            raise self.Left
