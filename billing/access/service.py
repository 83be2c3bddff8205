"""Who is calling: by the way to sign in that is set, or by a token."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING

from billing.access.audit import AuditLog
from billing.access.caller import Caller
from billing.access.mode import AccessMode, access_mode
from billing.access.oidc.way import Oidc
from billing.access.roles import RoleAssignments
from billing.access.sandbox_key import SandboxKey
from billing.access.tokens import Tokens
from billing.access.ways import Anonymous, ProxyHeader, SignIn, ThisMachine
from billing.domain.access import SYSTEM, AuditResult, Identity, IdentityKind, Role
from billing.errors import NotSignedIn, TooManyAttempts
from billing.http.attempts import AttemptLimit
from billing.safe_text import TOKEN_PREFIX
from billing.timings import DEFAULT_TIMINGS

if TYPE_CHECKING:
    from starlette.datastructures import Headers

    from billing.settings.model import Settings
    from billing.store import Store
    from billing.timings import Timings

BEARER = "bearer"


class Access:
    """``mode`` is how people sign in here, ``sign_in`` what does it."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        timings: Timings = DEFAULT_TIMINGS,
        *,
        sign_in: SignIn | None = None,
    ) -> None:
        self.mode = access_mode(settings)
        self.roles = RoleAssignments(settings)
        self.audit = AuditLog(store, timings)
        self.tokens = Tokens(store, timings)
        self.sandbox_key = SandboxKey(settings)
        self.sign_in = sign_in or _way(self.mode, settings, store, timings)
        self.oidc = self.sign_in if isinstance(self.sign_in, Oidc) else None
        self.attempts = AttemptLimit(timings.sign_in_attempts, timings.sign_in_attempts_seconds)

    async def caller(self, headers: Headers, address: str | None) -> Caller:
        """Who sent a request with these ``headers``: a person, or nobody who is known. Raises
        ``StoreFailure`` where that has to be looked up."""
        return self.caller_as(await self.sign_in.identify(headers, address), address)

    async def program_or_person(self, headers: Headers, address: str | None) -> Caller:
        """The same for a route, where a program may have sent a token. Raises ``NotSignedIn`` for
        a token that is not valid, whoever else would be known, and ``TooManyAttempts`` after many
        of them."""
        token = _bearer_token(headers)
        if not token.startswith(TOKEN_PREFIX):
            # What a proxy sends of its own says nothing here.
            identity = await self.sign_in.identify(headers, address)
        else:
            if not self.tokens.is_remembered(token):
                self._limit_attempts(address)
            identity = await self.tokens.identify(token, address)
        caller = self.caller_as(identity, address)
        if token and identity is None:
            self._limit_attempts(address)
            self.attempts.count(address)
            caller.record("sign_in", "", AuditResult.REFUSED, "The token is not valid.")
            raise NotSignedIn("The token is not valid, or its time is over: create another.")
        return caller

    def _limit_attempts(self, address: str | None) -> None:
        if wait := self.attempts.retry_after(address):
            raise TooManyAttempts(wait)

    @property
    def serves_everybody(self) -> bool:
        """Nobody has to say who they are."""
        return isinstance(self.sign_in, (ThisMachine, Anonymous))

    def caller_as(self, identity: Identity | None, address: str | None = None) -> Caller:
        """``identity`` as a caller whose doings are logged."""
        return Caller(identity, self.audit, address)

    @property
    def system(self) -> Caller:
        """The server itself, whose work in the background is nobody's doing."""
        return Caller(SYSTEM)

    def command(self) -> Caller:
        """Whoever runs a command in a shell on this server."""
        return self.caller_as(Identity(_shell_user(), IdentityKind.COMMAND, Role.ADMIN))


def _bearer_token(headers: Headers) -> str:
    """What the ``Authorization`` header brings by the scheme Bearer; empty where it does not."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == BEARER else ""


def _shell_user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container may not know its user
        return "command"


def _way(mode: AccessMode, settings: Settings, store: Store, timings: Timings) -> SignIn:
    if mode is AccessMode.OIDC:
        return Oidc(settings, store, timings)
    if mode is AccessMode.PROXY:
        return ProxyHeader(settings)
    if mode is AccessMode.ANONYMOUS and settings.allow_anonymous:
        return Anonymous(settings.allow_anonymous)
    return ThisMachine()
