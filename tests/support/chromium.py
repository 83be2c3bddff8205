"""Finds a Chromium for the browser tests, and installs one where it may.

``python -m tests.support.chromium`` makes sure there is one, or says what to do and fails.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

# The shell is Chromium without the windows around a page, which take a third of its time.
SYSTEM_NAMES = (
    *("chromium-headless-shell", "chromium", "chromium-browser"),
    *("google-chrome", "google-chrome-stable", "chrome"),
)
MAC_CHROME = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
HOW_TO_INSTALL = (
    "No Chromium was found for the browser tests. Do one of these: "
    "`python -m playwright install --with-deps chromium`; or install the system's, such as "
    "`sudo apt-get install chromium`; or set CHROMIUM_PATH to the program."
)


class NoChromium(Exception):
    """There is no Chromium to start; the message says how to get one."""


def find(playwrights_own: str) -> str:
    """The program to start: CHROMIUM_PATH, the system's, or Playwright's own. Else NoChromium."""
    if chosen := os.environ.get("CHROMIUM_PATH"):
        if Path(chosen).is_file():
            return chosen
        raise NoChromium(f"CHROMIUM_PATH names {chosen!r}, which is not a file.")
    for name in SYSTEM_NAMES:
        if found := shutil.which(name):
            return found
    for path in (Path(playwrights_own), MAC_CHROME):
        if path.is_file():
            return str(path)
    raise NoChromium(HOW_TO_INSTALL)


def playwrights_own() -> str:
    """Where Playwright keeps the Chromium that it downloads."""
    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def install() -> None:
    """Try Playwright's download, then Debian's package where this user may install one."""
    attempts = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        install = ["apt-get", "install", "-y", "-qq"]
        attempts += [
            ["apt-get", "update", "-qq"],
            [*install, "chromium-headless-shell"],
            [*install, "chromium"],
        ]
    for command in attempts:
        print(f"  {' '.join(command[-3:])}", flush=True)
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            find(playwrights_own())
        except NoChromium:
            continue
        return


def main() -> int:
    own = playwrights_own()
    try:
        print(f"Browser tests use {find(own)}")
    except NoChromium:
        print("Installing a Chromium for the browser tests ...", flush=True)
        install()
        try:
            print(f"Browser tests use {find(own)}")
        except NoChromium as missing:
            print(missing, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
