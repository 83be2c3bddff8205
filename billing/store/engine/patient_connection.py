"""A connection to PostgreSQL that does not wait for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import errors

if TYPE_CHECKING:
    from psycopg.abc import PQGen


class PatientConnection(psycopg.Connection[Any]):
    """Stops waiting for a server that is silent; psycopg by itself waits for ever."""

    patience = 3.0  # seconds

    def wait(self, gen: PQGen[Any], interval: float = 0.1, timeout: float | None = None) -> Any:
        try:
            return super().wait(gen, interval, self.patience if timeout is None else timeout)
        except errors._WaitTimeout:
            if timeout is not None:
                raise
            self.pgconn.finish()  # what comes late must not be taken for the next answer
            raise errors.ConnectionTimeout("timeout expired: no answer") from None
