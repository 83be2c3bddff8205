"""Deliveries in an event's drawer, resending and test events, on real services; in front of a
sandbox that delivers, and of one that poses as Stripe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from billing.domain.access import Permission
from billing.domain.sessions.checkout_session import Kind
from billing.errors import InjectedFault
from billing.urls import WEBHOOK_PATH
from pages.components.events.deliveries import next_text
from pages.components.events.sending import RESEND_FAILED, TEST_EVENT
from pages.scenarios.sandbox_deliveries import Delivery, DeliveryState, Next
from tests.support.audit_entry import audited
from tests.support.browsers.pages import open_page, press, run, run_until, text_of
from tests.support.servers.deliveries import deliver, event_about
from tests.support.servers.sales import create_session
from tests.support.servers.shop import ConnectedShop, connected_shop
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streamlit.testing.v1 import AppTest

    from tests.support.servers.shop import Shop


@pytest.fixture(scope="module")
def connected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConnectedShop]:
    with connected_shop(tmp_path_factory.mktemp("shop")) as running:
        yield running


async def _fail(_: dict[str, Any]) -> None:
    raise InjectedFault("Answered 500.")


def _sent(page: AppTest) -> str:
    """What the dialog says after the press."""
    (said,) = [one.value for one in page.success if " sent" in one.value]
    return str(said)


def _expanders(page: AppTest) -> list[str]:
    return [one.label for one in page.expander]


def test_a_delivery_that_failed_shows_its_attempts_and_is_sent_again(
    connected: ConnectedShop,
) -> None:
    shop = connected
    shop.services.webhooks.intercept = _fail
    customer = shop.stripe.v1.customers.create(params={"email": "a@example.com"}).id
    (event,) = shop.stripe.v1.events.list(params={"type": "customer.created", "limit": 1}).data
    wait_for(lambda: shop.controls.deliveries.of_events([event.id])[0].attempts)
    shop.services.webhooks.intercept = None
    shop.controls.deliveries.resend_failed(0)
    wait_for(lambda: _state(shop, event.id) is DeliveryState.SUCCEEDED)
    page = open_page(shop.pages, "events.py", event=event.id)
    assert "✓ Delivered" in text_of(page)
    first, last = _expanders(page)
    assert first.startswith("Attempt 1 at ")
    assert ": **500** in " in first
    assert ": **200** in " in last
    assert "; the last " in page.table[0].value.iloc[:, 0]["Webhook deliveries"]
    (resend,) = [one for one in page.button if one.label == "Resend"]
    resend.click()
    run(page)
    endpoint = shop.controls.deliveries.of_events([event.id])[0].endpoint
    done = (event.id, "done", f"Send it to {endpoint} again")
    assert audited(shop.server, Permission.SEND_EVENTS)[-1] == done
    wait_for(lambda: len(shop.controls.deliveries.of_events([event.id])[0].attempts) == 3)
    run_until(page, lambda: len(_expanders(page)) == 3)
    page.menu_button(key="more").click(TEST_EVENT)
    run(page)
    assert page.text_input(key="test_event_object").value == customer


def _state(shop: ConnectedShop, event: str) -> DeliveryState:
    return shop.controls.deliveries.of_events([event])[0].state


def test_all_that_failed_is_sent_again_from_the_events_page(connected: ConnectedShop) -> None:
    shop = connected
    shop.services.webhooks.intercept = _fail
    shop.stripe.v1.customers.create(params={"email": "b@example.com"})
    wait_for(lambda: shop.controls.deliveries.failed_since(0))
    page = open_page(shop.pages, "events.py", state="all")
    page.menu_button(key="send_menu").click(RESEND_FAILED)
    run(page)
    assert "**1** delivery failed and has not succeeded since." in text_of(page)
    shop.services.webhooks.intercept = None
    press(page, "resend_failed_now")
    assert _sent(page) == "1 delivery sent again."
    assert audited(shop.server, Permission.SEND_EVENTS)[-1] == (
        *("", "done"),
        "Send all that failed again",
    )
    wait_for(lambda: not shop.controls.deliveries.failed_since(0))


def test_what_failed_is_sent_again_to_the_endpoint_that_is_chosen(
    connected: ConnectedShop,
) -> None:
    shop = connected
    nobody = "http://127.0.0.1:9/webhook"  # where nobody listens
    given: Any = {"url": nobody, "enabled_events": ["customer.created"]}
    endpoint = shop.stripe.v1.webhook_endpoints.create(given).id
    shop.services.webhooks.intercept = _fail
    shop.stripe.v1.customers.create(params={"email": "c@example.com"})
    wait_for(lambda: endpoint in {one.endpoint for one in shop.controls.deliveries.failed_since(0)})
    shop.services.webhooks.intercept = None
    page = open_page(shop.pages, "events.py", state="all")
    page.menu_button(key="send_menu").click(RESEND_FAILED)
    run(page)
    assert nobody in page.selectbox(key="resend_endpoint").options
    page.selectbox(key="resend_endpoint").set_value(endpoint)
    press(page, "resend_failed_now")
    assert _sent(page) == "1 delivery sent again."
    done = (endpoint, "done", "Send all that failed again")
    assert audited(shop.server, Permission.SEND_EVENTS)[-1] == done
    shop.stripe.v1.webhook_endpoints.delete(endpoint)
    shop.controls.deliveries.resend_failed(0)
    wait_for(lambda: not shop.controls.deliveries.failed_since(0))


def test_what_the_cli_sends_again_where_the_sandbox_poses_as_stripe_arrives(
    connected: ConnectedShop,
) -> None:
    shop = connected
    shop.services.webhooks.intercept = _fail
    shop.stripe.v1.customers.create(params={"email": "d@example.com"})
    (event,) = shop.stripe.v1.events.list(params={"type": "customer.created", "limit": 1}).data
    wait_for(lambda: shop.controls.deliveries.of_events([event.id])[0].attempts)
    shop.services.webhooks.intercept = None
    endpoint = shop.controls.deliveries.of_events([event.id])[0].endpoint
    path = f"/v1/events/{event.id}/retry"
    shop.stripe.raw_request("post", path, webhook_endpoint=endpoint)
    _wait_until_delivered(shop, event.id, 1)
    shown = text_of(open_page(shop.server, "events.py", event=event.id))
    assert "answered **500** in" in shown
    assert "answered **200** in" in shown
    assert "every endpoint has received this event" in shown


def test_a_test_event_arrives_and_is_marked(connected: ConnectedShop) -> None:
    shop = connected
    session_id = create_session(shop, Kind.CREDITS)
    page = open_page(shop.pages, "events.py", state="all")
    page.menu_button(key="send_menu").click(TEST_EVENT)
    run(page)
    page.text_input(key="test_event_object").set_value(session_id)
    run(page)
    assert "checkout.session.expired" in page.selectbox(key="test_event_type").options
    page.selectbox(key="test_event_type").set_value("checkout.session.expired")
    press(page, "send_test_event")
    event = _sent(page).split("`")[1]
    sent = (session_id, "done", "Send a test event: checkout.session.expired")
    assert audited(shop.server, Permission.SEND_EVENTS)[-1] == sent
    assert event.startswith("evt_00000000")
    drawer = open_page(shop.pages, "events.py", event=event)
    run_until(drawer, lambda: ":green-badge[Handled]" in text_of(drawer))
    assert ":orange-badge[Test event]" in text_of(drawer)
    session = shop.stripe.v1.checkout.sessions.retrieve(session_id)
    assert session.status == "open"


def test_a_sessions_timeline_names_the_deliveries_that_were_unusual(
    connected: ConnectedShop,
) -> None:
    shop = connected
    session_id = create_session(shop, Kind.CREDITS)
    shop.services.webhooks.intercept = _fail
    shop.stripe.v1.checkout.sessions.expire(session_id)
    (event,) = shop.stripe.v1.events.list(
        params={"type": "checkout.session.expired", "limit": 1}
    ).data
    wait_for(lambda: shop.controls.deliveries.of_events([event.id])[0].attempts)
    shop.services.webhooks.intercept = None
    for deliveries in (1, 2):
        endpoint = shop.controls.deliveries.of_events([event.id])[0].endpoint
        shop.controls.deliveries.resend(event.id, endpoint)
        _wait_until_delivered(shop, event.id, deliveries)
    page = open_page(shop.pages, "sessions.py", session=session_id)
    (step,) = [one for one in page.expander if one.label.startswith("**Expired**")]
    assert ":orange-badge[delivered 2 times]" in step.label
    assert ":orange-badge[answered 500]" in step.label
    said = "".join(one.value for one in step.markdown)
    assert "[Answered 500 at " in said
    assert "[Delivered 2 times, the last " in said
    assert said.count(f"(events?event={event.id})") >= 3


def _wait_until_delivered(shop: ConnectedShop, event: str, times: int) -> None:
    def is_delivered() -> bool:
        found = shop.pages.call(lambda: shop.services.event_log.get(event))
        return found is not None and found.event.deliveries == times

    wait_for(is_delivered)


def test_at_stripe_a_refused_delivery_is_on_the_timeline_of_the_session_that_it_claims_to_be_about(
    shop: Shop,
) -> None:
    session_id = create_session(shop, Kind.CREDITS)
    event = event_about(session_id, type="checkout.session.expired")
    deliver(shop, event, "whsec_wrong")
    assert deliver(shop, event).ok
    page = open_page(shop.server, "sessions.py", session=session_id)
    run_until(page, lambda: ":orange-badge[refused, unverified]" in text_of(page))
    (step,) = [one for one in page.expander if "[refused, unverified]" in one.label]
    assert step.label.startswith("**Expired**")
    said = "".join(one.value for one in step.markdown).replace("\\", "")
    assert f"[A delivery that claims to be {event['id']} was refused at " in said
    assert "anybody may have sent that" in said


def test_at_stripe_the_drawer_says_what_arrived_and_what_stripe_still_has_to_deliver(
    shop: Shop,
) -> None:
    event = event_about("cs_test_1")
    shop.stripe.v1.customers.create(params={"email": "c@example.com"})
    (known,) = shop.stripe.v1.events.list(params={"type": "customer.created", "limit": 1}).data
    event |= {"id": known.id, "created": event["created"] + 1}
    deliver(shop, event, "whsec_wrong")
    requests.post(f"{shop.url}{WEBHOOK_PATH}", b"{}", timeout=10)
    for _ in range(2):
        assert deliver(shop, event).ok
    page = open_page(shop.server, "events.py", event=known.id)
    shown = text_of(page)
    assert shown.count("answered **200** in") == 2
    assert f"A delivery that claims to be {known.id} was refused at" in shown
    assert "The signature does not match; anybody may have sent that" in shown
    assert shown.count("1 refused, of whichever event. The Stripe-Signature header is miss") == 1
    assert "By Stripe's account, every endpoint has received this event." in shown
    assert f"stripe events resend {known.id}" in shown


@pytest.mark.parametrize(
    ("step", "text"),
    [
        ({"next": Next.ATTEMPT, "next_at": 160.0}, "Next attempt in 1 min, at 00:02:40."),
        ({"next": Next.ATTEMPT, "next_at": 90.0}, "An attempt is under way."),
        ({"next": Next.GIVEN_UP}, "Given up after 2 attempts."),
        ({"next": Next.DISABLED}, "The endpoint is disabled: nothing is sent to it."),
        ({"next": Next.DELETED}, "The endpoint has been deleted."),
        ({"next": Next.NONE}, ""),
    ],
)
def test_what_comes_next_is_said_in_words(step: dict[str, Any], text: str) -> None:
    values: dict[str, Any] = {
        "event": "evt_1", "event_type": "customer.created", "endpoint": "we_1", "url": None,
        "payload": "snapshot", "state": DeliveryState.PENDING, "attempts_made": 2, "error": None,
        "next_at": None, "attempts": (),
    }  # fmt: skip
    assert next_text(Delivery(**values | step), 100.0) == text
