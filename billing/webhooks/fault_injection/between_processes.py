"""The faults of one process, followed by the others on the same database.

One row says what is on. Its owner renews it every few seconds: when it is not, the owner is gone,
and nothing is on. The deliveries of a random run are numbered for all processes together; what is
held, and what was injected, belongs to each alone.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from billing.changes.topics import Topic
from billing.domain.receiver_faults import Answer, FaultsInForce, RandomFaults, ReceiverFaults
from billing.store import leases, sync_state
from billing.store.events import object_id, random_run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from billing.changes.feed import ChangeFeed
    from billing.domain.stripe_json import JSON
    from billing.store import Connection, Store
    from billing.store.events.random_run import CountedEvent

ROW = "webhook_faults"
SEED = "seed"
MISSED = 4  # renewals, after which the owner is gone


@dataclass(frozen=True)
class SharedFaults:
    """What is on (None: nothing), which process (``owner``) has said so, and a number that grows
    whenever all that is held is let go."""

    owner: str
    in_force: FaultsInForce | None
    releases: int = 0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> SharedFaults:
        on = saved["in_force"]
        in_force = on and FaultsInForce(_faults(on["faults"]), on["ends_at"], on["by"])
        return cls(saved["owner"], in_force, saved["releases"])


class FaultsBetweenProcesses:
    """Reads and writes that row. Every method raises ``StoreFailure``."""

    def __init__(self, store: Store, feed: ChangeFeed, renewal_seconds: float) -> None:
        self._store = store
        self._feed = feed
        self._valid_for = MISSED * renewal_seconds

    @property
    def is_shared(self) -> bool:
        """Other processes may work with the same database."""
        return self._store.is_shared

    async def save(self, shared: SharedFaults) -> None:
        """Have the others follow this."""
        await self._store.write(partial(self._save, shared=shared))
        self._feed.announce((Topic.STATUS,))

    async def load(self) -> SharedFaults | None:
        """What is saved; None where nothing is, or its owner is gone."""
        return await self._store.read(self._load)

    async def renew(self, owner: str) -> bool:
        """Say that the owner is there; False when it is no longer the owner."""
        return await self._store.write(partial(self._renew, owner=owner))

    async def count(self, event: JSON) -> CountedEvent:
        """Number a delivery of a random run, whichever process it has reached."""
        about = event["id"], event["type"], object_id(event)
        return await self._store.write(lambda connection: random_run.count(connection, *about))

    async def counted(self) -> Sequence[CountedEvent]:
        """The events of the random run, in all processes."""
        return await self._store.read(random_run.every)

    async def count_anew(self) -> None:
        """Another random run begins."""
        await self._store.write(random_run.delete_all)

    def _save(self, connection: Connection, shared: SharedFaults) -> None:
        until = leases.now(connection) + self._valid_for
        sync_state.save(connection, ROW, shared.to_json() | {"until": until})

    def _load(self, connection: Connection) -> SharedFaults | None:
        saved = sync_state.load(connection, ROW)
        if saved is None:
            return None
        is_valid = saved["until"] > leases.now(connection)
        return SharedFaults.from_json(saved) if is_valid else None

    def _renew(self, connection: Connection, owner: str) -> bool:
        saved = sync_state.load(connection, ROW)
        shared = SharedFaults.from_json(saved) if saved else None
        if shared is None or shared.owner != owner or shared.in_force is None:
            return False
        self._save(connection, shared)  # also after a while in which it could not
        return True


def _faults(saved: dict[str, Any]) -> ReceiverFaults | RandomFaults:
    if SEED in saved:
        return RandomFaults(saved[SEED])
    return ReceiverFaults(**saved | {"answer": Answer(saved["answer"])})
