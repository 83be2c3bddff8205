"""The one link of a demo that the network reaches: whoever holds it is a tester.

Opened, it becomes a cookie, so that the secret does not stay in the browser's address.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.routing import Route

from billing.domain.access import Identity, IdentityKind, Role
from billing.http.guards.gate import NO_STORE, Refusal, page
from billing.http.guards.listening import is_loopback
from billing.http.guards.trusted_proxies import client_address, parse_ip
from billing.urls import BILLING_PATH

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Scope

DEMO_LINKS = "/demo/"
COOKIE = "billing_demo"
SANDBOX = "/sandbox/"
REFUSAL = Refusal(
    "Open the link that was printed",
    "This demo serves whoever holds its link. Scan the QR code, or open the link, that appeared "
    "in the terminal when the demo started. Each start has a new one.",
)


class DemoLink:
    """``secret`` is what makes the link; see ``path``."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    @property
    def path(self) -> str:
        """Where the link leads to, on this server."""
        return f"{DEMO_LINKS}{self._secret}"

    async def identify(self, headers: Headers, address: str | None) -> Identity | None:
        """A tester, when the cookie of the link is among ``headers``."""
        if not self._is_in(headers):
            return None
        return Identity("demo", IdentityKind.DEMO, Role.TESTER, address)

    def refusal(self, scope: Scope) -> Refusal | None:
        """Why a request is not served; None for who holds the link, and for what this machine
        asks of the sandbox: the dashboard itself does."""
        if self._is_in(Headers(scope=scope)):
            return None
        is_own = scope["path"].startswith(SANDBOX) and _is_from_this_machine(scope)
        return None if is_own else REFUSAL

    def route(self) -> Route:
        """What the link leads to: the billing page, with the cookie."""

        async def enter(request: Request) -> Response:
            if not self._is_secret(request.path_params["secret"]):
                return HTMLResponse(page(REFUSAL), 403, NO_STORE)
            answer = RedirectResponse(BILLING_PATH, 303, NO_STORE)
            is_secure = request.url.scheme == "https"
            answer.set_cookie(COOKIE, self._secret, httponly=True, samesite="lax", secure=is_secure)
            return answer

        return Route(f"{DEMO_LINKS}{{secret}}", enter)

    def _is_in(self, headers: Headers) -> bool:
        cookies = cookie_parser("; ".join(headers.getlist("cookie")))
        return self._is_secret(cookies.get(COOKIE, ""))

    def _is_secret(self, text: str) -> bool:
        return hmac.compare_digest(text.encode(), self._secret.encode())


def _is_from_this_machine(scope: Scope) -> bool:
    """Of an address of its own, as the dashboard's, which listens there."""
    client = client_address(scope)
    server = parse_ip((scope.get("server") or [""])[0])
    return client is not None and (is_loopback(client) or client == str(server))
