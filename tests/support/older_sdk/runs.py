"""Runs the program with an older SDK, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass

from tests.support.older_sdk.installed import ROOT, path_of


@dataclass(frozen=True)
class Outcome:
    """The version that the SDK asked in, how many objects and events it got, and where those
    depart from its types."""

    version: str
    objects: int
    faults: tuple[str, ...]


class FailedError(AssertionError):
    """The program ended before its end; the text is what it said."""


def run(major: int, url: str, account_version: str = "") -> Outcome:
    """The outcome against the sandbox at the URL. FailedError."""
    paths = os.pathsep.join((str(path_of(major)), str(ROOT)))
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.older_sdk.purchase", url, account_version],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode:
        raise FailedError(done.stderr)
    found = json.loads(done.stdout)
    return Outcome(found["version"], found["objects"], tuple(found["faults"]))
