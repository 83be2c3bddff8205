"""Traces reach a collector when OpenTelemetry's variables name one, and are nothing otherwise."""

from __future__ import annotations

import logging
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
import requests

from billing.tracing import span, start_tracing, trace_id, wants_tracing
from tests.billing.signed_events import event, webhook
from tests.support.servers.settings import SECRET
from tests.support.servers.shop import open_shop
from tests.support.servers.stand_ins.otlp import attributes, otlp_collector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.proto.trace.v1.trace_pb2 import Span

    from tests.support.servers.stand_ins.otlp import Collector

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
EMAIL = "somebody@example.com"
TRACE = "0af7651916cd43dd8448eb211c80319c"
SERVER, OK = 2, 200


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """It has received what a request and a webhook were made of."""
    with otlp_collector() as collector, pytest.MonkeyPatch.context() as patch:
        patch.setenv(ENDPOINT, collector.url)
        folder = tmp_path_factory.mktemp("traced")
        with start_tracing({ENDPOINT: collector.url}), open_shop(folder) as shop:
            made = requests.post(
                f"{shop.url}/api/billing/extra-credits",
                json={"email": EMAIL},
                headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01", "X-Request-Id": "abc-1"},
                timeout=30,
            )
            assert made.status_code == OK, made.text
            assert webhook(shop.url, event(), SECRET).status_code == OK
        yield collector


def test_a_request_is_traced_from_the_route_to_stripe_and_the_database(
    collector: Collector,
) -> None:
    assert collector.services == {"billing-dashboard"}
    by_id = {one.span_id: one for one in collector.spans}

    def path(one: Span) -> list[str]:
        above = by_id.get(one.parent_span_id)
        return [*(path(above) if above else ()), one.name]

    route = "POST /api/billing/extra-credits"
    (server,) = (one for one in collector.spans if one.name == route)
    assert (server.trace_id.hex(), server.kind) == (TRACE, SERVER)
    assert attributes(server) == {
        "http.request.method": "POST",
        "http.route": "/api/billing/extra-credits",
        "http.response.status_code": OK,
        "request_id": "abc-1",
    }
    paths = [path(one) for one in collector.spans]
    assert [route, "Checkout.create", "Stripe POST /v1/checkout/sessions"] in paths
    webhook = "POST /api/billing/stripe/webhook"
    assert [webhook, "database write processing.record"] in paths
    (call,) = (one for one in collector.spans if one.name == "Stripe POST /v1/checkout/sessions")
    assert attributes(call)["stripe.request_id"]


def test_no_span_holds_an_email_or_a_secret(collector: Collector) -> None:
    sent = b"".join(one.SerializeToString() for one in collector.received)
    assert len(sent) > 1_000
    for secret in (EMAIL, "sk_test_", "whsec_"):
        assert secret.encode() not in sent


@pytest.mark.parametrize(
    ("variables", "is_wanted"),
    [
        ({}, False),
        ({ENDPOINT: "http://collector:4318"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({ENDPOINT: "http://collector:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
        ({ENDPOINT: "http://collector:4318", "OTEL_SDK_DISABLED": "true"}, False),
    ],
)
def test_the_standard_variables_turn_it_on_and_off(
    variables: dict[str, str], *, is_wanted: bool
) -> None:
    assert wants_tracing(variables) is is_wanted


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "only otlp is known here"),
        ({ENDPOINT: "x", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "only http/protobuf is spoken"),
    ],
)
def test_what_cannot_be_had_is_said_and_the_rest_works(
    variables: dict[str, str], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    with start_tracing(variables), span("nothing") as current:
        current.set_attribute("is", "ignored")
        assert trace_id() == ""
    assert reason in caplog.text


def test_without_the_packages_it_says_how_to_install_them_and_the_rest_works(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("opentelemetry.sdk.trace", "opentelemetry.sdk.resources"):
        monkeypatch.setitem(sys.modules, name, None)
    with start_tracing({ENDPOINT: "http://127.0.0.1:1"}), span("nothing"):
        assert trace_id() == ""
    assert "pip install -r requirements-team.txt" in caplog.text


def test_a_collector_that_is_silent_does_not_hold_up_the_end(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, caplog.at_level(logging.CRITICAL):
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv(ENDPOINT, url)
        with start_tracing({ENDPOINT: url}), span("something"):
            assert len(trace_id()) == 32
        started = time.monotonic()
    assert time.monotonic() - started < 5


def test_off_nothing_of_it_is_imported() -> None:
    """Nor of what else only a server for a team needs."""
    code = """
import sys
import billing.services, billing.routes, billing.logs
from billing.tracing import start_tracing, span, trace_id
with start_tracing({}), span("nothing"):
    assert trace_id() == ""
print(sorted(name for name in sys.modules if name.split(".")[0] in ("opentelemetry", "sentry_sdk")))
"""
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert (ended.stdout, ended.stderr) == ("[]\n", "")
