"""The ways to know who somebody is, without a sign-in of our own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from billing.access.roles import RoleAssignments
from billing.domain.access import ADMIN_OF_THIS_MACHINE, Identity, IdentityKind, Role

if TYPE_CHECKING:
    from starlette.datastructures import Headers

    from billing.settings.model import Settings

EMAIL_LENGTH = 200


class SignIn(Protocol):
    """One way to know who somebody is."""

    async def identify(self, headers: Headers, address: str | None) -> Identity | None:
        """Who sent a request with these ``headers`` from ``address``; None for a stranger."""


class ThisMachine:
    """Whoever reaches the server is its admin: it serves only the machine that it runs on."""

    identity = ADMIN_OF_THIS_MACHINE

    async def identify(self, _headers: Headers, _address: str | None) -> Identity | None:
        return self.identity


class Anonymous:
    """Everybody has the same role, and nobody a name."""

    def __init__(self, role: Role) -> None:
        self.identity = Identity("anonymous", IdentityKind.ANONYMOUS, role)

    async def identify(self, _headers: Headers, address: str | None) -> Identity | None:
        return Identity("anonymous", IdentityKind.ANONYMOUS, self.identity.role, address)


class ProxyHeader:
    """A proxy names the email of whoever signed in to it.

    The header has been taken from requests that come from elsewhere by now. One that came twice
    is not the proxy's.
    """

    def __init__(self, settings: Settings) -> None:
        self._header = settings.user_header or ""
        self._roles = RoleAssignments(settings)

    async def identify(self, headers: Headers, address: str | None) -> Identity | None:
        values = headers.getlist(self._header)
        email = values[0].strip()[:EMAIL_LENGTH] if len(values) == 1 else ""
        if not email:
            return None
        return Identity(email, IdentityKind.PROXY, self._roles.role_of(email), address)
