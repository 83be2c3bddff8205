"""Runs a shop's life with an older SDK, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.older_sdk.installed import NODE, PYTHON, ROOT, node_sdk, python_sdk

NODE_PROGRAM = Path(__file__).with_name("purchase.cjs")


@dataclass(frozen=True)
class Outcome:
    """The version that the SDK asked in, how many objects and events were held against its types,
    and where those depart from them."""

    version: str
    objects: int = 0
    faults: Sequence[str] = ()


class FailedError(AssertionError):
    """The program ended before its end; the text is what it said."""


def run_python(major: int, url: str, account_version: str = "", *, types: bool = False) -> Outcome:
    """The outcome against the sandbox at the URL; `types` are looked at if asked for.
    FailedError."""
    paths = os.pathsep.join((str(python_sdk(PYTHON[major])), str(ROOT)))
    program = (sys.executable, "-m", "tests.support.older_sdk.purchase")
    wanted = ["types"] if types else []
    return _run([*program, url, account_version, *wanted], {"PYTHONPATH": paths})


def run_node(major: int, url: str, account_version: str = "") -> Outcome:
    """The same with an SDK for node, whose types are not looked at. FailedError."""
    return _run(["node", str(NODE_PROGRAM), str(node_sdk(NODE[major])), url, account_version], {})


def _run(command: list[str], environment: dict[str, str]) -> Outcome:
    done = subprocess.run(
        command,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode:
        raise FailedError(done.stderr)
    return Outcome(**json.loads(done.stdout))
