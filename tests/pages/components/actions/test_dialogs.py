"""The actions in a session's drawer through AppTest: what each would do, and doing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from streamlit.testing.v1 import AppTest

from billing.domain.actions.offered import SaleAction, SandboxAction
from billing.domain.actions.subscription import SubscriptionAction
from billing.domain.ledger.line import Due
from billing.domain.sessions.checkout_session import Kind
from pages.components.actions.wording import LABELS, day, icon
from pages.scenarios.faults import NO_FAULTS, ApiFaults, Faults
from pages.services import hand_over
from tests.support.browsers.pages import alerts, open_page, press, run, run_until, text_of
from tests.support.servers.shop import ConnectedShop, connected_shop
from tests.support.servers.sold import due_of, payment_of, pro_of, sell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from billing.domain.actions.offered import Action

MONTH = 32 * 86_400


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConnectedShop]:
    with connected_shop(tmp_path_factory.mktemp("shop")) as opened:
        yield opened


@pytest.fixture(scope="module")
def sold(shop: ConnectedShop) -> str:
    return sell(shop, quantity=10)


def drawer(shop: ConnectedShop, session_id: str) -> AppTest:
    return open_page(shop.pages, "sessions.py", session=session_id)


def labels(page: AppTest) -> list[str]:
    """The actions that are offered: of the button, and of the menu."""
    buttons = [one.label for one in page.button if (one.key or "").startswith("action_cs_")]
    menu = [one for one in page.menu_button if (one.key or "").startswith("more_cs_")]
    return [*buttons, *(label.split(": ")[1] for one in menu for label in one.options)]


def choose(page: AppTest, session_id: str, action: Action) -> AppTest:
    """Open the dialog of an action, wherever it is offered."""
    for menu in page.menu_button:
        if menu.key == f"more_{session_id}" and f"{icon(action)} {LABELS[action]}" in menu.options:
            menu.click(action)
            return run(page)
    button = page.button(key=f"action_{session_id}")
    assert button.label == LABELS[action]
    button.click()
    return run(page)


def words(page: AppTest) -> str:
    return text_of(page).replace("*", "")


def test_a_refund_of_three_credits_says_what_it_takes_back_and_does_so_once(
    shop: ConnectedShop,
) -> None:
    session_id = sell(shop, quantity=10)
    page = choose(drawer(shop, session_id), session_id, SaleAction.REFUND)
    assert "$9.90 goes back to the customer; then all of it is refunded" in words(page)
    page.radio(key="refund_extent").set_value("credits")
    run(page)
    page.number_input(key="refund_credits").set_value(3.0)
    run(page)
    text = words(page)
    assert "$2.97 goes back to the customer; $6.93 can still be refunded" in text
    assert "Takes back 3 of 10 credits; 7 stay." in text
    page = press(page, "refund_now")
    assert "$2.97 refunded. 3 credits taken back." in text_of(page)
    assert "refund_now" not in [button.key for button in page.button]
    assert due_of(shop, session_id) == Due(7)
    payment = payment_of(shop, session_id).payment_intent
    assert len(shop.stripe.v1.refunds.list({"payment_intent": payment}).data) == 1


@pytest.mark.parametrize(
    ("extent", "field", "value"),
    [
        ("credits", "refund_credits", 0.0),
        ("credits", "refund_credits", 2.5),
        ("credits", "refund_credits", 11.0),
        ("amount", "refund_amount", 0.0),
        ("amount", "refund_amount", 9.91),
        ("amount", "refund_amount", 0.005),
    ],
)
def test_an_amount_that_is_not_there_cannot_be_refunded(
    sold: str, shop: ConnectedShop, extent: str, field: str, value: float
) -> None:
    page = choose(drawer(shop, sold), sold, SaleAction.REFUND)
    page.radio(key="refund_extent").set_value(extent)
    run(page)
    page.number_input(key=field).set_value(value)
    run(page)
    assert "Enter a" in " ".join(alerts(page)["error"])
    assert page.button(key="refund_now").disabled


def test_while_stripe_fails_nothing_is_refunded_and_the_dialog_stays(shop: ConnectedShop) -> None:
    session_id = sell(shop, quantity=2)
    page = choose(drawer(shop, session_id), session_id, SaleAction.REFUND)
    shop.controls.set_faults(Faults(api=ApiFaults(status=429)))
    page = press(page, "refund_now")
    shop.controls.set_faults(NO_FAULTS)
    assert "The action failed" in " ".join(alerts(page)["error"])
    page = press(page, "refund_now")
    assert "$1.98 refunded. 2 credits taken back." in text_of(page)
    assert due_of(shop, session_id) == Due(0)
    assert labels(page) == ["Refund…", "Dispute…"]
    assert f"action_{session_id}" not in [button.key for button in page.button]
    page = choose(page, session_id, SaleAction.REFUND)
    assert "nothing is left" in text_of(page)
    assert "refund_now" not in [button.key for button in page.button]


def test_pro_is_canceled_at_its_end_continued_paused_resumed_and_canceled_now(
    shop: ConnectedShop,
) -> None:
    session_id = sell(shop, Kind.PRO)
    end = day(pro_of(shop, session_id).subscription.period_end)
    page = drawer(shop, session_id)
    assert labels(page)[0] == "Cancel at period end…"
    page = choose(page, session_id, SubscriptionAction.CANCEL_AT_PERIOD_END)
    assert f"Pro stays until {end}, then it ends" in words(page)
    page = press(page, "action_now")
    assert f"Pro ends on {end}." in words(page)
    assert labels(page)[0] == "Keep Pro…"
    page = press(choose(page, session_id, SubscriptionAction.KEEP), "action_now")
    assert f"Pro goes on: it is renewed on {end}." in words(page)
    page = press(choose(page, session_id, SubscriptionAction.PAUSE_COLLECTION), "action_now")
    assert labels(page)[0] == "Resume collection…"
    page = press(choose(page, session_id, SubscriptionAction.RESUME_COLLECTION), "action_now")
    assert "Collection is resumed" in words(page)
    page = choose(page, session_id, SubscriptionAction.CANCEL_NOW)
    assert f"Pro ends now. It was to last until {end}." in words(page)
    page = press(page, "action_now")
    assert "Pro has ended" in words(page)
    assert labels(page) == ["Refund…", "Customer portal…", "Dispute…"]


def test_closing_a_dialog_does_nothing(shop: ConnectedShop) -> None:
    session_id = sell(shop, Kind.PRO)
    page = choose(drawer(shop, session_id), session_id, SubscriptionAction.CANCEL_NOW)
    page = press(page, "action_close")
    assert "action_now" not in [button.key for button in page.button]
    assert pro_of(shop, session_id).subscription.status == "active"


@pytest.mark.parametrize("cancels", [False, True])
def test_a_refund_of_pro_says_whether_pro_ends(shop: ConnectedShop, cancels: bool) -> None:
    session_id = sell(shop, Kind.PRO)
    page = choose(drawer(shop, session_id), session_id, SaleAction.REFUND)
    page.checkbox(key="refund_cancels").set_value(cancels)
    run(page)
    said = "Pro ends now, and" if cancels else "a refund alone does not end it"
    assert said in words(page)
    page = press(page, "refund_now")
    assert "$99.00 refunded." in text_of(page)
    status = pro_of(shop, session_id).subscription.status
    assert status == ("canceled" if cancels else "active")


def test_the_customer_portal_opens_by_one_link_however_often_it_is_drawn(
    shop: ConnectedShop,
) -> None:
    session_id = sell(shop, Kind.PRO)
    page = choose(drawer(shop, session_id), session_id, SaleAction.OPEN_PORTAL)
    (link,) = {one.proto.url for one in page.get("link_button") if "/p/session/" in one.proto.url}
    run(page)
    assert link in {one.proto.url for one in page.get("link_button")}


def test_a_renewal_fails_as_asked_and_retrying_it_says_why_it_is_declined(
    shop: ConnectedShop,
) -> None:
    session_id = sell(shop, Kind.PRO)
    page = drawer(shop, session_id)
    page = press(choose(page, session_id, SandboxAction.FAIL_NEXT_RENEWAL), "action_now")
    assert "will fail" in text_of(page)
    shop.controls.advance(MONTH)
    run_until(page, lambda: labels(page)[0] == "Retry the invoice…")
    page = press(choose(page, session_id, SandboxAction.RETRY_INVOICE), "action_now")
    assert "The card was declined: Your card was declined." in text_of(page)
    assert "the customer can give one in the customer portal" in text_of(page)


def test_a_dispute_holds_all_credits_refuses_a_refund_and_gives_them_back_when_won(
    shop: ConnectedShop,
) -> None:
    session_id = sell(shop, quantity=10)
    page = choose(drawer(shop, session_id), session_id, SandboxAction.DISPUTE)
    assert "holds the money, and all 10 credits with it" in words(page)
    page = press(page, "action_now")
    assert due_of(shop, session_id) == Due(0)
    assert labels(page) == ["Decide the dispute…", "Refund…"]
    page = choose(page, session_id, SaleAction.REFUND)
    assert "while the bank holds the money" in text_of(page)
    page = press(choose(page, session_id, SandboxAction.DECIDE_DISPUTE), "action_now")
    assert "won within seconds" in text_of(page)
    shop.controls.advance(60)
    run_until(page, lambda: labels(page)[0] == "Refund…")
    assert due_of(shop, session_id) == Due(10)


@pytest.mark.parametrize(("end", "left"), [("lost", 0), ("inquiry", 10)])
def test_a_payment_is_disputed_and_lost_or_only_asked_about(
    shop: ConnectedShop, end: str, left: int
) -> None:
    session_id = sell(shop, quantity=10)
    page = choose(drawer(shop, session_id), session_id, SandboxAction.DISPUTE)
    page.radio(key="dispute_end").set_value(end)
    run(page)
    press(page, "action_now")
    assert due_of(shop, session_id) == Due(left)


def test_without_a_sandbox_nothing_is_offered_that_only_a_sandbox_can_do(
    shop: ConnectedShop,
) -> None:
    session_id = sell(shop, Kind.PRO)
    page = open_page(shop.server, "sessions.py", session=session_id)
    assert labels(page) == [
        "Cancel at period end…",
        "Refund…",
        "Customer portal…",
        "Pause collection…",
        "Cancel now…",
    ]


def test_a_drawer_of_a_customer_can_offer_them_for_a_payment_and_a_subscription(
    shop: ConnectedShop,
) -> None:
    payment = payment_of(shop, sell(shop, Kind.PRO))
    hand_over(shop.services, shop.pages.portal, shop.pages.controls_url)

    def script(payment_intent: str, subscription: str) -> None:
        from pages.components.actions.menu import payment_actions, subscription_actions

        payment_actions(payment_intent, subscription)
        subscription_actions(subscription)

    kwargs = {"payment_intent": payment.payment_intent, "subscription": payment.subscription}
    page = run(AppTest.from_function(script, default_timeout=60, kwargs=kwargs))
    assert [button.label for button in page.button] == ["Refund…", "Cancel at period end…"]
    page = press(page, f"action_{payment.payment_intent}")
    page.checkbox(key="refund_cancels").check()
    run(page)
    page = press(page, "refund_now")
    assert "$99.00 refunded. Pro has ended" in text_of(page)
