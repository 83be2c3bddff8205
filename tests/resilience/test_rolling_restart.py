"""Two dashboards behind a real nginx on one PostgreSQL are restarted one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.servers.processes.rolling import restart_under_load

if TYPE_CHECKING:
    from pathlib import Path

STOPS_WITHIN = 10.0  # seconds of SIGTERM, as promised


def test_a_rolling_restart_loses_nothing_grants_once_and_brings_every_page_back(
    postgres_url: str, tmp_path: Path
) -> None:
    restarted = restart_under_load(postgres_url, tmp_path, unique=150, per_second=100, pages=4)
    outcome = restarted.outcome
    assert outcome.kills == 2
    assert not outcome.forgotten
    assert not outcome.unsettled
    assert (outcome.lost, outcome.unasked, outcome.wrong) == (set(), set(), set())
    assert outcome.granted == outcome.paid > 0
    assert max(restarted.stop_seconds) < STOPS_WITHIN
    assert restarted.outages
