"""``python -m billing check``: is everything set up right? The Setup page's checks, as text.

Exits with 0 when nothing is wrong, with 1 when something is, with 2 when called otherwise, with 3
when nothing is wrong but Stripe could not be asked at the moment.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from billing.access.caller import acting_as
from billing.services import Services
from billing.settings.loading import load_settings
from billing.setup.findings import Group, Status

if TYPE_CHECKING:
    import argparse

    from billing.settings.model import Settings
    from billing.setup.findings import Finding, Report


STATUS_WIDTH = max(map(len, Status))
EXIT_STATUS = {Status.WRONG: 1, Status.UNAVAILABLE: 3}
HELP = "check every setting and say how to fix what is wrong"
EXIT_HELP = """exit status of check:
  0  no problems found
  1  problems found
  2  wrong usage
  3  no problems found, but Stripe could not be reached: try again later"""
CREATED_ON_SETUP = "Or create it on the app's Setup page."


async def run_checks(settings: Settings) -> Report:
    """The findings, on services of this command's own."""
    services = Services(settings, stripe_name="Stripe")
    try:
        with acting_as(services.access.command()):
            return await services.setup_checks.run()
    finally:
        await services.aclose()


def as_text(report: Report) -> str:
    """The findings in aligned lines, group by group, the verdict last."""
    width = max(len(finding.name) for finding in report.findings)
    lines = []
    for group in Group:
        lines += [group.value, *(_lines(finding, width) for finding in report.of(group)), ""]
    return "\n".join([*lines, f"{report.verdict}."])


def _lines(finding: Finding, width: int) -> str:
    margin = f"  {finding.status:<{STATUS_WIDTH}}  {finding.name:<{width}}  "
    found = " ".join(filter(None, (finding.found, finding.reference)))
    if finding.setting:
        found += f" ({finding.setting}{f', {finding.source}' if finding.source else ''})"
    next_steps = [finding.next_step, CREATED_ON_SETUP if finding.missing else ""]
    return "\n".join(
        [f"{margin}{found}", *(f"{'':{len(margin)}}-> {one}" for one in next_steps if one)]
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none."""


def run(_: argparse.Namespace) -> int:
    """Check, print the findings, and say by the exit status how bad they are."""
    report = asyncio.run(run_checks(load_settings()))
    print(as_text(report))
    return EXIT_STATUS.get(report.worst, 0)
