"""Beginning anew after the Stripe at the other end was reset: what we know of it is no more.

For a Stripe that can be reset, which Stripe itself cannot: who offers this asks first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.store.reset import forget_everything

if TYPE_CHECKING:
    from billing.mirror import Mirror
    from billing.store import Store


class FreshStart:
    """Empties our own memory. Raises ``StoreFailure`` when the database does not do its part."""

    def __init__(self, store: Store, mirror: Mirror) -> None:
        self._store = store
        self._mirror = mirror

    async def forget_everything(self) -> None:
        """Sessions, events and the ledger are gone, and the mirror reads all again."""
        await self._store.write(forget_everything)
        await self._mirror.read_again()
