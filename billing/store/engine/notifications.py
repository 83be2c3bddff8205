"""PostgreSQL's notifications, heard on a connection of their own.

https://www.postgresql.org/docs/current/sql-listen.html
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import Error, sql

from billing.store.engine.engines import CONNECT_ARGS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy import URL

    from billing.timings import DatabaseLimits

__all__ = ["Error", "listening"]


@asynccontextmanager
async def listening(
    url: URL, limits: DatabaseLimits, channel: str
) -> AsyncIterator[AsyncIterator[str] | None]:
    """The payloads of the channel's notifications as they come; None where there is a pool of
    connections in between (PgBouncer in transaction mode), which loses them.

    Raises ``Error`` when the connection fails.
    """
    _, named = url.get_dialect()().create_connect_args(url)
    given: dict[str, Any] = {**CONNECT_ARGS, "connect_timeout": limits.connect, **named}
    connection = await psycopg.AsyncConnection.connect(
        **given, autocommit=True, prepare_threshold=None
    )
    try:
        if await _is_pooled(connection):
            yield None
            return
        await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
        yield (notification.payload async for notification in connection.notifies())
    finally:
        connection.pgconn.finish()  # without a wait, which could be cancelled and leave it open


async def _is_pooled(connection: psycopg.AsyncConnection[Any]) -> bool:
    """Another process answers than the one that the server named when it was connected to: a pool
    names none of its connections, but a client of its own."""
    row = await (await connection.execute("SELECT pg_backend_pid()")).fetchone()
    return row is None or row[0] != connection.info.backend_pid
