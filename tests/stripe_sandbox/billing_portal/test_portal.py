"""The customer portal's pages without a browser: forms, as one without scripts sends them."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.support.stripe.sandbox_server import SandboxServer

CARD = {"number": "5555 5555 5555 4444", "expiry": "11 / 40", "cvc": "123", "name": "Ann",
        "country": "DE"}  # fmt: skip


@pytest.fixture
def subscription(server: SandboxServer) -> dict[str, Any]:
    return server.paid_subscription()


class Portal:
    """The portal as its customer's browser has it."""

    def __init__(self, server: SandboxServer, subscription: dict[str, Any], **params: Any) -> None:
        given: Any = {"customer": subscription["customer"], **params}
        self.server = server
        self.url = server.stripe.v1.billing_portal.sessions.create(given).url

    def get(self, path: str = "") -> requests.Response:
        return requests.get(self.url + path, timeout=9)

    def post(self, path: str, form: dict[str, str], **headers: str) -> requests.Response:
        """Posts a form and goes where that leads."""
        given = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        return requests.post(self.url + path, data=form, headers=given, timeout=9)


def read(server: SandboxServer, subscription: dict[str, Any]) -> Any:
    return server.get(f"/v1/subscriptions/{subscription['id']}")


def cancel_path(subscription: dict[str, Any]) -> str:
    return f"/subscriptions/{subscription['id']}/cancel"


def test_the_home_shows_the_plan_the_card_and_the_invoices(
    server: SandboxServer, subscription: dict[str, Any]
) -> None:
    page = Portal(server, subscription, return_url="http://shop.example/account").get()
    assert page.status_code == 200
    for text in ("Pro plan", "$99.00 per month", "renews on", "Visa ending in 4242", "-0001",
                 'href="http://shop.example/account"'):  # fmt: skip
        assert text in page.text


def test_a_cancellation_at_the_period_s_end_is_taken_back(
    server: SandboxServer, subscription: dict[str, Any]
) -> None:
    portal = Portal(server, subscription)
    known = server.event_types()
    given = {"feedback": "too_expensive", "comment": "Bye\nnow"}
    answer = portal.post(cancel_path(subscription), given)
    assert "has been canceled" in answer.text
    assert "Keep subscription" in answer.text
    ending = read(server, subscription)
    end = ending["items"]["data"][0]["current_period_end"]
    assert (ending["status"], ending["cancel_at"]) == ("active", end)
    assert ending["cancel_at_period_end"] is False  # as flexible billing does
    assert ending["cancellation_details"] == {
        "comment": "Bye now", "feedback": "too_expensive", "feedback_option": None,
        "reason": "cancellation_requested",
    }  # fmt: skip
    assert server.event_types_since(known) == ["customer.subscription.updated"]
    answer = portal.post(f"/subscriptions/{subscription['id']}/keep", {})
    assert "goes on" in answer.text
    after = read(server, subscription)
    assert (after["cancel_at"], after["canceled_at"]) == (None, None)


def test_what_is_canceled_at_the_period_s_end_ends_then(
    server: SandboxServer, subscription: dict[str, Any]
) -> None:
    Portal(server, subscription).post(cancel_path(subscription), {})
    end = read(server, subscription)["cancel_at"]
    events = server.advance(end - server.sandbox.clock.now())
    assert [event["type"] for event in events] == ["customer.subscription.deleted"]


def test_it_is_canceled_at_once_where_the_configuration_says_so(
    server: SandboxServer, subscription: dict[str, Any]
) -> None:
    configuration = server.stripe.v1.billing_portal.configurations.create(
        {"features": {"subscription_cancel": {"enabled": True, "mode": "immediately"}}}
    )
    portal = Portal(server, subscription, configuration=configuration.id)
    asked = portal.get(cancel_path(subscription)).text
    assert "at once" in asked
    assert "Reason for canceling" not in asked
    portal.post(cancel_path(subscription), {"feedback": "other"})
    ended = read(server, subscription)
    assert (ended["status"], ended["cancellation_details"]["feedback"]) == ("canceled", None)
    assert portal.get(cancel_path(subscription)).status_code == 404
    assert portal.get("/payment-method").status_code == 404  # off in this configuration


def test_a_new_card_pays_from_then_on(server: SandboxServer, subscription: dict[str, Any]) -> None:
    known = server.event_types()
    answer = Portal(server, subscription).post("/payment-method", CARD)
    assert "payment method has been updated" in answer.text
    assert "Mastercard ending in 4444, expires 11 / 40" in answer.text
    assert server.event_types_since(known) == [
        "billing_portal.session.created",
        "payment_method.attached",
        "customer.updated",
        "customer.subscription.updated",
    ]
    customer = server.get(f"/v1/customers/{subscription['customer']}")
    method = customer["invoice_settings"]["default_payment_method"]
    assert read(server, subscription)["default_payment_method"] == method


@pytest.mark.parametrize(
    ("given", "status", "says"),
    [
        ({"number": "4000 0000 0000 0002"}, 402, "Your card was declined."),
        ({"number": "4242"}, 400, "Your card number is incomplete."),
        ({"name": ""}, 400, "Enter the name on your card."),
    ],
)
def test_a_card_that_is_refused_changes_nothing_and_is_not_printed_back(
    server: SandboxServer,
    subscription: dict[str, Any],
    given: dict[str, str],
    status: int,
    says: str,
) -> None:
    answer = Portal(server, subscription).post("/payment-method", {**CARD, "cvc": "987", **given})
    assert answer.status_code == status
    assert f'role="alert">{says}' in answer.text
    assert 'value="4' not in answer.text
    assert '"987"' not in answer.text
    customer = server.get(f"/v1/customers/{subscription['customer']}")
    assert customer["invoice_settings"]["default_payment_method"] is None


def test_a_flow_opens_at_its_step_and_leads_back_to_the_shop(
    server: SandboxServer, subscription: dict[str, Any]
) -> None:
    back = {"type": "redirect", "redirect": {"return_url": "http://shop.example/done"}}
    flow = {"type": "payment_method_update", "after_completion": back}
    portal = Portal(server, subscription, flow_data=flow)
    assert "New card" in portal.get().text
    answer = portal.post("/payment-method", CARD)
    assert 'content="0; url=http://shop.example/done"' in answer.text
    assert "Subscriptions" in portal.get().text  # the flow is over


def test_a_flow_that_cancels_confirms_it(
    server: SandboxServer, subscription: dict[str, Any]
) -> None:
    flow = {
        "type": "subscription_cancel",
        "subscription_cancel": {"subscription": subscription["id"]},
        "after_completion": {
            "type": "hosted_confirmation",
            "hosted_confirmation": {"custom_message": "Come back <soon>"},
        },
    }
    portal = Portal(server, subscription, flow_data=flow)
    assert "It stays yours until" in portal.get().text
    answer = portal.post(cancel_path(subscription), {})
    assert "Come back &lt;soon&gt;" in answer.text
    assert read(server, subscription)["cancel_at"] is not None


def test_what_is_another_customer_s_is_not_there(
    server: SandboxServer, subscription: dict[str, Any]
) -> None:
    other = server.paid_subscription()
    portal = Portal(server, subscription)
    assert portal.post(cancel_path(other), {}).status_code == 404
    assert read(server, other)["cancel_at"] is None
    assert requests.get(f"{server.url}/p/session/bps_none", timeout=9).status_code == 410


def test_pages_of_other_sites_can_do_nothing(
    server: SandboxServer, subscription: dict[str, Any]
) -> None:
    portal = Portal(server, subscription)
    for path in (cancel_path(subscription), "/payment-method",
                 f"/subscriptions/{subscription['id']}/keep"):  # fmt: skip
        answer = portal.post(path, CARD, Origin="https://evil.example")
        assert answer.status_code == 403
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
    assert read(server, subscription)["cancel_at"] is None
