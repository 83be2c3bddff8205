"""Every route, asked by everybody who may come: strangers, people and tokens of each role."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from unittest.mock import Mock

import pytest
import requests

from billing.access.caller import Caller, acting_as
from billing.domain.access import ADMIN_OF_THIS_MACHINE, Role
from billing.routes import routes
from tests.access.allowed import ROUTES
from tests.support.servers.billing_server import billing_server
from tests.support.servers.shop import connected_shop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.servers.billing_server import BillingServer

HEADER = "X-Auth-Email"
PEOPLE = {role: f"{role}@example.com" for role in Role}


@dataclass(frozen=True)
class Asker:
    """Who sends these ``headers`` and has this ``role``; ``is_known`` says whether it is somebody
    at all."""

    name: str
    headers: dict[str, str]
    role: Role | None = None
    is_known: bool = True


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BillingServer]:
    with connected_shop(tmp_path_factory.mktemp("shop")) as shop:
        settings = replace(
            shop.services.settings,
            user_header=HEADER,
            admins=(PEOPLE[Role.ADMIN],),
            testers=(PEOPLE[Role.TESTER],),
            viewers=(PEOPLE[Role.VIEWER],),
        )
        with billing_server(settings) as running:
            yield running


@pytest.fixture(scope="module")
def askers(server: BillingServer) -> list[Asker]:
    tokens = server.services.access.tokens

    async def secret(role: Role) -> str:
        with acting_as(Caller(ADMIN_OF_THIS_MACHINE)):
            return (await tokens.create(f"a {role}'s", role)).secret.get_secret_value()

    bearer = {role: f"Bearer {server.portal.call(secret, role)}" for role in Role}
    return [
        Asker("a stranger", {}, is_known=False),
        Asker("a wrong token", {"Authorization": f"{bearer[Role.ADMIN]}x"}, is_known=False),
        Asker("without a role", {HEADER: "eve@example.com"}),
        *(Asker(f"a {role}", {HEADER: email}, role) for role, email in PEOPLE.items()),
        *(Asker(f"a {role}'s token", {"Authorization": bearer[role]}, role) for role in Role),
    ]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_route_answers_whom_its_permission_names_and_nobody_else(
    server: BillingServer, askers: list[Asker], method: str, path: str
) -> None:
    permission = ROUTES[method, path]
    query = "?email=a@example.com" if "entitlements" in path else ""
    for asker in askers:
        answer = requests.request(
            method,
            f"{server.url}{path}{query}",
            headers=asker.headers,
            timeout=30,
            allow_redirects=False,
        )
        if permission is None or (asker.role and asker.role.covers(permission.role)):
            assert answer.status_code not in (401, 403), asker.name
            assert answer.status_code < 500, asker.name
        else:
            assert answer.status_code == (403 if asker.is_known else 401), asker.name
            assert set(answer.json()) <= {"error", "reason"}, asker.name


def test_of_health_only_who_may_see_it_learns_more_than_whether_all_is_well(
    server: BillingServer, askers: list[Asker]
) -> None:
    for asker in askers:
        url = f"{server.url}/api/billing/health"
        told = requests.get(url, headers=asker.headers, timeout=30).json()
        assert (set(told) == {"status"}) is (asker.role is None), asker.name


def test_no_route_is_left_out() -> None:
    found = {
        (method, route.path)
        for route in routes(Mock())
        if "{" not in route.path  # the one that answers 404
        for method in set(route.methods or ()) - {"HEAD"}
    }
    assert found == set(ROUTES)
