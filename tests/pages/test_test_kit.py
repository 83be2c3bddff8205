"""The Test kit page through AppTest, on real services, with the sandbox's controls and without."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from billing.domain.sessions.checkout_session import Kind, Outcome
from billing.ledger import fulfillment
from billing.store import tables
from pages.components.test_kit import demo_data
from pages.components.test_kit import open_sessions as open_list
from pages.components.test_kit.clock import summary
from pages.components.test_kit.open_sessions import DECLINE, EXPIRE
from pages.components.test_kit.scenarios import RUN_ALL
from pages.scenarios.catalog.scenarios import SCENARIOS, scenario_named
from pages.scenarios.delivery import Delivery
from pages.scenarios.faults import NO_FAULTS, ApiFaults, Faults, WebhookFaults
from pages.scenarios.runs.run import ScenarioRun
from pages.scenarios.runs.runner import run_scenario as run_at_stripe
from pages.scenarios.sandbox_client import AdvanceResult
from pages.services import ServerStopping
from stripe_sandbox.payment_methods.bank_accounts import ROUTING_NUMBER, TEST_BANK_ACCOUNTS
from stripe_sandbox.payment_methods.cards import TEST_CARDS
from tests.support.browsers.pages import ids, open_page, press, rows, run, run_until, text_of
from tests.support.servers.shop import ConnectedShop, connected_shop
from tests.support.stripe.payer import pay_at_checkout

if TYPE_CHECKING:
    from collections.abc import Iterator

    import stripe
    from sqlalchemy import Connection

    from pages.scenarios.runs.run import StepResult
    from tests.support.servers.shop import Shop

SCENARIOS_TAB, CARDS, OPEN, FAULTS, DEMO = (
    "Scenarios",
    "Test cards",
    "Open sessions",
    "Clock and faults",
    "Demo data",
)


@pytest.fixture
def connected(tmp_path: Path) -> Iterator[ConnectedShop]:
    with connected_shop(tmp_path) as running:
        yield running


def test_the_sandbox_on_this_machine_is_asked_without_the_companys_proxy(
    connected: ConnectedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert connected.controls.state().ahead_seconds == 0


def open_tab(shop: ConnectedShop, tab: str = SCENARIOS_TAB) -> AppTest:
    return open_page(shop.pages, "test_kit.py", show=tab)


def titles(page: AppTest, kind: str) -> list[str]:
    return [alert.proto.title for alert in getattr(page, kind)]


def made(shop: ConnectedShop, quantity: int = 2, made_by: str = "test") -> str:
    session = shop.pages.call(
        lambda: shop.services.checkout.create(Kind.CREDITS, quantity, made_by=made_by)
    )
    return session.id


def times_to_pay(connection: Connection) -> bool:
    """Every session that was completed has the time when it was."""
    sessions = tables.checkout_sessions.c
    complete = select(sessions.completed_at).where(
        sessions.outcome.not_in([Outcome.OPEN, Outcome.EXPIRED])
    )
    return all(connection.scalars(complete))


def run_scenario(shop: ConnectedShop, name: str) -> AppTest:
    """Run it from its drawer; the page afterwards."""
    page = press(open_page(shop.pages, "test_kit.py", scenario=name), f"run_{name}")
    return run(page)


def verdicts(page: AppTest) -> dict[str, str]:
    """The last verdict of each scenario that has one, by its name."""
    return {row["id"]: row["verdict"][0] for row in rows(page) if row["verdict"] is not None}


def test_every_scenario_has_its_row_and_all_but_the_one_that_moves_the_clock_run_by_one_button(
    connected: ConnectedShop,
) -> None:
    page = open_tab(connected)
    assert ids(page) == [scenario.name for scenario in SCENARIOS]
    assert not verdicts(page)
    assert page.button(key="run_all").label == "Run all"
    last = SCENARIOS[-1]
    assert last.moves_clock
    assert (*RUN_ALL, last.name) == tuple(scenario.name for scenario in SCENARIOS)


def test_a_scenario_runs_with_the_delivery_that_is_chosen(connected: ConnectedShop) -> None:
    page = open_tab(connected)
    page.button_group(key="delivery").set_value(Delivery.DOUBLED)
    run(page)
    page.session_state["scenario_queue"] = ("credits-paid",)
    run(page)
    assert verdicts(page) == {"credits-paid": "Passed"}
    assert [row["about"] for row in rows(page) if row["verdict"]] == [
        "Doubled: Granted exactly once"
    ]


def test_a_scenario_s_result_survives_a_reload_and_its_drawer_tells_the_steps(
    connected: ConnectedShop,
) -> None:
    page = run_scenario(connected, "declined-then-paid")
    assert verdicts(page) == {"declined-then-paid": "Passed"}
    assert "scenario" not in page.query_params
    page = open_page(connected.pages, "test_kit.py", scenario="declined-then-paid")
    assert verdicts(page) == {"declined-then-paid": "Passed"}
    text = text_of(page)
    assert ":green-badge[:material/verified: Granted exactly once]" in text
    assert "2 extra credits for $1.98: one payment, one grant" in text
    assert "Pay with 4000 0000 0000 9995" in text
    assert "declined: insufficient funds" in text
    (link,) = (one for one in page.get("page_link") if one.proto.page == "sessions")
    assert link.proto.query_string.startswith("session=cs_test_")
    demo_data.reset(connected.pages, connected.controls)
    assert not verdicts(open_tab(connected))


def test_a_product_that_grants_nothing_gets_a_red_verdict(
    connected: ConnectedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fulfillment, "sale_of", lambda *_: None)
    page = run_scenario(connected, "pro-paid")
    assert verdicts(page) == {"pro-paid": "Failed"}
    assert rows(page)[0]["about"].startswith("Stopped at “The customer returns")


def test_every_card_and_bank_account_of_the_sandbox_is_shown_to_copy(
    connected: ConnectedShop,
) -> None:
    page = open_tab(connected, CARDS)
    numbers = [code.value.replace(" ", "") for code in page.code]
    cards, accounts = [one.number for one in TEST_CARDS], [one.number for one in TEST_BANK_ACCOUNTS]
    assert sorted(numbers) == sorted([ROUTING_NUMBER, *cards, *accounts])


def choose(page: AppTest, session_id: str, action: str) -> None:
    """Choose it from the row's menu."""
    page.menu_button(key=f"more_{session_id}").click(action)
    run(page)


def test_an_open_session_is_paid_declined_or_expired_from_its_row(
    connected: ConnectedShop,
) -> None:
    paid, declined, expired = (made(connected, quantity) for quantity in (2, 3, 4))
    page = open_tab(connected, OPEN)
    page = press(page, f"pay_{paid}")
    choose(page, declined, DECLINE)
    assert "Declined: insufficient funds" in text_of(page)
    choose(page, expired, EXPIRE)
    assert connected.stripe.v1.checkout.sessions.retrieve(expired).status == "open"
    page = press(page, f"expire_{expired}")
    assert {button.key for button in page.button} == {f"pay_{declined}"}
    sessions = connected.stripe.v1.checkout.sessions
    assert [sessions.retrieve(one).status for one in (paid, declined, expired)] == [
        "complete",
        "open",
        "expired",
    ]


@pytest.mark.parametrize("action", ["pay", "expire"])
def test_a_row_that_somebody_else_was_faster_with_says_so(
    connected: ConnectedShop, action: str
) -> None:
    session_id = made(connected)
    connected.controls.set_faults(Faults(WebhookFaults(delay_seconds=60)))
    page = open_tab(connected, OPEN)
    if action == "expire":
        choose(page, session_id, EXPIRE)
    connected.controls.pay(session_id, email="faster@example.com", card="4242424242424242")
    page = press(page, f"{action}_{session_id}")
    assert "someone else completed or expired it" in text_of(page)
    assert f"pay_{session_id}" not in {button.key for button in page.button}


def test_of_many_open_sessions_the_newest_are_shown_with_the_way_to_all(
    connected: ConnectedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    older, newer = made(connected), made(connected)
    connected.controls.pay(made(connected), email="payer@example.com", card="4242424242424242")
    monkeypatch.setattr(open_list, "ROWS_SHOWN", 1)
    page = open_tab(connected, OPEN)
    wanted = {f"pay_{one}" for one in (older, newer)}
    run_until(page, lambda: not wanted.isdisjoint(str(one.key) for one in page.button))
    assert len([one for one in page.button if str(one.key).startswith("pay_")]) == 1
    (link,) = (one for one in page.get("page_link") if one.proto.page == "sessions")
    assert link.proto.query_string == "outcome=open&outcome=declined"


def test_no_open_session_says_what_to_do(connected: ConnectedShop) -> None:
    page = open_tab(connected, OPEN)
    assert titles(page, "info") == ["No open sessions"]


def test_what_people_typed_is_shown_as_text(connected: ConnectedShop) -> None:
    made(connected, made_by="<b>:red[Eve]</b> $x$ [a](https://x)")
    page = open_tab(connected, OPEN)
    raw = " ".join(element.value for element in page.markdown)
    assert r"\<b\>\:red\[Eve\]\</b\> \$x\$ \[a\]\(https\://x\)" in raw


def test_a_switch_is_in_force_at_once_shown_on_every_tab_and_cleared(
    connected: ConnectedShop,
) -> None:
    page = open_tab(connected, FAULTS)
    assert not page.warning
    page.toggle(key="fault_twice").set_value(True)
    run(page).button_group(key="fault_late").set_value(30)
    run(page).button_group(key="fault_status").set_value(429)
    run(page)
    assert connected.controls.faults() == Faults(
        WebhookFaults(delay_seconds=30, duplicates=1), ApiFaults(status=429)
    )
    page = open_tab(connected)
    told = page.warning[0].value.replace("\\", "")
    assert "Fault injection is on" in told
    assert "Webhooks are delayed by 30 s." in told
    assert "Every webhook is sent twice." in told
    assert "Stripe responds with 429 (too many requests)." in told
    page = press(page, "clear_faults")
    assert connected.controls.faults() == NO_FAULTS
    assert not page.warning


def test_advancing_the_clock_shows_that_it_is_ahead_on_the_page(connected: ConnectedShop) -> None:
    made(connected)
    page = open_tab(connected, FAULTS)
    assert not page.info
    page = press(page, f"advance_{86_400}")
    assert connected.controls.state().ahead_seconds == pytest.approx(86_400, abs=5)
    assert "The sandbox's clock is ahead" in page.info[0].value
    assert "1 day ahead" in page.info[0].value
    told = page.success[0].value.replace("\\", "")
    assert told == "The clock was advanced by 1 day. Checkout Sessions: 1 expired."


def test_advancing_the_clock_counts_what_fell_due() -> None:
    passed = AdvanceResult(
        events=("evt_1",) * 1_590, renewals=159, renewals_paid=147, renewals_failed=11
    )
    assert summary(passed) == (
        "Renewals: 147 paid, 11 failed. Renewals by bank debit: 1 waiting for the bank."
    )
    passed = AdvanceResult(
        events=("evt_1",), sessions_expired=1_200, debits_failed=1, disputes_opened=2
    )
    assert summary(passed) == (
        "Checkout Sessions: 1,200 expired. Bank debits: 0 succeeded, 1 failed. Disputes: 2 opened."
    )
    assert summary(AdvanceResult(events=())) == "Nothing was due."


def test_a_month_is_filled_in_as_our_own_and_a_reset_asks_first_and_clears_both_sides(
    connected: ConnectedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_data, "SIZES", (400, 310))
    page = open_tab(connected, DEMO)
    page.segmented_control(key="demo_size").set_value(310)
    page = press(page, "fill")
    assert "310 sessions of the last 30 days were created" in page.success[0].value
    recent = connected.pages.call(lambda: connected.services.mirror.recent(1000))
    assert len(recent.sessions) == 310
    assert all(session.ours and session.kind for session in recent.sessions)
    assert {session.quantity for session in recent.sessions} > {1, 2}
    assert connected.pages.call(lambda: connected.services.store.read(times_to_pay))

    page = press(page, "reset")
    assert "will be deleted" in text_of(page)
    assert connected.controls.state().counts["checkout.session"] > 300
    demo_data.reset(connected.pages, connected.controls)
    assert not connected.controls.state().counts.get("checkout.session")
    recent = connected.pages.call(lambda: connected.services.mirror.recent(1000))
    assert not recent.sessions


def test_without_an_answer_of_the_control_api_the_page_shows_an_error(
    connected: ConnectedShop,
) -> None:
    nowhere = replace(connected.pages, controls_url="http://127.0.0.1:9/_control")
    page = open_page(nowhere, "test_kit.py", show=FAULTS)
    assert "The sandbox returned an error" in titles(page, "error")


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


def at_stripe(shop: ConnectedShop, **query: str) -> AppTest:
    """The page where the sandbox poses as Stripe."""
    return open_page(replace(shop.pages, controls_url=None), "test_kit.py", **query)


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


def newest(shop: ConnectedShop) -> stripe.checkout.Session:
    return shop.stripe.v1.checkout.sessions.list({"limit": 1}).data[0]


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
    page = press(page, f"run_{scenario.name}")
    run_until(page, lambda: "Granted exactly once" in text_of(page))
    assert len(connected.stripe.v1.checkout.sessions.list().data) == 1


def test_at_stripe_starting_over_closes_what_an_interrupted_run_has_made(
    connected: ConnectedShop,
) -> None:
    scenario = scenario_named("first-renewal")
    assert scenario
    interrupted = ScenarioRun(scenario.name)
    with pytest.raises(ServerStopping):
        run_at_stripe(
            scenario, connected.pages, None, EndOfServer("Pay with", connected), run=interrupted
        )
    connected.pages.call(lambda: connected.services.scenario_runs.end(interrupted))
    page = at_stripe(connected, scenario=scenario.name)
    page = press(page, f"start_over_{scenario.name}")
    run_until(page, lambda: verdicts(page)[scenario.name] == "Your turn")
    clocks = connected.stripe.v1.test_helpers.test_clocks.list().data
    assert len(clocks) == 1
    assert clocks[0].id != interrupted.test_clock
    assert connected.stripe.v1.checkout.sessions.retrieve(interrupted.session_id).status != "open"
