"""The webhook over HTTP: signed events are taken, everything else is refused with a reason."""

from __future__ import annotations

import json
import logging
from contextlib import closing
from http.client import HTTPConnection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import requests
import stripe

from billing.setup.webhook_checks import registered_at
from billing.urls import webhook_url
from tests.billing.signed_events import event, webhook
from tests.support.servers.billing_server import BillingServer, billing_server
from tests.support.servers.settings import working_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.servers.shop import Shop


WEBHOOK = "/api/billing/stripe/webhook"
ANSWERS_WITHIN = 60.0


def test_a_signed_event_is_acknowledged_and_shown_in_the_log(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "billing"):
        answer = webhook(shop.url, event(), "whsec_of_the_tests")
    assert answer.status_code == 200
    assert answer.json() == {"received": True, "id": "evt_1"}
    assert "evt_1 checkout.session.completed cs_test_1" in caplog.text


def test_an_event_that_nobody_wants_is_acknowledged_too(shop: Shop) -> None:
    assert webhook(shop.url, event("plan.deleted"), "whsec_of_the_tests").status_code == 200


def test_a_forged_event_is_refused_with_a_reason(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    answer = webhook(shop.url, event(), "whsec_forged")
    assert answer.status_code == 400
    assert "signature" in answer.json()["error"]
    assert "whsec_of_the_tests" not in caplog.text + answer.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (["{t}", "{v1}"], 200),
        (["{t}, v1=\xe9", " {v1}\t"], 200),
        (["{t},v1=\xff\xfe"], 400),
        (["\xe9"], 400),
        (["{t}", "{t}"], 400),
    ],
)
def test_signatures_in_several_header_lines_and_of_any_bytes_are_answered_in_json(
    shop: Shop, headers: list[str], status: int
) -> None:
    body = event()
    t, v1 = stripe.WebhookSignature.generate_signature_header(body, "whsec_of_the_tests").split(",")
    connection = HTTPConnection(urlsplit(shop.url).netloc, timeout=ANSWERS_WITHIN)
    with closing(connection):
        connection.putrequest("POST", WEBHOOK)
        for header in headers:
            connection.putheader("Stripe-Signature", header.format(t=t, v1=v1).encode("latin-1"))
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body.encode())
        answer = connection.getresponse()
        said = json.loads(answer.read())
    assert (answer.status, "error" in said) == (status, status != 200)


def refusals(server: BillingServer) -> list[tuple[str, int]]:
    """Reason and size of each delivery that was refused, the newest first."""
    kept = server.portal.call(server.services.event_log.refusals)
    return [(refusal.reason, refusal.size) for refusal in kept]


def test_an_event_over_the_size_bound_is_refused_and_stored_with_its_size(shop: Shop) -> None:
    large = event() + " " * 2 * 1024 * 1024
    answer = webhook(shop.url, large, "whsec_of_the_tests")
    assert answer.status_code == 400
    assert refusals(shop.server) == [(answer.json()["error"], len(large))]
    assert "larger than" in answer.json()["error"]


def test_an_event_without_end_is_refused_and_stored_with_the_size_that_had_come(shop: Shop) -> None:
    def pieces() -> Iterator[bytes]:
        yield from [b" " * 1024] * 1025

    answer = requests.post(f"{shop.url}{WEBHOOK}", data=pieces(), timeout=ANSWERS_WITHIN)
    assert answer.status_code == 400
    ((reason, size),) = refusals(shop.server)
    assert "larger than" in reason
    assert 1024 * 1024 < size <= 1025 * 1024


@pytest.mark.parametrize("tail", ["", "/", "?x=1", "%2F", "//", "s"])
def test_the_webhook_answers_where_the_check_calls_an_endpoint_right(shop: Shop, tail: str) -> None:
    here = f"{shop.url}{WEBHOOK}{tail}"
    body = event()
    header = stripe.WebhookSignature.generate_signature_header(body, "whsec_of_the_tests")
    answer = requests.post(here, body, headers={"Stripe-Signature": header}, timeout=10)
    is_right = bool(registered_at([{"url": here}], webhook_url(shop.url)))
    assert answer.status_code == (200 if is_right else 404)
    assert is_right == (tail not in ("//", "s"))


def test_without_a_signing_secret_the_webhook_is_closed_and_the_delivery_noted(
    tmp_path: Path,
) -> None:
    settings = working_settings(tmp_path, "http://127.0.0.1:9", webhook_secrets=())
    with billing_server(settings) as server:
        answer = webhook(server.url, event(), "")
        assert answer.status_code == 503
        assert "STRIPE_WEBHOOK_SECRET" in answer.json()["error"]
        assert refusals(server) == [(answer.json()["error"], len(event()))]
