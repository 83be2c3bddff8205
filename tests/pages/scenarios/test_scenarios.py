"""Every scenario of the Test kit, run against a real sandbox and a real server: by the sandbox's
controls, and by a person where the sandbox poses as Stripe."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

import pytest

from billing.access.caller import acting_as
from billing.store import tables
from pages.scenarios.catalog.scenarios import SCENARIOS
from pages.scenarios.context import RunContext
from pages.scenarios.delivery import Delivery
from pages.scenarios.faults import NO_FAULTS
from pages.scenarios.runs.run import ScenarioResult, ScenarioRun, StepStatus
from pages.scenarios.runs.runner import run_scenario
from tests.pages.scenarios.players import BY_NAME, TESTER, Person
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from billing.domain.sessions.details import SessionRecords
    from pages.scenarios.catalog.scenario import Scenario
    from tests.support.servers.shop import ConnectedShop

AT_STRIPE = [scenario for scenario in SCENARIOS if not scenario.only_in_sandbox]

PASSED = ("Correctly not granted", "Granted exactly once", "Each change exactly once")


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_every_step_of_a_scenario_passes_and_so_does_its_verdict(
    shop: ConnectedShop,
    scenario: Scenario,
    played: Callable[[Scenario], ScenarioRun],
) -> None:
    last = result_of(played(scenario))
    assert all(step.status is StepStatus.PASSED for step in last.steps), last.steps
    assert last.verdict.passed, last
    assert last.verdict.title == PASSED[min(len(scenario.expected.causes), 2)]
    if last.session_id:
        session = shop.stripe.v1.checkout.sessions.retrieve(last.session_id)
        assert session.metadata is not None
        assert session.metadata["label"] == scenario.title
    assert shop.controls.faults() == NO_FAULTS


@pytest.mark.parametrize("scenario", AT_STRIPE, ids=lambda scenario: scenario.name)
def test_with_the_sandbox_posing_as_stripe_a_person_comes_to_the_same_verdict_by_the_same_steps(
    shop: ConnectedShop,
    scenario: Scenario,
    played: Callable[[Scenario], ScenarioRun],
) -> None:
    person = Person(shop, scenario)
    with acting_as(TESTER):
        last = run_scenario(scenario, shop.pages, None, person)
    same = result_of(played(scenario))
    assert last.verdict.passed, last
    assert last.verdict.title == same.verdict.title
    assert outline(last) == outline(same)


def test_what_runs_at_stripe_leave_behind_differs_from_the_ledger_in_nothing(
    shop: ConnectedShop,
) -> None:
    """Their subscriptions were canceled and their test clocks deleted."""
    scenario = BY_NAME["first-renewal"]
    run = ScenarioRun(scenario.name)
    run_scenario(scenario, shop.pages, None, Person(shop, scenario), run=run)
    records = partial(shop.services.sessions.records, run.session_id, run.email)
    (subject,) = {line.subject for line in shop.pages.call(records).lines}
    reconcile = partial(shop.services.reconciliation.run, fix=False)

    def differ() -> bool:
        return any(one.subject == subject for one in shop.pages.call(reconcile).differences)

    wait_for(lambda: not differ(), "no difference from Stripe")


def result_of(run: ScenarioRun) -> ScenarioResult:
    assert run.result
    return run.result


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
    shop: ConnectedShop, ran: Callable[..., ScenarioResult], delivery: Delivery, name: str
) -> None:
    last = ran(BY_NAME[name], delivery)
    assert last.verdict.passed, last
    assert last.delivery is delivery
    assert shop.controls.faults() == NO_FAULTS


def test_of_a_doubled_delivery_the_verdict_tells(ran: Callable[..., ScenarioResult]) -> None:
    last = ran(BY_NAME["pro-paid"], Delivery.DOUBLED)
    assert "2 times" in last.steps[2].text
    assert "of them more than once" in last.verdict.arrivals


def test_a_scenario_that_moves_the_clock_comes_last_and_no_two_have_one_name() -> None:
    moving = [scenario.moves_clock for scenario in SCENARIOS]
    assert moving == sorted(moving)
    assert len(BY_NAME) == len(SCENARIOS)


def test_the_verdict_is_on_the_records_once_every_event_is_processed(
    ran: Callable[..., ScenarioResult], monkeypatch: pytest.MonkeyPatch
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
    assert ran(BY_NAME["credits-paid"]).verdict.passed


def test_a_failed_3d_secure_step_is_told_with_the_events_of_its_payment(
    played: Callable[[Scenario], ScenarioRun],
) -> None:
    last = result_of(played(BY_NAME["3ds-failed"]))
    assert re.match(r"\d webhooks for \d events; ", last.verdict.arrivals)
