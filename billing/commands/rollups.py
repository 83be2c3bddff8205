"""``python -m billing rollups``: the counts behind figures held against the sessions, or mended."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from billing.errors import BillingError
from billing.maintenance.rollups import Rollups
from billing.settings.loading import load_settings
from billing.settings.model import DEFAULT_DATABASE_URL
from billing.store import Store

if TYPE_CHECKING:
    import argparse

    from billing.domain.sessions.rollups import RollupDifference
    from billing.settings.model import Settings

HELP = "compare the counts behind the Sessions page's figures with the sessions"
EXIT_HELP = """exit status of rollups:
  0  they say what the sessions say
  1  there are differences
  2  wrong usage
  3  the database could not be read or written"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--check", action="store_true", help="only compare (the default)")
    chosen.add_argument("--rebuild", action="store_true", help="count all sessions anew first")


def run(chosen: argparse.Namespace) -> int:
    """Compare, print what differs; the exit status says whether anything does."""
    try:
        found = asyncio.run(_compare(load_settings(), rebuild=chosen.rebuild))
    except BillingError as failure:
        print(f"{failure.message} {failure.next_step}", file=sys.stderr)
        return 3
    for difference in found:
        print(difference)
    print(
        "The counts differ from the sessions." if found else "The counts are those of the sessions."
    )
    return 1 if found else 0


async def _compare(settings: Settings, *, rebuild: bool) -> list[RollupDifference]:
    store = Store(settings.database_url or DEFAULT_DATABASE_URL)
    rollups = Rollups(store)
    try:
        if rebuild:
            await rollups.rebuild()
        return await rollups.compare()
    finally:
        store.close()
