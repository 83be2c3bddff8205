"""``python -m stripe_sandbox`` starts in less than half a second."""

from __future__ import annotations

import subprocess
import sys

from tests.support.servers.processes.imports import imported

# A third to a half of a start together, and none of them is needed by a first request.
LATER = {
    "aiohttp.client",
    "httpx._client",
    "jinja2",
    "requests.sessions",
    "rich",
    "stripe._account",
}


def test_it_starts_without_what_only_pages_deliveries_and_some_requests_need() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "stripe_sandbox", "--help"]
    started = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "stripe_sandbox.sandbox" in imported(started.stderr)
    assert imported(started.stderr) & LATER == set()
