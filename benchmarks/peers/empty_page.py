"""A Streamlit app of one page with one line on it: what Streamlit takes for itself."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.support.dashboard_process import Dashboard, wait_until_ready
from benchmarks.support.processes import environment, running
from tests.support.servers.server import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

EMPTY = "an empty Streamlit page"
SCRIPT = 'import streamlit as st\nst.set_page_config("Empty", layout="wide")\nst.title("Empty")\n'


@contextmanager
def empty_page() -> Iterator[Dashboard]:
    """``streamlit run`` of it, with Streamlit's own settings, until the block is left."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="bench-empty-") as folder:
        script = Path(folder) / "page.py"
        script.write_text(SCRIPT)
        command = (
            *("-m", "streamlit", "run", str(script), "--server.port", str(port)),
            *("--server.headless", "true", "--browser.gatherUsageStats", "false"),
        )
        with (
            script.with_name("log").open("w+") as log,
            running(*command, cwd=script.parent, env=environment(HOME=folder), log=log) as process,
        ):
            url = f"http://localhost:{port}"
            wait_until_ready(f"{url}/_stcore/health", process, script.with_name("log"))
            yield Dashboard(url, process.pid)
