"""What may this customer do now? Answered from our own database, for other programs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from billing.access.caller import requires
from billing.domain.access import Permission
from billing.errors import InvalidInput
from billing.ledger.customers import entitlements_of_customer, entitlements_of_email
from billing.sync.mirror import read_sync_state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from billing.store import Connection, Store

JSON = dict[str, Any]


class EntitlementReader:
    """Never asks Stripe. Raises ``StoreFailure`` when the database does not answer."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @requires(Permission.VIEW)
    async def read(self, customers: Sequence[str], emails: Sequence[str]) -> JSON:
        """``customer``, ``email``, ``credits``, ``pro`` (``active``, ``until``, ``status``) and
        ``as_of``: when our copy last agreed with Stripe. Times are Unix seconds; see
        ``Entitlements``. Raises ``InvalidInput`` unless there is one Customer (id) or one email.
        """
        match [one.strip() for one in customers], [one.strip() for one in emails]:
            case [customer], [] if customer:
                find = partial(entitlements_of_customer, customer=customer)
            case [], [email] if email:
                find = partial(entitlements_of_email, email=email)
            case _:
                raise InvalidInput(
                    "Ask for one Customer or one email: customer=cus_… or email=…",
                    "Send exactly one of the two parameters.",
                )

        def query(connection: Connection) -> JSON:
            found = find(connection)
            return {
                "customer": found.customer,
                "email": found.email,
                "credits": found.credits,
                "pro": vars(found.pro),
                "as_of": int(read_sync_state(connection).as_of),
            }

        return await self._store.read(query)
