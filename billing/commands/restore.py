"""``python -m billing restore FILE``: a backup put where nothing is yet, then compared with
Stripe."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from billing.commands import reconcile
from billing.errors import BillingError
from billing.maintenance.backup import restore
from billing.settings.loading import load_settings

HELP = "put a backup where the database is to be and nothing is yet"
EXIT_HELP = """exit status of restore:
  0  restored, and the ledger says what Stripe says, or Stripe has yet to be asked
  1  restored, and there are differences
  2  wrong usage
  3  nothing was restored; or it was, and Stripe could not be read"""
COMPARE = """Start the dashboard, which catches up with Stripe, then compare:
  python -m billing reconcile"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="what the command backup wrote")


def run(chosen: argparse.Namespace) -> int:
    """Restore, and reconcile; the embedded sandbox has to run for that first."""
    settings = load_settings()
    try:
        manifest = restore(settings, chosen.file)
    except BillingError as failure:
        print(f"{failure.message} {failure.next_step}".rstrip(), file=sys.stderr)
        return 3
    print(f"Restored from {chosen.file}.")
    if manifest.with_sandbox or not settings.stripe_is_configured:
        print(COMPARE)
        return 0
    return reconcile.run(argparse.Namespace(fix=False))
