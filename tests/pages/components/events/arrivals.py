"""Several events in a shop, and what the buttons of the states say of them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from streamlit.testing.v1 import AppTest

from billing.domain.events.event import EventSource, EventState
from billing.store import events
from tests.support.browsers.pages import press, run
from tests.support.servers.deliveries import deliver, event_about

if TYPE_CHECKING:
    from tests.support.servers.shop import Shop


def counts(page: AppTest) -> dict[str, str]:
    """What the buttons of the states and their menu say."""
    labels = [button.label for button in page.button if (button.key or "").startswith("show_")]
    menus = [menu for menu in page.menu_button if menu.key == "more_states"]
    labels += [option for menu in menus for option in menu.options if " " in option]
    return {name: number.strip("*") for name, number in (label.split(" ") for label in labels)}


def show(page: AppTest, state: str) -> AppTest:
    """Choose the state by its button, or in the menu."""
    if any(button.key == f"show_{state}" for button in page.button):
        return press(page, f"show_{state}")
    page.menu_button(key="more_states").click(state)
    return run(page)


def deliver_several(shop: Shop) -> list[dict[str, Any]]:
    """A failed event, an ignored one and an ignored one of another type; polling brought it."""
    delivered = [
        event_about("cs_test_unknown"),
        event_about("in_1", type="invoice.created"),
        event_about("sub_1", type="customer.subscription.created"),
    ]
    assert deliver(shop, delivered[0]).ok
    assert deliver(shop, delivered[1]).ok
    services = shop.server.services
    shop.server.portal.call(
        lambda: services.store.write(
            lambda connection: events.record(
                connection,
                [
                    events.ReceivedEvent(
                        delivered[2], EventSource.POLL, EventState.IGNORED, time.time()
                    )
                ],
            )
        )
    )
    return delivered
