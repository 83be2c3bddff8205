"""The last run of each scenario of the Test kit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from billing.store.leases import now
from billing.store.tables import scenario_runs
from billing.store.upsert import upsert

if TYPE_CHECKING:
    from sqlalchemy import Connection

ALIVE_SECONDS = 40.0  # how long nobody takes over from a process that says nothing

_NEW = {"run", "document", "alive_until", "stop_requested"}
_save = upsert(
    scenario_runs,
    lambda statement: statement.on_conflict_do_update(
        index_elements=["scenario"], set_={name: statement.excluded[name] for name in _NEW}
    ),
)


@dataclass(frozen=True)
class StoredRun:
    """A run as JSON. ``is_alive``: some process works at it now."""

    scenario: str
    run: str
    document: str
    is_alive: bool


def every(connection: Connection) -> list[StoredRun]:
    """The last run of each scenario."""
    at = now(connection)
    return [
        StoredRun(row.scenario, row.run, row.document, row.alive_until > at)
        for row in connection.execute(select(scenario_runs))
    ]


def begin(
    connection: Connection, scenario: str, run: str, document: str, *, goes_on: bool = False
) -> bool:
    """Store a new run, or one that ``goes_on``, as this process's; False while any is alive. What
    goes on is still to stop where somebody has wanted that meanwhile."""
    at = now(connection)
    query = select(scenario_runs).where(scenario_runs.c.scenario == scenario)
    before = connection.execute(query).first()
    if before and before.alive_until > at:
        return False
    row = {"scenario": scenario, "run": run, "document": document}
    stop = bool(goes_on and before and before.stop_requested)
    _save(connection, [row | {"alive_until": at + ALIVE_SECONDS, "stop_requested": stop}])
    return True


def save(connection: Connection, run: str, document: str) -> None:
    """Store how far the run is, unless another one has begun since, or a reset has deleted it."""
    until = now(connection) + ALIVE_SECONDS
    _update(connection, run, {"document": document, "alive_until": until})


def end(connection: Connection, run: str, document: str) -> None:
    """The same, and that no process works at it any more."""
    _update(connection, run, {"document": document, "alive_until": 0.0})


def keep(connection: Connection, run: str) -> bool | None:
    """The run is alive; False where somebody wants it stopped, None where it is not stored any
    more."""
    query = select(scenario_runs).where(scenario_runs.c.run == run)
    row = connection.execute(query).first()
    if row is None:
        return None
    if row.stop_requested:
        return False
    at = now(connection)
    if row.alive_until < at + ALIVE_SECONDS / 2:
        _update(connection, run, {"alive_until": at + ALIVE_SECONDS})
    return True


def request_stop(connection: Connection, scenario: str) -> None:
    """Have the process that works at it stop."""
    found = scenario_runs.c.scenario == scenario
    connection.execute(update(scenario_runs).where(found).values(stop_requested=True))


def _update(connection: Connection, run: str, values: dict[str, object]) -> None:
    connection.execute(update(scenario_runs).where(scenario_runs.c.run == run).values(values))
