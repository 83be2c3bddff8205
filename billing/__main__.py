"""Commands: ``python -m billing check`` and ``python -m billing reconcile``."""

from __future__ import annotations

import argparse
import logging
import sys

from billing.commands import check, reconcile


def main() -> int:
    """Run a command; the result is the process's exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m billing",
        description="Command-line tools of the billing dashboard.",
        epilog=f"{check.EXIT_HELP}\n\n{reconcile.EXIT_HELP}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    commands.add_parser("check", help="check every setting and say how to fix what is wrong")
    reconciling = commands.add_parser(
        "reconcile", help="compare the ledger with Stripe and say what differs"
    )
    reconciling.add_argument("--fix", action="store_true", help="write the lines that are missing")
    chosen = parser.parse_args()
    logging.getLogger().addHandler(logging.NullHandler())  # the answers say what went wrong
    return reconcile.run(fix=chosen.fix) if chosen.command == "reconcile" else check.run()


if __name__ == "__main__":
    sys.exit(main())
