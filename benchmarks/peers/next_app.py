"""The same two routes in a small Next.js app (``benchmarks/peers/next``), built and served.

It is installed from its lock and built once, when node is there; both are ignored by git.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.report.figures import NotAvailable
from benchmarks.stripe.answers import PRICE_CREDIT, PRICE_PRO
from benchmarks.support.dashboard_process import Dashboard, wait_until_ready
from benchmarks.support.processes import environment, running
from tests.support.servers.server import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).with_name("next")
SOURCES = ("package-lock.json", "next.config.js", "lib", "app")
LONGEST_SECONDS = 600


def build() -> None:
    """Install and build what has changed. Raises ``NotAvailable`` without node or a registry."""
    if not (shutil.which("node") and shutil.which("npm")):
        raise NotAvailable("node and npm are not installed")
    built = FOLDER / ".next" / "BUILD_ID"
    changed = max(
        file.stat().st_mtime
        for name in SOURCES
        for file in ((FOLDER / name).rglob("*") if (FOLDER / name).is_dir() else [FOLDER / name])
    )
    if built.exists() and built.stat().st_mtime > changed:
        return
    _npm("ci", "--no-audit", "--no-fund")
    _npm("run", "build")


def _npm(*arguments: str) -> None:
    env = _environment("http://127.0.0.1:1", 0)
    try:
        done = subprocess.run(
            ["npm", *arguments],
            cwd=FOLDER,
            env=env,
            capture_output=True,
            text=True,
            timeout=LONGEST_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotAvailable(f"npm {arguments[0]} takes too long") from None
    if done.returncode:
        print(done.stdout[-2000:], done.stderr[-2000:])
        raise NotAvailable(f"npm {arguments[0]} failed")


def _environment(stripe: str, port: int) -> dict[str, str]:
    return environment(
        NODE_ENV="production",
        NEXT_TELEMETRY_DISABLED="1",
        STRIPE_API_BASE=stripe,
        STRIPE_SECRET_KEY="sk_test_bench",
        STRIPE_PRICE_PRO_MONTHLY=PRICE_PRO,
        STRIPE_PRICE_EXTRA_CREDIT=PRICE_CREDIT,
        PUBLIC_URL=f"http://localhost:{port}",
    )


@contextmanager
def next_app(stripe: str) -> Iterator[Dashboard]:
    """``next start``, talking to the Stripe at the base URL ``stripe``, until the block is left."""
    build()
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = ("node_modules/next/dist/bin/next", "start", "--port", str(port))
    node = shutil.which("node")
    assert node
    with (
        tempfile.NamedTemporaryFile("w+") as log,
        running(
            *(*command, "--hostname", "127.0.0.1"),
            program=node,
            cwd=FOLDER,
            env=_environment(stripe, port),
            log=log.file,
        ) as process,
    ):
        wait_until_ready(f"{url}/billing", process, Path(log.name))
        yield Dashboard(url, process.pid)
