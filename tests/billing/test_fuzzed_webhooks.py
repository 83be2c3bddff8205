"""Hundreds of mutated, signed events; ``python -m benchmarks.webhooks.fuzz 100000`` sends more."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from benchmarks.webhooks.fuzz import handled, send
from benchmarks.webhooks.mutated_events import mutated, signed
from tests.support.servers.billing_server import billing_server
from tests.support.servers.settings import SECRET, settings_for
from tests.support.servers.timings import QUICK

if TYPE_CHECKING:
    from tests.support.stripe_account import StripeAccount

COUNT = 400


def test_mutated_events_are_answered_honestly_and_a_sound_one_is_handled_after_them(
    account: StripeAccount, database_url: str
) -> None:
    sound = account.say("completed", account.pay(account.sell("credits", 5)))
    with billing_server(settings_for(account.url, database_url), QUICK) as server:
        answers = asyncio.run(send(server.url, mutated(COUNT, SECRET, seed=5)))
        assert answers.wrong == []
        assert sum(answers.statuses.values()) == COUNT
        assert set(answers.statuses) == {200, 400}
        assert min(answers.statuses.values()) > COUNT / 10
        delivery = signed(json.dumps(sound).encode(), SECRET)
        assert asyncio.run(send(server.url, iter([delivery]))).statuses[200] == 1
        stored, states = asyncio.run(handled(database_url, sound["id"]))
        assert stored > COUNT / 10
        assert states["handled"] >= 1
        assert server.health().status_code == 200
        assert server.ledger()[sound["data"]["object"]["id"]].quantity == 5
