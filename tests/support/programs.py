"""The servers of others that tests run: found on this machine, and installed where they may be.

``python -m tests.support.programs`` makes sure that all are there, or says what to do and fails.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


class NoProgram(RuntimeError):
    """It is not on this machine; says how to get it."""


@dataclass(frozen=True)
class Program:
    """``name`` is what it is called, and its package; ``variable`` may name another file."""

    name: str
    variable: str

    def find(self) -> str:
        """Its file. Raises ``NoProgram``."""
        on_path = shutil.which(self.name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        found = os.environ.get(self.variable) or on_path
        if found is None or not Path(found).is_file():
            raise NoProgram(
                f"No {self.name} was found, which tests need. Install the system's, such as "
                f"`sudo apt-get install {self.name}` or `brew install {self.name}`, or set "
                f"{self.variable} to the program."
            )
        return found

    def is_missing(self) -> bool:
        try:
            self.find()
        except NoProgram:
            return True
        return False


PGBOUNCER = Program("pgbouncer", "PGBOUNCER_PATH")
NGINX = Program("nginx", "NGINX_PATH")
PROGRAMS = (PGBOUNCER, NGINX)


def install(programs: list[Program]) -> None:
    """Try Debian's packages, where this user may install them."""
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        names = [program.name for program in programs]
        for command in (
            ["apt-get", "update", "-qq"],
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *names],
        ):
            print(f"  {' '.join(command)}", flush=True)
            subprocess.run(
                command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )


def main() -> int:
    if missing := [program for program in PROGRAMS if program.is_missing()]:
        print("Installing what the tests need ...", flush=True)
        install(missing)
    try:
        print("Tests use", ", ".join(program.find() for program in PROGRAMS))
    except NoProgram as lacking:
        print(lacking, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
