"""``make demo``: filled, and gone without a trace."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import requests
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from demo import announce
from tests.support.servers.server import listening_socket, serving
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).parents[1]
ENDS_WITHIN = 15.0


KEY = {"Authorization": "Bearer sk_test_x"}


def sessions_at(url: str) -> int:
    """How many sessions the sandbox of the demo holds; 0 while it does not answer."""
    try:
        state = requests.get(f"{url}/sandbox/_control/state", headers=KEY, timeout=5).json()
        ready = requests.get(f"{url}/api/billing/ready", timeout=5).ok
    except requests.RequestException:
        return 0
    return int(state["counts"]["checkout.session"]) if ready else 0


def source_of_the_newest(url: str) -> str:
    sessions = f"{url}/sandbox/v1/checkout/sessions?limit=1"
    (newest,) = requests.get(sessions, headers=KEY, timeout=5).json()["data"]
    return str(newest["metadata"]["source"])


def test_a_demo_is_filled_with_sales_that_count_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with listening_socket() as free:
        port = free.getsockname()[1]
    environment = os.environ | {
        "TMPDIR": str(tmp_path),
        "PYTHONPATH": str(ROOT),
        "STRIPE_SECRET_KEY": "sk_test_of_somebody",  # a demo uses nobody's account
    }
    demo = subprocess.Popen(
        [sys.executable, str(ROOT / "demo.py"), "--port", str(port)],
        env=environment,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        wait_for(lambda: sessions_at(f"http://localhost:{port}") == 400, "the demo data")
        assert source_of_the_newest(f"http://localhost:{port}") == "page"
        assert list(tmp_path.iterdir())
    finally:
        demo.send_signal(signal.SIGINT)
        printed, _ = demo.communicate(timeout=ENDS_WITHIN)
    assert f"The demo is ready: http://localhost:{port}" in printed
    assert not list(tmp_path.iterdir())


def test_a_phone_gets_a_link_with_a_secret_and_a_code_to_scan_and_this_machine_neither(
    capsys: pytest.CaptureFixture[str],
) -> None:
    app = Starlette(routes=[Route("/api/billing/health", lambda _: Response("ok"))])
    with serving(app) as url:
        announce(url, "secret")
        printed = capsys.readouterr().out
        assert f"The demo is ready: {url}/demo/secret\n" in printed
        assert "▄" in printed
        announce(url, None)
        printed = capsys.readouterr().out
        assert f"The demo is ready: {url}\n" in printed
        assert "▄" not in printed
