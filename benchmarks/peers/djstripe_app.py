"""dj-stripe's webhook behind gunicorn, in a virtual environment of its own (``.older-sdks/``).

It is served as Django's and gunicorn's manuals say: two workers a core and one more, with threads,
so that connections stay open.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.report.figures import NotAvailable
from benchmarks.support.dashboard_process import wait_until_ready
from benchmarks.support.processes import environment, running
from benchmarks.webhooks.events import SECRET
from tests.support.programs_of_others.environments import DJSTRIPE, djstripe_python
from tests.support.servers.server import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

WORKERS, THREADS = 2 * (os.cpu_count() or 1) + 1, 4


@dataclass(frozen=True)
class DjStripe:
    """A running server at the base URL ``url`` that takes webhooks at ``path``."""

    url: str
    path: str


def install() -> str:
    """The Python of dj-stripe's environment. Raises ``NotAvailable``."""
    try:
        return str(djstripe_python())
    except subprocess.CalledProcessError:
        raise NotAvailable("dj-stripe could not be installed") from None


@contextmanager
def djstripe_app(stripe: str, database: str) -> Iterator[DjStripe]:
    """The server on an empty database (an SQLAlchemy URL), until the block is left."""
    python = install()
    env = environment(
        DATABASE_URL=database,
        PYTHONPATH=str(DJSTRIPE),
        STRIPE_API_BASE=stripe,
        STRIPE_WEBHOOK_SECRET=SECRET,
    )
    path = subprocess.run(
        [python, "-m", "project"], env=env, check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    port = free_port()
    command = (
        *("-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", str(WORKERS)),
        *("--threads", str(THREADS), "--preload", "--log-level", "warning", "project:application"),
    )
    url = f"http://127.0.0.1:{port}"
    with (
        tempfile.NamedTemporaryFile("w+") as log,
        running(*command, program=python, env=env, log=log.file) as process,
    ):
        wait_until_ready(f"{url}/ready", process, Path(log.name))
        yield DjStripe(url, path)
