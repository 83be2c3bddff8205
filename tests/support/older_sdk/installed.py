"""Installs stripe SDKs beside each other, from the package registry."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / ".older-sdks"
RELEASES = {
    5: "5.5.0", 6: "6.7.0", 7: "7.14.0", 8: "8.11.0", 9: "9.12.0", 10: "10.12.0", 11: "11.6.0",
    12: "12.5.1", 13: "13.2.0", 14: "14.4.1", 15: "15.6.1",
}  # fmt: skip
"""The last release of each major."""


def path_of(major: int) -> Path:
    """The folder that PYTHONPATH is to name; installed at the first call."""
    release = RELEASES[major]
    folder = FOLDER / f"stripe-{release}"
    if not folder.is_dir():
        partial = FOLDER / f"{os.getpid()}-{release}"
        options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--no-compile"]
        target = ["--target", str(partial), f"stripe=={release}"]
        subprocess.run([sys.executable, "-m", "pip", "install", *options, *target], check=True)
        try:
            partial.rename(folder)
        except OSError:  # another process was faster
            shutil.rmtree(partial)
    return folder
