"""The Events page through AppTest, on real services in front of the sandbox."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
import requests
import stripe
from pydantic import SecretStr
from streamlit.testing.v1 import AppTest

from billing.domain.checkout_session import Kind
from billing.events.log import PAGE
from billing.store import events
from pages.services import hand_over
from tests.support.billing_server import BillingServer, billing_server
from tests.support.settings import SECRET
from tests.support.waiting import GLANCE, PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop

FRAME = Path(__file__).parents[2] / "pages/dashboard.py"
WEBHOOK = "/api/billing/stripe/webhook"
HOSTILE = "<b>:red[x]</b> $y$ [a](https://x) `c` :material/delete:"


def opened(server: BillingServer, **query: str) -> AppTest:
    hand_over(server.services, server.portal)
    page = AppTest.from_file(str(FRAME), default_timeout=30).run().switch_page("events.py")
    for name, value in query.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def pressed(page: AppTest, button: str) -> AppTest:
    page.button(key=button).click().run()
    assert not page.exception
    return page


def said(page: AppTest) -> str:
    """All text of the page, without the signs that keep Markdown from acting on it."""
    alerts = [*page.success, *page.info, *page.warning, *page.error]
    texts = [f"{alert.proto.title} {alert.value}" for alert in alerts]
    texts += [element.value for element in (*page.markdown, *page.caption)]
    return " ".join(texts).replace("\\", "")


def rows(page: AppTest) -> list[dict[str, Any]]:
    """The first table's rows."""
    found = page.dataframe[0].value.to_dict("records")
    return cast("list[dict[str, Any]]", found)


def numbers(page: AppTest) -> dict[str, str]:
    """What the buttons of the states say."""
    labels = [button.label for button in page.button if (button.key or "").startswith("show_")]
    return {name: number.strip("*") for name, number in (label.split(" ") for label in labels)}


def comes_to(page: AppTest, condition: Callable[[], bool]) -> None:
    """Look again, as the page does by itself, until the condition holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, said(page)
        time.sleep(GLANCE)
        page.run()
        assert not page.exception


def event_about(object_id: str, **values: Any) -> dict[str, Any]:
    return {
        "id": f"evt_{time.monotonic_ns()}",
        "object": "event",
        "type": "checkout.session.completed",
        "created": int(time.time()),
        "data": {"object": {"id": object_id, "note": HOSTILE}},
    } | values


def post(shop: Shop, event: dict[str, Any], secret: str = SECRET) -> requests.Response:
    body = json.dumps(event)
    header = stripe.WebhookSignature.generate_signature_header(body, secret)
    return requests.post(
        shop.url + WEBHOOK, body.encode(), headers={"Stripe-Signature": header}, timeout=10
    )


def open_session(shop: Shop) -> str:
    services = shop.server.services
    return shop.server.portal.call(
        lambda: services.checkout.create(Kind.PRO, 1, made_by="the tests")
    ).id


def test_with_no_event_yet_it_says_what_to_do_first(shop: Shop) -> None:
    page = opened(shop.server)
    assert "Waiting for the first event" in said(page)
    assert "Press PAY WITH CARD or BUY EXTRA LOAD CREDITS on the Billing page" in said(page)
    assert set(numbers(page).values()) == {"0"}
    assert page.button(key="replay_all").disabled
    assert not page.dataframe


def test_an_event_shows_when_how_and_how_often_it_came_and_that_it_was_handled(shop: Shop) -> None:
    session_id = open_session(shop)
    event = event_about(session_id)
    assert post(shop, event).ok
    assert post(shop, event).ok
    page = opened(shop.server)
    comes_to(page, lambda: rows(page)[0]["state"] == ["Handled"])
    (row,) = rows(page)
    assert (row["id"], row["object"], row["type"]) == (event["id"], session_id, event["type"])
    assert row["source"] == "webhook, twice"
    assert row["delay"].endswith(" s")
    assert page.success[0].proto.title == "Webhooks are working"
    assert "by webhook." in said(page)
    assert numbers(page) == {
        "All": "1",
        "Handled": "1",
        "Pending": "0",
        "Failed": "0",
        "Ignored": "0",
        "Refused": "0",
    }


def test_an_event_of_another_apps_session_is_shown_as_such(shop: Shop) -> None:
    price = shop.server.services.settings.price_extra_credit
    ours = open_session(shop)
    page = opened(shop.server)
    comes_to(page, lambda: "No event" in said(page))
    assert post(shop, event_about(ours, id="evt_ours")).ok
    comes_to(page, lambda: numbers(page).get("All") == "1")
    assert "app" not in page.dataframe[0].proto.column_order

    theirs = shop.stripe.v1.checkout.sessions.create(
        {"mode": "payment", "line_items": [{"price": str(price), "quantity": 1}],
         "success_url": "https://other.example/"}
    )  # fmt: skip
    assert post(shop, event_about(theirs.id, id="evt_theirs")).ok
    comes_to(page, lambda: "app" in page.dataframe[0].proto.column_order)
    apps = {row["id"]: row["app"] for row in rows(page)}
    assert apps == {"evt_ours": None, "evt_theirs": ["Another app"]}
    assert "Another app" in said(opened(shop.server, event="evt_theirs"))
    assert "Another app" not in said(opened(shop.server, event="evt_ours"))


def test_a_forged_delivery_is_among_the_refused_with_reason_and_mend(shop: Shop) -> None:
    forged = event_about("cs_test_forged_thing")
    assert post(shop, forged, "whsec_of_a_stranger").status_code == 400
    page = opened(shop.server)
    assert page.warning[0].proto.title == "The last delivery was refused"
    assert "The signature does not match" in said(page)
    assert "No events yet" in said(page)
    assert numbers(page)["Refused"] == "1"
    pressed(page, "show_refused")
    assert page.query_params["state"] == "refused"
    (row,) = rows(page)
    assert row["reason"] == "The signature does not match."
    assert "Copy the signing secret" in row["next_step"]
    assert "forged" not in f"{said(page)} {row}"


def test_no_refused_delivery_is_good_news(shop: Shop) -> None:
    page = opened(shop.server, state="refused")
    assert "No refused deliveries" in said(page)
    assert not page.dataframe


def several(shop: Shop) -> list[dict[str, Any]]:
    """A failed event, an ignored one and an ignored one of another type; polling brought it."""
    made = [
        event_about("cs_test_unknown"),
        event_about("in_1", type="invoice.paid"),
        event_about("sub_1", type="customer.subscription.created"),
    ]
    assert post(shop, made[0]).ok
    assert post(shop, made[1]).ok
    services = shop.server.services
    shop.server.portal.call(
        lambda: services.store.write(
            lambda c: events.record(
                c, [events.ReceivedEvent(made[2], "poll", "ignored", time.time())]
            )
        )
    )
    return made


def test_the_address_holds_every_filter(shop: Shop) -> None:
    failed, ignored, polled = (event["id"] for event in several(shop))

    def shown(**query: str) -> list[str]:
        return [row["id"] for row in rows(opened(shop.server, **query))]

    page = opened(shop.server)
    comes_to(page, lambda: numbers(page)["Failed"] == "1")
    assert shown() == [polled, ignored, failed]
    assert shown(state="failed") == [failed]
    assert shown(by="webhook") == [ignored, failed]
    assert shown(by="poll") == [polled]
    assert shown(type="invoice.paid") == [ignored]
    assert shown(about="cs_test_unknown") == [failed]
    assert shown(about=polled, state="ignored") == [polled]


def test_filters_that_are_chosen_go_into_the_address_and_out_again(shop: Shop) -> None:
    several(shop)
    page = opened(shop.server)
    page.text_input(key="events_about").set_value(" in_1 ").run()
    page.selectbox(key="events_type").set_value("invoice.paid").run()
    page.selectbox(key="events_by").set_value("webhook").run()
    pressed(page, "show_ignored")
    assert page.query_params == {
        "about": "in_1",
        "type": "invoice.paid",
        "by": "webhook",
        "state": "ignored",
    }
    assert [row["object"] for row in rows(page)] == ["in_1"]
    pressed(page, "show_handled")
    assert "There is no handled event of type `invoice.paid` about `in_1`" in said(page)
    pressed(page, "events_clear")
    assert not page.query_params
    assert page.text_input(key="events_about").value == ""
    assert len(rows(page)) == 3


def test_an_address_that_makes_no_sense_is_answered_in_words(shop: Shop) -> None:
    several(shop)
    page = opened(shop.server, state=HOSTILE, by="'; DROP TABLE events; --")
    (alert,) = page.warning
    assert alert.proto.title == "Unknown filter in the link"
    assert f"`` {HOSTILE[:60]} `` is not a valid state" in alert.value
    assert "`'; DROP TABLE events; --` is not a valid source" in alert.value
    assert len(rows(page)) == 3
    pressed(page, "show_failed")
    assert "valid state" not in page.warning[0].value  # what ?by= says is still there


@pytest.mark.parametrize("text", [HOSTILE, "50%_'\"", "a\x00b", "🎈", "x" * 5000])
def test_whatever_is_searched_for_is_text(shop: Shop, text: str) -> None:
    several(shop)
    page = opened(shop.server, about=text, type=text)
    assert "There is no event of type" in page.info[-1].value
    assert not page.dataframe


def test_the_drawer_tells_all_of_an_event_and_what_stripe_sent(shop: Shop) -> None:
    session_id = open_session(shop)
    event = event_about(session_id)
    post(shop, event)
    page = opened(shop.server, event=event["id"])
    comes_to(page, lambda: ":green-badge[Handled]" in said(page))
    assert json.loads(page.json[0].value) == event
    facts = page.table[0].value.iloc[:, 0].to_dict()
    assert facts["Event ID"] == f"`{event['id']}`"
    assert facts["Object"] == f"`{session_id}`"
    assert facts["Attempts"] == "1"
    assert "later" in facts["Arrived"]
    (link,) = page.get("page_link")
    assert (link.proto.page, link.proto.query_string) == ("sessions", f"session={session_id}")
    pressed(page, "replay")
    comes_to(page, lambda: page.table[0].value.iloc[:, 0]["Attempts"] == "2")


def test_a_failed_event_tells_why_and_is_replayed_with_all_that_failed(shop: Shop) -> None:
    failed, *_ = several(shop)
    page = opened(shop.server)
    comes_to(page, lambda: numbers(page)["Failed"] == "1")
    assert page.button(key="replay_all").label == "Replay all failed events (1)"
    drawer = opened(shop.server, event=failed["id"])
    assert drawer.error[0].proto.title == "Handling failed"
    assert "Not retried automatically." in drawer.error[0].value
    pressed(page, "replay_all")
    assert any(re.fullmatch(r"1 replayed at [\d:]+", one.value) for one in page.caption)

    def tries() -> str:
        drawer.run()
        return str(drawer.table[0].value.iloc[:, 0]["Attempts"])

    comes_to(page, lambda: tries() == "2")


def test_an_event_that_means_nothing_here_is_not_offered_for_replay(shop: Shop) -> None:
    _, ignored, _ = several(shop)
    page = opened(shop.server, event=ignored["id"])
    assert page.button(key="replay").disabled
    assert (
        page.table[0].value.iloc[:, 0]["Attempts"].startswith("None: this app does not handle it")
    )
    assert not page.get("page_link")


def test_an_event_of_another_account_is_said_to_be_unknown(shop: Shop) -> None:
    page = opened(shop.server, event=HOSTILE)
    (alert,) = page.warning
    assert alert.proto.title == "Event not found"
    assert f"`` {HOSTILE} ``" in alert.value


def test_what_others_wrote_into_an_event_is_shown_as_text(shop: Shop) -> None:
    event = event_about(HOSTILE, created=2**39)
    assert post(shop, event).ok
    page = opened(shop.server, event=event["id"])
    facts = page.table[0].value.iloc[:, 0].to_dict()
    assert facts["Object"] == f"`` {HOSTILE} ``"
    assert facts["Created"] == "Unix time 549,755,813,888"
    assert rows(page)[0]["object"] == HOSTILE
    assert rows(page)[0]["delay"].startswith("−")  # noqa: RUF001 - the minus of print
    assert json.loads(page.json[0].value) == event


def test_older_events_are_a_press_away_and_newer_ones_too(shop: Shop) -> None:
    now = time.time()

    def record(connection: Any) -> None:
        for number in range(PAGE + 2):
            event = event_about("in_1", id=f"evt_{number}", type="invoice.paid")
            events.record(
                connection, [events.ReceivedEvent(event, "webhook", "ignored", now + number)]
            )

    shop.server.portal.call(lambda: shop.server.services.store.write(record))
    page = opened(shop.server)
    assert (len(rows(page)), page.button(key="events_newer").disabled) == (PAGE, True)
    pressed(page, "events_older")
    assert [row["id"] for row in rows(page)] == ["evt_1", "evt_0"]
    assert page.button(key="events_older").disabled
    pressed(page, "events_newer")
    assert len(rows(page)) == PAGE
    pressed(page, "events_older")
    pressed(page, "show_ignored")
    assert len(rows(page)) == PAGE  # another filter begins at the newest


def test_without_a_webhook_secret_it_says_so_and_how_to_set_it(shop: Shop) -> None:
    settings = replace(shop.server.services.settings, webhook_secrets=())
    with billing_server(settings) as server:
        page = opened(server)
        assert page.warning[0].proto.title == "Webhooks are not accepted"
        assert "STRIPE_WEBHOOK_SECRET is not set" in said(page)
        assert "Set STRIPE_WEBHOOK_SECRET in the environment" in said(page)


def test_a_database_that_does_not_answer_is_told_and_the_page_stays(
    shop: Shop, tmp_path: Path
) -> None:
    (tmp_path / "a_file").touch()
    url = SecretStr(f"sqlite:///{tmp_path}/a_file/billing.sqlite3")
    with billing_server(replace(shop.server.services.settings, database_url=url)) as server:
        page = opened(server, event="evt_1")
        titles = [alert.proto.title for alert in page.error]
        assert "The state of webhooks could not be loaded" in titles
        assert "The events could not be loaded" in titles
        assert "The event could not be loaded" in titles
