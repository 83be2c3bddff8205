"""What happens around Streamlit's routes by which people sign in and out.

Streamlit talks to the provider and sets its cookie. Here the sign-in becomes a row of ours, the
cookie reaches our own routes too, and the browser returns to where it was.
"""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse

from billing.access.oidc.cookie import is_user_cookie
from billing.domain.access import AuditResult
from billing.errors import BillingError
from billing.http.guards.public_host import PublicHost
from billing.http.guards.trusted_proxies import client_address
from billing.http.set_cookie import cookies_set, widened
from billing.urls import web_url

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from billing.access.oidc.way import Oidc
    from billing.access.service import Access

log = logging.getLogger(__name__)

PAGES = "/app/"
LOGIN = "/app/auth/login"
LOGOUT = "/app/auth/logout"
CALLBACK = "/app/oauth2callback"
ROUTES = (LOGIN, LOGOUT, CALLBACK)
ANSWERS = frozenset((b"code", b"error", b"state"))  # what a provider sends after a sign-in

RETURN_COOKIE = "sign_in_return"
RETURN_SECONDS = 900  # to sign in at the provider
RETURN_LENGTH = 2_000
FAILED_COOKIE = "sign_in_failed"
FAILED_SECONDS = 60


def sign_in(app: ASGIApp, access: Callable[[], Access]) -> ASGIApp:
    """Goes around Streamlit: pages at the public URL alone, and its routes as said above, where
    people sign in by OIDC. ``access`` is asked at each request: it is there once the server runs.
    """

    def public_url() -> str | None:
        oidc = access().oidc
        return oidc.public_url if oidc else None

    return PublicHost(SignInRoutes(app, access), public_url)


class SignInRoutes:
    """Goes around Streamlit's routes where people sign in by OIDC."""

    def __init__(self, app: ASGIApp, access: Callable[[], Access]) -> None:
        self._app = app
        self._access = access

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http" and scope["path"] in ROUTES:
            access = self._access()
            if access.oidc is not None:
                return _Exchange(access, access.oidc, scope, send).run(self._app, receive)
        return self._app(scope, receive, send)


class _Exchange:
    """One request to one of these routes, and its answer."""

    def __init__(self, access: Access, oidc: Oidc, scope: Scope, send: Send) -> None:
        self._access = access
        self._oidc = oidc
        self._scope = scope
        self._send = send
        self._headers = Headers(scope=scope)
        self._address = client_address(scope)
        self._is_secure = (oidc.public_url or "").startswith("https:")
        self._signer = URLSafeTimedSerializer(
            oidc.cookie_secret.get_secret_value(), salt=RETURN_COOKIE
        )

    async def run(self, app: ASGIApp, receive: Receive) -> None:
        path = self._scope["path"]
        if answer := self._own_answer(path):
            await answer(self._scope, receive, self._send)
            return
        if path == LOGIN:
            self._access.attempts.count(self._address)
        if path == LOGOUT:
            await self._end()
        finish = {LOGIN: self._begun, LOGOUT: self._ended, CALLBACK: self._returned}[path]

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                await finish(message)
            await self._send(message)

        await app(self._scope, receive, send)

    def _own_answer(self, path: str) -> Response | None:
        """What Streamlit is not asked."""
        if path == LOGIN and (wait := self._access.attempts.retry_after(self._address)):
            refusal = f"Too many attempts to sign in. Try again in {math.ceil(wait)} seconds."
            return PlainTextResponse(refusal, 429, {"Retry-After": str(math.ceil(wait))})
        if path == LOGOUT and self._headers.get("sec-fetch-site") == "cross-site":
            return RedirectResponse(PAGES, 302)  # another site's link signs nobody out
        asked = (one.partition(b"=")[0] for one in self._scope["query_string"].split(b"&"))
        if path == CALLBACK and ANSWERS.isdisjoint(asked):
            return RedirectResponse(PAGES, 302)  # back from signing out at the provider
        return None

    async def _end(self) -> None:
        try:
            caller = await self._access.caller(self._headers, self._address)
            await self._oidc.end(self._headers)
        except BillingError:  # the browser loses its cookie all the same
            log.exception("A sign-in could not be ended in the database")
        else:
            if caller.identity:
                caller.record("sign_out", "")

    async def _begun(self, message: Message) -> None:
        """Streamlit sends the browser to the provider, or could not reach that."""
        answer = self._widen(message)
        if message["status"] >= 400:
            self._redirect(message, self._page_before())
            self._set_cookie(answer, FAILED_COOKIE, "1", FAILED_SECONDS)
            return
        value = self._signer.dumps(self._page_before())
        self._set_cookie(answer, RETURN_COOKIE, str(value), RETURN_SECONDS)
        self._set_cookie(answer, FAILED_COOKIE, "", 0)

    async def _returned(self, message: Message) -> None:
        """The provider has sent the browser back after a sign-in, or after refusing it."""
        is_signed_in = await self._start(self._widen(message))
        if not is_signed_in:
            self._access.attempts.count(self._address)
        self._redirect(message, self._page_to_return_to())
        answer = MutableHeaders(raw=message["headers"])
        self._set_cookie(answer, RETURN_COOKIE, "", 0)
        if not is_signed_in:
            self._set_cookie(answer, FAILED_COOKIE, "1", FAILED_SECONDS)

    async def _ended(self, message: Message) -> None:
        """Streamlit takes its cookies back."""
        self._widen(message)

    async def _start(self, answer: MutableHeaders) -> bool:
        """Begin the sign-in that Streamlit has just written into its cookie."""
        try:
            cookies = cookies_set(answer.getlist("set-cookie"))
            identity = await self._oidc.start(cookies, self._address)
        except BillingError:  # the database; without a row the cookie counts for nothing
            log.exception("A sign-in could not be stored")
            return False
        caller = self._access.caller_as(identity, self._address)
        if identity is None:
            caller.record("sign_in", "", AuditResult.REFUSED, "The provider signed nobody in.")
        elif identity.role is None:
            caller.record("sign_in", "", AuditResult.REFUSED, f"{identity.name} has no role.")
        else:
            caller.record("sign_in", "")
        return identity is not None

    def _widen(self, message: Message) -> MutableHeaders:
        """The answer's headers, with Streamlit's cookies for the whole site."""
        headers = message["headers"] = list(message.get("headers", ()))
        answer = MutableHeaders(raw=headers)
        cookies = widened(
            answer.getlist("set-cookie"), at_root=is_user_cookie, is_secure=self._is_secure
        )
        del answer["set-cookie"]
        for cookie in cookies:
            answer.append("set-cookie", cookie)
        return answer

    def _redirect(self, message: Message, path: str) -> None:
        answer = MutableHeaders(raw=message["headers"])
        answer["location"] = path
        message["status"] = 302

    def _page_before(self) -> str:
        """The page of ours that the browser was on, by its own word: path and query."""
        page = urlsplit(web_url(self._headers.get("referer", "")) or "")
        if not page.path.startswith(PAGES) or page.path in ROUTES:
            return PAGES
        address = f"{page.path}?{page.query}" if page.query else page.path
        return address if len(address) <= RETURN_LENGTH else page.path[:RETURN_LENGTH]

    def _page_to_return_to(self) -> str:
        cookies = cookie_parser(self._headers.get("cookie", ""))
        try:
            page = self._signer.loads(cookies.get(RETURN_COOKIE, ""), max_age=RETURN_SECONDS)
        except BadSignature:
            return PAGES
        return str(page)

    def _set_cookie(self, answer: MutableHeaders, name: str, value: str, seconds: int) -> None:
        secure = "; Secure" if self._is_secure else ""
        attributes = f"Path={PAGES.rstrip('/')}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"
        answer.append("set-cookie", f"{name}={value}; {attributes}")
