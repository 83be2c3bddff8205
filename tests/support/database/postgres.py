"""A real PostgreSQL for tests, on a Unix socket in a folder of its own.

The programs come from the ``pgserver`` wheel of requirements-dev.txt, else from the system. They
are started here, not by the wheel's own code, so that a test can stop and start the server.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterator

STARTS_WITHIN = 60.0
STOPS_WITHIN = 30.0
UNPRIVILEGED = "nobody"  # PostgreSQL refuses to run as root
OPTIONS = (
    *("-c", "listen_addresses="),
    *("-c", "max_connections=200"),
    *("-c", "fsync=off"),  # tests end processes, they do not cut the power
    *("-c", "max_wal_size=128MB"),  # the files may lie in memory
    *("-c", "log_min_messages=fatal"),
)


class NoPostgres(RuntimeError):
    """There is no PostgreSQL that can be started here; says how to get one."""


class Postgres:
    """A server that is running. ``stop`` and ``start`` it; ``close`` removes all of it.

    ``options`` like ``fsync=on`` are PostgreSQL's settings; ``folder`` is where its socket lies.
    """

    def __init__(self, *options: str) -> None:
        self._options = [*OPTIONS, *(word for option in options for word in ("-c", option))]
        self.folder = Path(tempfile.mkdtemp(prefix="pg-"))
        self._user = UNPRIVILEGED if os.geteuid() == 0 else None
        self._running: subprocess.Popen[bytes] | None = None
        try:
            self._bin = self._found()
            self.own(self.folder)
            self._make()
            self.start()
        except BaseException:
            self.close()
            raise

    @property
    def programs(self) -> Path:
        """The folder of ``pg_dump`` and the others."""
        return self._bin

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of a database on this server."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def create_database(self, template: str = "template1") -> str:
        """The name of a new database: an empty one, or a copy of ``template``, unused meanwhile."""
        name = f"test_{uuid.uuid4().hex}"
        # To copy the files costs a third of logging each page.
        self._run("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY", name, template)
        return name

    def drop_database(self, name: str) -> None:
        """Remove a database, and whoever is still connected to it."""
        self._run("DROP DATABASE {} WITH (FORCE)", name)

    @contextmanager
    def user_with_password(self, name: str, password: str, *, connections: int) -> Iterator[None]:
        """A user who may read, who needs the password and may connect so many times at once."""
        rules = self._data / "pg_hba.conf"
        before = rules.read_text()
        with self._connection() as connection:
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} CONNECTION LIMIT {}").format(
                    sql.Identifier(name), password, connections
                )
            )
            connection.execute(sql.SQL("GRANT pg_read_all_data TO {}").format(sql.Identifier(name)))
            rules.write_text(f"local all {name} scram-sha-256\n{before}")
            connection.execute("SELECT pg_reload_conf()")
        yield
        self._run("DROP ROLE {}", name)
        rules.write_text(before)

    def start(self) -> None:
        """Start, and return once it answers."""
        with (self.folder / "log").open("ab") as log:
            self._running = subprocess.Popen(
                [self._bin / "postgres", "-D", self._data, "-k", self.folder, *self._options],
                stdout=log,
                stderr=log,
                **self.as_user(),
            )
        deadline = time.monotonic() + STARTS_WITHIN
        while not self._answers():
            if self._running.poll() is not None or time.monotonic() > deadline:
                raise NoPostgres(f"PostgreSQL did not start:\n{(self.folder / 'log').read_text()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Break all connections and stop, as an administrator would."""
        if self._running is not None:
            self._running.send_signal(signal.SIGINT)
            try:
                self._running.wait(STOPS_WITHIN)
            except subprocess.TimeoutExpired:
                self._running.kill()
                self._running.wait()
            self._running = None

    def close(self) -> None:
        """Stop and remove the files."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def as_user(self) -> dict[str, Any]:
        """Arguments of ``Popen`` for a program of the server's user."""
        if self._user is None:
            return {}
        known = pwd.getpwnam(self._user)
        return {"user": known.pw_uid, "group": known.pw_gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Make a folder the server's user's."""
        if self._user is not None:
            shutil.chown(path, self._user)

    def _found(self) -> Path:
        """The folder of the programs, once they have shown that they run for our user."""
        said = []
        for candidate in (*_wheel(), *_system()):
            try:
                subprocess.run(
                    [candidate / "postgres", "--version"],
                    check=True,
                    capture_output=True,
                    **self.as_user(),
                )
            except (OSError, subprocess.CalledProcessError) as error:
                said.append(f"{candidate}: {error}")
            else:
                return candidate
        raise NoPostgres(
            "No PostgreSQL can be started. Install the wheel (pip install -r requirements-dev.txt) "
            "or the system's (apt-get install postgresql).\n" + "\n".join(said)
        )

    def _make(self) -> None:
        made = subprocess.run(
            [
                *(self._bin / "initdb", "-D", self._data, "-U", "postgres"),
                *("-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"),
            ],
            check=False,
            capture_output=True,
            text=True,
            **self.as_user(),
        )
        if made.returncode:
            raise NoPostgres(f"PostgreSQL could not make its files:\n{made.stderr}")

    def _run(self, statement: str, *names: str) -> None:
        with self._connection() as connection:
            if connection.info.server_version < 150_000:  # which copies files without being asked
                statement = statement.removesuffix(" STRATEGY FILE_COPY")
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def _connection(self) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.folder), user="postgres", dbname="postgres", autocommit=True
        )

    def _answers(self) -> bool:
        try:
            self._connection().close()
        except psycopg.OperationalError:
            return False
        return True


def _wheel() -> list[Path]:
    # Found, not imported: only the programs in it are wanted.
    spec = importlib.util.find_spec("pgserver")
    folders = spec.submodule_search_locations if spec else None
    return [Path(folder) / "pginstall" / "bin" for folder in folders or ()]


def _system() -> list[Path]:
    on_path = shutil.which("postgres")
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return [*([Path(on_path).parent] if on_path else []), *debian]
