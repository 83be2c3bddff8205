"""``python -m billing erase``: a person's names and addresses go from everything stored here.

With the embedded sandbox, in the one that runs in this folder as well.
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

    from billing.maintenance.erasure import ErasureReport
    from billing.settings.model import Settings

HELP = "erase a person's names and addresses from everything stored here"
EXIT_HELP = """exit status of erase:
  0  erased; with --dry-run: somebody is known
  1  nobody is known by this email or Customer
  2  wrong usage
  3  the database or the sandbox did not take it: run it again"""
AT_STRIPE = """At Stripe these stay, with names and addresses:
{ids}
Delete the Customers in the Stripe Dashboard, which cancels their subscriptions, or have Stripe
redact them: https://docs.stripe.com/privacy/redaction"""
IN_SANDBOX = "In the local sandbox the same was erased."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--email", help="whoever has it, or paid with it")
    who.add_argument("--customer", metavar="cus_…", help="the Customer with this ID")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be erased")


def run(chosen: argparse.Namespace) -> int:
    """Erase, or say what would be; print what, by ids and counts alone."""
    try:
        report, settings = asyncio.run(_erase(load_settings(), chosen))
    except BillingError as failure:
        print(f"{failure.message} {failure.next_step}", file=sys.stderr)
        return 3
    if report.not_asked:
        print(f"Stripe was not asked what else is theirs: {report.not_asked.message}")
    if report.is_nobody:
        print("Nothing is known of them.")
        return 1
    stored = report.stored
    print(
        f"{'Would erase' if chosen.dry_run else 'Erased'} names and addresses in "
        f"{_counted(len(stored.sessions), 'session')}, "
        f"{_counted(len(stored.objects), 'other object')}, the payloads of "
        f"{_counted(len(stored.events), 'event')} and "
        f"{_counted(len(stored.requests), 'logged request')}. The ledger stays as it is."
    )
    if settings.is_embedded:
        if not chosen.dry_run:
            print(IN_SANDBOX)
    elif ids := report.stays_at_stripe:
        print(AT_STRIPE.format(ids="\n".join(f"  {one}" for one in ids)))
    return 0


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


async def _erase(settings: Settings, chosen: argparse.Namespace) -> tuple[ErasureReport, Settings]:
    settings = await with_running_sandbox(settings)
    services = Services(settings, stripe_name="Stripe")
    try:
        with acting_as(services.access.command()):
            use_case = services.erasure.find if chosen.dry_run else services.erasure.erase
            return await use_case(email=chosen.email, customer=chosen.customer), settings
    finally:
        await services.aclose()
