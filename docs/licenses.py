"""The licences of what the server is made of: ``python -m docs.licenses [--write] ACCEPTED``.

Fails for a licence that is not among ``ACCEPTED`` (separated by semicolons), and, without
``--write``, when docs/licenses.md lacks a package or says otherwise.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIST = ROOT / "docs" / "licenses.md"
LOCK = ROOT / "requirements-team.lock"
LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==", re.MULTILINE)
HEAD = """# Licences

What a server for a team is made of (`requirements-team.lock`) and under which licences, as its
packages say. `make check` refuses a licence that is not accepted yet; `make licenses` writes this
list.

| package | licence |
| --- | --- |
"""


def installed() -> list[dict[str, str]]:
    """``Name`` and ``License`` of each package of the lock file that this platform has."""
    names = sorted(set(LOCKED.findall(LOCK.read_text())))
    command = [
        *(sys.executable, "-m", "piplicenses", "--from=mixed", "--format=json", "--packages"),
        *names,
    ]
    printed = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    found: list[dict[str, str]] = json.loads(printed.stdout)
    return found


def table(packages: list[dict[str, str]]) -> str:
    rows = sorted(f"| {one['Name'].lower()} | {one['License']} |\n" for one in packages)
    return HEAD + "".join(rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("accepted", type=lambda text: text.split(";"))
    asked = parser.parse_args()
    packages = installed()
    if refused := [
        f"{one['Name']}: {one['License']}"
        for one in packages
        if not any(accepted in one["License"] for accepted in asked.accepted)
    ]:
        print("Not accepted yet (see ACCEPTED_LICENSES in the Makefile):", *refused, sep="\n  ")
        return 1
    if asked.write:
        LIST.write_text(table(packages))
    elif not set(table(packages).splitlines()) <= set(LIST.read_text().splitlines()):
        print("docs/licenses.md is not up to date: run make licenses.")
        return 1
    print(f"{len(packages)} packages, all under accepted licences.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
