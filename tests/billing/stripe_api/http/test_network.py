"""Stripe behind a company's proxy and certificates, and every way in which it is not reached."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from billing.errors import NotConfigured, StripeFailure, Unreachable
from billing.stripe_api.gateway import StripeGateway
from tests.support.servers.server import listening_socket, serving
from tests.support.servers.settings import settings_for
from tests.support.servers.stand_ins.proxy import PASSWORD, Proxy, forward_proxy
from tests.support.servers.timings import NO_REPEATS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

pytestmark = pytest.mark.anyio
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
NAME = "api.stripe.example"
NOBODY = "http://127.0.0.1:1"


async def stripe(scope: dict[str, Any], _receive: Any, send: Any) -> None:
    """Answers every request with an account; a path with ``dropped`` in it not to the end."""
    if scope["type"] != "http":
        return
    body = b'{"id": "acct_1", "object": "account"}'
    dropped = "dropped" in scope["path"]
    length = str(len(body) + dropped).encode()
    headers = [(b"content-length", length)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": dropped})


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(ca: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("ca") / "ca.pem"
    ca.cert_pem.write_to_path(file)
    return str(file)


@pytest.fixture(scope="module")
def plain() -> Iterator[str]:
    with serving(stripe) as url:
        yield url


@pytest.fixture(scope="module")
def secure(ca: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The same over TLS, with a certificate of the company's own."""
    file = str(tmp_path_factory.mktemp("tls") / "server.pem")
    ca.issue_cert(NAME, "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(file)
    with serving(stripe, ssl_certfile=file) as url:
        yield url


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with forward_proxy(tmp_path_factory.mktemp("proxy")) as running:
        yield running


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@asynccontextmanager
async def gateway_to(url: str, deadline: float = 20.0) -> AsyncIterator[StripeGateway]:
    timings = replace(NO_REPEATS, stripe_deadline_seconds=deadline)
    gateway = StripeGateway(settings_for(url, "sqlite://"), timings)
    try:
        yield gateway
    finally:
        await gateway.aclose()


async def answered(url: str) -> bool:
    async with gateway_to(url) as gateway:
        return await gateway.retrieve_account() == {"id": "acct_1", "object": "account"}


async def failed(url: str, deadline: float = 20.0) -> StripeFailure:
    async with gateway_to(url, deadline) as gateway:
        with pytest.raises(StripeFailure) as caught:
            await gateway.retrieve_account()
    return caught.value


def named(url: str) -> str:
    """The address of the same server by a name that only the proxy can resolve."""
    return url.replace("127.0.0.1", NAME)


@pytest.mark.parametrize("anyio_backend", [("asyncio", {"use_uvloop": True}), "asyncio"])
async def test_stripe_is_reached_through_the_companys_proxy_with_its_certificates(
    monkeypatch: pytest.MonkeyPatch, proxy: Proxy, secure: str, plain: str, ca_file: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    monkeypatch.setenv("HTTP_PROXY", proxy.url.removeprefix("http://"))
    monkeypatch.setenv("SSL_CERT_FILE", ca_file)
    assert await answered(named(secure))
    assert await answered(named(plain))


async def test_the_bundle_that_requests_knows_is_trusted_too(
    monkeypatch: pytest.MonkeyPatch, secure: str, ca_file: str
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", ca_file)
    assert await answered(secure)


async def test_this_machine_is_reached_without_a_proxy(
    monkeypatch: pytest.MonkeyPatch, plain: str
) -> None:
    for name in VARIABLES[:3]:
        monkeypatch.setenv(name, NOBODY)
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere")
    assert await answered(plain)
    assert await answered(plain.replace("127.0.0.1", "localhost"))


async def test_no_proxy_is_heeded_and_a_name_that_is_not_known_here_is_said_so(
    monkeypatch: pytest.MonkeyPatch, proxy: Proxy, plain: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", "stripe.example")
    failure = await failed(named(plain))
    assert failure.unreachable is Unreachable.NAME
    assert failure.message == f"The name {NAME} could not be resolved."


@pytest.mark.parametrize("secured", [True, False])
async def test_a_proxy_that_refuses_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch, proxy: Proxy, secure: str, plain: str, secured: bool
) -> None:
    variable = "HTTPS_PROXY" if secured else "HTTP_PROXY"
    monkeypatch.setenv(variable, f"http://eve:{PASSWORD}{PASSWORD}@{proxy.host}")
    failure = await failed(named(secure if secured else plain))
    assert failure.unreachable is Unreachable.PROXY
    assert "proxy" in failure.message
    assert "407" in failure.message
    assert variable in failure.next_step
    assert PASSWORD not in failure.message


async def test_a_proxy_that_is_not_there_is_named(
    monkeypatch: pytest.MonkeyPatch, plain: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://eve:hidden@127.0.0.1:1")
    failure = await failed(named(plain))
    assert failure.unreachable is Unreachable.PROXY
    assert "The proxy http://127.0.0.1:1 did not answer" in failure.message
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.company.invalid:3128")
    assert (await failed(named(plain))).unreachable is Unreachable.PROXY


@pytest.mark.parametrize("url", ["socks5://127.0.0.1:1080", "http://"])
async def test_a_proxy_of_another_kind_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", url)
    async with gateway_to("https://api.stripe.example") as gateway:
        with pytest.raises(NotConfigured, match="HTTPS_PROXY is not the address of an HTTP proxy"):
            await gateway.retrieve_account()


async def test_a_certificate_that_is_not_trusted_is_reported_with_the_reason(
    secure: str, caplog: pytest.LogCaptureFixture
) -> None:
    failure = await failed(secure)
    assert failure.unreachable is Unreachable.CERTIFICATE
    assert "is not trusted (unable to get local issuer certificate)" in failure.message
    assert "SSL_CERT_FILE" in failure.next_step
    assert "status=certificate" in caplog.text


async def test_a_server_without_tls_is_distinguished_from_one_that_is_not_trusted(
    plain: str,
) -> None:
    failure = await failed(plain.replace("http:", "https:"))
    assert failure.unreachable is Unreachable.CERTIFICATE
    assert "does not speak TLS" in failure.message


@pytest.mark.parametrize("content", [None, "no certificate"])
async def test_a_file_without_certificates_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None
) -> None:
    if content:
        (tmp_path / "ca.pem").write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    async with gateway_to("https://api.stripe.example") as gateway:
        with pytest.raises(NotConfigured, match="No certificates could be read from") as caught:
            await gateway.retrieve_account()
    assert caught.value.setting == "SSL_CERT_FILE"


async def test_refused_dropped_and_silent_are_distinguished(
    plain: str, caplog: pytest.LogCaptureFixture
) -> None:
    failure = await failed(NOBODY)
    assert failure.unreachable is Unreachable.REFUSED
    assert failure.message == "127.0.0.1:1 refused the connection."
    assert (await failed(f"{plain}/dropped")).unreachable is Unreachable.DROPPED
    with listening_socket() as silent:
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert (await failed(url, deadline=0.2)).unreachable is Unreachable.TIMEOUT
    for kind in ("connection refused", "connection dropped", "timeout"):
        assert f"status={kind}" in caplog.text
