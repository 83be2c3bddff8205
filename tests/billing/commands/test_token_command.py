"""``python -m billing token`` as people run it."""

from __future__ import annotations

import asyncio
import re
import sys
from typing import TYPE_CHECKING

import pytest

from billing.__main__ import main
from billing.access.service import Access
from billing.domain.access import AuditFilter, Role
from billing.settings.loading import load_settings
from tests.support.database.databases import store_on

if TYPE_CHECKING:
    from billing.domain.access import AuditEntry, Identity


class Shell:
    """Runs the command in this process, in the test's folder."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """The exit status, the standard output and the errors."""
        self._monkeypatch.setattr(sys, "argv", ["billing", "token", *arguments])
        try:
            status = main()
        except SystemExit as ended:  # of the parser
            status = int(str(ended.code))
        output = self._capsys.readouterr()
        return status, output.out, output.err


@pytest.fixture
def shell(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], sqlite_url: str
) -> Shell:
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    return Shell(monkeypatch, capsys)


async def asked(url: str, secret: str) -> tuple[Identity | None, list[AuditEntry]]:
    """Whom a server takes the token for, and its audit log."""
    with store_on(url) as store:
        access = Access(load_settings({}), store)
        identity = await access.tokens.identify(secret.strip(), None)
        return identity, (await access.audit.find(AuditFilter())).entries


def test_a_token_is_created_listed_and_revoked(shell: Shell, sqlite_url: str) -> None:
    status, secret, errors = shell.run("create", "ci", "--role", "tester", "--days", "7")
    assert status == 0
    assert re.fullmatch(r"bdt_[\w-]{43}\n", secret)
    (token_id,) = re.findall(r"Created (\w+): ci is a tester until \d{4}-\d\d-\d\d", errors)
    identity, audit = asyncio.run(asked(sqlite_url, secret))
    assert identity is not None
    assert (identity.name, identity.role) == ("ci", Role.TESTER)
    assert [(entry.action, entry.object_id, entry.kind) for entry in audit] == [
        ("manage_tokens", "ci", "command")
    ]
    status, listed, errors = shell.run("list")
    assert (status, errors) == (0, "")
    header, row = listed.splitlines()
    assert row.startswith(f"{token_id}  ci    tester")
    assert header.startswith("ID ")
    assert secret.strip() not in listed
    assert shell.run("revoke", token_id) == (0, f"Revoked {token_id}.\n", "")
    assert "revoked 2" in shell.run("list")[1]
    assert asyncio.run(asked(sqlite_url, secret))[0] is None


def test_one_may_have_no_end(shell: Shell) -> None:
    status, _, errors = shell.run("create", "metrics", "--role", "viewer", "--never")
    assert (status, "without an end" in errors) == (0, True)
    assert shell.run("list")[1].splitlines()[1].endswith("never")


@pytest.mark.parametrize(
    ("arguments", "status", "reason"),
    [
        (("create", "ci"), 2, "--role"),
        (("create", "ci", "--role", "king"), 2, "invalid choice"),
        (("create", "ci", "--role", "admin", "--days", "1", "--never"), 2, "not allowed with"),
        (("create", "ci", "--role", "admin", "--days", "0"), 1, "ends after 1 to"),
        (("create", " ", "--role", "admin"), 1, "name has 1 to 100 characters"),
        (("revoke", "nothing"), 1, "There is no token nothing"),
        ((), 2, "action"),
    ],
)
def test_what_cannot_be_is_said_and_creates_nothing(
    shell: Shell, arguments: tuple[str, ...], status: int, reason: str
) -> None:
    ended, output, errors = shell.run(*arguments)
    assert (ended, output) == (status, "")
    assert reason in errors
    assert len(shell.run("list")[1].splitlines()) == 1


def test_a_database_that_cannot_be_used_exits_with_3(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:////proc/nowhere/billing.sqlite3")
    status, _, errors = shell.run("list")
    assert status == 3
    assert "DATABASE_URL" in errors
