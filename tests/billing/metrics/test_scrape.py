"""What Prometheus reads after payments, refusals and trouble."""

from __future__ import annotations

import asyncio
import re
import threading
from typing import TYPE_CHECKING

import pytest
import requests
from sqlalchemy import text

from billing.domain.sessions.checkout_session import Kind
from billing.errors import RecordRefused, StoreFailure, StripeFailure
from billing.metrics.registry import Metrics
from billing.services import Services
from billing.store import Connection, committed
from billing.store.engine.engines import CONNECTIONS
from tests.billing.signed_events import event, webhook
from tests.support.servers.sales import create_session
from tests.support.servers.scraping import parse, scrape
from tests.support.servers.services import open_services
from tests.support.servers.shop import ConnectedShop, connected_shop
from tests.support.servers.webhooks import deliver
from tests.support.stripe_account import always, event_object
from tests.support.waiting import PATIENCE, until, wait_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.support.servers.scraping import Scraped
    from tests.support.stripe_account import StripeAccount

CARD = "4242424242424242"
EMAIL = "somebody@example.com"
STRIPE_CALLS = "billing_stripe_request_duration_seconds_count"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConnectedShop]:
    with connected_shop(tmp_path_factory.mktemp("scraped")) as opened:
        yield opened


@pytest.fixture(scope="module")
def paid(shop: ConnectedShop) -> Scraped:
    """The metrics once a payment was granted."""
    answer = requests.post(f"{shop.url}/api/billing/extra-credits", timeout=30)
    session_id = answer.json()["id"]
    shop.controls.pay(session_id, email=EMAIL, card=CARD)
    wait_for(lambda: scrape(shop.url).value("billing_ledger_lines_total", cause="purchase"))
    wait_for(lambda: scrape(shop.url).value("billing_ready"), "a copy that is up to date")
    return scrape(shop.url)


def test_a_payment_is_seen_from_the_request_to_the_line_in_the_ledger(paid: Scraped) -> None:
    route = "/api/billing/extra-credits"
    answers = "billing_http_request_duration_seconds_count"
    assert paid.value(answers, route=route, method="POST", status="200") == 1
    calls = {"method": "post", "path": "/v1/checkout/sessions", "status": "200"}
    assert paid.value(STRIPE_CALLS, **calls) == 1
    assert paid.value("billing_events_received_total", source="webhook") >= 1
    assert paid.value("billing_events_processed_total", result="handled") >= 1
    assert paid.value("billing_ledger_lines_total", cause="purchase") == 1
    assert paid.value("billing_ready") == 1
    assert 0 <= paid.value("billing_copy_age_seconds") < 60
    assert paid.value("billing_database_duration_seconds_count", operation="write") > 1
    assert paid.value("billing_database_connections_max") == 8


def test_no_label_holds_an_id_or_an_email(paid: Scraped) -> None:
    found = set(paid.label_values())
    assert len(found) > 20
    assert not [
        value for value in found if "@" in value or re.search(r"_test_|[a-z]+_\w{14}", value)
    ]


def test_refused_deliveries_are_counted_by_reason(shop: ConnectedShop) -> None:
    assert webhook(shop.url, event(), "whsec_forged").status_code == 400
    large = requests.post(
        f"{shop.url}/api/billing/stripe/webhook", data=b" " * 1_100_000, timeout=30
    )
    assert large.status_code == 400
    for reason in ("wrong_signature", "too_large"):
        assert scrape(shop.url).value("billing_events_refused_total", reason=reason) == 1


def test_an_unknown_path_and_a_session_have_no_series_of_their_own(shop: ConnectedShop) -> None:
    create_session(shop, Kind.PRO)
    requests.get(f"{shop.url}/api/billing/nothing/here", timeout=30)
    requests.get(f"{shop.url}/nothing/at/all", timeout=30)
    found = scrape(shop.url)
    answers = "billing_http_request_duration_seconds_count"
    assert found.value(answers, route="/api/{rest:path}", status="404") == 1
    assert found.value(answers, route="other", status="404") == 1


@pytest.fixture
async def services(account: StripeAccount, database_url: str) -> AsyncIterator[Services]:
    async with open_services(account.url, database_url) as opened:
        yield opened


async def scraped(services: Services) -> Scraped:
    text, _ = await services.scrape.answer("")
    return parse(text.decode())


@pytest.mark.anyio
async def test_what_waits_is_read_from_the_database(
    services: Services, account: StripeAccount
) -> None:
    session = account.sell("credits", 1)
    await deliver(services, event_object("evt_1", "checkout.session.completed", session))
    waiting = await scraped(services)
    assert waiting.value("billing_events_waiting", state="pending") == 1
    assert 0 < waiting.value("billing_events_oldest_waiting_seconds") < 60
    assert waiting.value("billing_ready") == 0  # the history was never read
    assert str(waiting.value("billing_copy_age_seconds")) == "nan"


@pytest.mark.anyio
async def test_a_database_that_does_not_answer_is_not_ready_and_the_rest_is_there(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise StoreFailure("The database does not answer.", "")

    monkeypatch.setattr(services.store, "read", fail)
    found = await scraped(services)
    assert found.value("billing_ready") == 0
    assert found.value("billing_stripe_retries_total") == 0


@pytest.mark.anyio
async def test_reads_that_wait_for_a_connection_are_seen(services: Services) -> None:
    may_end = threading.Event()

    def busy(_connection: Connection) -> None:
        may_end.wait(PATIENCE)

    def value(name: str, label: str, wanted: str) -> float:
        services.store.measure()
        return services.metrics.registry.get_sample_value(name, {label: wanted}) or 0

    reads = [asyncio.create_task(services.store.read(busy)) for _ in range(CONNECTIONS + 1)]
    try:
        await until(lambda: soon(value("billing_database_connections", "state", "in_use") >= 7))
        assert value("billing_database_waiting", "operation", "read") == 2
    finally:
        may_end.set()
        await asyncio.gather(*reads)
    assert value("billing_database_waiting", "operation", "read") == 0
    assert value("billing_database_connections", "state", "in_use") == 0


async def soon(value: object) -> object:
    return value


@pytest.mark.anyio
async def test_retries_rate_limits_and_silence_of_stripe_are_counted(
    services: Services, account: StripeAccount
) -> None:
    for fault, status in (("failing", "500"), ("dropped", "unreachable"), ("rate_limited", "429")):
        account.faults = always(fault, retried=True)
        with pytest.raises(StripeFailure):
            await services.gateway.retrieve_price("price_1")
        found = await scraped(services)
        assert found.value(STRIPE_CALLS, path="/v1/prices/{id}", status=status) == 1
        assert found.value("billing_stripe_retries_total") >= 2
    assert found.value("billing_stripe_rate_limited_total") >= 1


@pytest.mark.anyio
async def test_what_is_rolled_back_is_not_counted(services: Services) -> None:
    def refused(connection: Connection) -> None:
        committed.count(connection, "ledger_lines", ["refund"])
        connection.execute(text("INSERT INTO sync_state (name) VALUES (NULL)"))

    def written(connection: Connection) -> None:
        committed.count(connection, "ledger_lines", ["purchase"])

    with pytest.raises(RecordRefused):
        await services.store.write(refused)
    await services.store.write(written)
    found = await scraped(services)
    assert found.value("billing_ledger_lines_total", cause="refund") == 0
    assert found.value("billing_ledger_lines_total", cause="purchase") == 1


def test_every_services_counts_for_itself() -> None:
    one, other = Metrics(), Metrics()
    one.count("ledger_lines", "purchase")
    assert one.registry.get_sample_value("billing_ledger_lines_total", {"cause": "purchase"}) == 1
    assert other.registry.get_sample_value("billing_ledger_lines_total", {"cause": "purchase"}) == 0
