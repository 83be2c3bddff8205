"""The processes of a benchmark: each on its own, so that none takes another's time slice."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent.parent
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "SYSTEMROOT")
STOP_SECONDS = 10


def environment(**more: str) -> dict[str, str]:
    """What a child sees: none of the user's own settings, no proxy between it and 127.0.0.1."""
    return {name: os.environ[name] for name in KEPT if name in os.environ} | more


def result_of(module: str, *arguments: str, timeout: float) -> str:
    """What ``python -m benchmarks.<module>`` prints, once it has ended."""
    ended = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{module}", *arguments],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
        timeout=timeout,
        check=True,
    )
    return ended.stdout


@contextmanager
def running(
    *command: str,
    program: str = sys.executable,
    cwd: Path = ROOT,
    env: dict[str, str] | None = None,
    log: IO[str] | None = None,
) -> Iterator[subprocess.Popen[str]]:
    """A child, of Python or another program, that is ended when the block is left. Its output is
    piped, or goes to ``log``."""
    child = subprocess.Popen(
        [program, *command],
        cwd=cwd,
        env=env or environment(),
        stdin=subprocess.PIPE,
        stdout=log or subprocess.PIPE,
        stderr=log,
        text=True,
    )
    with child:
        try:
            yield child
        finally:
            child.terminate()
            try:
                child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()


def first_line(child: subprocess.Popen[str]) -> str:
    """The first line that a child prints. Fails when it ends without a word."""
    assert child.stdout is not None
    line = child.stdout.readline().strip()
    assert line, f"{child.args!r} ended before it was ready"
    return line


def ask(method: str, url: str) -> tuple[int, bytes]:
    """One HTTP request: status and body. Raises ``OSError`` when nobody answers."""
    parts = urlsplit(url)
    assert parts.hostname
    connection = HTTPConnection(parts.hostname, parts.port, timeout=30)
    try:
        connection.request(method, f"{parts.path}?{parts.query}" if parts.query else parts.path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
