"""What somebody sees who may not enter, and who is signed in, through AppTest."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from billing.access.mode import AccessMode
from billing.access.roles import RoleAssignments
from billing.domain.access import Identity, IdentityKind, Role
from billing.errors import StoreFailure
from billing.settings.loading import load_settings
from tests.support.browsers.pages import HOSTILE, open_page, run, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.datastructures import Headers

    from tests.support.servers.shop import Shop


class Somebody:
    """A way to sign in that knows who it is."""

    def __init__(self, name: str, role: Role | None) -> None:
        self.found: Identity | None = Identity(name, IdentityKind.PROXY, role)
        self.lost = False

    async def identify(self, _headers: Headers, _address: str | None) -> Identity | None:
        if self.lost:
            raise StoreFailure("The database does not answer.", "Try again in a minute.")
        return self.found


@contextmanager
def opened_by(shop: Shop, somebody: Somebody, **members: str) -> Iterator[None]:
    """The shop, which ``somebody`` opens through a proxy."""
    access = shop.services.access
    before = access.sign_in, access.mode, access.roles
    access.sign_in, access.mode = somebody, AccessMode.PROXY
    access.roles = RoleAssignments(load_settings(members))
    yield
    access.sign_in, access.mode, access.roles = before


def test_whom_no_role_fits_reads_who_they_are_and_whom_to_ask_and_nothing_else(
    shop: Shop,
) -> None:
    with opened_by(shop, Somebody(HOSTILE, None), BILLING_ADMINS="ann@example.com,@x.test"):
        page = open_page(shop.server)
    assert HOSTILE.replace("  ", " ") in text_of(page)
    assert "who may not use this dashboard" in text_of(page)
    assert "Ask ann@example.com." in text_of(page)
    assert not page.button


def test_without_an_admins_email_the_settings_are_named(shop: Shop) -> None:
    with opened_by(shop, Somebody("eve@example.com", None), BILLING_ADMINS="group:payments"):
        page = open_page(shop.server)
    assert "BILLING_ADMINS" in text_of(page)


def test_whom_the_proxy_does_not_name_reads_so(shop: Shop) -> None:
    nobody = Somebody("", None)
    nobody.found = None
    with opened_by(shop, nobody):
        page = open_page(shop.server)
    assert "has not said who you are" in text_of(page)
    assert not page.button


@pytest.mark.parametrize("role", Role)
def test_who_is_signed_in_reads_with_which_role(shop: Shop, role: Role) -> None:
    with opened_by(shop, Somebody("ann.b-c+d_e@example.com", role)):
        page = open_page(shop.server)
    assert "You can" in text_of(page)
    assert role.capitalize() in text_of(page)
    assert not [one for one in page.button if one.label.startswith("Sign out")]  # at the proxy


def test_where_nobody_signs_in_nobody_is_named(shop: Shop) -> None:
    assert "You can" not in text_of(open_page(shop.server))


def test_a_page_that_is_open_makes_way_when_its_person_is_signed_out(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.services.CALLER_SECONDS", -1.0)
    somebody = Somebody("ann@example.com", Role.ADMIN)
    with opened_by(shop, somebody):
        page = open_page(shop.server)
        assert page.button
        somebody.found = None
        run(page)
    assert not page.button
    assert "has not said who you are" in text_of(page)


def test_while_the_database_does_not_say_who_it_is_nothing_is_shown(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.services.CALLER_SECONDS", -1.0)
    somebody = Somebody("ann@example.com", Role.ADMIN)
    with opened_by(shop, somebody):
        page = open_page(shop.server)
        somebody.lost = True
        run(page)
        assert "The database does not answer." in text_of(page)
        assert not page.button
        somebody.lost = False
        run(page)
    assert page.button
