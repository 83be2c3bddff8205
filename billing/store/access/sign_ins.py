"""Sign-ins by OIDC in the database: when each began, was used last, and ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from billing.domain.login import SignInRecord
from billing.store.tables import sign_ins
from billing.store.upsert import upsert

if TYPE_CHECKING:
    from sqlalchemy import Connection

_COLUMNS = ("key", "subject", "email", "started_at", "seen_at", "address", "ended_at")
# One that has ended does not begin anew.
_add = upsert(sign_ins, lambda statement: statement.on_conflict_do_nothing())


def add(connection: Connection, record: SignInRecord, *, none_before: float) -> None:
    """Store the record, and delete those that began before then: their time is over."""
    connection.execute(delete(sign_ins).where(sign_ins.c.started_at < none_before))
    _add(connection, [{name: getattr(record, name) for name in _COLUMNS}])


def find(connection: Connection, key: str) -> SignInRecord | None:
    query = select(*(sign_ins.c[name] for name in _COLUMNS)).where(sign_ins.c.key == key)
    row = connection.execute(query).mappings().first()
    return SignInRecord(**row) if row else None


def mark_seen(connection: Connection, key: str, at: float) -> None:
    connection.execute(update(sign_ins).where(sign_ins.c.key == key).values(seen_at=at))


def end(connection: Connection, key: str, at: float) -> None:
    """End this one sign-in."""
    ended = update(sign_ins).where(sign_ins.c.key == key, sign_ins.c.ended_at.is_(None))
    connection.execute(ended.values(ended_at=at))


def end_all(connection: Connection, subject: str, at: float) -> int:
    """End every sign-in of a person; how many there were."""
    ended = update(sign_ins).where(sign_ins.c.subject == subject, sign_ins.c.ended_at.is_(None))
    return connection.execute(ended.values(ended_at=at)).rowcount
