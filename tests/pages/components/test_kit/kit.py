"""The Test kit's page, as its tests open and read it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from billing.domain.sessions.checkout_session import Kind
from tests.support.browsers.pages import open_page, rows

if TYPE_CHECKING:
    import stripe
    from streamlit.testing.v1 import AppTest

    from tests.support.servers.shop import ConnectedShop

SCENARIOS_TAB, CARDS, OPEN, FAULTS, DEMO = (
    "Scenarios",
    "Test cards",
    "Open sessions",
    "Clock and faults",
    "Demo data",
)


def open_tab(shop: ConnectedShop, tab: str = SCENARIOS_TAB) -> AppTest:
    return open_page(shop.pages, "test_kit.py", show=tab)


def at_stripe(shop: ConnectedShop, **query: str) -> AppTest:
    """The page where the sandbox poses as Stripe."""
    return open_page(replace(shop.pages, controls_url=None), "test_kit.py", **query)


def titles(page: AppTest, kind: str) -> list[str]:
    return [alert.proto.title for alert in getattr(page, kind)]


def made(shop: ConnectedShop, quantity: int = 2, made_by: str = "test") -> str:
    session = shop.pages.call(
        lambda: shop.services.checkout.create(Kind.CREDITS, quantity, made_by=made_by)
    )
    return session.id


def verdicts(page: AppTest) -> dict[str, str]:
    """The last verdict of each scenario that has one, by its name."""
    return {row["id"]: row["verdict"][0] for row in rows(page) if row["verdict"] is not None}


def newest(shop: ConnectedShop) -> stripe.checkout.Session:
    return shop.stripe.v1.checkout.sessions.list({"limit": 1}).data[0]
