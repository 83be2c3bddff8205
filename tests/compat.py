"""`make compat`: the majors of Stripe's SDKs for Python and node against the sandbox, each in its
own version of the API, and programs of others.

Whatever the sandbox answers and sends meanwhile, and all that it holds in the end, is held against
the types of Stripe's SDKs of that version. Prints a row for each; exits with 1 if any fails, or if
docs/sandbox.md shows another table."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from stripe_sandbox.versions.releases import NEWEST, OLDEST
from tests.support import copied_requests
from tests.support.older_sdk.answers import TYPES, Answers
from tests.support.older_sdk.contents import Reader
from tests.support.older_sdk.installed import NODE, PYTHON
from tests.support.older_sdk.node_types import LEFT_OUT, left_out_text
from tests.support.older_sdk.runs import FailedError, Outcome, run_node, run_python
from tests.support.programs_of_others import better_auth, django_shop, sync_engine
from tests.support.programs_of_others.quickstart import walk
from tests.support.stripe.sandbox_server import SandboxServer, sandbox_server

PAGE = Path(__file__).parents[1] / "docs" / "sandbox.md"
HEAD = "| program | API version | held against the types of | result |\n| --- | --- | --- | --- |"


@dataclass(frozen=True)
class Program:
    """`run` returns the API version that it asked in; FailedError says why it ended before its
    end. `account` is the account's version."""

    name: str
    run: Callable[[SandboxServer], str]
    account: str = NEWEST


def programs() -> Iterator[Program]:
    """All of them."""
    for name, releases, run, last_silent in (
        ("stripe-python", PYTHON, run_python, 5),
        ("stripe-node", NODE, run_node, 11),  # the last major that sends no version
    ):
        for major, release in releases.items():
            account = OLDEST if major <= last_silent else NEWEST
            asks = partial(_sdk, run, major, account)
            yield Program(f"{name} {release}", asks, account)
    for other, version, use in (
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
    ):
        yield Program(other, partial(_other, use, version))


def _sdk(
    run: Callable[[int, str, str], Outcome], major: int, account: str, server: SandboxServer
) -> str:
    return run(major, server.url, account).version


def _other(use: Callable[[SandboxServer], None], version: str, server: SandboxServer) -> str:
    use(server)
    return version


def row(program: Program) -> tuple[str, bool]:
    """The table's row of a program, and whether it passed."""
    answers = Answers()
    with sandbox_server(None, api_version=program.account, around=answers.around) as server:
        try:
            version = program.run(server)
            reader = Reader(server, version)
            reader.read_all()
            answers.by_version[version] += reader.all_events()
            answers.notifications += reader.all_notifications()
            problem = "; ".join(answers.faults())
        except (FailedError, OSError, subprocess.CalledProcessError) as error:
            version, problem = "", str(error).strip().replace("\n", " ")[-600:] or "failed"
    types = zip(("stripe-python", "stripe-node"), TYPES.get(version, ()), strict=False)
    held = ", ".join(f"{sdk} {release}" for sdk, release in types if release)
    return f"| {program.name} | {version} | {held} | {problem or 'passed'} |", not problem


def main() -> None:
    """Print the table, a row as soon as it is known."""
    if not (shutil.which("node") and shutil.which("npm")):
        sys.exit("node and npm are missing: install them (apt-get install npm)")
    lines = [HEAD]
    print(HEAD, flush=True)
    passed = True
    for program in programs():
        line, good = row(program)
        passed = passed and good
        lines.append(line)
        print(line, flush=True)
    if passed and left_out_text() != LEFT_OUT.read_text():
        print(f"{LEFT_OUT.name} is not current: python -m tests.support.older_sdk.node_types")
        passed = False
    if passed and "\n".join(lines) not in PAGE.read_text():
        print(f"{PAGE.name} shows another table than this one")
        passed = False
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
