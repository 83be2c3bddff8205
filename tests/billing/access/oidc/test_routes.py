"""What happens around Streamlit's routes for signing in, whatever Streamlit answers."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr
from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from billing.access.caller import Caller, acting_as
from billing.access.oidc.cookie import USER_COOKIE
from billing.access.oidc.routes import CALLBACK, LOGIN, LOGOUT, RETURN_COOKIE, sign_in
from billing.access.service import Access
from billing.domain.access import SYSTEM, AuditFilter
from billing.settings.loading import load_settings
from billing.store import Store
from billing.timings import DEFAULT_TIMINGS

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import ASGIApp, Message

SECRET = "s" * 32
PUBLIC = "http://billing.test"
SETTINGS = {
    "BILLING_OIDC_METADATA_URL": "https://id.example.com/.well-known/openid-configuration",
    "BILLING_OIDC_CLIENT_ID": "billing",
    "BILLING_OIDC_CLIENT_SECRET": "x",
    "BILLING_COOKIE_SECRET": SECRET,
    "BILLING_ADMINS": "ann@example.com",
    "PINGPOINT_PUBLIC_URL": PUBLIC,
}
PROVIDER = "https://id.example.com/authorize"
WANTED = "/app/sessions?status=complete&q=a%26b"
CLAIMS = '{{"iss": "x", "sub": "1", "iat": 1, "email": "{email}", "is_logged_in": true}}'
TIMINGS = replace(DEFAULT_TIMINGS, sign_in_attempts=3)


def user_cookie(email: str = "ann@example.com") -> str:
    return create_signed_value(SECRET, USER_COOKIE, CLAIMS.format(email=email)).decode()


@dataclass
class Answer:
    """An HTTP answer."""

    status: int
    headers: Headers
    text: str


async def ask(app: ASGIApp, target: str, headers: dict[str, str]) -> Answer:
    path, _, query = target.partition("?")
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "client": ("192.0.2.1", 1),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
    }
    await app(scope, receive, send)
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return Answer(sent[0]["status"], Headers(raw=sent[0]["headers"]), body.decode())


class Streamlit:
    """Answers as Streamlit does, which is asked nothing else here."""

    def __init__(self, *, reaches_provider: bool = True, email: str | None = None) -> None:
        self.reaches_provider = reaches_provider
        self.email = email

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        answer: Response = RedirectResponse("/app/", 302)
        if scope["path"] == LOGIN:
            answer = (
                RedirectResponse(PROVIDER, 302)
                if self.reaches_provider
                else Response("Authentication error", 400)
            )
            answer.set_cookie("_streamlit_session", "state", path="/", httponly=True)
        if scope["path"] == CALLBACK and self.email:
            answer.delete_cookie(USER_COOKIE, path="/")
            answer.set_cookie(
                USER_COOKIE, user_cookie(self.email), path="/app", httponly=True, samesite="lax"
            )
        if scope["path"] == LOGOUT:
            answer.delete_cookie(USER_COOKIE, path="/app")
        await answer(scope, receive, send)


class Site:
    """The routes, in front of a Streamlit that answers as it is told."""

    def __init__(self, store: Store, public_url: str = PUBLIC) -> None:
        settings = load_settings(SETTINGS | {"PINGPOINT_PUBLIC_URL": public_url})
        self.access = Access(settings, store, TIMINGS)
        self.streamlit = Streamlit()
        self.app = sign_in(self.streamlit, lambda: self.access)

    def get(self, path: str, **headers: str) -> Answer:
        return asyncio.run(ask(self.app, path, {"host": "billing.test"} | headers))

    def come_back(self, email: str | None = None, **cookies: str) -> Answer:
        """The provider sends the browser back, with ``cookies``."""
        self.streamlit.email = email
        sent = "; ".join(f"{name}={value}" for name, value in cookies.items())
        return self.get(f"{CALLBACK}?code=c&state=s", **({"cookie": sent} if sent else {}))

    def status_of(self, value: str) -> bool:
        """Somebody with this cookie is signed in."""
        headers = Headers({"cookie": f"{USER_COOKIE}={value}"})
        return asyncio.run(self.access.caller(headers, None)).is_admitted

    def audit(self) -> list[tuple[str, str, str]]:
        """Who, what and how it ended, of all that was logged, the oldest first."""
        with acting_as(Caller(SYSTEM)):
            found = asyncio.run(self.access.audit.find(AuditFilter()))
        return [(one.identity, one.action, one.result) for one in reversed(found.entries)]


@pytest.fixture
def store(sqlite_url: str) -> Store:
    return Store(SecretStr(sqlite_url))


@pytest.fixture
def site(store: Store) -> Any:
    yield Site(store)
    store.close(5)


def set_cookies(answer: Answer) -> dict[str, Any]:
    """The cookies that an answer sets, with their attributes."""
    found: SimpleCookie = SimpleCookie()
    for header in answer.headers.getlist("set-cookie"):
        found.load(header)
    return dict(found)


def return_cookie(site: Site, referer: str) -> str:
    """What is remembered of the page from which somebody goes to sign in."""
    return str(set_cookies(site.get(LOGIN, referer=referer))[RETURN_COOKIE].value)


def returned_to(site: Site, referer: str) -> str:
    """Where somebody who came to sign in from there is sent in the end."""
    value = return_cookie(site, referer)
    return str(site.come_back("ann@example.com", **{RETURN_COOKIE: value}).headers["location"])


def test_one_comes_back_to_the_page_and_query_where_one_was(site: Site) -> None:
    assert site.get(LOGIN, referer=PUBLIC + WANTED).headers["location"] == PROVIDER
    assert returned_to(site, PUBLIC + WANTED) == WANTED


@pytest.mark.parametrize(
    "referer",
    [
        *("", "https://elsewhere.example/", f"{PUBLIC}//elsewhere.example/app/", "javascript:x"),
        *(f"{PUBLIC}/api/billing/checkout", PUBLIC + LOGOUT, f"{PUBLIC}/app/\\elsewhere.example"),
    ],
)
def test_no_other_address_is_returned_to(site: Site, referer: str) -> None:
    assert returned_to(site, referer) == "/app/"


def test_another_sites_address_is_a_page_of_ours_at_most(site: Site) -> None:
    assert returned_to(site, "https://elsewhere.example/app/setup?x=1") == "/app/setup?x=1"


@pytest.mark.parametrize("value", ["", "forged", '"https://elsewhere.example/"'])
def test_a_forged_address_to_return_to_counts_for_nothing(site: Site, value: str) -> None:
    answer = site.come_back("ann@example.com", **{RETURN_COOKIE: value})
    assert answer.headers["location"] == "/app/"


def test_an_address_longer_than_a_cookie_loses_its_query(site: Site) -> None:
    assert returned_to(site, f"{PUBLIC}/app/sessions?q={'x' * 5_000}") == "/app/sessions"


def test_the_login_counts_for_the_whole_site_from_here_on(site: Site) -> None:
    assert not site.status_of(user_cookie())
    cookies = set_cookies(site.come_back("ann@example.com"))
    login = cookies[USER_COOKIE]
    assert (login["path"], login["httponly"], login["samesite"]) == ("/", True, "lax")
    assert not login["secure"]
    assert cookies[RETURN_COOKIE]["max-age"] == "0"
    assert site.status_of(login.value)
    assert site.audit() == [("ann@example.com", "sign_in", "done")]


def test_behind_tls_every_cookie_is_for_tls_alone(store: Store) -> None:
    site = Site(store, "https://billing.test")
    begun = set_cookies(site.get(LOGIN, referer="https://billing.test/app/setup"))
    done = set_cookies(site.come_back("ann@example.com"))
    for cookie in (*begun.values(), *done.values()):
        assert cookie["secure"] is True, cookie.key


def test_signing_out_ends_the_row_whatever_becomes_of_the_cookie(site: Site) -> None:
    value = set_cookies(site.come_back("ann@example.com"))[USER_COOKIE].value
    answer = site.get(LOGOUT, cookie=f"{USER_COOKIE}={value}")
    login = set_cookies(answer)[USER_COOKIE]
    assert (login["path"], login["max-age"]) == ("/", "0")
    assert not site.status_of(value)
    assert site.audit()[-1] == ("ann@example.com", "sign_out", "done")


def test_back_from_signing_out_at_the_provider_nothing_has_failed(site: Site) -> None:
    answer = site.get(CALLBACK)
    assert (answer.status, answer.headers["location"]) == (302, "/app/")
    assert set_cookies(answer) == {}
    assert site.audit() == []


def test_a_link_on_another_site_signs_nobody_out(site: Site) -> None:
    value = set_cookies(site.come_back("ann@example.com"))[USER_COOKIE].value
    sent = {"cookie": f"{USER_COOKIE}={value}", "sec-fetch-site": "cross-site"}
    answer = site.get(LOGOUT, **sent)
    assert (answer.status, answer.headers["location"]) == (302, "/app/")
    assert set_cookies(answer) == {}
    assert site.status_of(value)


def test_who_is_signed_in_by_nobody_goes_back_and_reads_why(site: Site) -> None:
    value = return_cookie(site, PUBLIC + WANTED)
    answer = site.come_back(None, **{RETURN_COOKIE: value})
    assert answer.headers["location"] == WANTED
    assert set_cookies(answer)["sign_in_failed"].value == "1"
    assert site.audit() == [("stranger", "sign_in", "refused")]


def test_a_provider_that_cannot_be_reached_is_no_dead_end(site: Site) -> None:
    site.streamlit.reaches_provider = False
    answer = site.get(LOGIN, referer=PUBLIC + WANTED)
    assert (answer.status, answer.headers["location"]) == (302, WANTED)
    assert set_cookies(answer)["sign_in_failed"].value == "1"


def test_whom_no_role_fits_is_in_the_audit_log_as_refused(site: Site) -> None:
    site.come_back("eve@elsewhere.example")
    assert site.audit() == [("eve@elsewhere.example", "sign_in", "refused")]


def test_a_sign_in_that_cannot_be_stored_is_none(site: Site, tmp_path: Path) -> None:
    nowhere = Store(SecretStr(f"sqlite:///{tmp_path}/no/such/folder\0.sqlite3"))
    site.access.oidc = Access(load_settings(SETTINGS), nowhere, TIMINGS).oidc
    answer = site.come_back("ann@example.com")
    assert set_cookies(answer)["sign_in_failed"].value == "1"


def test_too_many_attempts_from_an_address_have_to_wait(site: Site) -> None:
    for _ in range(TIMINGS.sign_in_attempts):
        assert site.get(LOGIN).status == 302
    refused = site.get(LOGIN)
    assert refused.status == 429
    assert 0 < int(refused.headers["retry-after"]) <= TIMINGS.sign_in_attempts_seconds
    assert "Try again in" in refused.text


def test_elsewhere_pages_are_sent_to_where_people_sign_in(site: Site) -> None:
    answer = site.get("/app/billing?x=1", host="dashboard", accept="text/html")
    assert answer.headers["location"] == f"{PUBLIC}/app/billing?x=1"
