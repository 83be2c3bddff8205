"""``python -m billing reconcile`` as people run it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.billing.commands.test_check_command import run, settings_of
from tests.support.servers.sales import create_session, pay
from tests.support.servers.shop import idle_shop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.servers.shop import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with idle_shop(tmp_path) as shop:
        yield shop


def test_it_lists_what_differs_and_a_fix_leaves_nothing(shop: Shop, tmp_path: Path) -> None:
    session_id = pay(shop, create_session(shop, quantity=10))
    database = shop.services.settings.database_url
    assert database is not None
    settings = settings_of(shop) | {"DATABASE_URL": database.get_secret_value()}
    done = run(tmp_path, "reconcile", settings=settings)
    assert (done.stdout, done.returncode) == ("1 payment, 0 subscriptions, 0 differences.\n", 0)
    intent = str(shop.stripe.v1.checkout.sessions.retrieve(session_id).payment_intent)
    shop.stripe.v1.refunds.create({"payment_intent": intent, "amount": 297})
    done = run(tmp_path, "reconcile", settings=settings)
    assert done.stdout.splitlines() == [
        f"{session_id}: 10 extra credits here, 7 extra credits in Stripe",
        "1 payment, 0 subscriptions, 1 difference.",
    ]
    assert done.returncode == 1
    done = run(tmp_path, "reconcile", "--fix", settings=settings)
    assert done.stdout.splitlines()[-1] == "1 payment, 0 subscriptions, 1 difference, fixed."
    assert done.returncode == 0


def test_without_a_key_and_without_a_dashboard_it_says_so(tmp_path: Path) -> None:
    done = run(tmp_path, "reconcile")
    assert done.returncode == 3
    assert "no dashboard with its sandbox runs in this folder" in done.stderr
    assert "make run" in done.stderr
