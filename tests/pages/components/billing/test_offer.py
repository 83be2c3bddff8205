"""The two offers of the billing page through AppTest, on real services in front of the sandbox."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pages.components.billing import checkout_link
from tests.support.browsers.pages import alerts, open_page, press, run, run_until, text_of
from tests.support.servers.billing_server import billing_server
from tests.support.servers.settings import working_settings
from tests.support.stripe_account import (
    StripeAccount,
    always,
)

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

    from tests.support.servers.shop import Shop


def component_data(page: AppTest, name: str) -> list[dict[str, Any]]:
    """What each component of that name was given."""
    mounted = [node.proto for node in page.get("bidi_component")]
    return [json.loads(one.json) for one in mounted if one.component_name == name]


def created(shop: Shop) -> list[Any]:
    return shop.stripe.v1.checkout.sessions.list({"limit": 100}).data


def test_the_buttons_have_the_prices_of_stripe(shop: Shop) -> None:
    page = open_page(shop.server)
    assert [button.label for button in page.button] == [
        "PAY WITH CARD ($99/MO)",
        "BUY EXTRA LOAD CREDITS",
    ]
    assert page.metric[0].value == "$99/month"
    run_until(page, lambda: "No sessions yet" in text_of(page))
    assert not alerts(page)


def test_the_total_follows_the_number_of_credits(shop: Shop) -> None:
    page = open_page(shop.server)
    page.number_input(key="credits_quantity").set_value(12).run()
    assert r"Total **\$11\.88**" in [text.value for text in page.markdown]


def test_a_press_creates_one_session_and_its_link_takes_the_buttons_place(shop: Shop) -> None:
    page = press(open_page(shop.server), "pay_pro")
    (session,) = created(shop)
    assert session.mode == "subscription"
    assert page.get("link_button")[0].proto.url == session.url
    assert {code.value for code in page.code} == {session.url, "4242 4242 4242 4242"}
    assert "pay_pro" not in [button.key for button in page.button]
    assert list(page.dataframe[0].value["id"]) == [session.id]


def test_a_press_repeated_before_its_answer_is_shown_creates_one_session(shop: Shop) -> None:
    page = open_page(shop.server)
    page.button(key="pay_pro").click()
    page.run()
    press = page.session_state["order_pro"].press
    press.created = None  # as if the run had been cut off right after Stripe answered
    page.run()
    assert len(created(shop)) == 1
    assert page.session_state["order_pro"].press.created.id == created(shop)[0].id


def test_credits_are_bought_by_the_quantity_and_another_quantity_is_another_press(
    shop: Shop,
) -> None:
    page = open_page(shop.server)
    page.number_input(key="credits_quantity").set_value(5).run()
    press(page, "pay_credits")
    assert page.get("link_button")
    page.number_input(key="credits_quantity").set_value(7).run()
    assert not page.button(key="pay_credits").disabled
    assert not page.get("link_button")
    press(page, "pay_credits")
    assert {session.amount_total for session in created(shop)} == {7 * 99, 5 * 99}
    assert set(page.dataframe[0].value["what"]) == {"○ 7 credits", "○ 5 credits"}


def test_start_over_allows_the_next_press(shop: Shop) -> None:
    page = press(open_page(shop.server), "pay_pro")
    press(page, "new_pro")
    assert not page.get("link_button")
    press(page, "pay_pro")
    assert len(created(shop)) == 2


def test_checkout_opens_with_the_first_press_where_the_person_wants_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page(shop.server)
    page.toggle(key="toggle_billing_open_checkout").set_value(True).run()
    assert component_data(page, "preference") == [{"name": "billing_open_checkout", "value": "1"}]
    press(page, "pay_pro")
    (session,) = created(shop)
    assert component_data(page, "open_url") == [{"url": session.url}]
    page.run()
    assert component_data(page, "open_url")  # a run at once does not take it away
    monkeypatch.setattr(checkout_link, "SENT_WITHIN", 0.0)
    page.run()
    assert not component_data(page, "open_url")  # on coming back one stays
    page.switch_page("setup.py").run()
    page.switch_page("billing.py").run()
    assert page.toggle(key="toggle_billing_open_checkout").value


@pytest.mark.parametrize("typed", [1001, 1e300, 0, 2.5])
def test_an_invalid_quantity_is_refused_below_the_field(shop: Shop, typed: float) -> None:
    page = open_page(shop.server)
    page.number_input(key="credits_quantity").set_value(typed)
    page.button(key="pay_credits").click()  # at once, before the field has been judged
    page.run()
    assert page.number_input(key="credits_quantity").value == typed
    (error,) = alerts(page)["error"]
    assert "Enter a whole number from 1 to 1,000" in error
    assert "`BILLING_MAX_CREDITS`" in error
    assert not any("Total" in text.value for text in page.markdown)
    assert page.button(key="pay_credits").disabled
    assert not created(shop)
    page.number_input(key="credits_quantity").set_value(1000).run()
    assert r"Total **\$990\.00**" in [text.value for text in page.markdown]
    press(page, "pay_credits")
    assert [session.amount_total for session in created(shop)] == [99_000]


def test_pressing_again_after_a_refusal_uses_another_idempotency_key(
    tmp_path: Path, account: StripeAccount
) -> None:
    account.faults = always("rate_limited")
    with billing_server(working_settings(tmp_path, account.url)) as server:
        page = press(press(open_page(server), "pay_pro"), "pay_pro")
        assert page.error
    assert len(account.idempotency_keys) == len(set(account.idempotency_keys)) == 2


def test_a_label_goes_with_the_next_session_and_names_it_in_the_table_of_sessions(
    shop: Shop,
) -> None:
    page = open_page(shop.server)
    page.text_input(key="session_label").set_value(" QA-1234  iOS ")
    press(run(page), "pay_pro")
    (session,) = created(shop)
    assert session.metadata is not None
    assert session.metadata.to_dict()["label"] == "QA-1234 iOS"
    page = open_page(shop.server, "sessions.py", q="qa-1234")
    assert list(page.dataframe[0].value["label"]) == ["QA-1234 iOS"]
