"""``python -m benchmarks [--quick] name …``: measure, and print a table for each.

``report`` measures this app beside its peers, and writes report.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from importlib.metadata import version

from benchmarks.checkout import memory, route
from benchmarks.ledger import ledger
from benchmarks.pages import first_load, soak, tabs
from benchmarks.report.command import report
from benchmarks.report.sections import SECTIONS
from benchmarks.store import backfill, customers, entitlements, own_requests, queries, size
from benchmarks.stripe import request_log
from benchmarks.webhooks import acknowledged, kills, rolling
from billing.access.caller import Caller, become
from billing.domain.access import ADMIN_OF_THIS_MACHINE

BENCHMARKS = {
    "checkout": route.measure,
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
    "tabs": tabs.measure,
    "soak": soak.measure,
    "own-requests": own_requests.measure,
    "requests": request_log.measure,
    "growth": memory.measure_growth,
}


def machine() -> str:
    """What the figures were measured on; they compare only with others of the same machine."""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("streamlit", "stripe", "aiohttp"))
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {libraries}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = ", ".join(("report", *BENCHMARKS))
    parser.add_argument("names", nargs="+", metavar="name", help=f"of {names}")
    parser.add_argument("--quick", action="store_true", help="short and rough")
    parser.add_argument(
        "--only", default="", metavar="section,…", help=f"of the report's {', '.join(SECTIONS)}"
    )
    asked = parser.parse_args()
    only = [name for name in asked.only.split(",") if name]
    if unknown := {*asked.names, *only} - {"report", *BENCHMARKS, *SECTIONS}:
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    become(Caller(ADMIN_OF_THIS_MACHINE))
    print(machine(), flush=True)
    failed = 0
    for name in asked.names:
        if name == "report":
            failed += report(only, machine(), quick=asked.quick)
        else:
            BENCHMARKS[name](quick=asked.quick)
    sys.exit(failed > 0)
