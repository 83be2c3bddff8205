"""The whole dashboard as a user starts it: ``streamlit run streamlit_app.py``, its own process."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import requests

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[2]
STARTS_WITHIN = 60.0
STOPS_WITHIN = 20.0
OUR_SETTINGS = re.compile(r"STRIPE_|PINGPOINT_|DATABASE_URL|BILLING_|STREAMLIT_")


@dataclass(frozen=True)
class Process:
    """A server in a process of its own; ``log`` is what it has printed so far."""

    url: str
    log_file: Path
    running: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        return self.running.pid

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def stop(self, number: int = signal.SIGTERM) -> float:
        """Tell it to stop; how many seconds that took."""
        started = time.monotonic()
        self.running.send_signal(number)
        self.running.wait(STOPS_WITHIN)
        return time.monotonic() - started


@contextmanager
def process(
    command: list[str], folder: Path, announced: str, environment: Mapping[str, str]
) -> Iterator[Process]:
    """Start ``command`` in ``folder`` and wait until its log announces its address.

    ``announced`` is a regular expression whose group 1 is the base URL. State lands in
    ``folder``; settings of the surrounding environment are not handed on.
    """
    log_file = folder / f"{Path(command[-1]).stem}-{time.monotonic_ns()}.log"
    with log_file.open("w") as log:
        running = subprocess.Popen(
            command,
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=_environment(environment),
        )
        try:
            deadline = time.monotonic() + STARTS_WITHIN
            while not (found := re.search(announced, log_file.read_text())):
                if running.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"It did not start:\n{log_file.read_text()}")
                time.sleep(0.05)
            yield Process(found.group(1), log_file, running)
        finally:
            running.terminate()
            try:
                running.wait(STOPS_WITHIN)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()


def _dashboard_command(port: int) -> list[str]:
    return [
        *(sys.executable, "-m", "streamlit", "run", "--server.port", str(port)),
        str(ROOT / "streamlit_app.py"),
    ]


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not OUR_SETTINGS.match(name)}
    return inherited | {"PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)} | dict(settings)


def refused_start(
    folder: Path, settings: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """How a dashboard ended that cannot start in ``folder``, and what it printed."""
    return subprocess.run(
        _dashboard_command(0),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=_environment(settings or {}),
        text=True,
        timeout=STARTS_WITHIN,
        check=False,
    )


@contextmanager
def dashboard(
    folder: Path, settings: Mapping[str, str] | None = None, *, port: int = 0
) -> Iterator[Process]:
    """The dashboard with ``settings`` in its environment; ``url`` has no path."""
    with process(
        _dashboard_command(port), folder, r"URL: (http://\S+)/app", settings or {}
    ) as running:
        wait_until_serving(running)
        yield running


@contextmanager
def lone_sandbox(folder: Path) -> Iterator[Process]:
    """The sandbox by itself, as ``python -m stripe_sandbox`` starts it."""
    command = [sys.executable, "-m", "stripe_sandbox", "--port", "0"]
    with process(command, folder, r"(http://[\w.]+:[1-9]\d*)", {}) as running:
        wait_until_serving(running)
        yield running


def wait_until_serving(running: Process) -> None:
    """Return once the server answers at all."""
    deadline = time.monotonic() + STARTS_WITHIN
    while True:
        try:
            requests.get(running.url, timeout=5, allow_redirects=False)
        except (requests.ConnectionError, requests.Timeout):
            if time.monotonic() > deadline:
                raise RuntimeError(f"It does not answer:\n{running.log}") from None
            time.sleep(0.05)
        else:
            return
