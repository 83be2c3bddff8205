"""``python -m billing reconcile``: the ledger held against Stripe, with ``--fix`` mended.

With the embedded sandbox it asks the one that runs in this folder.
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from billing.access.caller import acting_as
from billing.errors import BillingError, InvalidInput
from billing.services import Services
from billing.settings.embedded import (
    BILLING_DATABASE,
    CREDIT_LOOKUP_KEY,
    PRO_LOOKUP_KEY,
    SANDBOX_DATABASE,
    SANDBOX_KEY,
)
from billing.settings.loading import load_settings
from billing.settings.model import LOCAL_SANDBOX
from billing.store.engine.instance_lock import running_at
from billing.stripe_api.gateway import StripeGateway

if TYPE_CHECKING:
    from billing.domain.ledger.reconciliation import ReconciliationReport
    from billing.settings.model import Settings

EXIT_HELP = """exit status of reconcile:
  0  the ledger says what Stripe says, or does now
  1  there are differences
  2  wrong usage
  3  Stripe or the database could not be read"""


def run(*, fix: bool) -> int:
    """Reconcile, print what differs and the counts; the exit status says whether anything does."""
    try:
        report = asyncio.run(_reconcile(load_settings(), fix=fix))
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
    if settings.wants_sandbox:
        settings = await _with_running_sandbox(settings)
    services = Services(settings, stripe_name="Stripe")
    try:
        with acting_as(services.access.command()):
            return await services.reconciliation.run(_show_progress, fix=fix)
    finally:
        await services.aclose()


async def _with_running_sandbox(settings: Settings) -> Settings:
    """The settings with the sandbox of the app that runs in this folder."""
    address = running_at(SANDBOX_DATABASE)
    if not address:
        raise InvalidInput(
            "No key is set, and no dashboard with its sandbox runs in this folder.",
            "Start it with make run, or set STRIPE_SECRET_KEY.",
        )
    settings = settings.with_defaults(
        source=LOCAL_SANDBOX,
        secret_key=SANDBOX_KEY,
        api_base=f"{address}/sandbox",
        database_url=BILLING_DATABASE,
    )
    gateway = StripeGateway(settings)
    try:
        prices = [
            found[0]["id"] if (found := await gateway.list_prices(key)) else None
            for key in (PRO_LOOKUP_KEY, CREDIT_LOOKUP_KEY)
        ]
    finally:
        await gateway.aclose()
    return settings.with_defaults(
        source=LOCAL_SANDBOX, price_pro_monthly=prices[0], price_extra_credit=prices[1]
    )


def _show_progress(report: ReconciliationReport) -> None:
    if sys.stderr.isatty():
        print(f"\r{report} ", end="", file=sys.stderr, flush=True)
