"""Use cases of the Customers page: find customers, a CSV of them, one in detail."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from billing.access.caller import requires
from billing.customers.csv_export import COLUMNS, csv_rows
from billing.customers.details import read_details
from billing.domain.access import Permission
from billing.domain.customers.page import COUNT_LIMIT, CustomerListing
from billing.errors import BillingError, InvalidInput
from billing.store import customers, stale_customers
from billing.sync.mirror import read_sync_state

if TYPE_CHECKING:
    from billing.customers.refresh import CustomerRefresh
    from billing.domain.customers.customer import Customer
    from billing.domain.customers.details import CustomerDetails
    from billing.domain.customers.page import Cursor, CustomerFilter, CustomerPage
    from billing.settings.model import Settings
    from billing.store import Connection, Store
    from billing.sync.mirror import Mirror

EXPORT_LIMIT = 100_000
EXPORT_SECONDS = 60.0


class Customers:
    """Reads the stored customers, after they were brought up to date; Stripe is not asked.

    Every method raises ``StoreFailure`` when the store cannot be read.
    """

    def __init__(
        self, settings: Settings, store: Store, mirror: Mirror, refresh: CustomerRefresh
    ) -> None:
        self._settings = settings
        self._store = store
        self._mirror = mirror
        self._refresh = refresh

    @requires(Permission.VIEW)
    async def find(
        self, wanted: CustomerFilter, limit: int, below: Cursor | None = None
    ) -> CustomerListing:
        """The last active customers that match, or those below a cursor; ``limit`` at the most."""

        def read(connection: Connection) -> CustomerListing:
            page = customers.page(connection, wanted, limit, below)
            return _listing(connection, page, 0)

        await self._catch_up()
        return await self._store.read(read)

    @requires(Permission.VIEW)
    async def follow(self, page: CustomerPage, wanted: CustomerFilter) -> CustomerListing:
        """A page that was found before, its customers as they are now; ``new`` counts those that
        belong on it meanwhile, and means something of a first page alone."""
        keys = [one.key for one in page.customers]

        def read(connection: Connection) -> CustomerListing:
            return _listing(
                connection,
                replace(page, customers=customers.get_many(connection, keys)),
                customers.count_new(connection, wanted, keys, page.older),
            )

        await self._catch_up()
        return await self._store.read(read)

    @requires(Permission.VIEW)
    async def get(self, key: str) -> Customer | None:
        """One customer, by the Customer's id or a guest's email; None when there is none."""
        await self._catch_up()
        return await self._store.read(lambda connection: customers.get(connection, key))

    @requires(Permission.VIEW)
    async def details(self, key: str) -> CustomerDetails:
        """All that is known of one customer. Raises ``InvalidInput`` when there is none."""
        await self._catch_up()
        read = partial(read_details, key=key, with_dashboard=self._settings.api_base is None)
        if details := await self._store.read(read):
            return details
        raise InvalidInput(
            "Nothing is known here of such a customer.",
            "The link may be from another account or sandbox, or from before a reset.",
        )

    @requires(Permission.EXPORT)
    async def as_csv(self, wanted: CustomerFilter) -> bytes:
        """The customers that match as a CSV file, the last active ``EXPORT_LIMIT`` at the most.
        UTF-8 with the byte order mark that spreadsheets look for."""

        def write(connection: Connection) -> bytes:
            file = io.StringIO()
            rows = csv.writer(file)
            rows.writerow(COLUMNS)
            for one in customers.iter_matching(connection, wanted, EXPORT_LIMIT):
                rows.writerows(csv_rows(one))
            return file.getvalue().encode("utf-8-sig", errors="replace")

        await self._catch_up()
        return await self._store.read(write, within=EXPORT_SECONDS)

    async def _catch_up(self) -> None:
        await self._mirror.wait_until_stored()
        with suppress(BillingError):  # what was stored before can still be read
            await self._refresh.catch_up()


def _listing(connection: Connection, page: CustomerPage, new: int) -> CustomerListing:
    waiting = stale_customers.count(connection, COUNT_LIMIT + 1)
    return CustomerListing(page, new, waiting, read_sync_state(connection))
