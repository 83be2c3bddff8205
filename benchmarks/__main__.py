"""``python -m benchmarks [--quick] [name …]``: measure, and print a table for each."""

from __future__ import annotations

import argparse
import os
import platform
from importlib.metadata import version

from benchmarks.checkout import route
from benchmarks.ledger import ledger
from benchmarks.pages import first_load, soak, warm_rerun
from benchmarks.store import backfill, customers, entitlements, queries, size
from benchmarks.webhooks import acknowledged, kills, rolling
from billing.access.caller import Caller, become
from billing.domain.access import ADMIN_OF_THIS_MACHINE

BENCHMARKS = {
    "checkout": route.measure,
    "rerun": warm_rerun.measure,
    "backfill": backfill.measure,
    "webhooks": acknowledged.measure,
    "kills": kills.measure,
    "ledger": ledger.measure,
    "queries": queries.measure,
    "size": size.measure,
    "customers": customers.measure,
    "entitlements": entitlements.measure,
    "rolling": rolling.measure,
    "load": first_load.measure,
    "soak": soak.measure,
}


def machine() -> str:
    """What the figures were measured on; they compare only with others of the same machine."""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("streamlit", "stripe", "aiohttp"))
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {libraries}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(BENCHMARKS)}")
    parser.add_argument("--quick", action="store_true", help="short and rough")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(BENCHMARKS):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    become(Caller(ADMIN_OF_THIS_MACHINE))
    print(machine(), flush=True)
    for name in asked.names or BENCHMARKS:
        BENCHMARKS[name](quick=asked.quick)
