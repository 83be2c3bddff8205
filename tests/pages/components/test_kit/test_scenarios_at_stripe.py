"""Scenarios on the Test kit's page where the sandbox poses as Stripe."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pages.scenarios.catalog.scenarios import SCENARIOS, scenario_named
from pages.scenarios.runs.run import ScenarioRun
from pages.scenarios.runs.runner import run_scenario as run_at_stripe
from pages.services import ServerStopping
from stripe_sandbox.payment_methods.bank_accounts import TEST_BANK_ACCOUNTS
from stripe_sandbox.payment_methods.cards import TEST_CARDS
from tests.pages.components.test_kit.kit import (
    CARDS,
    SCENARIOS_TAB,
    at_stripe,
    newest,
    verdicts,
)
from tests.support.browsers.pages import open_page, press, rows, run_until, text_of
from tests.support.servers.shop import ConnectedShop
from tests.support.stripe.payer import pay_at_checkout

if TYPE_CHECKING:
    from pages.scenarios.runs.run import StepResult
    from tests.support.servers.shop import Shop


def test_with_a_key_the_page_says_what_is_missing_and_has_scenarios_cards_and_webhook_faults(
    shop: Shop,
) -> None:
    page = open_page(shop.server, "test_kit.py", show=CARDS)
    assert "need the local sandbox" in page.caption[0].value
    assert len(page.code) == 1 + len(TEST_CARDS) + len(TEST_BANK_ACCOUNTS)
    assert not page.button
    assert [tab.label for tab in page.tabs] == [SCENARIOS_TAB, CARDS, "Webhook faults"]


def test_at_stripe_each_scenario_has_its_row_or_the_reason_why_it_cannot_be_had(shop: Shop) -> None:
    found = {row["id"]: row for row in rows(open_page(shop.server, "test_kit.py"))}
    assert list(found) == [scenario.name for scenario in SCENARIOS]
    for scenario in SCENARIOS:
        assert found[scenario.name]["about"] == (scenario.only_in_sandbox or scenario.about)
    page = open_page(shop.server, "test_kit.py", scenario="stripe-500")
    assert "does not fail on demand" in page.info[0].value
    assert not page.button


class EndOfServer:
    """The server stops when a step begins, just after the customer has done it."""

    def __init__(self, at: str, shop: ConnectedShop) -> None:
        self._at = at
        self._shop = shop

    def step_started(self, label: str) -> None:
        if label.startswith(self._at):
            pay_at_checkout(str(newest(self._shop).url), "000123456789", by_bank=True)
            raise ServerStopping

    def step_ended(self, result: StepResult) -> None:
        pass


def test_at_stripe_a_run_says_what_to_pay_with_goes_on_after_a_reload_and_ends_with_its_verdict(
    connected: ConnectedShop,
) -> None:
    page = press(at_stripe(connected, scenario="credits-paid"), "run_credits-paid")
    run_until(page, lambda: verdicts(page).get("credits-paid") == "Your turn")
    assert "Open Checkout and pay with the card" in text_of(page)
    assert "4242 4242 4242 4242" in [code.value for code in page.code]
    (link,) = (one.proto.url for one in page.get("link_button"))
    assert link == newest(connected).url
    pay_at_checkout(link, "4242424242424242")
    page = at_stripe(connected, scenario="credits-paid")
    run_until(page, lambda: verdicts(page)["credits-paid"] == "Passed")
    assert "Granted exactly once" in text_of(page)
    assert "The payment: Stripe deletes no payments." in text_of(page)


def test_at_stripe_a_run_is_stopped_and_closes_what_it_has_made(connected: ConnectedShop) -> None:
    page = press(at_stripe(connected, scenario="first-renewal"), "run_first-renewal")
    run_until(page, lambda: "Open Checkout and pay with the card" in text_of(page))
    page = press(page, "stop_first-renewal")
    run_until(page, lambda: verdicts(page)["first-renewal"] == "Stopped")
    assert "It was stopped." in text_of(page)
    assert newest(connected).status == "expired"
    assert not connected.stripe.v1.test_helpers.test_clocks.list().data


def test_at_stripe_a_run_that_the_server_s_end_interrupted_goes_on_where_it_was(
    connected: ConnectedShop,
) -> None:
    """While it is down the bank decides on the debit, of which the run has yet to hear."""
    scenario = scenario_named("delayed-succeeds")
    assert scenario
    interrupted = ScenarioRun(scenario.name)
    at_end = EndOfServer("Pay by bank debit", connected)
    with pytest.raises(ServerStopping):
        run_at_stripe(scenario, connected.pages, None, at_end, run=interrupted)
    connected.pages.call(lambda: connected.services.scenario_runs.end(interrupted))
    connected.controls.advance(60)
    page = at_stripe(connected, scenario=scenario.name)
    assert verdicts(page)[scenario.name] == "Interrupted"
    run_until(page, lambda: "Granted exactly once" in text_of(page))
    assert len(connected.stripe.v1.checkout.sessions.list().data) == 1
