"""Virtual environments of others' programs, beside the older SDKs (``.older-sdks``)."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.older_sdk.installed import FOLDER, ROOT

DJSTRIPE = ROOT / "benchmarks" / "peers" / "djstripe"
"""A Django project with dj-stripe, and what it is made of."""


def djstripe_python() -> Path:
    """The environment's Python; made at the first call, and anew for other requirements.
    subprocess.CalledProcessError: it could not be installed."""
    requirements = DJSTRIPE / "requirements.txt"
    return python_with("dj-stripe", ("-r", str(requirements)), requirements.read_text())


def python_with(name: str, packages: tuple[str, ...], wanted: str) -> Path:
    """The Python of the environment of that name, with these packages; `wanted` says them whole:
    where it changes, it is made anew. subprocess.CalledProcessError."""
    folder = FOLDER / name
    python, done = folder / "bin" / "python", folder / "installed.txt"
    if done.exists() and done.read_text() == wanted:
        return python
    shutil.rmtree(folder, ignore_errors=True)
    pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run([*pip, *packages], check=True)
    done.write_text(wanted)
    return python
