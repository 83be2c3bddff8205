"""Stores how far a run of a scenario is, so that it outlives the tab and the server."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol

from billing.access.caller import requires
from billing.domain.access import Permission
from billing.store import scenario_runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from billing.store import Store
    from billing.store.scenario_runs import StoredRun


class Run(Protocol):
    """What is stored of a run. Its ``lease`` is another one each time that it goes on; ``attempt``
    counts these times from 1."""

    @property
    def scenario(self) -> str: ...
    @property
    def lease(self) -> str: ...
    @property
    def attempt(self) -> int: ...
    def to_json(self) -> str: ...


class ScenarioRuns:
    """The last run of each scenario. Every method raises ``StoreFailure``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @requires(Permission.VIEW)
    async def every(self) -> Sequence[StoredRun]:
        """All of them."""
        return await self._store.read(scenario_runs.every)

    @requires(Permission.RUN_SCENARIOS, reads=True)  # the run itself is in the audit log
    async def begin(self, run: Run) -> bool:
        """Store a run that begins, or goes on after a restart; False while one of its scenario is
        under way."""
        return await self._store.write(
            partial(
                scenario_runs.begin,
                scenario=run.scenario,
                run=run.lease,
                document=run.to_json(),
                goes_on=run.attempt > 1,
            )
        )

    @requires(Permission.RUN_SCENARIOS, reads=True)
    async def save(self, run: Run) -> None:
        """Store how far it is."""
        await self._store.write(partial(scenario_runs.save, run=run.lease, document=run.to_json()))

    @requires(Permission.RUN_SCENARIOS, reads=True)
    async def end(self, run: Run) -> None:
        """Store it as it ended, or was broken off: another may begin."""
        await self._store.write(partial(scenario_runs.end, run=run.lease, document=run.to_json()))

    @requires(Permission.RUN_SCENARIOS, reads=True)
    async def keep(self, run: Run) -> bool | None:
        """It is under way; False where it has to stop, None where another process goes on with
        it, or it was deleted."""
        return await self._store.write(partial(scenario_runs.keep, run=run.lease))

    @requires(Permission.RUN_SCENARIOS, on="scenario")
    async def stop(self, scenario: str) -> None:
        """Have the run of the scenario stop, in whichever process it is."""
        await self._store.write(partial(scenario_runs.request_stop, scenario=scenario))
