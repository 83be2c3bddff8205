"""``python -m billing reconcile``: the ledger held against Stripe, with ``--fix`` mended.

With the embedded sandbox it asks the one that runs in this folder.
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from billing.access.caller import acting_as
from billing.commands.embedded import with_running_sandbox
from billing.errors import BillingError
from billing.services import Services
from billing.settings.loading import load_settings

if TYPE_CHECKING:
    import argparse

    from billing.domain.ledger.reconciliation import ReconciliationReport
    from billing.settings.model import Settings

HELP = "compare the ledger with Stripe and say what differs"
EXIT_HELP = """exit status of reconcile:
  0  the ledger says what Stripe says, or does now
  1  there are differences
  2  wrong usage
  3  Stripe or the database could not be read"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--fix", action="store_true", help="write the lines that are missing")


def run(chosen: argparse.Namespace) -> int:
    """Reconcile, print what differs and the counts; the exit status says whether anything does."""
    try:
        report = asyncio.run(_reconcile(load_settings(), fix=chosen.fix))
    except BillingError as failure:
        print(f"{failure.message} {failure.next_step}", file=sys.stderr)
        return 3
    for difference in report.differences:
        print(difference)
    for refusal in report.forbidden:
        print(f"Not read: {refusal}")
    print(f"{report}.")
    if report.forbidden:
        return 3
    return 0 if report.is_proof else 1


async def _reconcile(settings: Settings, *, fix: bool) -> ReconciliationReport:
    services = Services(await with_running_sandbox(settings), stripe_name="Stripe")
    try:
        with acting_as(services.access.command()):
            return await services.reconciliation.run(_show_progress, fix=fix)
    finally:
        await services.aclose()


def _show_progress(report: ReconciliationReport) -> None:
    if sys.stderr.isatty():
        print(f"\r{report} ", end="", file=sys.stderr, flush=True)
