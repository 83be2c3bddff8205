"""Python programs in processes of their own, without the seconds in which libraries are loaded.

They are forked from one process that has the libraries and the product's modules loaded.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import runpy
import sys
from types import ModuleType
from typing import TYPE_CHECKING
from unittest import mock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from multiprocessing.context import ForkServerProcess
    from pathlib import Path

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.support.servers.processes.preloaded"])


def fork(target: Callable[..., None], *arguments: object) -> ForkServerProcess:
    """A process that calls ``target``, started."""
    process = _context.Process(target=target, args=arguments)
    # A child runs the main module of its parent: after Streamlit has run a page, that page.
    with mock.patch.dict(sys.modules, {"__main__": ModuleType("__main__")}):
        process.start()
    return process


def start_module(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    output: Path,
    errors: Path | None = None,
    *,
    anew: bool = False,
) -> ForkServerProcess:
    """``python -m *command`` in ``folder``, started; by a new interpreter if it is to begin
    ``anew``.

    What it prints is added to ``output``, and to ``errors`` where they are to be apart.
    """
    arguments = (list(command), folder, dict(environment), output, errors or output)
    return fork(_run, *arguments, anew)


def _run(
    command: list[str],
    folder: Path,
    environment: dict[str, str],
    output: Path,
    errors: Path,
    anew: bool,
) -> None:
    for stream, file in ((sys.stdout, output), (sys.stderr, errors)):
        with file.open("a") as opened:
            os.dup2(opened.fileno(), stream.fileno())
        assert isinstance(stream, io.TextIOWrapper)
        stream.reconfigure(write_through=True)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    if anew:
        os.execv(sys.executable, [sys.executable, "-m", *command])  # noqa: S606
    sys.path.insert(0, str(folder))
    sys.argv = command
    runpy.run_module(command[0], run_name="__main__", alter_sys=True)
