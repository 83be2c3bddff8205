"""Events are delivered to this machine, to its private networks and to hosts that were named."""

from __future__ import annotations

import socket
from typing import Any

import aiohttp
import pytest

from stripe_sandbox.destinations import ANYWHERE, Destinations
from tests.support.stripe.sandbox_server import SandboxServer, refused, sandbox_server
from tests.support.waiting import wait_for

NEVER = [
    "169.254.169.254", "169.254.0.1", "fe80::1", "fe80::1%eth0", "::ffff:169.254.169.254",
    "2002:a9fe:a9fe::1", "100.100.100.200", "fd00:ec2::254", "224.0.0.1", "ff02::1",
]  # fmt: skip
NEARBY = [
    "127.0.0.1", "127.8.9.1", "::1", "::", "10.1.2.3", "172.17.0.2", "172.31.255.1",
    "192.168.65.2", "100.64.0.7", "fd12:3456::1", "::ffff:10.0.0.1",
]  # fmt: skip
PUBLIC = ["93.184.215.14", "172.32.0.1", "2606:2800:21f::1", "8.8.8.8"]


def test_the_address_decides() -> None:
    """Nearby ones are allowed, public ones only by their host's name, and never those where a cloud
    keeps a machine's secrets."""
    strict = Destinations()
    named = Destinations(["Hooks.example.com"])
    anywhere = Destinations([ANYWHERE])
    for address in NEARBY:
        assert strict.permits("app", address), address
    for address in PUBLIC:
        assert not strict.permits("hooks.example.com", address)
        assert named.permits("hooks.example.com", address)
        assert not named.permits("other.example.com", address)
        assert anywhere.permits("other.example.com", address)
    for address in NEVER:
        assert not any(
            one.permits("hooks.example.com", address) for one in (strict, named, anywhere)
        )


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/latest/", "http://[fe80::1]/", "https://8.8.8.8/hook"]
)
def test_an_endpoint_at_a_forbidden_address_is_refused(
    shared_server: SandboxServer, url: str
) -> None:
    """When it is created and when it is moved there, with the way to allow it."""
    service = shared_server.stripe.v1.webhook_endpoints
    given: Any = {"url": url, "enabled_events": ["*"]}
    nearby: Any = {"url": "http://127.0.0.1:9/hook", "enabled_events": ["*"]}
    error = refused(lambda: service.create(params=given))
    assert (error.http_status, error.code) == (400, "url_invalid")
    assert "--deliver-to" in str(error.user_message)
    endpoint = service.create(params=nearby)
    assert refused(lambda: service.update(endpoint.id, params={"url": url})).code == "url_invalid"
    service.delete(endpoint.id)


def test_a_name_that_leads_to_a_forbidden_address_gets_nothing(
    server: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it resolved to when it was registered: the address is judged as it is connected."""
    leads_to = {
        "metadata.test": "169.254.169.254",
        "public.test": "8.8.8.8",
        "app.test": "127.0.0.1",
    }

    async def resolve(_: Any, host: str, port: int = 0, *_family: Any) -> list[dict[str, Any]]:
        address = {"hostname": host, "host": leads_to[host], "port": port}
        return [{**address, "family": socket.AF_INET, "proto": 0, "flags": socket.AI_NUMERICHOST}]

    monkeypatch.setattr(aiohttp.ThreadedResolver, "resolve", resolve)
    for host in leads_to:
        url = server.receiver.url.replace("127.0.0.1", host)
        server.stripe.v1.webhook_endpoints.create(params={"url": url, "enabled_events": ["*"]})
    server.stripe.v1.customers.create(params={"name": "One"})

    def tried() -> list[tuple[Any, ...]]:
        return server.sandbox._database.rows(
            "SELECT state, error FROM deliveries WHERE attempts = 1 ORDER BY seq"
        )

    wait_for(lambda: len(tried()) == 3)
    (metadata, why), (public, _), (app, nothing) = tried()
    assert (metadata, public, app) == ("pending", "pending", "succeeded")
    assert "does not deliver events to metadata.test" in why
    assert nothing is None
    assert len(server.receiver.received) == 1


def test_the_launchers_own_endpoint_may_be_anywhere() -> None:
    """A dashboard that is bound to a public address gets its events there."""
    with sandbox_server(None) as server:
        server.sandbox.ensure_webhook_endpoint(url="http://8.8.8.8:8501/hook", description="own")
        given: Any = {"url": "http://8.8.8.8:9/other", "enabled_events": ["*"]}
        assert server.stripe.v1.webhook_endpoints.create(params=given).status == "enabled"
        given = {"url": "http://8.8.4.4/other", "enabled_events": ["*"]}
        refused(lambda: server.stripe.v1.webhook_endpoints.create(params=given))
