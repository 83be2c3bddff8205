"""Every scenario of the Test kit, run against a real sandbox and a real server; and the verdicts
that a broken product gets."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING

import pytest

from billing.access.caller import Caller, acting_as
from billing.domain.access import Identity, IdentityKind, Role
from billing.domain.ledger import credits as ledger_credits
from billing.domain.ledger.line import Cause, Due
from billing.domain.ledger.pro import ProState
from billing.domain.sessions.checkout_session import Kind
from billing.ledger import fulfillment
from billing.selling.buyers import Buyers
from billing.store import tables
from billing.store.ledger import lines
from pages.scenarios.catalog.scenarios import SCENARIOS
from pages.scenarios.context import RunContext, StepFailed
from pages.scenarios.delivery import Delivery
from pages.scenarios.faults import NO_FAULTS, Faults, WebhookFaults
from pages.scenarios.runs.run import ScenarioResult, StepResult, StepStatus
from pages.scenarios.runs.runner import run_scenario
from pages.scenarios.steps.checkout import pay
from pages.scenarios.steps.faults import set_api_fault
from pages.scenarios.steps.step import Step
from pages.scenarios.verdict import Expected
from tests.support.servers.shop import ConnectedShop, connected_shop
from tests.support.stripe.payer import pay_at_checkout
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import stripe
    from sqlalchemy import Connection

    from billing.domain.ledger.line import LedgerLine
    from billing.domain.sessions.details import SessionReading, SessionRecords
    from billing.ledger.records import CreditsSale, ProSale
    from pages.scenarios.catalog.scenario import Scenario

TESTER = Caller(Identity("tom@example.com", IdentityKind.OIDC, Role.TESTER))
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
AT_STRIPE = [scenario for scenario in SCENARIOS if not scenario.only_in_sandbox]

PASSED = ("Correctly not granted", "Granted exactly once", "Each change exactly once")


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


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConnectedShop]:
    with connected_shop(tmp_path_factory.mktemp("shop")) as running:
        yield running


def ran(
    shop: ConnectedShop, scenario: Scenario, delivery: Delivery = Delivery.IN_ORDER
) -> ScenarioResult:
    return run_scenario(scenario, shop.pages, shop.controls, Listener(), delivery)


@pytest.fixture(scope="module")
def by_controls(shop: ConnectedShop) -> Callable[[Scenario], ScenarioResult]:
    """The result of a scenario that the sandbox's controls play, run once."""

    @cache
    def result(scenario: Scenario) -> ScenarioResult:
        listener = Listener()
        with acting_as(TESTER):  # who may move no clock and set no faults but by a scenario
            last = run_scenario(scenario, shop.pages, shop.controls, listener)
        assert listener.results == list(last.steps)
        assert listener.labels[1:-1] == [step.label for step in scenario.steps]
        return last

    return result


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_every_step_of_a_scenario_passes_and_so_does_its_verdict(
    shop: ConnectedShop,
    scenario: Scenario,
    by_controls: Callable[[Scenario], ScenarioResult],
) -> None:
    last = by_controls(scenario)
    assert all(step.status is StepStatus.PASSED for step in last.steps), last.steps
    assert last.verdict.passed, last
    assert last.verdict.title == PASSED[min(len(scenario.expected.causes), 2)]
    session = shop.stripe.v1.checkout.sessions.retrieve(last.session_id)
    assert session.metadata is not None
    assert session.metadata["label"] == scenario.title
    assert shop.controls.faults() == NO_FAULTS


@pytest.mark.parametrize("scenario", AT_STRIPE, ids=lambda scenario: scenario.name)
def test_with_the_sandbox_posing_as_stripe_a_person_comes_to_the_same_verdict_by_the_same_steps(
    shop: ConnectedShop,
    scenario: Scenario,
    by_controls: Callable[[Scenario], ScenarioResult],
) -> None:
    person = Person(shop, scenario)
    with acting_as(TESTER):
        last = run_scenario(scenario, shop.pages, None, person)
    same = by_controls(scenario)
    assert last.verdict.passed, last
    assert last.verdict.title == same.verdict.title
    assert outline(last) == outline(same)


def test_what_runs_at_stripe_leave_behind_differs_from_the_ledger_in_nothing(
    shop: ConnectedShop,
) -> None:
    """Their subscriptions were canceled and their test clocks deleted."""
    scenario = BY_NAME["first-renewal"]
    run_scenario(scenario, shop.pages, None, Person(shop, scenario))
    reconcile = partial(shop.services.reconciliation.run, fix=False)
    wait_for(lambda: not shop.pages.call(reconcile).differences, "no difference from Stripe")


def outline(result: ScenarioResult) -> list[tuple[str, StepStatus]]:
    return [(step.label, step.status) for step in result.steps]


@pytest.mark.parametrize(
    ("delivery", "name"),
    [
        (Delivery.DOUBLED, "part-refund"),
        (Delivery.DOUBLED, "renewal-saved"),
        (Delivery.SHUFFLED, "renewal-saved"),
        (Delivery.DELAYED, "credits-paid"),
        (Delivery.DROPPED, "pro-paid"),
        (Delivery.DROPPED, "part-refund"),
    ],
)
def test_however_its_webhooks_are_delivered_the_verdict_passes(
    shop: ConnectedShop, delivery: Delivery, name: str
) -> None:
    last = ran(shop, BY_NAME[name], delivery)
    assert last.verdict.passed, last
    assert last.delivery is delivery
    assert shop.controls.faults() == NO_FAULTS


def test_of_a_doubled_delivery_the_verdict_tells(shop: ConnectedShop) -> None:
    last = ran(shop, BY_NAME["pro-paid"], Delivery.DOUBLED)
    assert "2 times" in last.steps[2].text
    assert "of them more than once" in last.verdict.arrivals


def test_a_scenario_that_moves_the_clock_comes_last_and_no_two_have_one_name() -> None:
    moving = [scenario.moves_clock for scenario in SCENARIOS]
    assert moving == sorted(moving)
    assert len(BY_NAME) == len(SCENARIOS)


def test_the_verdict_is_on_the_records_once_every_event_is_processed(
    shop: ConnectedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event that becomes pending again right after, as by a replay, changes nothing."""

    def wait_for(
        context: RunContext, condition: Callable[[SessionRecords], bool], what: str
    ) -> SessionRecords:
        records = original_wait_for(context, condition, what)
        if what == "The end of processing":
            store, rows = context.billing.services.store, tables.events
            becomes_pending = rows.update().where(rows.c.object_id == context.session_id)
            context.billing.call(
                lambda: store.write(
                    lambda connection: connection.execute(becomes_pending, {"state": "pending"})
                )
            )
        return records

    original_wait_for = RunContext.wait_for
    monkeypatch.setattr(RunContext, "wait_for", wait_for)
    assert ran(shop, BY_NAME["credits-paid"]).verdict.passed


def test_credits_granted_twice_over_fail_the_verdict(
    shop: ConnectedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def add(connection: Connection, due: Sequence[LedgerLine]) -> None:
        write(connection, [replace(line, quantity=2 * line.quantity) for line in due])

    write = lines.add
    monkeypatch.setattr(lines, "add", add)
    verdict = ran(shop, BY_NAME["credits-paid"]).verdict
    assert not verdict.passed
    assert verdict.title.startswith("Granted ")
    assert verdict.title.endswith(" extra credits for 3 extra credits")
    assert "in Stripe" in verdict.reason


def test_a_second_grant_for_one_payment_fails_the_verdict(
    shop: ConnectedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def add(connection: Connection, due: Sequence[LedgerLine]) -> None:
        again = [replace(line, subject=f"{line.subject}again") for line in due]
        write(connection, [*due, *again])

    write = lines.add
    monkeypatch.setattr(lines, "add", add)
    verdict = ran(shop, BY_NAME["credits-paid"]).verdict
    assert (verdict.passed, verdict.title) == (False, "Granted twice")
    assert verdict.reason == "One payment for 3 extra credits, and 2 grants."


def test_a_payment_without_its_grant_is_found_out(
    shop: ConnectedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fulfillment, "sale_of", lambda *_: None)
    paid = replace(BY_NAME["credits-paid"], steps=(pay("4242424242424242"),))
    verdict = ran(shop, paid).verdict
    assert (verdict.passed, verdict.title) == (False, "Paid, but not granted")


def test_a_grant_without_a_payment_is_found_out(
    shop: ConnectedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    sale_of = fulfillment.sale_of

    def generous(found: SessionReading, origin: str, at: float) -> CreditsSale | ProSale | None:
        paid = replace(found.session, kind=Kind.CREDITS, status="complete", payment_status="paid")
        return sale_of(replace(found, session=paid, bought=1), origin, at)

    monkeypatch.setattr(fulfillment, "sale_of", generous)
    abandoned = BY_NAME["abandoned-expired"]
    verdict = ran(shop, replace(abandoned, steps=abandoned.steps[:2])).verdict
    assert (verdict.passed, verdict.title) == (False, "Granted without a payment")


def test_a_refund_that_takes_nothing_is_found_out(
    shop: ConnectedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_credits, "credits_due", lambda bought, *_, **__: bought)
    verdict = ran(shop, BY_NAME["part-refund"]).verdict
    assert (verdict.passed, verdict.title) == (
        False,
        "The ledger says 10 credits, Stripe 7 credits",
    )
    assert verdict.reason == "Lines: purchase +10."


def test_a_refund_that_is_counted_in_two_lines_is_found_out(
    shop: ConnectedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def add(connection: Connection, due: Sequence[LedgerLine]) -> None:
        for line in due:
            halves = [line]
            if line.cause is Cause.REFUND:
                first = replace(line, quantity=-1)
                second = replace(line, quantity=line.quantity + 1, sequence=line.sequence + 1)
                halves = [first, second]
            write(connection, halves)

    write = lines.add
    monkeypatch.setattr(lines, "add", add)
    verdict = ran(shop, BY_NAME["part-refund"]).verdict
    assert (verdict.passed, verdict.title) == (False, "Refund: twice in the ledger")
    assert verdict.reason == (
        "Lines: purchase +10, refund -1, refund -2; expected: purchase, refund."
    )


def test_pro_that_outlives_its_cancellation_is_found_out(
    shop: ConnectedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    always = property(lambda state: Due(1, state.subscription.until))
    monkeypatch.setattr(ProState, "due", always)
    verdict = ran(shop, BY_NAME["cancel-now"]).verdict
    assert not verdict.passed
    assert re.fullmatch(r"The ledger says Pro until .* UTC, Stripe no Pro", verdict.title)


def test_a_second_sale_to_who_has_pro_is_found_out_and_left_closed(
    shop: ConnectedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def sell_to_anybody(*_: object) -> None:
        pass

    monkeypatch.setattr(Buyers, "check_first_pro", sell_to_anybody)
    verdict = ran(shop, BY_NAME["second-avoided"]).verdict
    assert verdict.title == "Stopped at “The same customer wants to buy Pro again”"
    newest = shop.stripe.v1.checkout.sessions.list({"limit": 1}).data[0]
    assert newest.status == "expired"


def test_what_the_scenario_expects_and_stripe_does_not_say_is_found_out(
    shop: ConnectedShop,
) -> None:
    wrong = replace(BY_NAME["part-refund"], expected=Expected(6, (Cause.PURCHASE, Cause.REFUND)))
    verdict = ran(shop, wrong).verdict
    assert (verdict.passed, verdict.title) == (
        False,
        "Stripe says 7 credits, the scenario 6 credits",
    )


def test_a_step_that_fails_stops_the_run_and_the_verdict_names_it(shop: ConnectedShop) -> None:
    scenario = replace(BY_NAME["credits-paid"], steps=(pay("4000000000000002"),))
    last = ran(shop, scenario)
    assert [step.status for step in last.steps] == [StepStatus.PASSED, StepStatus.FAILED]
    assert last.verdict.title == "Stopped at “Pay with 4000 0000 0000 0002”"
    assert last.verdict.reason.startswith("declined: generic decline, but paid was expected.")


def test_a_session_that_a_run_leaves_open_is_expired_at_its_end(shop: ConnectedShop) -> None:
    failed = replace(BY_NAME["credits-paid"], steps=(pay("4000000000000002"),))
    for last in (ran(shop, BY_NAME["3ds-failed"]), ran(shop, failed)):
        assert shop.stripe.v1.checkout.sessions.retrieve(last.session_id).status == "expired"


def test_a_failed_3d_secure_step_is_told_with_the_events_of_its_payment(
    by_controls: Callable[[Scenario], ScenarioResult],
) -> None:
    last = by_controls(BY_NAME["3ds-failed"])
    assert re.match(r"\d webhooks for \d events; ", last.verdict.arrivals)


def fail(_: RunContext) -> str:
    raise StepFailed("It never works.")


USUAL = Faults(webhooks=WebhookFaults(delay_seconds=0.05))


@pytest.fixture
def usual_faults(shop: ConnectedShop) -> Iterator[Faults]:
    shop.controls.set_faults(USUAL)
    yield USUAL
    shop.controls.set_faults(NO_FAULTS)


def test_faults_that_were_on_before_are_on_again_after_a_run_that_breaks_off(
    shop: ConnectedShop, usual_faults: Faults
) -> None:
    broken = replace(BY_NAME["stripe-500"], steps=(set_api_fault(500), Step("Something", fail)))
    assert ran(shop, broken).verdict.title == "Stopped at “Something”"
    assert shop.controls.faults() == usual_faults


def test_faults_are_cleared_when_the_run_is_aborted(shop: ConnectedShop) -> None:
    scenario = BY_NAME["stripe-429"]
    leaver = Leaver(scenario.steps[0].label)
    with pytest.raises(Leaver.Left):
        run_scenario(scenario, shop.pages, shop.controls, leaver)
    assert shop.controls.faults() == NO_FAULTS


def test_a_scenario_runs_under_the_faults_that_are_on(
    shop: ConnectedShop, usual_faults: Faults
) -> None:
    assert ran(shop, BY_NAME["credits-paid"]).verdict.passed
    assert shop.controls.faults() == usual_faults


def test_without_an_answer_of_the_control_api_the_verdict_says_so(shop: ConnectedShop) -> None:
    nowhere = type(shop.controls)("http://127.0.0.1:9/_control")
    last = run_scenario(BY_NAME["credits-paid"], shop.pages, nowhere, Listener())
    assert last.verdict.title == "Stopped"
    assert "does not answer" in last.verdict.reason
    assert last.session_id == ""
