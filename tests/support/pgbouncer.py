"""A real PgBouncer in transaction mode before a real PostgreSQL."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from tests.support.programs import PGBOUNCER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.database.postgres import Postgres

STARTS_WITHIN = 30.0
SERVER_CONNECTIONS = 2
CONFIGURATION = """
[databases]
* = host={server} user=postgres
[pgbouncer]
pool_mode = transaction
default_pool_size = {connections}
auth_type = any
listen_addr =
unix_socket_dir = {folder}
logfile = {folder}/log
"""


@contextmanager
def pgbouncer(postgres: Postgres) -> Iterator[str]:
    """The folder of its socket, port 6432, while it runs. Its few connections to the server are
    shared by all clients, transaction by transaction."""
    folder = Path(tempfile.mkdtemp(prefix="pgb-"))
    configuration = folder / "pgbouncer.ini"
    configuration.write_text(
        CONFIGURATION.format(server=postgres.folder, folder=folder, connections=SERVER_CONNECTIONS)
    )
    postgres.own(folder)
    running = subprocess.Popen([PGBOUNCER.find(), "--quiet", configuration], **postgres.as_user())
    try:
        deadline = time.monotonic() + STARTS_WITHIN
        while not _answers(folder):
            if running.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PgBouncer did not start:\n{(folder / 'log').read_text()}")
            time.sleep(0.02)
        yield str(folder)
    finally:
        running.kill()
        running.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _answers(folder: Path) -> bool:
    try:
        psycopg.connect(host=str(folder), port=6432, user="postgres", dbname="postgres").close()
    except psycopg.OperationalError:
        return False
    return True
