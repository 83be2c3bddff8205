"""The whole dashboard as a user starts it: ``streamlit run streamlit_app.py``, its own process."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import requests

from tests.support.servers.processes.forking import start_module

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from multiprocessing.context import ForkServerProcess

ROOT = Path(__file__).parents[3]
LAUNCHER = ROOT / "streamlit_app.py"
STARTS_WITHIN = 60.0
STOPS_WITHIN = 20.0
GLANCE = 0.02
OUR_SETTINGS = re.compile(r"STRIPE_|PINGPOINT_|DATABASE_URL|BILLING_|STREAMLIT_")


@dataclass(frozen=True)
class Process:
    """A server in a process of its own; ``log`` is what it has printed so far."""

    url: str
    log_file: Path
    running: ForkServerProcess

    @property
    def pid(self) -> int:
        assert self.running.pid is not None
        return self.running.pid

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def stop(self, number: int = signal.SIGTERM) -> float:
        """Tell it to stop; how many seconds that took."""
        started = time.monotonic()
        os.kill(self.pid, number)
        self.running.join(STOPS_WITHIN)
        assert self.running.exitcode is not None, f"It does not end:\n{self.log}"
        return time.monotonic() - started


@contextmanager
def process(
    command: list[str],
    folder: Path,
    announced: str,
    environment: Mapping[str, str],
    *,
    anew: bool = False,
) -> Iterator[Process]:
    """Start ``python -m *command`` in ``folder`` and wait until its log announces its address.

    ``announced`` is a regular expression whose group 1 is the base URL. State lands in
    ``folder``; settings of the surrounding environment are not handed on. It is forked, unless it
    is to begin ``anew``, as a user's does.
    """
    log_file = folder / f"{Path(command[-1]).stem}-{time.monotonic_ns()}.log"
    log_file.touch()
    running = start_module(command, folder, _environment(environment), log_file, anew=anew)
    try:
        deadline = time.monotonic() + STARTS_WITHIN
        while not (found := re.search(announced, log_file.read_text())):
            if running.exitcode is not None or time.monotonic() > deadline:
                raise RuntimeError(f"It did not start:\n{log_file.read_text()}")
            time.sleep(GLANCE)
        yield Process(found.group(1), log_file, running)
    finally:
        running.terminate()
        running.join(STOPS_WITHIN)
        if running.exitcode is None:
            running.kill()
            running.join()


def _dashboard_command(port: int, launcher: Path = LAUNCHER) -> list[str]:
    return ["streamlit", "run", "--server.port", str(port), str(launcher)]


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not OUR_SETTINGS.match(name)}
    return inherited | {"PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)} | dict(settings)


def refused_start(
    folder: Path, settings: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """How a dashboard ended that cannot start in ``folder``, and what it printed."""
    log_file = folder / "refused.log"
    running = start_module(_dashboard_command(0), folder, _environment(settings or {}), log_file)
    running.join(STARTS_WITHIN)
    assert running.exitcode is not None, f"It has started:\n{log_file.read_text()}"
    return subprocess.CompletedProcess((), running.exitcode, log_file.read_text())


@contextmanager
def dashboard(
    folder: Path,
    settings: Mapping[str, str] | None = None,
    *,
    port: int = 0,
    launcher: Path = LAUNCHER,
    anew: bool = False,
) -> Iterator[Process]:
    """The dashboard with ``settings`` in its environment; ``url`` has no path."""
    announced = r"URL: (http://\S+)/app"
    command = _dashboard_command(port, launcher)
    with process(command, folder, announced, settings or {}, anew=anew) as running:
        wait_until_serving(running)
        yield running


@contextmanager
def lone_sandbox(folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[Process]:
    """The sandbox by itself, as ``python -m stripe_sandbox`` starts it."""
    command = ["stripe_sandbox", "--port", "0"]
    with process(command, folder, r"(http://[\w.]+:[1-9]\d*)", settings or {}) as running:
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
            time.sleep(GLANCE)
        else:
            return
