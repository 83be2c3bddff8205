"""Virtual environments of others' programs, beside the older SDKs (``.older-sdks``)."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.older_sdk.installed import FOLDER, ROOT

DJSTRIPE = ROOT / "benchmarks" / "peers" / "djstripe"
"""A Django project with dj-stripe, and what it is made of."""
QUICKSTART = ("Flask==3.1.2", "stripe==11.1.1")
"""What Stripe's quickstart for Flask installed two years ago."""


def djstripe_python() -> Path:
    """The environment's Python; made at the first call, and anew for other requirements.
    subprocess.CalledProcessError: it could not be installed."""
    requirements = DJSTRIPE / "requirements.txt"
    return python_with("dj-stripe", ("-r", str(requirements)), requirements.read_text())


def quickstart_python() -> Path:
    """Likewise."""
    return python_with("flask-quickstart", QUICKSTART, "\n".join(QUICKSTART))


def python_with(name: str, packages: tuple[str, ...], wanted: str) -> Path:
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
