"""Scenarios on the Test kit's page, played by the sandbox's controls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from streamlit.testing.v1 import AppTest

from billing.ledger import fulfillment
from pages.components.test_kit import demo_data
from pages.components.test_kit.scenarios import RUN_ALL
from pages.scenarios.catalog.scenarios import SCENARIOS
from pages.scenarios.delivery import Delivery
from tests.pages.components.test_kit.kit import (
    open_tab,
    verdicts,
)
from tests.support.browsers.pages import ids, open_page, press, rows, run, run_until, text_of
from tests.support.servers.shop import ConnectedShop

if TYPE_CHECKING:
    pass


def run_scenario(shop: ConnectedShop, name: str) -> AppTest:
    """Run it from its drawer; the page afterwards."""
    page = press(open_page(shop.pages, "test_kit.py", scenario=name), f"run_{name}")
    run_until(page, lambda: verdicts(page).get(name) in ("Passed", "Failed"))
    return page


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
    page = open_page(connected.pages, "test_kit.py", scenario="credits-paid")
    page.button_group(key="delivery").set_value(Delivery.DOUBLED)
    page = press(run(page), "run_credits-paid")
    run_until(page, lambda: verdicts(page) == {"credits-paid": "Passed"})
    assert [row["about"] for row in rows(page) if row["verdict"]] == [
        "Doubled: Granted exactly once"
    ]


def test_a_scenario_s_result_survives_a_reload_and_its_drawer_tells_the_steps(
    connected: ConnectedShop,
) -> None:
    page = run_scenario(connected, "declined-then-paid")
    assert verdicts(page) == {"declined-then-paid": "Passed"}
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
