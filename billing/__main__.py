"""Commands: ``python -m billing check`` and the others in ``COMMANDS``."""

from __future__ import annotations

import argparse
import logging
import sys
from types import MappingProxyType
from typing import TYPE_CHECKING

from billing.commands import backup, check, erase, reconcile, restore, rollups, token

if TYPE_CHECKING:
    from collections.abc import Callable

# Each module says what it does (HELP), which arguments it takes and how it ends (EXIT_HELP).
COMMANDS = MappingProxyType(
    {
        "check": check,
        "reconcile": reconcile,
        "backup": backup,
        "restore": restore,
        "erase": erase,
        "rollups": rollups,
        "token": token,
    }
)


def main() -> int:
    """Run a command; the result is the process's exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m billing",
        description="Command-line tools of the billing dashboard.",
        epilog="\n\n".join(command.EXIT_HELP for command in COMMANDS.values()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for name, command in COMMANDS.items():
        command.add_arguments(commands.add_parser(name, help=command.HELP))
    chosen = parser.parse_args()
    logging.getLogger().addHandler(logging.NullHandler())  # the answers say what went wrong
    run: Callable[[argparse.Namespace], int] = COMMANDS[chosen.command].run
    return run(chosen)


if __name__ == "__main__":
    sys.exit(main())
