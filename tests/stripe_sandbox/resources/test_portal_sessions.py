"""The customer portal's configurations and sessions, over HTTP with the SDK."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.support.stripe.sandbox_server import SandboxServer, refused
from tests.support.stripe.stripe_types import assert_fits


def test_the_account_has_a_default_configuration(server: SandboxServer) -> None:
    [found] = server.get("/v1/billing_portal/configurations")["data"]
    assert_fits(found)
    assert (found["is_default"], found["active"]) == (True, True)
    assert found["features"]["subscription_cancel"]["mode"] == "at_period_end"
    assert server.get("/v1/billing_portal/configurations", is_default="false")["data"] == []
    subscription = server.paid_subscription()
    session = open_portal(server, subscription)
    assert session.configuration == found["id"]


def test_a_configuration_is_created_and_updated_a_feature_at_a_time(server: SandboxServer) -> None:
    configurations = server.stripe.v1.billing_portal.configurations
    made = configurations.create(
        {"features": {"subscription_cancel": {"enabled": True, "mode": "immediately"}}}
    )
    changed = configurations.update(
        made.id, {"features": {"invoice_history": {"enabled": True}}, "name": "Mine"}
    )
    read = server.get(f"/v1/billing_portal/configurations/{made.id}")
    assert_fits(read)
    assert read == changed.to_dict()
    assert read["features"]["subscription_cancel"]["mode"] == "immediately"
    assert read["features"]["invoice_history"] == {"enabled": True}
    events = server.stripe.v1.events.list({"limit": 2}).data
    assert [event.type for event in events] == [
        "billing_portal.configuration.updated",
        "billing_portal.configuration.created",
    ]
    previous: Any = events[0].data.previous_attributes
    assert previous["name"] is None
    configurations.update(made.id, {"active": False})
    subscription = server.paid_subscription()
    assert "not active" in str(
        refused(lambda: open_portal(server, subscription, configuration=made.id))
    )


def test_a_session_opens_the_portal_of_its_customer(server: SandboxServer) -> None:
    subscription = server.paid_subscription()
    session = open_portal(server, subscription, return_url="http://shop.example/account")
    assert_fits(session.to_dict())
    assert session.url == f"{server.url}/p/session/{session.id}"
    [event] = server.stripe.v1.events.list({"limit": 1}).data
    assert event.type == "billing_portal.session.created"
    assert event.data.object["id"] == session.id


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({}, "customer"),
        ({"customer": "cus_none"}, "customer"),
        ({"customer": "OWN", "return_url": "javascript:alert(1)"}, "return_url"),
        (
            {"customer": "OWN", "flow_data": {"type": "subscription_cancel"}},
            "flow_data[subscription_cancel][subscription]",
        ),
        (
            {
                "customer": "OTHER",
                "flow_data": {
                    "type": "subscription_cancel",
                    "subscription_cancel": {"subscription": "SUBSCRIPTION"},
                },
            },
            "flow_data[subscription_cancel][subscription]",
        ),
        (
            {
                "customer": "OWN",
                "flow_data": {
                    "type": "payment_method_update",
                    "after_completion": {"type": "redirect"},
                },
            },
            "flow_data[after_completion][redirect]",
        ),
    ],
)
def test_what_a_session_cannot_be_made_of_is_refused(
    shared_server: SandboxServer, params: dict[str, Any], param: str
) -> None:
    subscription = shared_server.paid_subscription()
    other = shared_server.stripe.v1.customers.create({"name": "Bob"}).id
    names = {"OWN": subscription["customer"], "OTHER": other, "SUBSCRIPTION": subscription["id"]}

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: filled(inner) for name, inner in value.items()}
        return names.get(value, value)

    error = refused(lambda: shared_server.stripe.v1.billing_portal.sessions.create(filled(params)))
    assert isinstance(error, stripe.InvalidRequestError)
    assert error.param == param


def test_a_flow_needs_its_feature(shared_server: SandboxServer) -> None:
    subscription = shared_server.paid_subscription()
    made = shared_server.stripe.v1.billing_portal.configurations.create(
        {"features": {"invoice_history": {"enabled": True}}}
    )
    error = refused(
        lambda: open_portal(
            shared_server,
            subscription,
            configuration=made.id,
            flow_data={"type": "payment_method_update"},
        )
    )
    assert "not enabled" in str(error)


def test_a_link_dies_after_five_minutes_unused_and_an_hour_idle_and_two_in_all(
    server: SandboxServer,
) -> None:
    subscription = server.paid_subscription()

    def opens(session: Any) -> bool:
        return server.fetch(f"/p/session/{session.id}").status_code == 200

    unused, used = open_portal(server, subscription), open_portal(server, subscription)
    server.advance(299)
    assert opens(used)
    server.advance(1)
    assert not opens(unused)
    server.advance(3_598)
    assert opens(used)
    server.advance(3_301)
    assert opens(used)
    server.advance(1)
    assert not opens(used)
    idle = open_portal(server, subscription)
    assert opens(idle)
    server.advance(3_600)
    assert not opens(idle)


def open_portal(
    server: SandboxServer, subscription: dict[str, Any], **params: Any
) -> stripe.billing_portal.Session:
    given: Any = {"customer": subscription["customer"], **params}
    return server.stripe.v1.billing_portal.sessions.create(given)
