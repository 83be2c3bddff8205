"""Faults of our own webhook on the Test kit's page, with another Stripe than the sandbox."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from streamlit.testing.v1 import AppTest

from billing.domain.receiver_faults import MINUTES, Answer, ReceiverFaults
from tests.billing.signed_events import webhook
from tests.support.browsers.pages import open_page, press, run, text_of
from tests.support.database.records import ledger
from tests.support.servers.shop import connected_shop
from tests.support.stripe_account import event_object
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.shop import Shop


def deliver(shop: Shop, event_id: str) -> int:
    """Send an event to the webhook over HTTP; the status of the answer."""
    event = event_object(event_id, "plan.deleted", {"id": "plan_1"})
    return webhook(shop.url, json.dumps(event), "whsec_of_the_tests").status_code


def in_force(shop: Shop) -> object:
    """The faults that are on; None while none is."""
    found = shop.services.fault_injection.in_force
    return found and found.faults


def released(page: AppTest) -> list[str]:
    return [str(button.key) for button in page.button if str(button.key).startswith("release_")]


def test_deliveries_are_held_refused_and_let_go_from_the_page_and_a_notice_ends_it(
    shop: Shop,
) -> None:
    open_faults = partial(open_page, shop.server, "test_kit.py", show="Webhook faults")
    page = open_faults()
    assert not page.warning
    page.toggle(key="webhook_fault_hold").set_value(True)
    run(page)
    assert in_force(shop) == ReceiverFaults(hold=True)
    assert [deliver(shop, f"evt_{number}") for number in (1, 2, 3)] == [200, 200, 200]
    page = open_faults()
    assert page.toggle(key="webhook_fault_hold").value is True
    assert "Webhook faults are on.** Deliveries are held. Until" in text_of(page)
    assert released(page) == ["release_1", "release_2", "release_3", "release_all"]
    page = press(page, "release_2")
    wait_for(lambda: set(shop.server.events()) == {"evt_2"}, "the event that was let go")
    page.button_group(key="webhook_fault_answer").set_value(Answer.ERROR)
    page = run(page)
    assert deliver(shop, "evt_4") == 500
    assert deliver(shop, "evt_4") == 200
    page = open_faults()
    assert released(page) == ["release_1", "release_3", "release_4", "release_all"]
    assert "4 held, 1 answered 500" in text_of(page)
    page = press(page, "end_faults")
    assert in_force(shop) is None
    assert not page.warning
    wait_for(lambda: len(shop.server.events()) == 4, "what was held")
    assert page.segmented_control(key="webhook_fault_minutes").value == MINUTES


def test_a_random_run_pays_in_the_sandbox_and_ends_with_a_verdict_that_says_its_seed(
    tmp_path: Path,
) -> None:
    with connected_shop(tmp_path) as shop:
        faults: Any = shop.services.fault_injection
        page = open_page(shop.pages, "test_kit.py", show="Webhook faults")
        page.number_input(key="random_seed").set_value(4711)
        page.segmented_control(key="random_purchases").set_value(5)
        page = press(run(page), "random_run")
        assert page.button(key="random_run").disabled
        assert "A random run with seed 4711 is under way." in text_of(page)
        wait_for(lambda: shop.pages.call(faults.state).run.ended_at, "the verdict")
        page = run(page)
        assert "Seed 4711: granted exactly once" in text_of(page)
        assert "5 sessions" in text_of(page)
        assert not page.warning
        purchases = shop.server.portal.call(ledger, shop.services.store)
        assert purchases
        page.number_input(key="random_seed").set_value(1)
        page.segmented_control(key="random_purchases").set_value(25)
        page = press(run(page), "random_run_again")
        assert "A random run with seed 4711 is under way." in text_of(page)
        wait_for(lambda: shop.pages.call(faults.state).run.ended_at, "the second verdict")
        assert "5 sessions" in text_of(run(page))
