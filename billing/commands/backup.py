"""``python -m billing backup FILE``: a consistent copy, made while the dashboard runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from billing.errors import BillingError
from billing.maintenance.backup import back_up
from billing.settings.loading import load_settings

if TYPE_CHECKING:
    import argparse

HELP = "copy the database, and the local sandbox's, into one file"
EXIT_HELP = """exit status of backup:
  0  the file is written
  2  wrong usage
  3  it could not be written, and there is no such file"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="a file that does not exist yet")


def run(chosen: argparse.Namespace) -> int:
    """Write the backup, and say how large it is."""
    file: Path = chosen.file
    try:
        manifest = back_up(load_settings(), file)
    except BillingError as failure:
        print(f"{failure.message} {failure.next_step}".rstrip(), file=sys.stderr)
        return 3
    sandbox = " with the local sandbox" if manifest.with_sandbox else ""
    print(f"{file}: {file.stat().st_size:,} bytes, a copy of {manifest.kind}{sandbox}.")
    return 0
