"""The Setup page through AppTest, on real services in front of the sandbox."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamlit.testing.v1 import AppTest

from billing.errors import NotConfigured
from billing.setup.webhook_checks import ENDPOINT_EVENTS, NEEDED_EVENTS
from billing.urls import webhook_url
from pages.services import PageServices
from tests.support.browsers.pages import open_page, press, run_until, text_of
from tests.support.servers.billing_server import billing_server
from tests.support.servers.sales import create_session, pay
from tests.support.servers.settings import working_settings
from tests.support.servers.shop import idle_shop
from tests.support.stripe_account import REQUEST_ID, StripeAccount, always

if TYPE_CHECKING:
    from tests.support.servers.shop import Shop

GROUPS = ["Stripe", "Prices", "Webhook", "This app", "Ledger", "Programs", "Data"]
HERE = "http://localhost:8501"


def verdict(page: AppTest) -> tuple[str, str]:
    """The kind and title of the one banner."""
    kinds = ("success", "info", "warning", "error")
    (found,) = [(kind, alert.proto.title) for kind in kinds for alert in getattr(page, kind)]
    return found


def badges(page: AppTest) -> list[str]:
    """The status of each finding in turn, as a word."""
    words = ("OK", "Not checked", "Warning", "Unavailable", "Error")
    texts = [element.value for element in page.markdown if "-badge[" in element.value]
    return [word for text in texts for word in words if text.endswith(f" {word}]")]


def register_endpoint(shop: Shop) -> None:
    shop.stripe.v1.webhook_endpoints.create({"url": webhook_url(HERE), "enabled_events": ["*"]})


def test_everything_in_order_is_said_on_top_and_for_each_thing(shop: Shop) -> None:
    register_endpoint(shop)
    page = open_page(shop.server, "setup.py")
    assert verdict(page) == ("success", "Everything is set up")
    assert badges(page) == ["OK"] * 13
    assert [heading.value for heading in page.header] == GROUPS
    assert [button.label for button in page.button] == ["Check again", "Compare with Stripe"]
    assert "Nobody signs in here, so the routes" in text_of(page)


def test_the_tables_are_counted_once_they_are_asked_for(shop: Shop) -> None:
    pay(shop, create_session(shop))
    page = open_page(shop.server, "setup.py")
    assert not page.dataframe
    page.toggle(key="database_size_shown").set_value(True)
    page.run()
    found = dict(zip(*(page.dataframe[0].value[name] for name in ("table", "rows")), strict=True))
    assert found["checkout_sessions"] == "1"
    assert any("The whole database takes" in one.value for one in page.caption)


def test_the_sandbox_is_said_to_need_no_settings(shop: Shop) -> None:
    register_endpoint(shop)
    bare = replace(shop.server.services.settings, secret_key=None, api_base=None)
    of_the_shop = shop.server.services.settings
    settings = bare.with_defaults(
        source="local sandbox", secret_key=of_the_shop.secret_key, api_base=of_the_shop.api_base
    )
    shop.server.portal.call(shop.server.services.store.ping)
    with billing_server(settings) as server:
        controls = f"{settings.api_base}/_control"
        pages = PageServices(server.services, server.portal, controls)
        page = open_page(pages, "setup.py")
        assert "any API key that begins `sk_test_`" in text_of(page)
        assert "the app uses the local sandbox" in page.success[0].value
        assert "STRIPE_SECRET_KEY` · local sandbox" in text_of(page)


def test_a_stripe_that_refuses_the_key_leaves_the_rest_of_the_page(
    tmp_path: Path, account: StripeAccount
) -> None:
    account.faults = always("unauthorized")
    with billing_server(working_settings(tmp_path, account.url)) as server:
        page = open_page(server, "setup.py")
        assert [alert.proto.title for alert in page.error] == ["1 problem found"]
        assert "Connection" in page.error[0].value
        assert f"`{REQUEST_ID}`" in text_of(page)
        assert "Copy a current test key" in text_of(page)
        assert [heading.value for heading in page.header] == GROUPS
        assert sorted(badges(page)) == ["Error"] + ["Not checked"] * 3 + ["OK"] * 7
        assert "sk_test_of_the_tests" not in text_of(page)


def test_check_again_looks_again_and_a_rerun_does_not(shop: Shop) -> None:
    page = open_page(shop.server, "setup.py")
    assert verdict(page) == ("error", "1 problem found")
    register_endpoint(shop)
    page.run()
    assert verdict(page) == ("error", "1 problem found")
    page.button[0].click().run()
    assert verdict(page) == ("success", "Everything is set up")


LIVE = NotConfigured("STRIPE_SECRET_KEY", "STRIPE_SECRET_KEY holds a live key.", "Use a test key.")


def test_a_live_key_is_named_and_creates_nothing(shop: Shop) -> None:
    settings = replace(
        shop.server.services.settings,
        secret_key=None,
        price_pro_monthly=None,
        problems={"STRIPE_SECRET_KEY": LIVE},
    )
    shop.server.portal.call(shop.server.services.store.ping)
    with billing_server(settings) as server:
        page = open_page(server, "setup.py")
        titles = [alert.proto.title for alert in page.error]
        assert titles == ["2 problems found"]
        assert "STRIPE_SECRET_KEY holds a live key." in text_of(page)
        assert [button.label for button in page.button] == ["Check again"]


def test_prices_that_the_account_lacks_are_created_in_one_press(shop: Shop) -> None:
    register_endpoint(shop)
    of_the_shop = shop.server.services.settings
    unset = replace(of_the_shop, price_pro_monthly=None, price_extra_credit=None)
    with billing_server(unset) as server:
        page = open_page(server, "setup.py")
        assert verdict(page) == ("error", "2 problems found")
        press(page, "create_prices")
        assert verdict(page) == ("success", "Everything is set up")
        assert "Stripe account, lookup key billing_dashboard_pro_monthly" in text_of(page)


def test_names_from_the_account_are_shown_as_text(shop: Shop) -> None:
    register_endpoint(shop)
    page = open_page(shop.server, "setup.py")
    report = page.session_state["setup_report"]
    named = tuple(
        replace(one, found="<b>:red[Acme]</b> $x$ [a](https://x)") for one in report.findings
    )
    page.session_state["setup_report"] = replace(report, findings=named)
    page.run()
    raw = " ".join(element.value for element in page.markdown)
    assert r"\<b\>\:red\[Acme\]\</b\> \$x\$ \[a\]\(https\://x\)" in raw


def test_creating_asks_first_and_names_what_is_created_and_where(shop: Shop) -> None:
    page = press(open_page(shop.server, "setup.py"), "create_webhook_endpoint")
    account = shop.stripe.v1.accounts.retrieve_current().id
    assert f"`{account}`" in text_of(page)
    assert "checkout.session.async_payment_failed" in text_of(page)
    assert "payment_intent.payment_failed" in text_of(page)
    assert f"a webhook endpoint at `{webhook_url(HERE)}`" in text_of(page)
    assert not shop.stripe.v1.webhook_endpoints.list().data
    assert {"create_now", "create_cancel"} <= {button.key for button in page.button}


def test_an_endpoint_can_be_created_for_thin_events_but_is_for_snapshots_by_default(
    shop: Shop,
) -> None:
    page = press(open_page(shop.server, "setup.py"), "create_webhook_endpoint")
    choice = page.radio(key="create_payload")
    assert (choice.options, choice.value, choice.disabled) == (
        ["Snapshot", "Thin"],
        "Snapshot",
        False,
    )


def test_types_of_event_that_the_endpoint_lacks_are_shown_and_added(shop: Shop) -> None:
    few: Any = {"url": webhook_url(HERE), "enabled_events": list(NEEDED_EVENTS)}
    endpoint = shop.stripe.v1.webhook_endpoints.create(few)
    page = open_page(shop.server, "setup.py")
    assert verdict(page) == ("warning", "Working, with 1 warning")
    assert "`charge.dispute.created`" in text_of(page)
    press(page, "add_event_types_now")
    assert verdict(page) == ("success", "Everything is set up")
    now = shop.stripe.v1.webhook_endpoints.retrieve(endpoint.id)
    assert now.enabled_events == list(ENDPOINT_EVENTS)


def test_an_endpoint_that_cannot_be_changed_is_left_with_the_reason(shop: Shop) -> None:
    few: Any = {"url": webhook_url(HERE), "enabled_events": list(NEEDED_EVENTS)}
    endpoint = shop.stripe.v1.webhook_endpoints.create(few)
    page = open_page(shop.server, "setup.py")
    shop.stripe.v1.webhook_endpoints.delete(endpoint.id)
    press(page, "add_event_types_now")
    assert "There is no enabled webhook endpoint" in text_of(page)


def test_the_ledger_is_compared_with_stripe_and_missing_lines_are_written(tmp_path: Path) -> None:
    with idle_shop(tmp_path) as shop:
        session_id = pay(shop, create_session(shop, quantity=10))
        page = open_page(shop.server, "setup.py")
        assert "It is compared once a day" in text_of(page)
        compare(page, "reconcile")
        assert "Same as Stripe" in text_of(page)
        assert "1 payment, 0 subscriptions, 0 differences" in text_of(page)
        intent = str(shop.stripe.v1.checkout.sessions.retrieve(session_id).payment_intent)
        shop.stripe.v1.refunds.create({"payment_intent": intent, "amount": 297})
        compare(page, "reconcile")
        assert "Differs from Stripe" in text_of(page)
        assert "10 extra credits here, 7 extra credits in Stripe" in text_of(page)
        compare(page, "reconcile_fix")
        assert "1 difference, fixed" in text_of(page)


def compare(page: AppTest, button: str) -> None:
    """Press the button, and look at the card until it is done."""
    press(page, button)
    run_until(page, lambda: "reconcile" in {one.key for one in page.button})
