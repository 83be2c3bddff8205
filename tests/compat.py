"""`make compat`: older majors of Stripe's SDKs for Python and node against the sandbox, each in its
own version of the API, and programs of others. Prints a row for each; exits with 1 if any fails."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable

import requests

from stripe_sandbox.versions.releases import NEWEST, OLDEST
from tests.support import copied_requests
from tests.support.older_sdk.installed import NODE, PYTHON
from tests.support.older_sdk.node_types import LEFT_OUT, faults, left_out_text, node_types
from tests.support.older_sdk.runs import FailedError, Outcome, run_node, run_python
from tests.support.programs_of_others import better_auth, django_shop, sync_engine
from tests.support.programs_of_others.quickstart import walk
from tests.support.stripe.sandbox_server import SandboxServer, sandbox_server

PROGRAMS: tuple[tuple[str, str, Callable[[SandboxServer], str]], ...] = (
    ("dj-stripe 2.11.0", django_shop.VERSION, django_shop.run_djstripe),
    ("Stripe's quickstart with Flask", walk.VERSION, walk.run_flask),
    ("Stripe's quickstart with Express", walk.VERSION, walk.run_express),
    (
        f"@better-auth/stripe {better_auth.RELEASE}",
        better_auth.VERSION,
        better_auth.run_better_auth,
    ),
    (f"@supabase/stripe-sync-engine {sync_engine.RELEASE}", NEWEST, sync_engine.run_backfill),
    ("Requests copied for node", copied_requests.VERSION, copied_requests.run_copied_node),
)
"""Name, API version and what runs one."""
Run = Callable[[int, str, str], Outcome]
SDKS: tuple[tuple[str, dict[int, str], Run, int], ...] = (
    ("stripe-python", PYTHON, run_python, 5),
    ("stripe-node", NODE, run_node, 11),
)
"""Name, releases by major, what runs one, and the last major that sends no version: the account's
counts."""


LISTS = (
    *("customers", "products", "prices", "checkout/sessions", "payment_intents", "charges"),
    *("refunds", "subscriptions", "invoices", "payment_methods", "setup_intents", "disputes"),
    *("invoice_payments", "invoiceitems", "webhook_endpoints", "billing_portal/configurations"),
    "events",
)
"""Everything that the sandbox lists and that its SDKs describe."""


def departures(server: SandboxServer, version: str, major: int) -> list[str]:
    """Where whatever the sandbox holds by now departs from the types of the SDK for node of that
    major, asked for in that version."""
    types = node_types(major)
    found = []
    for name in LISTS:
        answer = requests.get(
            f"{server.url}/v1/{name}?limit=100",
            headers={"Authorization": "Bearer sk_test_compat", "Stripe-Version": version},
            timeout=30,
        )
        for value in answer.json()["data"]:
            if name != "events" or value["api_version"] == version:
                found += faults(value, types)
    return found


def row(name: str, release: str, major: int, run: Run, account: str) -> tuple[str, bool]:
    """The table's row of an SDK, and whether it passed."""
    with sandbox_server(None, api_version=account) as server:
        try:
            outcome = run(major, server.url, account)
        except FailedError as error:
            version, problem = "", str(error).strip().rpartition("\n")[2] or "failed"
        else:
            version, problem = outcome.version, "; ".join(outcome.faults)
            if run is run_node and not problem:
                problem = "; ".join(departures(server, version, major))
    return f"| {name} {release} | {version} | {problem or 'passed'} |", not problem


def program_row(name: str, version: str, run: Callable[[SandboxServer], str]) -> tuple[str, bool]:
    """The table's row of a program, and whether it passed."""
    with sandbox_server(None) as server:
        try:
            outcome, good = run(server), True
        except (FailedError, OSError, subprocess.CalledProcessError) as error:
            outcome, good = f"failed: {error}".replace("\n", " "), False
    return f"| {name} | {version} | {outcome} |", good


def main() -> None:
    """Print the table, a row as soon as it is known."""
    print("| SDK | API version | result |\n| --- | --- | --- |", flush=True)
    passed = True
    for name, releases, run, last_silent in SDKS:
        if run is run_node and not (shutil.which("node") and shutil.which("npm")):
            print(f"| {name} | | node and npm are missing: install them (apt-get install npm) |")
            passed = False
            continue
        for major, release in releases.items():
            account = OLDEST if major <= last_silent else NEWEST
            line, good = row(name, release, major, run, account)
            passed = passed and good
            print(line, flush=True)
    for program, version, run_program in PROGRAMS:
        line, good = program_row(program, version, run_program)
        passed = passed and good
        print(line, flush=True)
    if passed and left_out_text() != LEFT_OUT.read_text():
        print(f"{LEFT_OUT.name} is not current: python -m tests.support.older_sdk.node_types")
        passed = False
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
