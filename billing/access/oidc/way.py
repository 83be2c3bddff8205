"""People who sign in at an OIDC provider, by Streamlit's ``st.login``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import cookie_parser

from billing.access.oidc.cookie import LoginCookie
from billing.access.oidc.sign_ins import SignIns
from billing.access.roles import RoleAssignments
from billing.domain.access import Identity, IdentityKind
from billing.settings.model import COOKIE_SECRET
from billing.timings import DEFAULT_TIMINGS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import SecretStr

    from billing.domain.login import Login
    from billing.settings.model import Settings
    from billing.store import Store
    from billing.timings import Timings


class Oidc:
    """``public_url`` is where people sign in. Every coroutine raises ``StoreFailure`` where the
    database does not answer."""

    def __init__(
        self, settings: Settings, store: Store, timings: Timings = DEFAULT_TIMINGS
    ) -> None:
        self.public_url = settings.public_url
        self.cookie_secret: SecretStr = settings.require(COOKIE_SECRET, settings.cookie_secret)
        self._cookie = LoginCookie(self.cookie_secret)
        self._sign_ins = SignIns(store, timings)
        self._roles = RoleAssignments(settings)

    async def identify(self, headers: Mapping[str, str], address: str | None) -> Identity | None:
        """Who sent a request with these ``headers``; None when nobody is signed in any more."""
        login = self._login(headers)
        if login is None or not await self._sign_ins.is_valid(login):
            return None
        return self._identity(login, address)

    async def start(self, cookies: Mapping[str, str], address: str | None) -> Identity | None:
        """Begin the sign-in that Streamlit has just put into these cookies; None when it has
        not."""
        login = self._cookie.login(cookies)
        if login is None:
            return None
        await self._sign_ins.start(login, address)
        return self._identity(login, address)

    async def mark_used(self, headers: Mapping[str, str]) -> None:
        """Whoever sent these headers has just done something: their sign-in is not idle."""
        if login := self._login(headers):
            await self._sign_ins.mark_used(login)

    async def end(self, headers: Mapping[str, str]) -> None:
        """Sign out whoever sent these headers."""
        if login := self._login(headers):
            await self._sign_ins.end(login)

    async def end_everywhere(self, headers: Mapping[str, str]) -> int:
        """The same in each of their browsers; how many sign-ins that ended."""
        login = self._login(headers)
        return await self._sign_ins.end_everywhere(login) if login else 0

    def _login(self, headers: Mapping[str, str]) -> Login | None:
        return self._cookie.login(cookie_parser(headers.get("cookie", "")))

    def _identity(self, login: Login, address: str | None) -> Identity:
        role = self._roles.role_of(login.email, login.groups)
        return Identity(login.name, IdentityKind.OIDC, role, address)
