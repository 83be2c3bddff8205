"""Open sessions on the Test kit's page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from streamlit.testing.v1 import AppTest

from pages.components.test_kit import open_sessions as open_list
from pages.components.test_kit.open_sessions import DECLINE, EXPIRE
from pages.scenarios.faults import Faults, WebhookFaults
from tests.pages.components.test_kit.kit import (
    OPEN,
    made,
    open_tab,
    titles,
)
from tests.support.browsers.pages import press, run, run_until, text_of
from tests.support.servers.shop import ConnectedShop

if TYPE_CHECKING:
    pass


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
