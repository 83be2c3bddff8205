"""The door of the room: read, write, ping."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from billing.store.database import CONNECTIONS, Database, store_failure
from billing.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pydantic import SecretStr
    from sqlalchemy import Connection

T = TypeVar("T")
Item = TypeVar("Item")


class Store:
    """What to read and write stands in ``sessions``, ``events``, ``grants`` and ``sync``: each a
    set of functions of a connection. Every method raises ``BillingError`` when the database
    does not do its part, and works again when the database does.
    """

    def __init__(self, url: SecretStr) -> None:
        self._database = Database(url)
        self._writer = Writer(self._database)
        self._readers: ThreadPoolExecutor | None = None

    async def write(self, change: Callable[[Connection], T]) -> T:
        """``change``'s result, once it is durably committed, together with others."""
        result: T = await self._writer.write(lambda connection, _: [change(connection)], None)
        return result

    async def write_each(
        self, change: Callable[[Connection, list[Item]], Sequence[T]], item: Item
    ) -> T:
        """The result of ``item``, once it is durably committed.

        Items that are given to the same ``change`` at the same time are written by one call of
        it, which answers one result for each. When it raises, each is tried alone.
        """
        result: T = await self._writer.write(change, item)
        return result

    async def read(self, question: Callable[[Connection], T]) -> T:
        """``question``'s result, on a connection of its own."""

        def ask() -> T:
            try:
                with self._database.engine().connect() as connection:
                    return question(connection)
            except SQLAlchemyError as error:
                raise store_failure(error) from None

        if self._readers is None:
            self._readers = ThreadPoolExecutor(CONNECTIONS - 1, "store-reader")
        return await asyncio.get_running_loop().run_in_executor(self._readers, ask)

    async def ping(self) -> str:
        """The database's kind (``sqlite``, ``postgresql``), once it has answered."""

        def ask(connection: Connection) -> str:
            connection.execute(text("SELECT 1"))
            return connection.dialect.name

        return await self.read(ask)

    def close(self) -> None:
        """Write what is waiting, end what is being read, and let the connections go."""
        self._writer.close()
        if self._readers is not None:
            self._readers.shutdown(cancel_futures=True)
            self._readers = None
        self._database.close()
