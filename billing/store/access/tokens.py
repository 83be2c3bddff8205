"""Tokens in the database: what is known of each, and the digest that finds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from billing.domain.access import AccessToken, Role
from billing.store.tables import access_tokens

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from sqlalchemy import Connection

_COLUMNS = tuple(column for column in access_tokens.c if column.name != "digest")


def add(connection: Connection, token: AccessToken, digest: str) -> None:
    row = {column.name: getattr(token, column.name) for column in _COLUMNS}
    connection.execute(insert(access_tokens), row | {"digest": digest})


def every(connection: Connection) -> list[AccessToken]:
    """The newest first."""
    query = select(*_COLUMNS).order_by(access_tokens.c.created_at.desc())
    return [_token(row) for row in connection.execute(query).mappings()]


def by_digest(connection: Connection, digest: str) -> AccessToken | None:
    query = select(*_COLUMNS).where(access_tokens.c.digest == digest)
    row = connection.execute(query).mappings().first()
    return _token(row) if row else None


def revoke(connection: Connection, token_id: str, at: float) -> bool:
    """False when there is no such token, or none that is not revoked yet."""
    revoked = (
        update(access_tokens)
        .where(access_tokens.c.id == token_id, access_tokens.c.revoked_at.is_(None))
        .values(revoked_at=at)
    )
    return bool(connection.execute(revoked).rowcount)


def mark_used(connection: Connection, token_id: str, at: float) -> None:
    connection.execute(
        update(access_tokens).where(access_tokens.c.id == token_id).values(used_at=at)
    )


def _token(row: Mapping[Any, Any]) -> AccessToken:
    return AccessToken(**{**row, "role": Role(row["role"])})
