"""However often the server is killed, what was paid is granted once, and nothing else is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.killing import Outcome, kill_while_events_arrive
from tests.support.stripe_account import Faults

if TYPE_CHECKING:
    from pathlib import Path

UNIQUE = 2_000
TROUBLED = Faults(rate_limited=0.1, failing=0.1, dropped=0.02, delayed=0.2, delay_seconds=0.05)


def assert_exact(outcome: Outcome, unique: int) -> None:
    assert outcome.forgotten == set(), "an event was acknowledged and is gone"
    assert outcome.unsettled == {}
    assert outcome.lost == set(), "paid, and never granted"
    assert outcome.unasked == set(), "granted, and never paid"
    assert outcome.wrong == set()
    assert outcome.granted == outcome.paid
    assert outcome.events >= unique


def test_killed_again_and_again_while_events_arrive_it_grants_each_payment_once(
    database_url: str, tmp_path: Path
) -> None:
    outcome = kill_while_events_arrive(database_url, tmp_path, unique=UNIQUE, kill_every=200)
    assert_exact(outcome, UNIQUE)
    assert outcome.kills > 10
    assert outcome.redeliveries > 0


def test_the_same_with_a_stripe_that_limits_fails_delays_and_hangs_up(
    database_url: str, tmp_path: Path
) -> None:
    outcome = kill_while_events_arrive(
        database_url, tmp_path, unique=600, kill_every=100, faults=TROUBLED
    )
    assert_exact(outcome, 600)
    assert outcome.kills > 5


def test_the_same_with_two_machines_on_one_postgresql(postgres_url: str, tmp_path: Path) -> None:
    outcome = kill_while_events_arrive(
        postgres_url, tmp_path, unique=UNIQUE // 2, kill_every=100, processes=2
    )
    assert_exact(outcome, UNIQUE // 2)
    assert outcome.kills > 10
