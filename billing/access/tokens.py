"""Tokens by which programs sign in to the routes: named, with a role and an end."""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pydantic import SecretStr

from billing.access.caller import current_identity, requires
from billing.access.remembered import Remembered
from billing.domain.access import AccessToken, Identity, IdentityKind, Permission, Role
from billing.domain.durations import DAY, MINUTE
from billing.errors import InvalidInput, StoreFailure
from billing.safe_text import TOKEN_PREFIX
from billing.store.access import tokens
from billing.timings import DEFAULT_TIMINGS

if TYPE_CHECKING:
    from collections.abc import Callable

    from billing.store import Store
    from billing.timings import Timings

NAME_LENGTH = 100
MOST_DAYS = 3_650
DEFAULT_DAYS = 90


@dataclass(frozen=True)
class CreatedToken:
    """A token as it is shown once: ``secret`` is what goes behind ``Authorization: Bearer``."""

    token: AccessToken
    secret: SecretStr


class Tokens:
    """Only digests of tokens are stored. A revoked one is refused within
    ``token_max_age_seconds``, by every process."""

    def __init__(
        self,
        store: Store,
        timings: Timings = DEFAULT_TIMINGS,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._clock = clock
        self._remembered = Remembered[AccessToken](timings.token_max_age_seconds)

    @requires(Permission.MANAGE_TOKENS, reads=True)
    async def all(self) -> list[AccessToken]:
        """Every token that was created, the newest first. Raises ``StoreFailure``."""
        return await self._store.read(tokens.every)

    @requires(Permission.MANAGE_TOKENS, on="name")
    async def create(self, name: str, role: Role, days: int | None = DEFAULT_DAYS) -> CreatedToken:
        """A new token that ends after ``days``, None for never.

        Raises ``InvalidInput`` for a name or a number of days that cannot be, and
        ``StoreFailure``.
        """
        name = name.strip()
        if not name or len(name) > NAME_LENGTH or not name.isprintable():
            raise InvalidInput(
                f"A token's name has 1 to {NAME_LENGTH} characters.",
                "Name it after the program that uses it, such as ci.",
            )
        if days is not None and not 1 <= days <= MOST_DAYS:
            raise InvalidInput(f"A token ends after 1 to {MOST_DAYS} days, or never.")
        secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
        now, creator = self._clock(), current_identity()
        token = AccessToken(
            id=secrets.token_hex(6),
            name=name,
            role=role,
            created_at=now,
            created_by=creator.name if creator else "",
            expires_at=None if days is None else now + days * DAY,
        )
        await self._store.write(partial(tokens.add, token=token, digest=_digest(secret)))
        return CreatedToken(token, SecretStr(secret))

    @requires(Permission.MANAGE_TOKENS, on="token_id")
    async def revoke(self, token_id: str) -> None:
        """From now on the token is refused. Raises ``InvalidInput`` when there is none that could
        be revoked, and ``StoreFailure``."""
        revoked = await self._store.write(
            partial(tokens.revoke, token_id=token_id, at=self._clock())
        )
        self._remembered.clear()
        if not revoked:
            raise InvalidInput(f"There is no token {token_id}, or it is revoked already.")

    async def identify(self, secret: str, address: str | None) -> Identity | None:
        """Whose ``secret`` this is; None when it is nobody's, or its time is over.

        While the database does not answer, what it said last holds, so that metrics can be read;
        raises ``StoreFailure`` for a token that was not seen before.
        """
        if not secret.startswith(TOKEN_PREFIX):
            return None
        digest, now = _digest(secret), self._clock()
        token = self._remembered.get(digest)
        if not self._remembered.is_fresh(digest, now):
            try:
                token = await self._read(digest, now)
            except StoreFailure:
                if token is None:
                    raise
        if token is None or not token.is_valid(now):
            return None
        return Identity(token.name, IdentityKind.TOKEN, token.role, address)

    def is_remembered(self, secret: str) -> bool:
        """``secret`` was a token when it was last looked up here, lately."""
        return self._remembered.get(_digest(secret)) is not None

    async def _read(self, digest: str, now: float) -> AccessToken | None:
        token = await self._store.read(partial(tokens.by_digest, digest=digest))
        self._remembered.put(digest, token, now)
        if token and now - (token.used_at or 0.0) >= MINUTE:
            await self._store.write(partial(tokens.mark_used, token_id=token.id, at=now))
        return token


def _digest(secret: str) -> str:
    """A token is random and long: it needs no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()
