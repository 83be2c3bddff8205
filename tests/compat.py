"""`make compat`: older majors of Stripe's SDKs for Python and node against the sandbox, each in its
own version of the API. Prints a row for each; exits with 1 if any fails."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable

from stripe_sandbox.versions.releases import NEWEST, OLDEST
from tests.support.older_sdk.installed import NODE, PYTHON
from tests.support.older_sdk.runs import FailedError, Outcome, run_node, run_python
from tests.support.stripe.sandbox_server import sandbox_server

Run = Callable[[int, str, str], Outcome]
SDKS: tuple[tuple[str, dict[int, str], Run, int], ...] = (
    ("stripe-python", PYTHON, run_python, 5),
    ("stripe-node", NODE, run_node, 11),
)
"""Name, releases by major, what runs one, and the last major that sends no version: the account's
counts."""


def row(name: str, release: str, major: int, run: Run, account: str) -> tuple[str, bool]:
    """The table's row of an SDK, and whether it passed."""
    with sandbox_server(None, api_version=account) as server:
        try:
            outcome = run(major, server.url, account)
        except FailedError as error:
            version, problem = "", str(error).strip().rpartition("\n")[2] or "failed"
        else:
            version, problem = outcome.version, "; ".join(outcome.faults)
    return f"| {name} {release} | {version} | {problem or 'passed'} |", not problem


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
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
