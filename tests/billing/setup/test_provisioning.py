"""Making the Prices and the webhook endpoint in the account, against the sandbox."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from billing.errors import InvalidInput, NotConfigured, StripeFailure
from billing.setup.findings import Missing
from billing.setup.provisioning import CreatedObject
from billing.setup.webhook_checks import ENDPOINT_EVENTS
from tests.support.servers.billing_server import BillingServer, billing_server
from tests.support.servers.settings import working_settings
from tests.support.stripe_account import REQUEST_ID, StripeAccount, always

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.shop import Shop


def create(server: BillingServer, missing: Missing, key: str = "one") -> CreatedObject:
    setup = server.services.account_setup
    return server.portal.call(lambda: setup.create(missing, idempotency_key=key))


def test_the_pro_price_is_made_as_planned(shop: Shop) -> None:
    made = create(shop.server, Missing.PRO_PRICE)
    price = shop.stripe.v1.prices.retrieve(made.id, {"expand": ["product"]})
    assert (made.setting, made.value.get_secret_value()) == ("STRIPE_PRICE_PRO_MONTHLY", price.id)
    assert (price.unit_amount, price.currency, price.type) == (9900, "usd", "recurring")
    assert price.recurring is not None
    assert price.recurring.interval == "month"
    assert price.to_dict()["product"]["name"] == "Pro plan"


def test_the_credit_price_is_made_as_planned(shop: Shop) -> None:
    made = create(shop.server, Missing.CREDIT_PRICE)
    price = shop.stripe.v1.prices.retrieve(made.id)
    assert made.setting == "STRIPE_PRICE_EXTRA_CREDIT"
    assert (price.unit_amount, price.currency, price.type) == (99, "usd", "one_time")


def test_a_price_made_before_is_taken_again(shop: Shop) -> None:
    first = create(shop.server, Missing.PRO_PRICE, "one")
    assert create(shop.server, Missing.PRO_PRICE, "two").id == first.id


def test_an_archived_price_is_not_taken_again(shop: Shop) -> None:
    first = create(shop.server, Missing.PRO_PRICE, "one")
    shop.stripe.v1.prices.update(first.id, {"active": False})
    second = create(shop.server, Missing.PRO_PRICE, "two")
    assert second.id != first.id
    assert shop.stripe.v1.prices.retrieve(second.id).active


def test_the_endpoint_is_made_at_this_address_and_its_secret_handed_over(shop: Shop) -> None:
    made = create(shop.server, Missing.WEBHOOK_ENDPOINT)
    (endpoint,) = shop.stripe.v1.webhook_endpoints.list().data
    assert (endpoint.id, endpoint.status) == (made.id, "enabled")
    assert endpoint.url == "http://localhost:8501/api/billing/stripe/webhook"
    assert endpoint.enabled_events == list(ENDPOINT_EVENTS)
    assert made.setting == "STRIPE_WEBHOOK_SECRET"
    assert made.value.get_secret_value().startswith("whsec_")
    assert made.value.get_secret_value() not in repr(made)


def test_a_thin_destination_is_made_likewise_and_its_types_of_event_are_completed(
    shop: Shop,
) -> None:
    setup, key = shop.services.account_setup, "one"

    def make() -> CreatedObject:
        missing = Missing.WEBHOOK_ENDPOINT
        return shop.server.portal.call(
            lambda: setup.create(missing, idempotency_key=key, thin=True)
        )

    made = make()
    destinations = shop.stripe.v2.core.event_destinations
    (destination,) = destinations.list({"include": ["webhook_endpoint.url"]}).data
    assert (destination.id, destination.event_payload) == (made.id, "thin")
    assert destination.enabled_events == [f"v1.{name}" for name in ENDPOINT_EVENTS]
    assert destination.webhook_endpoint is not None
    assert destination.webhook_endpoint.url == setup.webhook_url
    assert made.value.get_secret_value().startswith("whsec_")
    assert make().value == made.value
    with pytest.raises(InvalidInput, match=made.id):
        create(shop.server, Missing.WEBHOOK_ENDPOINT, "two")
    destinations.update(made.id, {"enabled_events": ["v1.refund.failed"]})
    assert shop.server.portal.call(setup.add_event_types) == [made.id]
    assert len(destinations.retrieve(made.id).enabled_events) == len(ENDPOINT_EVENTS)


def test_a_key_that_may_not_use_event_destinations_is_told_so(
    tmp_path: Path, account: StripeAccount
) -> None:
    account.forbidden = {"GET /v2/core/event_destinations": "Event Destinations Read"}
    with billing_server(working_settings(tmp_path, account.url)) as server:
        setup = server.services.account_setup
        assert "may not use event destinations" in server.portal.call(setup.no_thin_events)


def test_one_press_makes_one_endpoint_however_often_it_is_repeated(shop: Shop) -> None:
    first = create(shop.server, Missing.WEBHOOK_ENDPOINT, "one")
    again = create(shop.server, Missing.WEBHOOK_ENDPOINT, "one")
    assert (again.id, again.value) == (first.id, first.value)
    assert len(shop.stripe.v1.webhook_endpoints.list().data) == 1


def test_a_second_endpoint_at_the_same_address_is_refused(shop: Shop) -> None:
    first = create(shop.server, Missing.WEBHOOK_ENDPOINT, "one")
    with pytest.raises(InvalidInput, match=first.id):
        create(shop.server, Missing.WEBHOOK_ENDPOINT, "two")
    assert len(shop.stripe.v1.webhook_endpoints.list().data) == 1


def test_the_types_of_event_that_an_endpoint_lacks_are_added_to_those_it_has(shop: Shop) -> None:
    setup, endpoints = shop.services.account_setup, shop.stripe.v1.webhook_endpoints
    with pytest.raises(InvalidInput, match="no enabled webhook endpoint"):
        shop.server.portal.call(setup.add_event_types)
    few: Any = {"url": setup.webhook_url, "enabled_events": ["plan.created", "refund.failed"]}
    lacking = endpoints.create(few)
    every: Any = few | {"enabled_events": ["*"]}
    whole = endpoints.create(every)
    other: Any = few | {"url": "https://example.com/hook"}
    elsewhere = endpoints.create(other)
    assert shop.server.portal.call(setup.add_event_types) == [lacking.id]
    assert shop.server.portal.call(setup.add_event_types) == []
    now = endpoints.retrieve(lacking.id).enabled_events
    assert now[:2] == ["plan.created", "refund.failed"]
    assert set(now) == {"plan.created", *ENDPOINT_EVENTS}
    assert endpoints.retrieve(whole.id).enabled_events == ["*"]
    assert len(endpoints.retrieve(elsewhere.id).enabled_events) == 2


def test_without_a_public_url_no_endpoint_is_made(shop: Shop) -> None:
    settings = replace(shop.server.services.settings, public_url=None)
    shop.server.portal.call(shop.server.services.store.ping)
    with billing_server(settings) as server, pytest.raises(NotConfigured, match="PUBLIC_URL"):
        create(server, Missing.WEBHOOK_ENDPOINT)


@pytest.mark.parametrize("missing", list(Missing))
def test_a_key_that_may_not_make_it_is_informed_what_to_allow(
    tmp_path: Path, account: StripeAccount, missing: Missing
) -> None:
    account.faults = always("forbidden")
    with billing_server(working_settings(tmp_path, account.url)) as server:
        with pytest.raises(StripeFailure) as refused:
            create(server, missing)
        assert "Give the key write permission" in refused.value.next_step
        assert refused.value.request_id == REQUEST_ID


def test_a_malformed_api_address_is_not_replaced_by_stripe_itself(shop: Shop) -> None:
    problem = NotConfigured("STRIPE_API_BASE", "STRIPE_API_BASE is not a base URL.", "Mend it.")
    settings = replace(
        shop.server.services.settings, api_base=None, problems={"STRIPE_API_BASE": problem}
    )
    shop.server.portal.call(shop.server.services.store.ping)
    with billing_server(settings) as server, pytest.raises(NotConfigured, match="not a base URL"):
        create(server, Missing.PRO_PRICE)
