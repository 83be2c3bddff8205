"""A sandbox of its own is reached by its own names only, and its links lead to its own address."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests

from stripe_sandbox.api.host_guard import HostGuard
from stripe_sandbox.command import default_url, is_public_url
from stripe_sandbox.sandbox import Sandbox, SandboxConfig
from tests.support.servers.server import serving
from tests.support.stripe.sandbox_server import KEY

PUBLIC = "https://pay.example.com"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A sandbox on loopback that is known as pay.example.com and, in its network, as stripe."""
    sandbox = Sandbox(SandboxConfig(database=None, base_url=PUBLIC))
    with serving(HostGuard(sandbox.asgi, public_url=PUBLIC, names=["Stripe"])) as served:
        yield served
    sandbox.close()


def _get(url: str, path: str = "/v1/products", **headers: str) -> requests.Response:
    return requests.get(url + path, auth=(KEY, ""), headers=headers, timeout=10)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:9", "192.0.2.7", "[::1]:8", "[fe80::1%25eth0]", "localhost", "LOCALHOST:80",
        "localhost.", "pay.example.com", "pay.example.com:443", "stripe:12111",
    ],
)  # fmt: skip
def test_it_answers_under_its_own_names_and_any_address(url: str, host: str) -> None:
    """No name can be rebound to an address; the port does not matter."""
    assert _get(url, Host=host).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example:12111", "pay.example.com.evil.example", "127.0.0.1.evil", "stripe.evil"],
)
@pytest.mark.parametrize("path", ["/v1/products", "/_control/state", "/c/pay/cs_test_x", "/"])
def test_a_name_that_was_rebound_to_it_is_refused(url: str, host: str, path: str) -> None:
    """On the API, the controls and the pages: 403 in Stripe's shape, naming the setting."""
    answer = _get(url, path, Host=host)
    assert answer.status_code == 403
    name = host.partition(":")[0]
    assert f"--allowed-host {name}" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "host",
    [
        "",
        "a b",
        "[",
        "[::1",
        ":80",
        "localhost:port",
        "evil@localhost",
        "localhost/x",
        "localhost?",
    ],
)
def test_what_is_no_host_is_refused(url: str, host: str) -> None:
    """Also where the port is none, or the brackets do not close."""
    assert _get(url, Host=host).status_code in (400, 403)


def test_pages_of_other_origins_are_refused(url: str) -> None:
    """Another port is another origin; the address asked and the public URL are its own."""
    own = f"http://{urlsplit(url).netloc}"
    for origin in (own, PUBLIC, PUBLIC + ":443"):
        assert _get(url, Origin=origin).status_code == 200, origin
    for origin in (
        "http://127.0.0.1:9",
        "http://pay.example.com",
        "null",
        "http://[",
        "https://evil",
    ):
        answer = _get(url, Origin=origin)
        assert answer.status_code == 403, origin
        assert "--public-url" in answer.json()["error"]["message"]


def test_links_lead_to_its_own_address_whatever_host_was_asked(url: str) -> None:
    """`Host` is the client's word, and decides nothing."""
    given = {
        "mode": "payment",
        "line_items[0][quantity]": "1",
        "line_items[0][price_data][currency]": "usd",
        "line_items[0][price_data][unit_amount]": "500",
        "line_items[0][price_data][product_data][name]": "Tea",
        "success_url": "http://shop.example/",
    }
    for host in ("localhost", "stripe", "192.0.2.7"):
        answer = requests.post(
            f"{url}/v1/checkout/sessions",
            data=given,
            auth=(KEY, ""),
            headers={"Host": host, "X-Forwarded-Host": "evil.example"},
            timeout=10,
        )
        assert answer.json()["url"].startswith(f"{PUBLIC}/c/pay/cs_test_")


def test_without_a_public_url_links_lead_to_the_address_it_listens_on() -> None:
    """Or to this machine, when it listens on all of them."""
    assert default_url("127.0.0.1", 12111) == "http://127.0.0.1:12111"
    assert default_url("::1", 80) == "http://[::1]:80"
    for everywhere in ("0.0.0.0", "::", ""):  # noqa: S104  # nothing is bound
        assert default_url(everywhere, 12111) == "http://localhost:12111"


@pytest.mark.parametrize(
    ("given", "right"),
    [
        (PUBLIC, True), ("http://10.0.0.7:8080", True), ("https://a.example/stripe", True),
        ("pay.example.com", False), ("ftp://a.example", False), ("https://", False),
        ("https://me:secret@a.example", False), ("http://a.example:port", False),
        ("https://a.example/?x=1", False),
    ],
)  # fmt: skip
def test_a_public_url_is_a_web_address_without_a_password(given: str, right: bool) -> None:
    """It is printed, and stands in every link."""
    assert is_public_url(given) is right
