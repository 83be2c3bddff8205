"""The Test kit page through AppTest, on real services, with the sandbox's controls and without."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from billing import fulfillment
from billing.domain.checkout_session import Kind, Outcome
from billing.store import tables
from pages.components.test_kit.clock import summary
from pages.components.test_kit.demo_data import reset
from pages.scenarios.catalog import SCENARIOS
from pages.scenarios.faults import NO_FAULTS, ApiFaults, Faults, WebhookFaults
from pages.scenarios.sandbox_client import AdvanceResult
from pages.services import hand_over
from tests.support.shop import ConnectedShop, connected_shop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from tests.support.shop import Shop

FRAME = Path(__file__).parents[2] / "pages/dashboard.py"
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


def opened(shop: ConnectedShop, tab: str = SCENARIOS_TAB) -> AppTest:
    hand_over(shop.services, shop.pages.portal, shop.pages.controls_url)
    page = AppTest.from_file(str(FRAME), default_timeout=60).run()
    page.session_state["show"] = tab
    return shown(page.switch_page("test_kit.py").run())


def shown(page: AppTest) -> AppTest:
    assert not page.exception
    return page


def pressed(page: AppTest, button: str) -> AppTest:
    return shown(page.button(key=button).click().run())


def said(page: AppTest) -> str:
    """All text of the page, without the signs that keep Markdown from acting on it."""
    texts = [element.value for element in (*page.markdown, *page.caption)]
    return " ".join(texts).replace("\\", "")


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


def test_every_scenario_has_its_button(connected: ConnectedShop) -> None:
    page = opened(connected)
    keys = {button.key for button in page.button}
    assert {f"run_{scenario.name}" for scenario in SCENARIOS} < keys
    assert "run_all" in keys
    labels = [button.label for button in page.button if (button.key or "").startswith("run_")]
    assert len(labels) == len(set(labels)) == len(SCENARIOS) + 1


def test_a_scenario_shows_its_verdict_and_its_steps(connected: ConnectedShop) -> None:
    page = pressed(opened(connected), "run_declined-then-paid")
    assert ":green-badge[:material/verified: Granted exactly once]" in said(page)
    assert "2 extra credits for $1.98: one payment, one grant" in said(page)
    assert "Pay with 4000 0000 0000 9995" in said(page)
    assert "declined: insufficient funds" in said(page)
    assert not any(button.disabled for button in page.button)
    page.run()
    assert "Granted exactly once" in said(page)


def test_a_product_that_grants_nothing_gets_a_red_verdict(
    connected: ConnectedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fulfillment, "entitlement", lambda *_: None)
    page = pressed(opened(connected), "run_pro-paid")
    assert ":red-badge[" in said(page)
    assert "something was" not in said(page)
    assert ":green-badge[" not in said(page)


def test_every_card_is_shown_to_copy(connected: ConnectedShop) -> None:
    page = opened(connected, CARDS)
    numbers = [code.value for code in page.code]
    assert len(numbers) == len(set(numbers)) == 23
    assert {"4242 4242 4242 4242", "4000 0025 0000 3155", "000123456789"} < set(numbers)


def test_an_open_session_is_paid_declined_or_expired_from_its_row(
    connected: ConnectedShop,
) -> None:
    paid, declined, expired = (made(connected, quantity) for quantity in (2, 3, 4))
    page = opened(connected, OPEN)
    page = pressed(page, f"pay_{paid}")
    page = pressed(page, f"decline_{declined}")
    assert "Declined: insufficient funds" in said(page)
    page = pressed(page, f"expire_{expired}")
    assert not page.button(key=f"pay_{declined}").disabled
    assert page.button(key=f"pay_{paid}").disabled
    assert page.button(key=f"pay_{expired}").disabled
    sessions = connected.stripe.v1.checkout.sessions
    assert [sessions.retrieve(one).status for one in (paid, declined, expired)] == [
        "complete",
        "open",
        "expired",
    ]


@pytest.mark.parametrize("button", ["pay", "expire"])
def test_a_row_that_somebody_else_was_faster_with_says_so(
    connected: ConnectedShop, button: str
) -> None:
    session_id = made(connected)
    connected.controls.set_faults(Faults(WebhookFaults(delay_seconds=60)))
    page = opened(connected, OPEN)
    connected.controls.pay(session_id, email="faster@example.com", card="4242424242424242")
    page = pressed(page, f"{button}_{session_id}")
    assert "someone else completed or expired it" in said(page)
    assert page.button(key=f"pay_{session_id}").disabled


def test_no_open_session_says_what_to_do(connected: ConnectedShop) -> None:
    page = opened(connected, OPEN)
    assert titles(page, "info") == ["No open sessions"]


def test_what_people_typed_is_shown_as_text(connected: ConnectedShop) -> None:
    made(connected, made_by="<b>:red[Eve]</b> $x$ [a](https://x)")
    page = opened(connected, OPEN)
    raw = " ".join(element.value for element in page.markdown)
    assert r"\<b\>\:red\[Eve\]\</b\> \$x\$ \[a\]\(https\://x\)" in raw


def test_a_switch_is_in_force_at_once_shown_on_every_tab_and_cleared(
    connected: ConnectedShop,
) -> None:
    page = opened(connected, FAULTS)
    assert not page.warning
    shown(page.toggle(key="fault_twice").set_value(True).run())
    shown(page.button_group(key="fault_late").set_value(30).run())
    shown(page.button_group(key="fault_status").set_value(429).run())
    assert connected.controls.faults() == Faults(
        WebhookFaults(delay_seconds=30, duplicates=1), ApiFaults(status=429)
    )
    page = opened(connected)
    assert titles(page, "warning") == ["Fault injection is on"]
    told = page.warning[0].value.replace("\\", "")
    assert "Webhooks are delayed by 30 s." in told
    assert "Every webhook is sent twice." in told
    assert "Stripe responds with 429 (too many requests)." in told
    page = pressed(page, "clear_faults")
    assert connected.controls.faults() == NO_FAULTS
    assert not page.warning


def test_the_clock_is_moved_and_the_page_tells_that_it_is_ahead(connected: ConnectedShop) -> None:
    made(connected)
    page = opened(connected, FAULTS)
    assert not titles(page, "info")
    page = pressed(page, f"advance_{86_400}")
    assert connected.controls.state().ahead_seconds == pytest.approx(86_400, abs=5)
    assert titles(page, "info") == ["The sandbox's clock is ahead"]
    assert "1 day ahead" in page.info[0].value
    told = page.success[0].value.replace("\\", "")
    assert told == "The clock was advanced by 1 day. Checkout Sessions: 1 expired."


def test_a_move_of_the_clock_tells_how_many_renewals_were_paid_and_how_many_failed() -> None:
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
    connected: ConnectedShop,
) -> None:
    page = pressed(opened(connected, DEMO), "fill")
    assert "sessions of the last 30 days were created" in page.success[0].value
    recent = connected.pages.call(lambda: connected.services.mirror.recent(1000))
    assert len(recent.sessions) > 300
    assert all(session.ours and session.kind for session in recent.sessions)
    assert {session.quantity for session in recent.sessions} > {1, 2}
    assert connected.pages.call(lambda: connected.services.store.read(times_to_pay))

    page = pressed(page, "reset")
    assert "will be deleted" in said(page)
    assert connected.controls.state().counts["checkout.session"] > 300
    reset(connected.pages, connected.controls)
    assert not connected.controls.state().counts.get("checkout.session")
    recent = connected.pages.call(lambda: connected.services.mirror.recent(1000))
    assert not recent.sessions


def test_controls_that_do_not_answer_leave_a_word_and_no_traceback(
    connected: ConnectedShop,
) -> None:
    hand_over(connected.services, connected.pages.portal, "http://127.0.0.1:9/_control")
    page = AppTest.from_file(str(FRAME), default_timeout=60).run()
    page.session_state["show"] = FAULTS
    shown(page.switch_page("test_kit.py").run())
    assert "The sandbox returned an error" in titles(page, "error")


def test_with_a_key_the_page_has_the_cards_and_says_what_is_missing(shop: Shop) -> None:
    hand_over(shop.server.services, shop.server.portal)
    page = AppTest.from_file(str(FRAME), default_timeout=30).run()
    shown(page.switch_page("test_kit.py").run())
    assert titles(page, "info") == ["Only the test cards are available without the local sandbox"]
    assert "need the local sandbox" in page.info[0].value
    assert len(page.code) == 23
    assert not page.button
    assert not page.tabs
