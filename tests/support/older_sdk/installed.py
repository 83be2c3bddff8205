"""Installs stripe SDKs beside each other, from their package registries."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / ".older-sdks"
PYTHON = {
    5: "5.5.1", 6: "6.7.1", 7: "7.14.1", 8: "8.11.1", 9: "9.12.1", 10: "10.12.1", 11: "11.6.1",
    12: "12.5.2", 13: "13.2.1", 14: "14.4.2", 15: "15.6.2", 16: "16.1.0",
}  # fmt: skip
"""The last release of each major."""
NODE = {
    11: "11.18.0", 12: "12.18.0", 13: "13.11.0", 14: "14.25.0", 15: "15.12.0", 16: "16.12.0",
    17: "17.7.0", 18: "18.5.0", 19: "19.3.1", 20: "20.4.1", 21: "21.0.1", 22: "22.6.2",
    23: "23.1.0",
}  # fmt: skip
"""The last release of each major."""
TYPESCRIPT = "5.6.3"
"""The compiler that reads the types of the SDKs for node."""


def python_sdk(release: str) -> Path:
    """The folder that PYTHONPATH is to name; installed at the first call."""
    options = ("--quiet", "--disable-pip-version-check", "--no-deps", "--no-compile")
    pip = (sys.executable, "-m", "pip", "install", *options, f"stripe=={release}", "--target")
    return _installed(f"python-{release}", pip)


def node_sdk(release: str) -> Path:
    """The package's folder; installed at the first call."""
    return npm_package(f"node-{release}", f"stripe@{release}") / "stripe"


def typescript() -> Path:
    """The compiler's folder; installed at the first call."""
    return npm_package(f"typescript-{TYPESCRIPT}", f"typescript@{TYPESCRIPT}") / "typescript"


def npm_package(name: str, *packages: str) -> Path:
    """The `node_modules` of these packages; installed at the first call under that name."""
    command = ("npm", "install", "--silent", "--no-audit", "--no-fund", *packages, "--prefix")
    return _installed(name, command) / "node_modules"


def _installed(name: str, command: Sequence[str]) -> Path:
    folder = FOLDER / name
    if not folder.is_dir():
        partial = FOLDER / f"{os.getpid()}-{name}"
        partial.mkdir(parents=True)
        subprocess.run([*command, str(partial)], check=True)
        try:
            partial.rename(folder)
        except OSError:  # another process was faster
            shutil.rmtree(partial)
    return folder
