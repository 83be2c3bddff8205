"""The sandbox as a launcher uses it: alone, mounted, restarted, moved."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import requests
import stripe
from starlette.applications import Starlette
from starlette.routing import Mount

from stripe_sandbox.clock import ManualClock
from stripe_sandbox.payments.checkout import Paid
from stripe_sandbox.sandbox import Sandbox, SandboxConfig
from stripe_sandbox.storage.unusable import NewerDatabaseError, UnusableDatabaseError
from tests.support.servers.server import listening_socket, serving
from tests.support.stripe.sandbox_server import KEY, PAYER, card, price_of, sandbox_server


def _client(url: str) -> stripe.StripeClient:
    return stripe.StripeClient(KEY, base_addresses={"api": url}, max_network_retries=0)


def _sandbox(database: Path | None) -> Sandbox:
    return Sandbox(SandboxConfig(database=database))


def _credit(sandbox: Sandbox) -> str:
    return price_of(sandbox, "credit", "Credit", 99)


def test_a_price_is_made_once(tmp_path: Path) -> None:
    """The same lookup key is the same Price on every start."""
    database = tmp_path / "deep" / "sandbox.sqlite3"
    first = _sandbox(database)
    made = _credit(first)
    assert _credit(first) == made
    first.close()
    second = _sandbox(database)
    assert _credit(second) == made
    second.close()


def test_it_works_under_a_prefix(tmp_path: Path) -> None:
    """Mounted at /sandbox, the API and the links are under /sandbox."""
    listener = listening_socket()
    base_url = f"http://127.0.0.1:{listener.getsockname()[1]}/sandbox"
    config = SandboxConfig(database=tmp_path / "sandbox.sqlite3", base_url=base_url)
    sandbox = Sandbox(config)
    price = _credit(sandbox)
    app = Starlette(routes=[Mount("/sandbox", sandbox.asgi)])
    with serving(app, listener) as url:
        session = _client(f"{url}/sandbox").v1.checkout.sessions.create(
            params={
                "mode": "payment",
                "line_items": [{"price": price, "quantity": 1}],
                "success_url": "http://shop.example/",
            }
        )
        assert str(session.url).startswith(f"{url}/sandbox/c/pay/{session.id}#")
        assert requests.get(str(session.url), timeout=10).status_code == 200
        missing = requests.get(f"{url}/sandbox/v1/foo", auth=(KEY, ""), timeout=10)
        assert "(GET: /v1/foo)" in missing.json()["error"]["message"]
    sandbox.close()


def test_time_counts_without_background_work(tmp_path: Path) -> None:
    """Where nothing runs in the background, lists still show what time has done, and the payer
    waits for nobody."""
    clock = ManualClock(1_800_000_000)
    config = SandboxConfig(database=tmp_path / "sandbox.sqlite3")
    sandbox = Sandbox(config, clock)
    price = _credit(sandbox)
    sandbox.ensure_webhook_endpoint(url="http://127.0.0.1:9/nobody", description="shop")
    with serving(Starlette(routes=[Mount("/sandbox", sandbox.asgi)])) as url:
        sessions = _client(f"{url}/sandbox").v1.checkout.sessions
        made = [
            sessions.create(
                params={
                    "mode": "payment",
                    "line_items": [{"price": price, "quantity": 1}],
                    "success_url": "http://shop.example/",
                }
            ).id
            for _ in range(2)
        ]
        paid = sandbox.payments.pay(made[0], card(), PAYER)
        assert isinstance(paid, Paid)
        asyncio.run(sandbox._deliveries.wait_for_responses(paid.event_ids, timeout=3600.0))
        clock.advance(86_400)
        assert [one.id for one in sessions.list(params={"status": "expired"}).data] == made[1:]
        assert sessions.list(params={"status": "open"}).data == []
    sandbox.close()


def test_open_links_move_with_the_sandbox(tmp_path: Path) -> None:
    """Served at another address the next time, open sessions link to the new one."""
    database = tmp_path / "sandbox.sqlite3"
    with sandbox_server(database, base_url="http://localhost:1/sandbox") as server:
        session = server.create()
        closed = server.create()
        server.stripe.v1.checkout.sessions.expire(closed.id)
    with sandbox_server(database, base_url="http://localhost:2") as server:
        moved = server.stripe.v1.checkout.sessions.retrieve(session.id)
        assert moved.url == str(session.url).replace(
            "http://localhost:1/sandbox", "http://localhost:2"
        )
        assert server.stripe.v1.checkout.sessions.retrieve(closed.id).url is None


def test_it_runs_alone_and_keeps_everything(tmp_path: Path) -> None:
    """`python -m stripe_sandbox` serves the API. Killed outright it still knows everything; ended
    properly it has closed its file, which then holds all, with nothing left beside it."""
    database = tmp_path / "sandbox.sqlite3"
    customers: list[str] = []
    for end in (signal.SIGKILL, signal.SIGTERM):
        command = [
            sys.executable,
            "-m",
            "stripe_sandbox",
            "--port",
            "0",
            "--database",
            str(database),
        ]
        root = Path(__file__).parents[2]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
            assert process.stdout is not None
            match = re.search(r"http://[\d.]+:\d+", process.stdout.readline())
            assert match is not None
            client = _client(match[0])
            for identifier in customers:
                assert client.v1.customers.retrieve(identifier).name == "Kept"
            customers.append(client.v1.customers.create(params={"name": "Kept"}).id)
            assert (tmp_path / "sandbox.sqlite3-wal").stat().st_size > 0
            os.kill(process.pid, end)
    assert [file.name for file in tmp_path.iterdir()] == ["sandbox.sqlite3"]
    with contextlib.closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT count(*) FROM customers").fetchone() == (2,)


def test_a_newer_file_is_refused_untouched(tmp_path: Path) -> None:
    """A file of a newer version is left alone, with a clear word."""
    database = tmp_path / "sandbox.sqlite3"
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = database.read_bytes()
    with pytest.raises(NewerDatabaseError, match="newer version of the sandbox"):
        _sandbox(database)
    assert database.read_bytes() == before


@pytest.mark.parametrize(
    "content",
    [b"no database at all, only text " * 100, b"SQLite format 3\x00" + b"\xff" * 4_000],
    ids=["text", "garbage after the header"],
)
def test_a_file_that_is_no_database_is_named_and_left_alone(tmp_path: Path, content: bytes) -> None:
    """One error that says which file, why, and what to do."""
    database = tmp_path / "sandbox.sqlite3"
    database.write_bytes(content)
    with pytest.raises(UnusableDatabaseError) as caught:
        _sandbox(database)
    assert str(caught.value).startswith(f"{database} cannot be used as the sandbox's database: ")
    assert "Move it away or delete it" in str(caught.value)
    assert database.read_bytes() == content


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    """Its tables are not taken for the sandbox's, and stay as they are."""
    database = tmp_path / "other.sqlite3"
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE events (name TEXT)")
    before = database.read_bytes()
    with pytest.raises(UnusableDatabaseError, match="belongs to another program"):
        _sandbox(database)
    assert database.read_bytes() == before


def test_a_file_that_is_damaged_further_in_is_named_when_it_is_noticed(tmp_path: Path) -> None:
    """At the start, or by whoever comes upon it later."""
    database = tmp_path / "sandbox.sqlite3"
    sandbox = _sandbox(database)
    price = _credit(sandbox)
    sandbox.close()
    content = bytearray(database.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    database.write_bytes(content)
    with pytest.raises(UnusableDatabaseError, match=r"sandbox\.sqlite3 cannot be used"):
        assert _credit(_sandbox(database)) == price


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """As when a file stands in its place, or it belongs to somebody else."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UnusableDatabaseError, match="writable for the user"):
        _sandbox(tmp_path / "file" / "sandbox.sqlite3")


def test_the_command_says_what_is_wrong_with_its_file(tmp_path: Path) -> None:
    """In one line, without a traceback."""
    database = tmp_path / "sandbox.sqlite3"
    database.write_text("no database" * 100)
    command = [sys.executable, "-m", "stripe_sandbox", "--port", "0", "--database", str(database)]
    ended = subprocess.run(
        command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False
    )
    assert ended.returncode == 1
    assert "cannot be used as the sandbox's database: file is not a database" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_database_is_closed_when_the_work_ends(tmp_path: Path) -> None:
    """So that a copy of the file is whole, and nothing is left in a log beside it."""
    sandbox = _sandbox(tmp_path / "sandbox.sqlite3")

    async def work() -> None:
        async with sandbox.running():
            _credit(sandbox)
            assert (tmp_path / "sandbox.sqlite3-wal").stat().st_size > 0

    asyncio.run(work())
    assert [file.name for file in tmp_path.iterdir()] == ["sandbox.sqlite3"]
    sandbox.close()


def test_who_looks_at_its_conditions_learns_of_faults_that_were_on_meanwhile() -> None:
    with sandbox_server(None) as server:
        before = asyncio.run(server.sandbox.conditions())
        for duplicates in (1, 0):
            body = {"webhooks": {"duplicates": duplicates}}
            headers = {"Authorization": f"Bearer {KEY}"}
            url = f"{server.url}/_control/faults"
            requests.put(url, json=body, headers=headers, timeout=9).raise_for_status()
        after = asyncio.run(server.sandbox.conditions())
    assert after[0] == before[0]
    assert after != before
