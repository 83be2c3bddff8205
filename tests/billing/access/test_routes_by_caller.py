"""What the routes say where people sign in at a proxy: to strangers, wrong tokens, other sites.

Who may ask which of them: ``tests/access``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import requests
from sqlalchemy import update

from billing.access.caller import acting_as
from billing.domain.access import AuditFilter, AuditResult, Role
from billing.errors import StoreFailure
from billing.http.attempts import AttemptLimit
from billing.store.tables import access_tokens
from tests.support.servers.shop import Shop, open_shop
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from billing.store import Connection

SIGNED_IN = {
    "user_header": "X-Email",
    "admins": ("ann@example.com",),
    "testers": ("bob@example.com",),
    "viewers": ("eve@example.com",),
}
ADMIN, TESTER, VIEWER = ({"X-Email": f"{name}@example.com"} for name in ("ann", "bob", "eve"))
NO_ROLE = {"X-Email": "mallory@example.com"}
CHECKOUT = "/api/billing/checkout"
CREDITS = "/api/billing/extra-credits"
ENTITLEMENTS = "/api/billing/entitlements?email=a@example.com"
HEALTH, READY, METRICS = "/api/billing/health", "/api/billing/ready", "/metrics"
# What each answers to one who may.
SELLING = {("POST", CHECKOUT): 200, ("GET", CHECKOUT): 303, ("POST", CREDITS): 200}
READING = {("GET", ENTITLEMENTS): 200, ("GET", METRICS): 200}
EVERYTHING = SELLING | READING
FOLLOWED = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
ANSWERS_WITHIN = 30.0


@dataclass(frozen=True)
class Token:
    id: str
    secret: str

    @property
    def header(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("signed_in")
    with open_shop(folder, SIGNED_IN, token_max_age_seconds=0.0) as opened:
        wait_for(lambda: ask(opened, "GET", READY).ok, "a copy in step")
        yield opened


@pytest.fixture(autouse=True)
def no_attempt_was_made_yet(shop: Shop) -> None:
    limit(shop, 100)


def limit(shop: Shop, attempts: int) -> None:
    shop.services.access.attempts = AttemptLimit(attempts, 60.0)


def create(shop: Shop, role: Role) -> Token:
    tokens = shop.services.access.tokens
    with acting_as(shop.services.access.system):
        created = shop.server.portal.call(tokens.create, f"{role}-program", role)
    return Token(created.token.id, created.secret.get_secret_value())


def revoke(shop: Shop, token: Token) -> Token:
    with acting_as(shop.services.access.system):
        shop.server.portal.call(shop.services.access.tokens.revoke, token.id)
    return token


def expire(shop: Shop, token: Token) -> Token:
    def write(connection: Connection) -> None:
        past = update(access_tokens).where(access_tokens.c.id == token.id).values(expires_at=1.0)
        connection.execute(past)

    shop.server.portal.call(shop.services.store.write, write)
    return token


def ask(
    shop: Shop, method: str, path: str, headers: dict[str, str] | None = None
) -> requests.Response:
    url = f"{shop.url}{path}"
    return requests.request(
        method, url, headers=headers, allow_redirects=False, timeout=ANSWERS_WITHIN
    )


def statuses(shop: Shop, headers: dict[str, str]) -> dict[tuple[str, str], int]:
    return {route: ask(shop, *route, headers).status_code for route in EVERYTHING}


def audited(shop: Shop, wanted: AuditFilter) -> list[tuple[str, str, str]]:
    with acting_as(shop.services.access.system):
        found = shop.server.portal.call(shop.services.access.audit.find, wanted)
    return [(entry.identity, entry.action, entry.result) for entry in found.entries]


def test_a_stranger_is_401_everywhere_and_somebody_without_a_role_403(shop: Shop) -> None:
    assert statuses(shop, {}) == dict.fromkeys(EVERYTHING, 401)
    assert statuses(shop, NO_ROLE) == dict.fromkeys(EVERYTHING, 403)
    answer = ask(shop, "GET", METRICS)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["reason"] == "Sign in, or send a token."


def test_a_token_that_is_over_is_401_whoever_sends_it_and_that_is_audited(shop: Shop) -> None:
    unknown = Token("", f"bdt_{'x' * 43}")
    for token in (
        revoke(shop, create(shop, Role.ADMIN)),
        expire(shop, create(shop, Role.ADMIN)),
        unknown,
    ):
        assert statuses(shop, token.header) == dict.fromkeys(EVERYTHING, 401)
        assert ask(shop, "GET", ENTITLEMENTS, ADMIN | token.header).status_code == 401
        assert token.secret not in ask(shop, "GET", ENTITLEMENTS, token.header).text
    refused = AuditFilter(action="sign_in", result=AuditResult.REFUSED)
    assert ("stranger", "sign_in", "refused") in audited(shop, refused)


def test_what_is_sold_is_made_by_the_person_or_the_program(shop: Shop) -> None:
    for headers, name in (
        (TESTER, "bob@example.com"),
        (create(shop, Role.TESTER).header, "tester-program"),
    ):
        made = ask(shop, "POST", CHECKOUT, headers).json()["id"]
        session = shop.stripe.v1.checkout.sessions.retrieve(made)
        assert session.metadata is not None
        assert session.metadata["made_by"] == name
        assert (name, "sell", "done") in audited(shop, AuditFilter(object_id=made))


@pytest.mark.parametrize("path", [HEALTH, READY])
def test_health_says_to_a_stranger_whether_all_is_well_and_no_more(shop: Shop, path: str) -> None:
    revoked = revoke(shop, create(shop, Role.ADMIN))
    for headers in ({}, NO_ROLE, revoked.header):
        answer = ask(shop, "GET", path, headers)
        assert answer.status_code == 200
        assert list(answer.json()) == ["status"]
    for headers in (VIEWER, create(shop, Role.VIEWER).header):
        assert ask(shop, "GET", path, headers).json()["database"] == "sqlite"


def test_why_it_is_not_well_is_said_to_who_may_see_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail() -> None:
        raise StoreFailure("The database is full.", "Free disk space.")

    monkeypatch.setattr(shop.services.health, "database", fail)
    for path in (HEALTH, READY):
        stranger, viewer = ask(shop, "GET", path), ask(shop, "GET", path, VIEWER)
        assert (stranger.status_code, stranger.json()) == (503, {"status": "unavailable"})
        assert (viewer.status_code, viewer.json()["reason"]) == (503, "Free disk space.")


def test_metrics_can_be_read_by_a_known_token_while_the_database_is_down(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, unseen = create(shop, Role.VIEWER), create(shop, Role.VIEWER)
    assert ask(shop, "GET", METRICS, known.header).status_code == 200

    async def fail(*_: object, **__: object) -> None:
        raise StoreFailure("The database does not answer.", "")

    monkeypatch.setattr(shop.services.store, "read", fail)
    assert ask(shop, "GET", METRICS, known.header).status_code == 200
    assert ask(shop, "GET", METRICS, unseen.header).status_code == 503


def test_after_many_wrong_tokens_an_address_has_to_wait_and_a_known_token_has_not(
    shop: Shop,
) -> None:
    known, wrong = create(shop, Role.VIEWER), {"Authorization": "Bearer bdt_guess"}
    assert ask(shop, "GET", ENTITLEMENTS, known.header).status_code == 200
    limit(shop, 2)
    found = [ask(shop, "GET", ENTITLEMENTS, wrong) for _ in range(3)]
    assert [answer.status_code for answer in found] == [401, 401, 429]
    assert 0 < int(found[-1].headers["retry-after"]) <= 60
    assert "Try again in" in found[-1].json()["error"]
    assert ask(shop, "GET", ENTITLEMENTS, create(shop, Role.VIEWER).header).status_code == 429
    for headers in (known.header, VIEWER):
        assert ask(shop, "GET", ENTITLEMENTS, headers).status_code == 200
    # Health answers all the same, as to a stranger.
    assert ask(shop, "GET", HEALTH, wrong).json() == {"status": "ok"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"},
        {"Sec-Fetch-Site": "cross-site", **FOLLOWED},
    ],
)
@pytest.mark.parametrize(("method", "path"), SELLING)
def test_a_page_of_another_site_cannot_create_a_session_in_a_persons_name(
    shop: Shop, method: str, path: str, headers: dict[str, str]
) -> None:
    before = sessions(shop)
    answer = ask(shop, method, path, TESTER | headers)
    # Who follows a link sends no Origin; a program that sends one gets what a preview gets.
    is_preview = method == "GET" and "Origin" in headers
    assert answer.status_code == (200 if is_preview else 403)
    assert sessions(shop) == before


@pytest.mark.parametrize("site", ["none", "same-origin"])
def test_a_person_may_follow_the_link_from_our_pages_and_from_the_address_bar(
    shop: Shop, site: str
) -> None:
    headers = TESTER | {"Sec-Fetch-Site": site, **FOLLOWED}
    assert ask(shop, "GET", CHECKOUT, headers).status_code == 303


def sessions(shop: Shop) -> list[str]:
    return [one.id for one in shop.stripe.v1.checkout.sessions.list({"limit": 100}).data]


def test_a_link_that_a_stranger_follows_leads_to_where_one_signs_in(shop: Shop) -> None:
    answer = requests.get(
        f"{shop.url}{CHECKOUT}", headers=FOLLOWED, allow_redirects=False, timeout=ANSWERS_WITHIN
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/app/billing")
