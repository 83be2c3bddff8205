"""The notices on top of every page, through AppTest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from streamlit.testing.v1 import AppTest

from billing.changes.topics import Topic
from billing.domain.receiver_faults import ReceiverFaults
from billing.domain.sessions.checkout_session import Kind
from pages.scenarios.faults import NO_FAULTS, ApiFaults, Faults, WebhookFaults
from pages.scenarios.sandbox_requests import ANY_KEY, TIMEOUT, send
from tests.support.browsers.pages import open_page
from tests.support.servers.shop import ConnectedShop, connected_shop
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from streamlit.testing.v1.element_tree import AlertBase

    from billing.domain.sync_state import SyncState

PAGES = (
    *("billing.py", "sessions.py", "customers.py", "events.py", "test_kit.py", "setup.py"),
    *("requests.py", "endpoints.py", "audit.py"),
)
TABS = (
    "Scenarios",
    "Test cards",
    "Open sessions",
    "Clock and faults",
    "Webhook faults",
    "Demo data",
)
DAY = 86_400
# What the pages called things before they used Stripe's terms.
FORMER_WORDS = re.compile(
    r"\b(made|make it|stor(y|ies)|told|tells|settled?|came by|anew|heed(ed)?|by itself"
    r"|behind the scenes|as usual)\b",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConnectedShop]:
    with connected_shop(tmp_path_factory.mktemp("shop")) as running:
        yield running


def titles(alerts: Iterable[Any]) -> list[str]:
    """What the notices are about; an alert that is none has a title of its own."""
    found = (re.match(r"\*\*(.+?)\.\*\*", alert.value) for alert in alerts)
    return [one[1] for one in found if one]


def test_a_fault_is_shown_on_every_page_and_cleared_from_there(shop: ConnectedShop) -> None:
    page = open_page(shop.pages)
    shop.controls.set_faults(Faults(WebhookFaults(duplicates=1)))
    for name in PAGES:
        page.switch_page(name).run()
        assert not page.exception
        assert "Fault injection is on" in titles(page.warning), name
    assert "Every webhook is sent twice" in page.warning[0].value
    page.button(key="clear_faults").click().run()
    assert shop.controls.faults() == NO_FAULTS
    assert "Fault injection is on" not in titles(page.warning)


def test_a_page_that_hears_of_a_change_shows_what_has_changed(shop: ConnectedShop) -> None:
    page = open_page(shop.pages)
    shop.controls.set_faults(Faults(WebhookFaults(duplicates=1)))
    assert "Fault injection is on" in titles(page.run().warning)
    url = f"{shop.pages.controls_url}/faults"
    send("PUT", url, key=ANY_KEY, timeout=TIMEOUT, json=NO_FAULTS.to_json())  # by somebody else
    shop.services.changes.changed({Topic.STATUS})
    assert "Fault injection is on" not in titles(page.run().warning)


def test_webhook_faults_are_shown_on_every_page_until_they_end_by_themselves(
    shop: ConnectedShop,
) -> None:
    page, faults = open_page(shop.pages), shop.services.fault_injection
    shop.pages.call(lambda: faults.set(ReceiverFaults(hold=True)))
    for name in PAGES:
        page.switch_page(name).run()
        assert titles(page.warning).count("Webhook faults are on") == 1, name
    assert r"Deliveries are held\. Until" in page.warning[0].value
    shop.pages.call(lambda: faults.set(ReceiverFaults(hold=True), minutes=0.01 / 60))
    wait_for(lambda: faults.in_force is None, "the end of the time")
    assert "Webhook faults are on" not in titles(page.run().warning)


def test_an_injected_fault_sends_nobody_to_stripes_status_page(shop: ConnectedShop) -> None:
    page = open_page(shop.pages)
    shop.controls.set_faults(Faults(api=ApiFaults(status=500)))
    try:
        page.button(key="pay_pro").click().run()
        page.run()
        failed = [alert for alert in page.error if alert.proto.title.startswith("No Checkout")]
        assert "Fault injection is on and may be the reason" in failed[0].value
        page.switch_page("setup.py").run()
        texts = [element.value for element in (*page.markdown, *page.error, *page.warning)]
        assert "a server error" in " ".join(texts).replace("\\", "")
        assert not any("status" in text and "stripe" in text for text in texts)
    finally:
        shop.controls.set_faults(NO_FAULTS)


def test_the_notice_that_stripe_cannot_be_reached_has_the_age_of_the_data(
    shop: ConnectedShop,
) -> None:
    def state() -> SyncState:
        return shop.pages.call(shop.services.mirror.state)

    def notices_of_stripe() -> list[AlertBase]:
        return [one for one in open_page(shop.pages).warning if "reach Stripe" in one.value]

    wait_for(lambda: state().complete and not state().failure, "a copy in step")
    shop.controls.set_faults(Faults(api=ApiFaults(status=500)))
    try:
        wait_for(lambda: state().failure, "a step that failed")
        wait_for(notices_of_stripe, "a notice that Stripe cannot be reached")
        (notice,) = notices_of_stripe()
        assert notice.value.startswith("**Can't reach Stripe. Showing data from ")
        assert "HTTP 500" in notice.value
    finally:
        shop.controls.set_faults(NO_FAULTS)
    wait_for(lambda: not state().failure, "a step that succeeds again")
    wait_for(lambda: not notices_of_stripe(), "no notice any more")


def test_the_most_severe_notice_comes_first_and_the_others_are_counted(shop: ConnectedShop) -> None:
    shop.controls.advance(DAY)
    shop.controls.set_faults(Faults(WebhookFaults(drop=True)))
    try:
        page = open_page(shop.pages)
        assert titles(page.warning) == ["Fault injection is on"]
        assert titles(page.info) == ["The sandbox's clock is ahead"]
        assert "1 day ahead" in page.info[0].value
        (others,) = (
            one for one in page.get("popover") if one.proto.popover.label.endswith(" more")
        )
        assert others.proto.popover.label == "1 more"
        assert titles(others.get("info")) == ["The sandbox's clock is ahead"]
    finally:
        shop.controls.reset()
    assert not open_page(shop.pages).info


def a_page_with_a_check_that_fails() -> None:
    from pages.components.frame.notices import Notice, Severity, notices

    def fails() -> None:
        raise RuntimeError("of the test")

    notices((fails, lambda: Notice(Severity.INFO, "Still told", "The rest holds.", "info")), "Page")


def test_a_check_that_fails_takes_neither_the_page_nor_the_other_notices_down() -> None:
    page = AppTest.from_function(a_page_with_a_check_that_fails).run()
    assert not page.exception
    assert titles(page.info) == ["Still told"]


def words_of(page: AppTest) -> str:
    """All that the page holds: texts, labels, tooltips and the columns of its tables."""
    return "\n".join(str(getattr(node, "proto", "")) for node in page._tree)


def test_no_page_uses_a_former_word_for_what_stripe_has_a_term_for(shop: ConnectedShop) -> None:
    made = shop.pages.call(
        lambda: shop.services.checkout.create(Kind.CREDITS, 2, made_by="page"),
    )
    page = open_page(shop.pages)
    for name in PAGES:
        for tab in TABS if name == "test_kit.py" else ("",):
            page.session_state["show"] = tab or TABS[0]
            if name == "sessions.py":
                page.query_params["session"] = made.id
            page.switch_page(name).run()
            assert not page.exception
            found = FORMER_WORDS.search(words_of(page))
            assert not found, (name, tab, found)
