"""A real PgBouncer in transaction mode before a real PostgreSQL.

``python -m tests.support.pgbouncer`` makes sure there is one, or says what to do and fails.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.database.postgres import Postgres

STARTS_WITHIN = 30.0
SERVER_CONNECTIONS = 2
HOW_TO_INSTALL = (
    "No PgBouncer was found for the tests of the database behind a pooler. Install the system's, "
    "such as `sudo apt-get install pgbouncer` or `brew install pgbouncer`, or set PGBOUNCER_PATH "
    "to the program."
)
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


class NoPgBouncer(RuntimeError):
    """There is no PgBouncer to start; says how to get one."""


def find() -> str:
    """The program: PGBOUNCER_PATH, or the system's. Else NoPgBouncer."""
    on_path = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    found = os.environ.get("PGBOUNCER_PATH") or on_path
    if found is None or not Path(found).is_file():
        raise NoPgBouncer(HOW_TO_INSTALL)
    return found


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
    running = subprocess.Popen([find(), "--quiet", configuration], **postgres.as_user())
    try:
        deadline = time.monotonic() + STARTS_WITHIN
        while not _answers(folder):
            if running.poll() is not None or time.monotonic() > deadline:
                raise NoPgBouncer(f"PgBouncer did not start:\n{(folder / 'log').read_text()}")
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


def install() -> None:
    """Try Debian's package, where this user may install one."""
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        for command in (
            ["apt-get", "update", "-qq"],
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "pgbouncer"],
        ):
            print(f"  {' '.join(command)}", flush=True)
            subprocess.run(
                command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )


def main() -> int:
    try:
        found = find()
    except NoPgBouncer:
        print("Installing a PgBouncer for the tests ...", flush=True)
        install()
        try:
            found = find()
        except NoPgBouncer as missing:
            print(missing, file=sys.stderr)
            return 1
    print(f"Tests behind a pooler use {found}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
