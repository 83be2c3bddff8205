"""`make compat`: every older major of Stripe's Python SDK against the sandbox, each in its own
version of the API. Prints the table of docs/sandbox.md; exits with 1 if any fails."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from stripe_sandbox.versions.releases import NEWEST, OLDEST
from tests.support.older_sdk.installed import RELEASES
from tests.support.older_sdk.runs import FailedError, run
from tests.support.stripe.sandbox_server import sandbox_server

SENDS_NO_VERSION = 5
"""The last major that leaves it to the account."""


@dataclass(frozen=True)
class Row:
    """An SDK: its release, its version of the API, and what was wrong."""

    release: str
    version: str
    problem: str

    def __str__(self) -> str:
        result = self.problem or "passed"
        return f"| stripe-python {self.release} | {self.version} | {result} |"


def row(major: int) -> Row:
    """What one SDK does."""
    account = OLDEST if major <= SENDS_NO_VERSION else NEWEST
    with sandbox_server(None, api_version=account) as server:
        try:
            outcome = run(major, server.url, account)
        except FailedError as error:
            return Row(RELEASES[major], "", str(error).strip().rpartition("\n")[2])
    return Row(RELEASES[major], outcome.version, "; ".join(outcome.faults))


def main() -> None:
    """Print the table, a row as soon as it is known."""
    print("| SDK | API version | result |\n| --- | --- | --- |")
    failed = 0
    for major in RELEASES:
        found = row(major)
        failed += bool(found.problem)
        print(found, flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
