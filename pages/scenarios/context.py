"""One run of a scenario, as its steps see it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from billing.domain.sessions.details import SessionRecords
from pages.scenarios.records import read_records

if TYPE_CHECKING:
    from collections.abc import Callable

    from billing.domain.sessions.checkout_session import CheckoutSession
    from pages.scenarios.faults import Faults
    from pages.scenarios.records import ScenarioRecords
    from pages.scenarios.sandbox_client import Controls, PaymentResult
    from pages.services import PageServices

POLL_SECONDS = 0.1
PATIENCE_SECONDS = 45.0  # what failed twice is tried again after 30 s, at the next sweep


class StepFailed(Exception):
    """A step did not go as the scenario says; the message says how, in plain words."""


@dataclass
class RunContext:
    """What the steps of a run share. ``usual_faults`` were on before the run, ``ahead`` is how many
    seconds the sandbox's clock was ahead then; ``payment`` is the last attempt to pay."""

    billing: PageServices
    controls: Controls
    session: CheckoutSession
    email: str
    usual_faults: Faults
    ahead: float
    payment: PaymentResult | None = None
    faults_are_set: bool = False

    def records(self) -> SessionRecords:
        """The session's events and grants as stored here."""
        services = self.billing.services
        return self.billing.call(lambda: services.sessions.records(self.session.id, self.email))

    def both_sides(self) -> ScenarioRecords:
        """Stripe's session beside the events and grants stored here."""
        services = self.billing.services
        return self.billing.call(lambda: read_records(services, self.session.id, self.email))

    def wait_for(self, condition: Callable[[SessionRecords], bool], what: str) -> SessionRecords:
        """The records once the condition holds. Raises ``StepFailed``, naming ``what`` was awaited,
        when it never does."""
        # What is delayed on purpose is waited for.
        usual = self.usual_faults
        patience = PATIENCE_SECONDS + usual.webhooks.delay_seconds + 4 * usual.api.delay_seconds
        deadline = time.monotonic() + patience
        while not condition(records := self.records()):
            if time.monotonic() > deadline:
                raise StepFailed(f"{what} was not seen within {patience:g} s.")
            time.sleep(POLL_SECONDS)
        return records

    def set_faults(self, faults: Faults) -> None:
        """Set these faults, until the end of the run at the latest."""
        self.faults_are_set = True
        self.controls.set_faults(faults)

    def end_faults(self) -> None:
        """Set the faults that were on before the run."""
        if self.faults_are_set:
            self.controls.set_faults(self.usual_faults)
            self.faults_are_set = False

    def expire_if_open(self) -> None:
        """Expire the session where nobody has paid it: it is no purchase to wait for."""
        services, session_id = self.billing.services, self.session.id
        session = self.billing.call(lambda: services.gateway.retrieve_checkout_session(session_id))
        if session["status"] == "open":
            self.billing.call(lambda: services.sessions.expire(session_id))
