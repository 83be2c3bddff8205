"""What Setup has for other programs, as each role sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from billing.access.caller import acting_as
from billing.domain.access import AccessToken, AuditFilter, Identity, IdentityKind, Role
from billing.settings.model import LOCAL_SANDBOX, SECRET_KEY
from pages.services import PageServices
from tests.support.browsers.pages import open_page, press, text_of
from tests.support.servers.shop import Shop, open_shop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streamlit.testing.v1 import AppTest

SIGNED_IN = {"user_header": "X-Email", "sources": {SECRET_KEY: LOCAL_SANDBOX}}
KEY = "sk_test_of_the_tests"


@dataclass(frozen=True)
class As:
    """Whoever opens a page has this role."""

    role: Role

    @property
    def identity(self) -> Identity:
        return Identity("ann@example.com", IdentityKind.PROXY, self.role)

    async def identify(self, *_: object) -> Identity:
        return self.identity


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("programs"), SIGNED_IN) as opened:
        opened.server.portal.call(opened.services.store.ping)
        yield opened


def setup(shop: Shop, role: Role) -> AppTest:
    shop.services.access.sign_in = As(role)
    controls = f"{shop.services.settings.api_base}/_control"
    return open_page(PageServices(shop.services, shop.server.portal, controls), "setup.py")


def stored(shop: Shop) -> list[AccessToken]:
    with acting_as(shop.services.access.system):
        return shop.server.portal.call(shop.services.access.tokens.all)


def codes(page: AppTest) -> list[str]:
    return [element.value for element in page.code]


def test_an_admin_creates_a_token_that_is_shown_once_and_revokes_it(shop: Shop) -> None:
    page = press(setup(shop, Role.ADMIN), "create_token")
    page.text_input[0].set_value("ci")
    page.radio(key="token_role").set_value(Role.TESTER)
    press(page, "token_create")
    (secret,) = [one for one in codes(page) if one.startswith("bdt_")]
    assert "ci is a tester until" in text_of(page).replace("`", "")
    example = 'curl -H "Authorization: Bearer $BILLING_TOKEN" -X POST'
    assert f"{example} http://localhost:8501/api/billing/checkout" in codes(page)
    identity = shop.server.portal.call(shop.services.access.tokens.identify, secret, None)
    assert identity is not None
    assert (identity.name, identity.role) == ("ci", Role.TESTER)

    page = press(page, "token_done")
    assert secret not in [*codes(page), text_of(page)]
    (token,) = stored(shop)
    assert token.created_by == "ann@example.com"
    assert "never used" not in text_of(page)
    assert "ends in 90 days" in text_of(page)

    page = press(page, f"revoke_now_{token.id}")
    assert "revoked just now" in text_of(page)
    assert shop.server.portal.call(shop.services.access.tokens.identify, secret, None) is None
    assert [button.key for button in page.button if "revoke" in str(button.key)] == []


def test_without_a_name_nothing_is_created(shop: Shop) -> None:
    before = stored(shop)
    page = press(press(setup(shop, Role.ADMIN), "create_token"), "token_create")
    assert "A token's name has 1 to 100 characters." in text_of(page)
    assert stored(shop) == before


@pytest.mark.parametrize("role", [Role.VIEWER, Role.TESTER])
def test_others_see_why_they_may_not_and_no_list(shop: Shop, role: Role) -> None:
    page = setup(shop, role)
    create = page.button(key="create_token")
    assert create.disabled
    assert "The role admin is needed to create and revoke tokens" in create.help.replace("\\", "")
    assert "ends in" not in text_of(page)


def test_a_tester_sees_the_sandboxs_key_once_they_ask_and_that_is_audited(shop: Shop) -> None:
    page = setup(shop, Role.TESTER)
    base = f"{shop.services.settings.public_url}/sandbox"
    assert codes(page) == [base]
    assert codes(press(page, "show_key")) == [base, KEY]
    assert codes(press(page, "hide_key")) == [base]
    with acting_as(shop.services.access.system):
        wanted = AuditFilter(action="read_sandbox_key")
        found = shop.server.portal.call(shop.services.access.audit.find, wanted)
    assert [(one.identity, one.result) for one in found.entries] == [("ann@example.com", "done")]


def test_a_viewer_does_not_see_it(shop: Shop) -> None:
    page = setup(shop, Role.VIEWER)
    assert page.button(key="show_key").disabled
    assert KEY not in [*codes(page), text_of(page)]
