"""A company's proxy: proxy.py in a process of its own, https://github.com/abhinavsingh/proxy.py"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from proxy.http.proxy import HttpProxyBasePlugin

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[4]
STARTS_WITHIN = 30.0
USER, PASSWORD = "eve", "hidden"


class EveryNameIsHere(HttpProxyBasePlugin):
    """Resolves every name to this machine: only the proxy knows such names."""

    def resolve_dns(self, _host: str, _port: int) -> tuple[str, None]:
        return "127.0.0.1", None


@dataclass(frozen=True)
class Proxy:
    """``host`` is its host and port."""

    host: str

    @property
    def url(self) -> str:
        """With the user and password that it asks for."""
        return f"http://{USER}:{PASSWORD}@{self.host}"


@contextmanager
def forward_proxy(folder: Path) -> Iterator[Proxy]:
    """A proxy that forwards and tunnels for who knows its password."""
    port_file, log_file = folder / "proxy.port", folder / "proxy.log"
    with log_file.open("w") as log:
        running = subprocess.Popen(
            [
                *(sys.executable, "-m", "proxy", "--hostname", "127.0.0.1", "--port", "0"),
                *("--port-file", str(port_file), "--num-acceptors", "1", "--num-workers", "1"),
                *("--threaded", "--basic-auth", f"{USER}:{PASSWORD}"),
                *("--plugins", f"{__name__}.{EveryNameIsHere.__name__}"),
            ],
            stdout=log,
            stderr=log,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            cwd=folder,
        )
        try:
            deadline = time.monotonic() + STARTS_WITHIN
            while not (port_file.exists() and port_file.read_text().strip()):
                if running.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"The proxy did not start:\n{log_file.read_text()}")
                time.sleep(0.02)
            yield Proxy(f"127.0.0.1:{port_file.read_text().split()[0]}")
        finally:
            running.terminate()
            running.wait(20)
