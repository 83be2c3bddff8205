"""Engines for SQLite and PostgreSQL with a limit on every wait: connection, lock, statement."""

from __future__ import annotations

import math
import sqlite3
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy
from sqlalchemy import event

from billing.store.engine.changed_tables import record_changed_tables
from billing.store.engine.private_file import make_private

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import URL, Connection, Engine

    from billing.timings import DatabaseLimits

CONNECTIONS = 8  # one writes, the others read
UPGRADE_SECONDS = 3_600
PROGRESS_STEPS = 100_000  # of SQLite's virtual machine, some milliseconds

# Execution options of a connection that will write, of one whose statements may take long, and of
# the one that upgrades the schema.
WRITES: Mapping[str, Any] = {"billing_writes": True}
PATIENT: Mapping[str, Any] = {"billing_upgrades": True}
UPGRADES: Mapping[str, Any] = {**WRITES, **PATIENT}
MAINTAINS: Mapping[str, Any] = {**UPGRADES, "isolation_level": "AUTOCOMMIT"}  # PostgreSQL's

# https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
CONNECT_ARGS = {
    "application_name": "billing-dashboard",
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # milliseconds
}
# Two processes that write the same rows in another order would end each other's commits as a
# deadlock; so one writes at a time, as in SQLite.
WRITER_LOCK = "pg_advisory_xact_lock(7265102)"  # any number that nobody else on the server uses
_ENDS_AT = "ends_at"  # in a connection's info: when its statement is interrupted


def _set_limits(limits: DatabaseLimits, *, idle: float, more: str = "") -> str:
    """SQL that sets the limits (seconds) for one transaction alone."""
    # Behind PgBouncer the next one may be on another connection, and what is set for a session
    # would be set for somebody else.
    seconds = {
        "statement_timeout": limits.statement,
        "lock_timeout": limits.lock,
        "idle_in_transaction_session_timeout": idle,  # a machine that froze in the middle
    }
    settings = [f"set_config('{name}', '{one * 1000:.0f}', true)" for name, one in seconds.items()]
    return f"SELECT {', '.join([*settings, *([more] if more else [])])}"


def postgresql_engine(url: URL, limits: DatabaseLimits) -> Engine:
    """An engine for PostgreSQL. Timeouts and keepalives that the URL names are left as they are."""
    # Its driver takes 8 MiB, which SQLite does not need.
    from billing.store.engine.patient_connection import PatientConnection

    given = CONNECT_ARGS | {"connect_timeout": limits.connect}
    engine = sqlalchemy.create_engine(
        url,
        pool_pre_ping=True,
        pool_size=CONNECTIONS,
        use_native_hstore=False,
        connect_args={
            **{name: value for name, value in given.items() if name not in url.query},
            # PgBouncer may send the next transaction to a server that never saw the statement.
            "prepare_threshold": None,
        },
    )
    idle = 3 * limits.lock
    slow = replace(limits, lock=UPGRADE_SECONDS, statement=UPGRADE_SECONDS)
    reads = _set_limits(limits, idle=idle)
    writes = _set_limits(limits, idle=idle, more=WRITER_LOCK)
    upgrades = _set_limits(slow, idle=idle, more=WRITER_LOCK)

    @event.listens_for(engine, "do_connect")
    def _connect(_dialect: object, _record: object, args: Any, parameters: Any) -> Any:
        connection = PatientConnection.connect(*args, **parameters)
        connection.patience = limits.connect
        return connection

    @event.listens_for(engine, "checkin")
    def _checkin(connection: Any, _record: object) -> None:
        if connection is not None:  # else it was lost
            connection.patience = limits.connect  # for the question whether it still works

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        driver: Any = connection.connection.driver_connection
        if options.get("billing_upgrades"):
            driver.patience = UPGRADE_SECONDS
            connection.exec_driver_sql(upgrades)
        else:
            driver.patience = limits.silence
            connection.exec_driver_sql(writes if options.get("billing_writes") else reads)

    record_changed_tables(engine)
    return engine


def sqlite_file(url: URL) -> Path | None:
    """The file that a SQLite URL names; None for a database in memory."""
    name = url.database
    return Path(name) if name and name != ":memory:" and not name.startswith("file:") else None


def sqlite_engine(url: URL, limits: DatabaseLimits) -> Engine:
    """An engine for SQLite. Creates the file and its folder; raises ``OSError`` when it cannot."""
    if file := sqlite_file(url):
        make_private(file)
    # The last one used comes first: the others need not fill caches of their own.
    pool = {} if sqlite_file(url) is None else {"pool_size": CONNECTIONS, "pool_use_lifo": True}
    engine = sqlalchemy.create_engine(url, connect_args={"timeout": limits.lock}, **pool)

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, record: Any) -> None:
        connection.isolation_level = None  # transactions begin below, not by the driver's guess
        # WAL lets pages read while webhooks are written; FULL keeps what was acknowledged
        # through a power cut. https://sqlite.org/wal.html
        _use_wal(connection, limits.lock)
        for pragma in ("synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        connection.set_progress_handler(
            lambda: time.monotonic() > record.info.get(_ENDS_AT, math.inf), PROGRESS_STEPS
        )

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A writer takes the lock at once, so that it waits for it instead of failing half-way.
        writes = connection.get_execution_options().get("billing_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    @event.listens_for(engine, "before_cursor_execute")
    def _limit(connection: Connection, *_: object) -> None:
        upgrades = connection.get_execution_options().get("billing_upgrades")
        seconds = UPGRADE_SECONDS if upgrades else limits.statement
        connection.info[_ENDS_AT] = time.monotonic() + seconds

    record_changed_tables(engine)
    return engine


def _use_wal(connection: Any, seconds: float) -> None:
    """Use a write-ahead log; for so many ``seconds``, try again while the database is locked."""
    # Of several processes that create a file at once one sets the mode, and SQLite does not make
    # the others wait for that.
    deadline = time.monotonic() + seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return
