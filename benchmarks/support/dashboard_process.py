"""The real app in a process of its own, started as people start it, in a folder of its own."""

from __future__ import annotations

import shutil
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.stripe.answers import PRICE_CREDIT, PRICE_PRO
from benchmarks.support.processes import ROOT, ask, environment, running
from tests.support.servers.server import free_port

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

READY_SECONDS = 60.0
LOOK_AGAIN_SECONDS = 0.1
PACKAGES = ("billing", "pages", "stripe_sandbox")


@dataclass(frozen=True)
class Dashboard:
    """A running app at the base URL ``url``; ``pid`` is its one process."""

    url: str
    pid: int


@contextmanager
def dashboard(stripe: str, **settings: str) -> Iterator[Dashboard]:
    """The app, talking to the Stripe at the base URL ``stripe``, until the block is left.

    It runs on a copy, so that neither the user's ``.data`` nor their secrets are touched, and on
    a SQLite file of its own, unless ``settings`` (of its environment) name another database.
    """
    with tempfile.TemporaryDirectory(prefix="bench-dashboard-") as folder:
        home = Path(folder)
        for package in PACKAGES:
            shutil.copytree(ROOT / package, home / package)
        shutil.copy(ROOT / "streamlit_app.py", home)
        home.joinpath(".streamlit").mkdir()
        shutil.copy(ROOT / ".streamlit" / "config.toml", home / ".streamlit")
        port = free_port()
        own = {
            "HOME": folder,
            "STRIPE_SECRET_KEY": "sk_test_bench",
            "STRIPE_API_BASE": stripe,
            "STRIPE_PRICE_PRO_MONTHLY": PRICE_PRO,
            "STRIPE_PRICE_EXTRA_CREDIT": PRICE_CREDIT,
            "DATABASE_URL": f"sqlite:///{home / 'billing.sqlite3'}",
        }
        command = ("-m", "streamlit", "run", "streamlit_app.py", "--server.port", str(port))
        with (
            home.joinpath("log").open("w+") as log,
            running(*command, cwd=home, env=environment(**own | settings), log=log) as process,
        ):
            url = f"http://localhost:{port}"
            wait_until_ready(f"{url}/api/billing/health", process, home / "log")
            yield Dashboard(url, process.pid)


def wait_until_ready(url: str, process: subprocess.Popen[str], log: Path) -> None:
    """Wait until ``url`` answers with 200. Fails with the log when the server does not come up."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if ask("GET", url)[0] == 200:
                return
        except OSError:
            pass
        time.sleep(LOOK_AGAIN_SECONDS)
    raise RuntimeError(f"It did not start:\n{log.read_text()}")
