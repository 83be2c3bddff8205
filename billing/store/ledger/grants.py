"""The ledger of what was granted: one line for each paid session, never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from billing.domain.grant import Grant
from billing.safe_text import sanitize
from billing.store.tables import grants
from billing.store.upsert import upsert

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

    from billing.domain.grant import GrantCause

EMAIL_LENGTH = 512


_add = upsert(
    grants,
    lambda statement: statement.on_conflict_do_nothing(index_elements=["session_id"]).returning(
        grants.c.session_id
    ),
)


def add(connection: Connection, *lines: Grant) -> list[Grant]:
    """Write the lines whose sessions have none yet; those that were written."""
    first = {line.session_id: line for line in reversed(lines)}
    if not first:
        return []
    rows = [vars(line) | {"customer_email": _email(line)} for line in first.values()]
    return [first[session_id] for (session_id,) in _add(connection, rows)]


def of_session(connection: Connection, session_id: str) -> Grant | None:
    """The grant of a session, if it brought one."""
    return of_sessions(connection, [session_id]).get(session_id)


def of_sessions(connection: Connection, session_ids: Collection[str]) -> dict[str, Grant]:
    """The grants of those sessions that brought one, by session id."""
    lines = select(grants).where(grants.c.session_id.in_(session_ids))
    return {row.session_id: Grant(*row) for row in connection.execute(lines)}


def of_customer(connection: Connection, customer_email: str) -> list[Grant]:
    """The lines of one customer, the newest first."""
    lines = (
        select(grants)
        .where(grants.c.customer_email == customer_email)
        .order_by(grants.c.granted_at.desc())
    )
    return [Grant(*row) for row in connection.execute(lines)]


def count(connection: Connection, cause: GrantCause, after: float, until: float) -> int:
    """How many lines were written for this cause, after a time and up to another."""
    counted = (
        select(func.count())
        .select_from(grants)
        .where(grants.c.granted_at > after, grants.c.granted_at <= until, grants.c.cause == cause)
    )
    return connection.scalar(counted) or 0


def _email(grant: Grant) -> str | None:
    """The address as the column can hold it: what was paid for is granted, whatever was typed."""
    if grant.customer_email is None:
        return None
    return sanitize(grant.customer_email)[:EMAIL_LENGTH]
