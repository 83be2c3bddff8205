"""The link of a demo: whoever opened it comes in, and nobody else."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
import requests
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from billing.access.demo_link import DEMO_LINKS, DemoLink
from billing.domain.access import IdentityKind, Role
from billing.http.guards.gate import Gate
from billing.http.guards.trusted_proxies import TrustedProxies, ignore_forwarded_headers
from tests.support.servers.server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

LINK = DemoLink("a-random-secret")
ELSEWHERE = {"X-Forwarded-For": "203.0.113.9"}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    app = Starlette(
        routes=[LINK.route(), Route("/{rest:path}", PlainTextResponse("in"))],
        middleware=[
            Middleware(TrustedProxies),
            Middleware(Gate, refusal=LINK.refusal, open_paths=(DEMO_LINKS,)),
        ],
    )
    with serving(app, prepare=ignore_forwarded_headers) as url:
        yield url


def test_the_link_becomes_a_cookie_and_leaves_the_address(url: str) -> None:
    answer = requests.get(f"{url}{LINK.path}", allow_redirects=False, timeout=10)
    assert (answer.status_code, answer.headers["location"]) == (303, "/app/billing")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie
    assert "secure" not in cookie.replace("a-random-secret", "")
    assert answer.headers["cache-control"] == "no-store"


def test_over_tls_the_cookie_goes_over_tls_only(url: str) -> None:
    answer = requests.get(
        f"{url}{LINK.path}",
        headers={"X-Forwarded-Proto": "https"},
        allow_redirects=False,
        timeout=10,
    )
    assert "secure" in answer.headers["set-cookie"].lower().replace("a-random-secret", "")


def test_whoever_opened_it_comes_in(url: str) -> None:
    with requests.Session() as browser:
        assert browser.get(f"{url}{LINK.path}", timeout=10).text == "in"
        assert browser.get(f"{url}/api/x", timeout=10).text == "in"


@pytest.mark.parametrize("secret", ["wrong", "a-random-secre", "a-random-secret2", "é", "%00"])
def test_another_link_opens_nothing(url: str, secret: str) -> None:
    answer = requests.get(f"{url}{DEMO_LINKS}{secret}", allow_redirects=False, timeout=10)
    assert answer.status_code == 403
    assert "Open the link that was printed" in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("cookie", ["", "wrong", "é", '"a-random'])
def test_without_its_cookie_one_is_asked_to_open_it(url: str, cookie: str) -> None:
    headers = {"Cookie": f"billing_demo={cookie}".encode()}
    page = requests.get(f"{url}/app/billing", headers=headers, timeout=10)
    assert page.status_code == 403
    assert "Open the link that was printed" in page.text
    api = requests.get(f"{url}/api/x", headers=headers, timeout=10)
    assert (api.status_code, "holds its link" in api.json()["error"]) == (403, True)


def test_the_sandbox_serves_this_machine_without_it_where_the_dashboard_is(url: str) -> None:
    assert requests.get(f"{url}/sandbox/v1/prices", timeout=10).text == "in"
    elsewhere = requests.get(f"{url}/sandbox/v1/prices", headers=ELSEWHERE, timeout=10)
    assert elsewhere.status_code == 403


def test_its_holder_is_a_tester() -> None:
    holder = Headers({"cookie": "other=1; billing_demo=a-random-secret"})
    identity = asyncio.run(LINK.identify(holder, "192.0.2.9"))
    assert identity is not None
    assert (identity.kind, identity.role) == (IdentityKind.DEMO, Role.TESTER)
    assert identity.address == "192.0.2.9"
    assert asyncio.run(LINK.identify(Headers({}), "192.0.2.9")) is None
