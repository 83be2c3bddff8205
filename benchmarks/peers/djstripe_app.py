"""dj-stripe's webhook behind gunicorn, in a virtual environment of its own (``.peers/``).

It is served as Django's and gunicorn's manuals say: two workers a core and one more, with threads,
so that connections stay open.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.report.figures import NotAvailable
from benchmarks.support.dashboard_process import wait_until_ready
from benchmarks.support.processes import ROOT, environment, running
from benchmarks.webhooks.events import SECRET
from tests.support.servers.server import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).with_name("djstripe")
VENV = ROOT / ".peers" / "djstripe"
WORKERS, THREADS = 2 * (os.cpu_count() or 1) + 1, 4


@dataclass(frozen=True)
class DjStripe:
    """A running server at the base URL ``url`` that takes webhooks at ``path``."""

    url: str
    path: str


def install() -> None:
    """The environment, anew when the requirements have changed. Raises ``NotAvailable``."""
    wanted = FOLDER.joinpath("requirements.txt").read_text()
    done = VENV / "installed.txt"
    if done.exists() and done.read_text() == wanted:
        return
    try:
        subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)
        subprocess.run(
            [
                *(VENV / "bin" / "python", "-m", "pip", "install", "--quiet"),
                *("--disable-pip-version-check", "-r", FOLDER / "requirements.txt"),
            ],
            check=True,
        )
    except subprocess.CalledProcessError:
        raise NotAvailable("dj-stripe could not be installed") from None
    done.write_text(wanted)


@contextmanager
def djstripe_app(stripe: str, database: str) -> Iterator[DjStripe]:
    """The server on an empty database (an SQLAlchemy URL), until the block is left."""
    install()
    env = environment(
        DATABASE_URL=database,
        PYTHONPATH=str(FOLDER),
        STRIPE_API_BASE=stripe,
        STRIPE_WEBHOOK_SECRET=SECRET,
    )
    python = str(VENV / "bin" / "python")
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
