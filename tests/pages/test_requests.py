"""The Requests page through AppTest, in front of the sandbox."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import requests

from billing.domain.access import Permission
from billing.domain.events.event import EventState
from billing.domain.logged_request import RequestFilter
from billing.domain.sessions.checkout_session import Kind
from billing.errors import StripeFailure
from pages.scenarios.faults import ApiFaults, Faults
from tests.support.audit_entry import audited
from tests.support.browsers.pages import alerts, open_page, run, text_of
from tests.support.servers.shop import connected_shop
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streamlit.testing.v1 import AppTest

    from tests.support.servers.shop import ConnectedShop

CREATE = "POST /v1/checkout/sessions"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConnectedShop]:
    """With one session that was created at the second try, and a request that failed."""
    with connected_shop(tmp_path_factory.mktemp("shop")) as running:
        create_at_second_try(running)
        with pytest.raises(StripeFailure):
            running.server.portal.call(running.services.gateway.retrieve_payment_intent, "pi_none")
        yield running


def create_at_second_try(shop: ConnectedShop) -> str:
    """The session. The fault may meet a request of the synchronization: then another one is on."""
    while True:
        shop.controls.set_faults(Faults(api=ApiFaults(status=500, requests=1)))
        session: str = shop.server.portal.call(create, shop)
        wanted = RequestFilter(object_id=session, path="/v1/checkout/sessions", errors=True)
        if shop.server.portal.call(shop.services.request_log.page, wanted).requests:
            return session


async def create(shop: ConnectedShop) -> str:
    return (await shop.services.checkout.create(Kind.CREDITS, 1, made_by="test")).id


def page_of(shop: ConnectedShop, **query: str) -> AppTest:
    return open_page(shop.pages, "requests.py", log="dashboard", **query)


def outcomes(page: AppTest) -> dict[str, str]:
    """By request; of several alike the newest."""
    table = next(one.value for one in page.dataframe if "request" in one.value.columns)
    return dict(zip(table["request"][::-1], table["outcome"][::-1], strict=True))


def test_the_address_filters_and_what_failed_is_grouped_by_cause(shop: ConnectedShop) -> None:
    retried = "↻ 2 tries: 500, then 200"
    page = page_of(shop)
    assert outcomes(page)[CREATE] == retried
    errors = outcomes(page_of(shop, errors="1"))
    assert errors["GET /v1/payment_intents/pi_none"] == "✕ 404 resource_missing"
    others = set(errors.values()) - {"✕ 404 resource_missing"}
    assert all(one.endswith("500, then 200") for one in others)  # the fault may have met any call
    assert outcomes(page_of(shop, status="404")).keys() == {"GET /v1/payment_intents/pi_none"}
    assert outcomes(page_of(shop, about="pi_none")).keys() == {"GET /v1/payment_intents/pi_none"}
    assert set(outcomes(page_of(shop, about="/v1/checkout/"))) >= {CREATE}
    causes = next(one.value for one in page.dataframe if "cause" in one.value.columns)
    counts = dict(zip(causes["cause"], causes["count"], strict=True))
    assert counts["GET /v1/payment_intents/{id}: 404 resource_missing"] == 1
    assert counts[f"{CREATE}: 2 tries: 500, then 200"] >= 1
    page = page_of(shop, cause=f"{CREATE}: 2 tries: 500, then 200")
    assert outcomes(page) == {CREATE: retried}


def test_a_request_opens_with_its_tries_and_can_be_copied(shop: ConnectedShop) -> None:
    request = listed(page_of(shop, about="/v1/checkout", errors="1"))[0]
    page = page_of(shop, request=request)
    text = text_of(page)
    assert "2 tries: 500, then 200" in text
    codes = [one.value for one in page.code]
    assert any("--data-urlencode" in one and '"$STRIPE_SECRET_KEY:"' in one for one in codes)
    assert any(one.startswith("stripe post /v1/checkout/sessions") for one in codes)
    assert "environment variable `STRIPE_SECRET_KEY`" in text
    key = shop.services.settings.require("", shop.services.settings.secret_key)
    assert key.get_secret_value() not in text + "".join(codes)
    (answer,) = [one.value for one in page.json if '"checkout.session"' in one.value]
    assert "cs_test_" in answer
    for unknown in ("1", "x"):
        assert "Request not found" in alerts(page_of(shop, request=unknown))["warning"][0]


def test_a_sessions_timeline_names_the_request_that_was_tried_twice(shop: ConnectedShop) -> None:
    session = create_at_second_try(shop)
    page = open_page(shop.pages, "sessions.py", session=session)
    (created,) = [one.label for one in page.expander if "Created" in one.label]
    assert "2 tries\\: 500, then 200" in created
    assert "requests?log=dashboard&request=" in text_of(page)


def test_filters_that_match_nothing_say_so(shop: ConnectedShop) -> None:
    page = run(page_of(shop, about="cus_unknown", status="nonsense"))
    assert "There is no request about `cus_unknown`." in alerts(page)["info"][0]
    assert "nonsense` is not a valid status" in alerts(page)["warning"][0]
    assert not [one for one in page.dataframe if "request" in one.value.columns]


def api_of(shop: ConnectedShop) -> str:
    return (shop.pages.controls_url or "").removesuffix("/_control")


def everyone(shop: ConnectedShop, **query: str) -> AppTest:
    """The page with the sandbox's log, which is the one to begin with."""
    return open_page(shop.pages, "requests.py", **query)


def listed(page: AppTest) -> list[str]:
    """The numbers of the requests in the table, the newest first."""
    found = next(one.value for one in page.dataframe if "request" in one.value.columns)
    return list(found["id"])


def test_everyones_requests_are_those_that_reached_the_sandbox(shop: ConnectedShop) -> None:
    """Also those of other programs, and each try of this app's."""
    answer = requests.post(
        f"{api_of(shop)}/v1/customers",
        {"name": "Elsewhere"},
        headers={"Authorization": "Bearer sk_test_other", "User-Agent": "elsewhere/1.0"},
        timeout=10,
    )
    customer = answer.json()["id"]
    page = everyone(shop, about=customer)
    assert outcomes(page) == {"POST /v1/customers": "✓ 200"}
    assert "Each try of a call is a request of its own." in text_of(page)
    assert outcomes(everyone(shop, client="elsewhere 1.0")) == {"POST /v1/customers": "✓ 200"}
    failed = everyone(shop, about="/v1/checkout/sessions", errors="1")
    assert outcomes(failed)[CREATE] == "✕ 500 api_error"
    causes = next(one.value for one in failed.dataframe if "cause" in one.value.columns)
    assert f"{CREATE}: 500 api_error" in list(causes["cause"])
    drawer = text_of(everyone(shop, request=listed(page)[0]))
    assert f"Created customer `{customer}`" in drawer
    assert "events?event=evt\\_" in drawer or "events?event=evt_" in drawer
    assert "Request not found" in alerts(everyone(shop, request="999999"))["warning"][0]


def test_an_update_shows_before_and_after_and_is_sent_again(shop: ConnectedShop) -> None:
    path = f"{api_of(shop)}/v1/customers"
    sent = partial(requests.post, headers={"Authorization": "Bearer sk_test_x"}, timeout=10)
    customer = sent(path, {"name": "Ann"}).json()["id"]
    sent(f"{path}/{customer}", {"name": "Bea", "metadata[why]": "x" * 100})
    page = everyone(shop, about=customer)
    newest = listed(page)[0]
    drawer = everyone(shop, request=newest)
    (changed,) = [one.value for one in drawer.table if "name" in str(one.value)]
    assert "Ann" in str(changed)
    assert "Bea" in str(changed)
    assert "metadata" in [one.label for one in drawer.expander]
    drawer.button(key="send_again").click()
    run(drawer)
    *_, (sent_id, *done) = audited(shop.server, Permission.SEND_REQUESTS)
    assert sent_id.startswith("req_")
    assert done == ["done", f"Send POST /v1/customers/{customer} again"]
    again, *_ = listed(everyone(shop, about=customer))
    assert int(again) > int(newest)
    assert "send_again" not in [one.key for one in page_of(shop, request=again).button]


def made_by_shop(shop: ConnectedShop, path: str, **fields: str) -> dict[str, Any]:
    """What the sandbox answers another program."""
    headers = {"Authorization": "Bearer sk_test_other", "User-Agent": "shop/2.1"}
    answer = requests.post(f"{api_of(shop)}{path}", fields, headers=headers, timeout=10)
    found: dict[str, Any] = answer.json()
    return found


def steps(page: AppTest) -> list[str]:
    """What stands in bold on the timeline of a session, and by whom it was done."""
    labels = [one.label.replace("\\", "").split(" · ")[0] for one in page.expander]
    return [label.replace("**", "") for label in labels if label.startswith("**")]


def test_a_sessions_timeline_has_the_requests_of_others_and_each_of_ours_once(
    shop: ConnectedShop,
) -> None:
    session = create_at_second_try(shop)
    path = f"/v1/checkout/sessions/{session}"
    made_by_shop(shop, path, **{"metadata[by]": "shop"})
    requests.post(f"{api_of(shop)}/c/pay/{session}/pay", json={}, timeout=10)
    page = open_page(shop.pages, "sessions.py", session=session)
    shown = f"cs_…{session[-4:]}"
    made = [one for one in steps(page) if one.startswith(("POST", "Created"))]
    assert made == [
        "Created by test 1 extra credit, $0.99",
        f"POST /v1/checkout/sessions/{shown} by shop 2.1",
        f"POST /c/pay/{shown}/pay by the payer's page",
    ]
    text = text_of(page)
    assert text.count("[POST /v1/checkout/sessions]") == 1
    assert "requests?log=everyone&request=" in text


def test_a_customers_and_an_events_requests_name_whoever_else_made_them(
    shop: ConnectedShop,
) -> None:
    call, services = shop.server.portal.call, shop.services
    session = call(lambda: services.checkout.create(Kind.PRO, 1, made_by="test")).id
    shop.controls.pay(session, email="list@example.com", card="4242424242424242")
    customer = shop.stripe.v1.checkout.sessions.retrieve(session).customer
    assert isinstance(customer, str)
    made_by_shop(shop, f"/v1/customers/{customer}", name="Renamed")
    made_by_shop(shop, f"/v1/checkout/sessions/{session}/expire")
    (event,) = shop.stripe.v1.events.list({"type": "checkout.session.completed"}).data

    def is_handled() -> bool:
        found = call(services.event_log.get, event.id)
        return found is not None and found.event.state is EventState.HANDLED

    wait_for(is_handled, "the sale in our copy")
    by_shop = r"\(requests\?log=everyone&request=\d+\) by shop 2\.1 · "
    text = text_of(open_page(shop.pages, "customers.py", customer=customer))
    assert len(re.findall(rf"\[POST /v1/customers/{customer}\]{by_shop}", text)) == 1
    text = text_of(open_page(shop.pages, "events.py", event=event.id))
    expiring = rf"\[POST /v1/checkout/sessions/cs_…{session[-4:]}/expire\]{by_shop}"
    assert len(re.findall(expiring, text)) == 1
    assert text.count("[POST /v1/checkout/sessions](requests?log=dashboard") == 1
