"""The Endpoints page through AppTest: beside the embedded sandbox, and with the same sandbox posing
as Stripe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests
from streamlit.testing.v1 import AppTest

from billing.domain.access import Permission
from billing.domain.events.endpoint import Payload
from billing.domain.sessions.checkout_session import APP
from billing.settings.embedded import ENDPOINT_DESCRIPTION
from billing.settings.model import LOCAL_SANDBOX, SECRET_KEY
from billing.setup.webhook_checks import ENDPOINT_EVENTS
from billing.urls import WEBHOOK_PATH, webhook_url
from pages.services import PageServices
from tests.support.audit_entry import audited
from tests.support.browsers.pages import alerts, open_page, press, rows, run, text_of
from tests.support.servers.shop import Shop, open_shop
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = webhook_url("http://localhost:8501")
NOBODY = "http://127.0.0.1:9/webhook"  # where nobody listens


@pytest.fixture(scope="module")
def beside_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    sources = {SECRET_KEY: LOCAL_SANDBOX}
    with open_shop(tmp_path_factory.mktemp("sandbox"), {"sources": sources}) as opened:
        opened.sandbox.ensure_webhook_endpoint(url=HERE, description=ENDPOINT_DESCRIPTION)
        yield opened


@pytest.fixture(scope="module")
def as_stripe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("stripe")) as opened:
        yield opened


def visit(shop: Shop, **query: str) -> AppTest:
    return open_page(shop.server, "endpoints.py", **query)


def secrets(page: AppTest) -> list[str]:
    return [one.value for one in page.code if one.value.startswith("whsec_")]


def state(page: AppTest, url: str) -> str:
    (row,) = [row for row in rows(page) if row["url"] == url]
    return str(row["state"][0])


def make(shop: Shop, url: str, **params: Any) -> str:
    given: Any = {"url": url, "enabled_events": ["*"], **params}
    return shop.stripe.v1.webhook_endpoints.create(given).id


def built_in(shop: Shop) -> str:
    found = shop.stripe.v1.webhook_endpoints.list().data
    return next(one.id for one in found if one.description == ENDPOINT_DESCRIPTION)


def test_the_endpoint_to_this_dashboard_comes_first_and_says_what_it_lacks(
    as_stripe: Shop,
) -> None:
    few: Any = list(ENDPOINT_EVENTS[2:])
    here = make(as_stripe, HERE, enabled_events=few)
    other = make(as_stripe, "http://127.0.0.1:4000/hook")
    first, second = [row for row in rows(visit(as_stripe)) if row["id"] in (here, other)]
    assert (first["url"], first["leads"], first["missing"]) == (HERE, ["This dashboard"], "2")
    assert (second["types"], second["missing"], second["version"]) == ("All", "", "The account's")
    page = visit(as_stripe, endpoint=here)
    assert "Does not receive 2 types of event that this dashboard handles" in text_of(page)
    for one in (here, other):
        as_stripe.stripe.v1.webhook_endpoints.delete(one)


def test_what_this_dashboard_refuses_of_stripes_deliveries_is_said_at_its_endpoint(
    as_stripe: Shop,
) -> None:
    endpoint = make(as_stripe, HERE)
    page = visit(as_stripe, endpoint=endpoint)
    assert "No snapshot event has arrived here yet." in text_of(page)
    answer = requests.post(f"{as_stripe.url}{WEBHOOK_PATH}", b"{}", timeout=9)
    assert answer.status_code == 400
    assert "Stripe-Signature header is missing" in text_of(visit(as_stripe, endpoint=endpoint))
    as_stripe.stripe.v1.webhook_endpoints.delete(endpoint)


def test_an_endpoint_is_added_turned_off_and_on_and_deleted(as_stripe: Shop) -> None:
    page = press(visit(as_stripe), "add_endpoint")
    page.text_input(key="endpoint_url").set_value("example.com")
    press(page, "endpoint_add_now")
    assert "The URL lacks its scheme." in text_of(page)
    page.text_input(key="endpoint_url").set_value("http://127.0.0.1:4001/hook")
    page.radio(key="endpoint_payload").set_value(Payload.THIN.label)
    press(page, "endpoint_add_now")
    (secret,) = secrets(page)
    press(page, "endpoint_done")
    assert not secrets(page)
    (made,) = as_stripe.stripe.v2.core.event_destinations.list().data
    assert (made.event_payload, made.status) == ("thin", "enabled")
    assert len(made.enabled_events) == len(ENDPOINT_EVENTS)
    page = visit(as_stripe, endpoint=made.id)
    press(page, "endpoint_turn")
    assert "Disabled" in text_of(page)
    press(page, "endpoint_turn")
    assert "Enabled" in text_of(page)
    assert secret not in str(page)
    press(page, "endpoint_delete_now")
    assert not as_stripe.stripe.v2.core.event_destinations.list().data
    assert "endpoint" not in page.query_params
    assert audited(as_stripe.server, Permission.SET_UP)[-5:] == [
        ("", "failed", "Add an endpoint: The URL lacks its scheme."),
        (made.id, "done", "Add an endpoint"),
        (made.id, "done", "Turn the endpoint off"),
        (made.id, "done", "Turn the endpoint on"),
        (made.id, "done", "Delete the endpoint"),
    ]


def test_beside_stripe_the_page_names_the_command_that_forwards_to_a_port(
    as_stripe: Shop,
) -> None:
    page = visit(as_stripe)
    page.number_input(key="listen_port").set_value(3000)
    run(page)
    assert "stripe listen --forward-to localhost:3000/webhook" in [x.value for x in page.code]
    assert not page.button(key="add_endpoint").disabled


def test_a_roll_by_a_second_endpoint_is_followed_on_the_page(as_stripe: Shop) -> None:
    former = make(as_stripe, "http://127.0.0.1:4002/hook")
    page = press(visit(as_stripe, endpoint=former), "roll_secret_now")
    assert len(secrets(page)) == 1
    page = visit(as_stripe)
    assert "A signing secret is being rolled" in text_of(page)
    (new,) = [row["id"] for row in rows(page) if row["state"] == ["Disabled"]]
    press(page, f"turn_on_{new}")
    press(page, f"delete_former_{former}")
    assert [row["id"] for row in rows(page)] == [new]
    assert "being rolled" not in text_of(page)
    assert audited(as_stripe.server, Permission.SET_UP)[-3:] == [
        (new, "done", f"Add an endpoint that is to replace {former}"),
        (new, "done", "Turn the endpoint on"),
        (former, "done", "Delete the endpoint"),
    ]
    as_stripe.stripe.v1.webhook_endpoints.delete(new)


def test_events_that_stripe_has_not_delivered_everywhere_are_counted(as_stripe: Shop) -> None:
    endpoint = make(as_stripe, NOBODY)
    as_stripe.stripe.v1.customers.create({"email": "ann@example.com"})
    said = alerts(visit(as_stripe))["warning"][0]
    assert "1 event of the last 30 days" in said
    assert "was not delivered to every endpoint" in said
    as_stripe.stripe.v1.webhook_endpoints.delete(endpoint)


def test_a_program_at_another_port_gets_the_sandboxs_events_by_one_press(
    beside_sandbox: Shop,
) -> None:
    page = visit(beside_sandbox)
    page.number_input(key="listen_port").set_value(4003)
    page.text_input(key="listen_path").set_value("hook")
    press(page, "listen")
    assert len(secrets(page)) == 1
    assert state(page, "http://127.0.0.1:4003/hook") == "Enabled"
    press(page, "listen")
    assert "already exists" in alerts(page)["error"][0]
    press(page, "listen")
    made = beside_sandbox.stripe.v1.webhook_endpoints.list().data
    (endpoint,) = [one for one in made if one.url == "http://127.0.0.1:4003/hook"]
    assert endpoint.enabled_events == ["*"]
    assert endpoint.to_dict()["metadata"]["app"] == APP
    done = (endpoint.id, "done", "Listen on port 4003")
    assert done in audited(beside_sandbox.server, Permission.SET_UP)
    beside_sandbox.stripe.v1.webhook_endpoints.delete(endpoint.id)


def test_a_secret_is_rolled_in_the_sandbox_by_one_press_and_the_former_one_stays_for_a_time(
    beside_sandbox: Shop,
) -> None:
    url = "http://127.0.0.1:4004/hook"
    endpoint = make(beside_sandbox, url)
    before = beside_sandbox.sandbox.signing_secrets(url)
    page = press(visit(beside_sandbox, endpoint=endpoint), "roll_secret_now")
    assert beside_sandbox.sandbox.signing_secrets(url) == [*secrets(page), *before]
    assert "the former one is valid until" in text_of(page)
    done = (endpoint, "done", "Roll its signing secret")
    assert audited(beside_sandbox.server, Permission.SET_UP)[-1] == done
    page = visit(beside_sandbox, endpoint=endpoint)
    page.button_group(key="roll_validity").set_value("Not at all")
    press(page, "roll_secret_now")
    assert beside_sandbox.sandbox.signing_secrets(url) == secrets(page)
    beside_sandbox.stripe.v1.webhook_endpoints.delete(endpoint)


def test_the_sandboxs_own_endpoint_is_recognised_and_cannot_be_deleted(
    beside_sandbox: Shop,
) -> None:
    endpoint = built_in(beside_sandbox)
    page = visit(beside_sandbox, endpoint=endpoint)
    assert "The local sandbox brought this endpoint" in text_of(page)
    assert "without it polling finds them" in text_of(page)
    press(page, "endpoint_delete_now")
    assert "Turn it off instead" in alerts(page)["error"][0]
    assert built_in(beside_sandbox) == endpoint
    press(page, "roll_secret_now")
    assert "This dashboard uses the new secret already" in text_of(page)
    assert not secrets(page)


def test_an_endpoint_that_fails_says_since_when_and_why(beside_sandbox: Shop) -> None:
    endpoint = make(beside_sandbox, NOBODY)
    beside_sandbox.stripe.v1.customers.create({"email": "ann@example.com"})
    services = PageServices(beside_sandbox.services, beside_sandbox.server.portal)

    def is_failing() -> bool:
        found = services.call(services.services.endpoints.find).get(endpoint)
        return found is not None and found.is_failing

    wait_for(is_failing, "a failing endpoint")
    page = visit(beside_sandbox, endpoint=endpoint)
    assert state(page, NOBODY) == "Failing"
    (said,) = alerts(page)["error"]
    assert said.startswith("Failing since ")
    assert "Connection refused" in said
    assert "1 waiting, 0 failed for good" in said
    beside_sandbox.stripe.v1.webhook_endpoints.delete(endpoint)
