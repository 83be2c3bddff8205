"""A file of an older release, which held numbers of cards, loses them when it is opened."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.support.stripe.sandbox_server import SandboxServer, sandbox_server

NUMBER, FORMER = "4000002500003155", "5555555555554444"
KEY = {"Idempotency-Key": "tea"}


def _age(path: Path, session: str) -> None:
    """Have the file look as older releases wrote it: a number in the session's row, one among the
    key's parameters, and one in a row that was deleted."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA secure_delete = OFF")
        database.execute("DELETE FROM settings WHERE name = 'card_numbers'")
        database.execute(
            "UPDATE checkout_sessions SET hidden = json_set(hidden, '$.card', ?) WHERE id = ?",
            (NUMBER, session),
        )
        database.execute(
            "UPDATE idempotency_keys SET parameters = ? WHERE key = 'tea'", ('{"name":"Tea"}',)
        )
        database.execute(
            "INSERT INTO settings VALUES ('former', ?)", (f"{FORMER}{'x' * 9_000}{FORMER}",)
        )
        database.execute("DELETE FROM settings WHERE name = 'former'")


def _stored(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.iterdir())


def _make_tea(server: SandboxServer) -> str:
    found: str = server.post("/v1/products", {"name": "Tea"}, **KEY).json()["id"]
    return found


def test_the_numbers_go_and_all_else_works_on(tmp_path: Path) -> None:
    """Even a 3-D Secure challenge that waited, and the answer under an idempotency key."""
    path = tmp_path / "sandbox.sqlite3"
    with sandbox_server(path) as server:
        tea = _make_tea(server)
        session = server.create().id
        asked = server.pay(session, NUMBER)
    _age(path, session)
    assert NUMBER.encode() in _stored(path)
    assert FORMER.encode() in _stored(path)
    with sandbox_server(path) as server:
        assert _make_tea(server) == tea
        intent = asked.payment_intent  # type: ignore[union-attr]  # 3-D Secure comes first
        paid = server.sandbox.payments.authenticate(session, intent, succeed=True)
        assert paid.type == "paid"
    assert NUMBER.encode() not in _stored(path)
    assert FORMER.encode() not in _stored(path)
