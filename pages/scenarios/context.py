"""One run of a scenario, as its steps see it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from billing.changes.topics import Topic
from billing.domain.sessions.details import SessionRecords
from billing.errors import StripeFailure
from pages.scenarios.records import ScenarioRecords
from pages.scenarios.runs.errors import StepFailed, Stopped, TakenOver
from pages.scenarios.truth import read_sale, read_subscription

if TYPE_CHECKING:
    from collections.abc import Callable

    from billing.domain.events.event import EventDetails
    from billing.domain.stripe_json import JSON
    from pages.scenarios.catalog.scenario import Scenario
    from pages.scenarios.faults import Faults
    from pages.scenarios.runs.run import ScenarioRun
    from pages.scenarios.sandbox_client import Controls
    from pages.scenarios.stripe_api import StripeApi
    from pages.services import PageServices

POLL_SECONDS = 0.1
PATIENCE_SECONDS = 45.0  # what failed twice is tried again after 30 s, at the next sweep
GRANT_SECONDS = (
    120.0  # after the payment, in which it is granted also where the first attempt fails
)
MARGIN_SECONDS = 1  # of a clock beyond the moment that it is moved to

# With Stripe the next look is taken when something has changed here, and from time to time.
STRIPE_POLL_SECONDS = 5.0
STRIPE_PATIENCE_SECONDS = 1_800.0  # a test debit or a refund may take minutes
KEEP_SECONDS = 1.0
PERSON_SECONDS = 86_400.0  # a Checkout Session is open no longer
FOLLOWED = (Topic.SESSIONS, Topic.EVENTS, Topic.LEDGER)

T = TypeVar("T")


@dataclass
class RunContext:
    """What the steps of a run share. Without ``controls`` the other end is Stripe, or poses as it:
    a person pays, and time passes by itself but for test clocks. ``usual_faults`` were on before
    the run, ``ahead`` is how many seconds the sandbox's clock was ahead at the beginning."""

    billing: PageServices
    controls: Controls | None
    stripe: StripeApi
    run: ScenarioRun
    scenario: Scenario
    usual_faults: Faults
    ahead: float = 0.0
    faults_are_set: bool = False
    clock_was_moved: bool = False
    seen_at: float = 0.0  # when it was looked whether somebody has stopped the run

    @property
    def session_id(self) -> str:
        """That of the Checkout Session."""
        return self.run.session_id

    @property
    def email(self) -> str:
        """The customer's."""
        return self.run.email

    @property
    def faults(self) -> Faults:
        """The faults of the run: the usual ones, with the chosen delivery."""
        chosen = self.run.delivery.faults
        return replace(self.usual_faults, webhooks=chosen or self.usual_faults.webhooks)

    @property
    def grant_seconds(self) -> float:
        """How long after the payment a grant is in time."""
        return GRANT_SECONDS + self._delays

    @property
    def arrivals(self) -> int:
        """How many webhooks of an event are waited for: of Stripe's none, as there may be no
        endpoint, and polling finds the events then."""
        return self.run.delivery.arrivals if self.controls else 0

    def save(self) -> None:
        """Store how far the run is."""
        runs = self.billing.services.scenario_runs
        self.billing.call(lambda: runs.save(self.run))

    def once(self, find: Callable[[], T]) -> T:
        """What ``find`` returns (as JSON), called once in the step under way, also where a restart
        makes the step begin anew."""
        step = str(len(self.run.steps))
        if step not in self.run.noted:
            self.run.noted[step] = find()
            self.save()
        found: T = self.run.noted[step]
        return found

    # What there is --------------------------------------------------------------------------

    def records(self) -> SessionRecords:
        """The sale's events and lines of the ledger as stored here."""
        sessions, run = self.billing.services.sessions, self.run
        if self.session_id:
            return self.billing.call(lambda: sessions.records(self.session_id, self.email))
        sold = run.subscription or run.payment_intent
        return self.billing.call(lambda: sessions.records_of_customer(run.customer, sold))

    def both_sides(self, records: SessionRecords | None = None) -> ScenarioRecords:
        """What Stripe says of the sale now beside what is stored here: ``records``, or as it is."""
        sale = read_sale(self.stripe, self.run)
        reader = self.billing.services.entitlements
        entitlements = self.billing.call(lambda: reader.read([], [self.email]))
        return ScenarioRecords(sale, records or self.records(), entitlements, self.run.paid_at)

    def saw_payment(self) -> None:
        """Stripe says that the sale is paid."""
        self.run.paid_at = self.run.paid_at or time.time()

    def stripe_session(self) -> JSON:
        """The Checkout Session as Stripe has it."""
        return self.stripe.get(f"checkout/sessions/{self.session_id}")

    def payment_intent_id(self) -> str:
        """That of the PaymentIntent of the sale, of a subscription that of its latest invoice;
        empty where there is none yet."""
        if self.run.payment_intent or not (self.session_id or self.run.subscription):
            return self.run.payment_intent
        if self.session_id and (intent := self.stripe_session()["payment_intent"]):
            return str(intent)
        if not self.subscription_id():
            return ""
        payments = self.subscription()["latest_invoice"]["payments"]["data"]
        return next((str(one["payment"]["payment_intent"]) for one in payments), "")

    def paid_charge(self) -> JSON | None:
        """What paid; None where nothing did."""
        found = self.stripe.page("charges", payment_intent=self.payment_intent_id())
        return next((one for one in found if one["paid"]), None)

    def charge(self) -> JSON:
        """What paid. Raises ``StepFailed`` where nothing did."""
        if charge := self.paid_charge():
            return charge
        raise StepFailed("Stripe has no paid charge for this sale.")

    def subscription_id(self) -> str:
        """That of the subscription of the sale; empty where there is none."""
        if self.run.subscription or not self.session_id:
            return self.run.subscription
        return self.stripe_session()["subscription"] or ""

    def subscription(self) -> JSON:
        """The subscription of the sale, with its latest invoice and what pays that."""
        return read_subscription(self.stripe, self.subscription_id())

    def names(self) -> list[str]:
        """What the events about the sale name: ids of Stripe's objects, and our reference."""
        if not self.session_id:
            return [self.run.customer, *filter(None, [self.payment_intent_id()])]
        session = self.stripe_session()
        about = ("id", "payment_intent", "subscription", "client_reference_id")
        return [session[name] for name in about if session[name]]

    # What is awaited ------------------------------------------------------------------------

    def wait(self, find: Callable[[], T | None], what: str, seconds: float | None = None) -> T:
        """What ``find`` returns once it is something, within so many seconds or the usual time.
        Raises ``StepFailed``, naming ``what`` was awaited, when it never is."""
        patience = seconds or self._patience
        deadline = time.monotonic() + patience
        while True:
            seen = self._numbers()
            if (found := self._look(find)) is not None:
                return found
            if time.monotonic() > deadline:
                raise StepFailed(f"{what} was not seen within {patience:g} s.")
            self._pause(seen)

    def wait_for(self, condition: Callable[[SessionRecords], bool], what: str) -> SessionRecords:
        """The records once the condition holds. Raises ``StepFailed`` when it never does."""

        def find() -> SessionRecords | None:
            records = self.records()
            return records if condition(records) else None

        return self.wait(find, what)

    def next_event(self, event_type: str) -> str:
        """The id of Stripe's newest event of a type about this sale, once it is one that no step
        has awaited. Raises ``StepFailed`` when there comes none."""
        event = self.wait(lambda: self.new_event(event_type), event_type)
        self.run.awaited = (*self.run.awaited, event["id"])
        return str(event["id"])

    def new_event(self, event_type: str) -> JSON | None:
        """Stripe's newest event of a type about this sale; None where a step has awaited it."""
        names = self.names()
        newest = next(
            (
                event
                for event in self.stripe.events(event_type)
                if any(name in json.dumps(event["data"]) for name in names)
            ),
            None,
        )
        return newest if newest and newest["id"] not in self.run.awaited else None

    def arrived(self, event_id: str) -> EventDetails | None:
        """The event as stored here; None until it is."""
        log = self.billing.services.event_log
        return self.billing.call(lambda: log.get(event_id))

    @property
    def _patience(self) -> float:
        if not self.controls:
            return STRIPE_PATIENCE_SECONDS
        return PATIENCE_SECONDS + self._delays

    @property
    def _delays(self) -> float:
        """How long events are delayed on purpose."""
        return self.faults.webhooks.delay_seconds + 4 * self.faults.api.delay_seconds

    def _look(self, find: Callable[[], T | None]) -> T | None:
        try:
            return find()
        except StripeFailure as failure:
            if self.controls or not failure.is_temporary:
                raise
            return None

    def _pause(self, seen: tuple[int, ...]) -> None:
        """Until the next look is worth it. Raises as ``check_alive``."""
        time.sleep(POLL_SECONDS)
        until = time.monotonic() + (0 if self.controls else STRIPE_POLL_SECONDS)
        while self._numbers() == seen and time.monotonic() < until:
            time.sleep(POLL_SECONDS)
        if time.monotonic() < self.seen_at + KEEP_SECONDS:
            return
        self.check_alive()

    def check_alive(self) -> None:
        """Go on while this process is to. Raises ``Stopped`` or ``TakenOver``."""
        self.seen_at, runs = time.monotonic(), self.billing.services.scenario_runs
        is_alive = self.billing.call(lambda: runs.keep(self.run))
        if is_alive is None:
            raise TakenOver
        if not is_alive:
            raise Stopped

    def _numbers(self) -> tuple[int, ...]:
        numbers = self.billing.services.changes.numbers()
        return tuple(numbers[topic] for topic in FOLLOWED)

    # What changes ---------------------------------------------------------------------------

    def pass_time(self, seconds: float) -> None:
        """Let so much of Stripe's time pass: the sandbox's clock is moved, Stripe's goes on."""
        if self.controls:
            self.clock_was_moved = True
            self.controls.advance(int(seconds) + MARGIN_SECONDS)

    def move_clock_to(self, moment: float) -> None:
        """Move the customer's test clock just beyond a time (Unix seconds), where it is not there
        yet, and wait until everything due has happened."""
        self.clock_was_moved = True
        path = f"test_helpers/test_clocks/{self.run.test_clock}"
        target = int(moment) + MARGIN_SECONDS

        def arrived() -> JSON | None:
            found = self.stripe.get(path)
            if found["status"] == "internal_failure":
                raise StepFailed("Stripe's test clock has failed to advance.")
            return found if found["status"] == "ready" else None

        if self.wait(arrived, "The test clock")["frozen_time"] < target:
            self.stripe.post(f"{path}/advance", {"frozen_time": target})
            self.wait(arrived, "The test clock")

    def set_faults(self, faults: Faults) -> None:
        """Set these faults, until the end of the run at the latest."""
        if self.controls:
            self.faults_are_set = True
            self.controls.set_faults(faults)

    def end_faults(self) -> None:
        """Set the faults that were on before the run."""
        if self.faults_are_set and self.controls:
            self.controls.set_faults(self.usual_faults)
            self.faults_are_set = False
