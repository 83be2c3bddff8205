"""One run of a scenario, as its steps see it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from billing.sessions.records import SessionRecords
from pages.scenarios.records import read_records

if TYPE_CHECKING:
    from collections.abc import Callable

    from billing.domain.checkout_session import CheckoutSession
    from pages.scenarios.faults import Faults
    from pages.scenarios.records import ScenarioRecords
    from pages.scenarios.sandbox_client import Controls, PaymentResult
    from pages.services import PageServices

GLANCE_SECONDS = 0.1
PATIENCE_SECONDS = 45.0  # what failed twice is tried again after 30 s, at the next sweep


class StepFailed(Exception):
    """A step did not go as the scenario says; the message tells how, in words."""


@dataclass
class RunContext:
    """What the steps of a run share. ``usual_faults`` stood before the run began, ``ahead`` is
    how far the sandbox's clock was then; ``outcome`` is that of the last try to pay."""

    billing: PageServices
    controls: Controls
    session: CheckoutSession
    email: str
    usual_faults: Faults
    ahead: float
    outcome: PaymentResult | None = None
    faults_are_set: bool = field(default=False)

    def records(self) -> SessionRecords:
        """Our side of it now."""
        services = self.billing.services
        return self.billing.call(lambda: services.sessions.records(self.session.id, self.email))

    def both_sides(self) -> ScenarioRecords:
        """Both sides of it now."""
        services = self.billing.services
        return self.billing.call(lambda: read_records(services, self.session.id, self.email))

    def wait_for(self, condition: Callable[[SessionRecords], bool], what: str) -> SessionRecords:
        """Our side once the condition holds; ``StepFailed`` with what was awaited when it never
        does."""
        # What is delayed on purpose is waited for.
        usual = self.usual_faults
        patience = PATIENCE_SECONDS + usual.webhooks.delay_seconds + 4 * usual.api.delay_seconds
        deadline = time.monotonic() + patience
        while not condition(records := self.records()):
            if time.monotonic() > deadline:
                raise StepFailed(f"{what} was not seen within {patience:g} s.")
            time.sleep(GLANCE_SECONDS)
        return records

    def set_faults(self, faults: Faults) -> None:
        """From now on, until the end of the run at the latest."""
        self.faults_are_set = True
        self.controls.set_faults(faults)

    def end_faults(self) -> None:
        """Back to what stood before the run."""
        if self.faults_are_set:
            self.controls.set_faults(self.usual_faults)
            self.faults_are_set = False
