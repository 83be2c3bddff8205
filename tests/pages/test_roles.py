"""Every page as everybody: which controls it shows, and which of them are disabled with the reason.

What is disabled for whom says ``tests/access/allowed.py``, no more and no less.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from billing.domain.access import Identity, IdentityKind, Permission, Role
from billing.domain.ledger.reconciliation import ReconciliationSummary
from billing.domain.receiver_faults import MOST_MINUTES, ReceiverFaults
from billing.domain.sessions.checkout_session import Kind
from billing.ledger.reconciliation import LAST
from billing.settings.model import LOCAL_SANDBOX, SECRET_KEY
from billing.setup.webhook_checks import NEEDED_EVENTS
from billing.store import sync_state, tables
from billing.urls import webhook_url
from pages.scenarios.catalog.scenarios import SCENARIOS
from pages.scenarios.faults import Faults, WebhookFaults
from pages.scenarios.runs.run import ScenarioRun
from tests.access.allowed import CONTROLS, EVERYWHERE, PAGES
from tests.support.browsers.pages import alerts, open_page, run, run_until, text_of
from tests.support.servers.billing_server import BillingServer, billing_server
from tests.support.servers.sales import PAYER, create_session, pay
from tests.support.servers.shop import ConnectedShop, connected_shop
from tests.support.stripe_account import event_object
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from starlette.datastructures import Headers
    from streamlit.testing.v1 import AppTest

    from pages.services import PageServices

WIDGETS = {
    *("button", "link_button", "download_button", "menu_button", "popover", "toggle"),
    *("button_group", "text_input", "number_input", "selectbox", "checkbox", "date_input"),
}


LATER = 4e9  # Unix seconds


@dataclass(frozen=True)
class Somebody:
    """Whoever opens a page is this person; None is a stranger."""

    identity: Identity | None

    async def identify(self, _headers: Headers, _address: str | None) -> Identity | None:
        return self.identity


@dataclass(frozen=True)
class Visit:
    """A page at an address, and the places whose controls it shows: its own and its drawer's."""

    app: BillingServer | PageServices
    script: str
    place: str
    query: dict[str, str] = field(default_factory=dict)
    drawer: str = ""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConnectedShop]:
    with connected_shop(tmp_path_factory.mktemp("shop")) as running:
        yield running


@pytest.fixture(scope="module")
def not_set_up(shop: ConnectedShop) -> Iterator[BillingServer]:
    settings = replace(
        shop.services.settings,
        price_pro_monthly=None,
        price_extra_credit=None,
        public_url="http://localhost:9999",
        user_header="X-Email",  # so that there are tokens
        sources={SECRET_KEY: LOCAL_SANDBOX},  # so that programs here can be sent events
    )
    with billing_server(settings) as server:
        yield server


@pytest.fixture(scope="module")
def visits(shop: ConnectedShop, not_set_up: BillingServer) -> list[Visit]:
    """To a shop where everything has happened that has a control of its own."""
    still_open = create_session(shop)
    paid = pay(shop, create_session(shop, quantity=3))
    customer = shop.stripe.v1.customers.create({"email": PAYER.email}).id
    create = partial(shop.services.checkout.create, Kind.PRO, made_by="test", customer=customer)
    for session_id in [shop.server.portal.call(create).id for _ in range(2)]:
        pay(shop, session_id)
    address = webhook_url(shop.services.settings.public_url or "")
    few: Any = {"url": address, "enabled_events": list(NEEDED_EVENTS)}
    endpoint = shop.stripe.v1.webhook_endpoints.create(few).id
    shop.services.access.caller_as(person(Role.ADMIN)).record("sign_in", "")
    handled, failed = two_events(shop)
    differs = ReconciliationSummary(1.8e9, "1 payment", ["One line is missing"], is_proof=False)
    store(shop, partial(sync_state.save, name=LAST, value=vars(differs)))
    reference = shop.stripe.v1.checkout.sessions.retrieve(still_open).client_reference_id or ""
    shop.controls.set_faults(Faults(WebhookFaults(delay_seconds=3)))
    hold_a_delivery(shop)
    visit = partial(Visit, shop.pages)
    kit = partial(visit, "test_kit.py")
    return [
        visit("billing.py", "Billing"),
        visit(
            "billing.py",
            "Billing, back from Checkout",
            {"canceled": "1", "reference": reference},
        ),
        visit("sessions.py", "Sessions", {"session": still_open}, "Session"),
        visit("sessions.py", "Sessions", {"session": paid}, "Session"),
        visit("customers.py", "Customers", {"customer": customer}, "Customer"),
        visit("events.py", "Events", {"event": failed}, "Event"),
        visit("events.py", "Events", {"event": handled}, "Event"),
        visit("endpoints.py", "Endpoints", {"endpoint": endpoint}, "Endpoint"),
        Visit(not_set_up, "endpoints.py", "Endpoints"),
        visit("requests.py", "Requests", {"about": customer, "request": "1"}, "Request"),
        kit(
            "Test kit, Scenarios",
            {"show": "Scenarios", "scenario": SCENARIOS[2].name},
            "Test kit, a scenario",
        ),
        *at_stripe(shop),
        kit("Test kit, Test cards", {"show": "Test cards"}),
        kit("Test kit, Open sessions", {"show": "Open sessions"}),
        kit("Test kit, Clock and faults", {"show": "Clock and faults"}),
        kit("Test kit, Webhook faults", {"show": "Webhook faults"}),
        kit("Test kit, Demo data", {"show": "Demo data"}),
        visit("setup.py", "Setup"),
        Visit(not_set_up, "setup.py", "Setup"),
        visit("audit.py", "Audit"),
    ]


def at_stripe(shop: ConnectedShop) -> Iterator[Visit]:
    """To a scenario that runs at Stripe."""
    scenario = SCENARIOS[0]
    run = ScenarioRun(scenario.name, step=scenario.steps[-1].label)
    shop.pages.call(partial(shop.services.scenario_runs.begin, run))
    alive = update(tables.scenario_runs).values(alive_until=LATER)
    store(shop, lambda connection: connection.execute(alive) and None)
    yield Visit(
        replace(shop.pages, controls_url=None),
        "test_kit.py",
        "Test kit, Scenarios",
        {"show": "Scenarios", "scenario": scenario.name},
        "Test kit, a scenario",
    )


def two_events(shop: ConnectedShop) -> list[str]:
    """The ids of one that was handled and of one that failed, for good."""

    def handled() -> list[str]:
        found = sorted(shop.server.events().values(), key=lambda row: str(row["id"]))
        return [row["id"] for row in found if row["state"] == "handled"]

    wait_for(lambda: len(handled()) >= 2, "two handled events")
    one, failed, *_ = handled()
    values = {"state": "failed", "error": "It failed.", "retry_at": None}
    change = update(tables.events).where(tables.events.c.id == failed).values(**values)
    store(shop, lambda connection: connection.execute(change) and None)
    return [one, failed]


def hold_a_delivery(shop: ConnectedShop) -> None:
    """After a random run that has its verdict."""
    faults, injection = ReceiverFaults(hold=True), shop.services.fault_injection
    shop.pages.call(partial(injection.begin_random_run, 1))
    shop.pages.call(injection.end_random_run)
    shop.pages.call(partial(injection.set, faults, MOST_MINUTES))
    intercept = shop.services.webhooks.intercept
    assert intercept
    shop.pages.call(partial(intercept, event_object("evt_held", "plan.deleted", {"id": "plan_1"})))


def store(shop: ConnectedShop, write: Any) -> None:
    shop.server.portal.call(shop.services.store.write, write)


def become(somebody: Identity | None, *apps: ConnectedShop | BillingServer) -> None:
    for app in apps:
        app.services.access.sign_in = Somebody(somebody)


def person(role: Role | None) -> Identity:
    return Identity("ann@example.com", IdentityKind.PROXY, role)


def controls(nodes: Iterable[Any]) -> Iterator[tuple[str, bool, str]]:
    """Label without what is in parentheses, whether it is disabled, and its help."""
    for node in nodes:
        if node.type in WIDGETS:
            proto = getattr(node.proto, node.type, node.proto)  # of a popover, its own part
            label = re.sub(r" \(.*\)|(?<=Add )\d+ ", "", proto.label.replace("\\", ""))
            yield label, proto.disabled, proto.help


def places(page: AppTest, visit: Visit) -> Iterator[tuple[str, list[Any]]]:
    """What the page shows, and what its drawer does."""
    nodes = list(page._tree)
    in_drawer = [one for node in nodes if node.type == "dialog" for one in node]
    inner = set(map(id, in_drawer))
    yield visit.place, [one for one in nodes if id(one) not in inner]
    if visit.drawer:
        assert in_drawer, f"{visit} opened no drawer: {text_of(page)}"
        yield visit.drawer, in_drawer


def permissions_at(place: str) -> dict[str, Permission]:
    page, _, _ = place.partition(",")
    return CONTROLS.get(page, {}) | CONTROLS.get(place, {}) | CONTROLS[EVERYWHERE]


@pytest.mark.parametrize("role", Role)
def test_who_lacks_the_role_sees_a_control_disabled_with_the_reason_and_everybody_else_enabled(
    shop: ConnectedShop, not_set_up: BillingServer, visits: list[Visit], role: Role
) -> None:
    become(person(role), shop, not_set_up)
    seen: set[tuple[str, str]] = set()
    for visit in visits:
        page = open_page(visit.app, visit.script, **visit.query)
        if not role.covers(PAGES[visit.script].role):
            assert "The role admin is needed to read the audit log" in alerts(page)["error"][0]
            assert not page.dataframe
            continue
        explained = f"are disabled: ann@example.com is a {role}." in text_of(page)
        assert explained is any(is_disabled for _, is_disabled, _ in controls(page._tree)), visit
        for place, nodes in places(page, visit):
            permissions = permissions_at(place)
            for label, is_disabled, help_text in controls(nodes):
                permission = permissions.get(label)
                may = permission is None or role.covers(permission.role)
                assert is_disabled is not may, (place, label, help_text)
                if is_disabled and permission:
                    assert "The role " in help_text
                    assert f"is a {role}" in help_text.replace("\\", "")
                seen |= {(one, label) for one in (place, EVERYWHERE, place.partition(",")[0])}
    expected = {
        (place, label)
        for place, found in CONTROLS.items()
        for label in found
        if place != "Audit" or role is Role.ADMIN
    }
    assert expected <= seen, expected - seen


@pytest.mark.parametrize(
    ("script", "query", "button"),
    [
        ("billing.py", {}, "pay_credits"),
        ("test_kit.py", {"show": "Scenarios"}, "run_all"),
        ("test_kit.py", {"show": "Clock and faults"}, "fault_twice"),
        ("events.py", {}, "replay_all"),
    ],
)
def test_whose_role_was_lowered_since_the_page_was_drawn_is_told_why_nothing_happens(
    shop: ConnectedShop, visits: list[Visit], script: str, query: dict[str, str], button: str
) -> None:
    assert visits  # all has happened that has a control
    become(person(Role.ADMIN), shop)
    page = open_page(shop.pages, script, **query)
    become(person(Role.VIEWER), shop)
    if button == "fault_twice":
        page.toggle(key=button).set_value(True)
    else:
        page.button(key=button).click()
    run(page)
    run_until(page, lambda: "ann@example.com is a viewer." in text_of(page))


@pytest.mark.parametrize("somebody", [None, person(None)], ids=["a stranger", "without a role"])
def test_who_has_no_role_sees_no_page_and_no_data(
    shop: ConnectedShop, not_set_up: BillingServer, visits: list[Visit], somebody: Identity | None
) -> None:
    become(somebody, shop, not_set_up)
    for visit in {one.script: one for one in visits}.values():
        page = open_page(visit.app, visit.script, **visit.query)
        assert not list(controls(page._tree)), visit
        assert not page.dataframe
        assert not page.metric
        said = "has not said who you are" if somebody is None else "may not use this dashboard"
        assert said in text_of(page)
