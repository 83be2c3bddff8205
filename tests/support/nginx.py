"""A real nginx before two dashboards, with the configuration that is handed out."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import requests

from tests.support.programs import NGINX
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "nginx" / "dashboards.conf"
# What a package of nginx has around that.
AROUND = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
{user}
worker_processes 1;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
{configuration}
}}
"""


@contextmanager
def nginx(port: int, dashboards: tuple[int, int]) -> Iterator[str]:
    """The base URL of an nginx on ``port``, before dashboards on those ports, while it runs."""
    folder = Path(tempfile.mkdtemp(prefix="nginx-"))
    configuration = CONFIGURATION.read_text().replace("listen 80;", f"listen 127.0.0.1:{port};")
    for number, behind in enumerate(dashboards, 1):
        name = f"dashboard-{number}:8501"
        assert name in configuration
        configuration = configuration.replace(name, f"127.0.0.1:{behind}")
    file = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    file.write_text(AROUND.format(folder=folder, configuration=configuration, user=user))
    running = subprocess.Popen([NGINX.find(), "-c", file, "-e", folder / "error.log"])
    try:
        wait_for(lambda: _answers(port), "nginx answers")
        yield f"http://localhost:{port}"
    finally:
        running.terminate()
        running.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _answers(port: int) -> bool:
    try:
        requests.get(f"http://127.0.0.1:{port}", timeout=5, allow_redirects=False)
    except requests.ConnectionError:
        return False
    return True
