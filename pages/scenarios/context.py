"""One run of a scenario, as its steps see it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from billing.domain.sessions.details import SessionRecords
from pages.scenarios.delivery import Delivery
from pages.scenarios.records import ScenarioRecords
from pages.scenarios.truth import read_sale

if TYPE_CHECKING:
    from collections.abc import Callable

    from billing.domain.event import EventDetails
    from billing.domain.sessions.checkout_session import CheckoutSession
    from billing.domain.stripe_json import JSON
    from pages.scenarios.faults import Faults
    from pages.scenarios.sandbox_api import SandboxApi
    from pages.scenarios.sandbox_client import Controls, PaymentResult
    from pages.services import PageServices

POLL_SECONDS = 0.1
PATIENCE_SECONDS = 45.0  # what failed twice is tried again after 30 s, at the next sweep
MARGIN_SECONDS = 1  # of the clock beyond the moment that it is moved to

T = TypeVar("T")


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
    delivery: Delivery = Delivery.IN_ORDER
    payment: PaymentResult | None = None
    faults_are_set: bool = False
    clock_was_moved: bool = False
    _awaited: set[str] = field(default_factory=set)

    @property
    def stripe(self) -> SandboxApi:
        """Stripe's API as the sandbox serves it."""
        return self.controls.stripe

    @property
    def faults(self) -> Faults:
        """The faults of the run: the usual ones, with the chosen delivery."""
        return replace(
            self.usual_faults, webhooks=self.delivery.faults or self.usual_faults.webhooks
        )

    # What there is --------------------------------------------------------------------------

    def records(self) -> SessionRecords:
        """The session's events and lines of the ledger as stored here."""
        services = self.billing.services
        return self.billing.call(lambda: services.sessions.records(self.session.id, self.email))

    def both_sides(self) -> ScenarioRecords:
        """What the sandbox says of the sale beside what is stored here."""
        return ScenarioRecords(read_sale(self.stripe, self.session.id), self.records())

    def stripe_session(self) -> JSON:
        """The Checkout Session as the sandbox has it."""
        return self.stripe.get(f"checkout/sessions/{self.session.id}")

    def charge(self) -> JSON:
        """What paid for the credits."""
        intent = self.stripe_session()["payment_intent"]
        (charge,) = (
            one for one in self.stripe.page("charges", payment_intent=intent) if one["paid"]
        )
        return charge

    def subscription(self) -> JSON:
        """The subscription that the session began, with its latest invoice."""
        name = self.stripe_session()["subscription"]
        expand = {"expand[]": "latest_invoice"}
        return self.stripe.get(f"subscriptions/{name}", **expand)

    # What is awaited ------------------------------------------------------------------------

    def wait(self, find: Callable[[], T | None], what: str) -> T:
        """What ``find`` returns once it is something. Raises ``StepFailed``, naming ``what`` was
        awaited, when it never is."""
        # What is delayed on purpose is waited for.
        faults = self.faults
        patience = PATIENCE_SECONDS + faults.webhooks.delay_seconds + 4 * faults.api.delay_seconds
        deadline = time.monotonic() + patience
        while (found := find()) is None:
            if time.monotonic() > deadline:
                raise StepFailed(f"{what} was not seen within {patience:g} s.")
            time.sleep(POLL_SECONDS)
        return found

    def wait_for(self, condition: Callable[[SessionRecords], bool], what: str) -> SessionRecords:
        """The records once the condition holds. Raises ``StepFailed`` when it never does."""

        def find() -> SessionRecords | None:
            records = self.records()
            return records if condition(records) else None

        return self.wait(find, what)

    def next_event(self, event_type: str) -> str:
        """The id of the sandbox's newest event of a type about this sale, once it is one that no
        step has awaited. Raises ``StepFailed`` when there comes none."""
        session = self.stripe_session()
        names = [session[name] for name in ("id", "payment_intent", "subscription")]

        def find() -> str | None:
            newest = next(
                (
                    event["id"]
                    for event in self.stripe.events(event_type)
                    if any(name in json.dumps(event["data"]) for name in names if name)
                ),
                None,
            )
            return None if newest in self._awaited else newest

        event_id = self.wait(find, event_type)
        self._awaited.add(event_id)
        return event_id

    def arrived(self, event_id: str) -> EventDetails | None:
        """The event as stored here; None until it is."""
        log = self.billing.services.event_log
        return self.billing.call(lambda: log.get(event_id))

    # What changes ---------------------------------------------------------------------------

    def move_clock_to(self, moment: float) -> None:
        """Move the sandbox's clock just beyond a time (Unix seconds)."""
        now = self.controls.state().now
        self.clock_was_moved = True
        self.controls.advance(max(int(moment - now) + 1, 0) + MARGIN_SECONDS)

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
        if self.stripe_session()["status"] == "open":
            self.billing.call(lambda: services.sessions.expire(session_id))
