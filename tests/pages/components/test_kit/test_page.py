"""The other tabs of the Test kit's page: cards, faults, clock and demo data."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from billing.domain.sessions.checkout_session import Outcome
from billing.store import tables
from pages.components.test_kit import demo_data
from pages.components.test_kit.clock import summary
from pages.scenarios.faults import NO_FAULTS, ApiFaults, Faults, WebhookFaults
from pages.scenarios.sandbox_client import AdvanceResult
from stripe_sandbox.payment_methods.bank_accounts import ROUTING_NUMBER, TEST_BANK_ACCOUNTS
from stripe_sandbox.payment_methods.cards import TEST_CARDS
from tests.pages.components.test_kit.kit import (
    CARDS,
    DEMO,
    FAULTS,
    made,
    open_tab,
    titles,
)
from tests.support.browsers.pages import open_page, press, run, text_of
from tests.support.servers.shop import ConnectedShop

if TYPE_CHECKING:
    from sqlalchemy import Connection


def test_the_sandbox_on_this_machine_is_asked_without_the_companys_proxy(
    connected: ConnectedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert connected.controls.state().ahead_seconds == 0


def times_to_pay(connection: Connection) -> bool:
    """Every session that was completed has the time when it was."""
    sessions = tables.checkout_sessions.c
    complete = select(sessions.completed_at).where(
        sessions.outcome.not_in([Outcome.OPEN, Outcome.EXPIRED])
    )
    return all(connection.scalars(complete))


def test_every_card_and_bank_account_of_the_sandbox_is_shown_to_copy(
    connected: ConnectedShop,
) -> None:
    page = open_tab(connected, CARDS)
    numbers = [code.value.replace(" ", "") for code in page.code]
    cards, accounts = [one.number for one in TEST_CARDS], [one.number for one in TEST_BANK_ACCOUNTS]
    assert sorted(numbers) == sorted([ROUTING_NUMBER, *cards, *accounts])


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
