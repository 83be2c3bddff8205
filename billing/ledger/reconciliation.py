"""Compares the ledger with Stripe, subject by subject, and mends it where that is asked for."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from billing.access.caller import permitted, requires
from billing.domain.access import Permission
from billing.domain.ledger.credits import bought, payment_due
from billing.domain.ledger.line import Cause, Due, LedgerLine, Origin, total
from billing.domain.ledger.reconciliation import (
    Difference,
    ReconciliationReport,
    ReconciliationSummary,
)
from billing.domain.sessions.checkout_session import Kind
from billing.errors import BillingError
from billing.ledger.account import batches
from billing.ledger.fulfillment import sale_of
from billing.ledger.records import (
    CreditsSale,
    ProSale,
    payments_of,
    pro_states,
    record_credits,
    record_pro,
)
from billing.store import leases, sync_state
from billing.store.ledger import lines
from billing.stripe_api.gateway import PAGE_SIZE
from billing.timings import DEFAULT_TIMINGS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Sequence

    from billing.catalog import Catalog
    from billing.ledger.account import AccountReader
    from billing.session_reader import SessionReader
    from billing.store import Connection, Store
    from billing.stripe_api.gateway import StripeGateway
    from billing.timings import Timings

log = logging.getLogger(__name__)

LAST = "reconciliation"
BEGUN = "reconciliation_begun"
# What was bought while Stripe's lists were read, or just before, may not have stood in them yet.
RECENT_SECONDS = 600.0
_NOTHING = Due(0)


class Reconciliation:
    """One run at a time; the others wait for it. Raises ``StripeFailure``, ``StoreFailure``, or
    ``NotConfigured`` where no setting names a Price that something was sold at."""

    def __init__(
        self,
        gateway: StripeGateway,
        catalog: Catalog,
        reader: SessionReader,
        account_reader: AccountReader,
        store: Store,
        timings: Timings = DEFAULT_TIMINGS,
    ) -> None:
        self._gateway = gateway
        self._catalog = catalog
        self._reader = reader
        self._account_reader = account_reader
        self._store = store
        self._timings = timings
        self._running = asyncio.Lock()

    async def run(
        self, progress: Callable[[ReconciliationReport], None] = lambda _: None, *, fix: bool
    ) -> ReconciliationReport:
        """Read everything from Stripe, at its rate, and compare; with ``fix``, write the lines
        that are missing. ``progress`` is told after each page what was compared so far."""
        with permitted(Permission.FIX if fix else Permission.RECONCILE):
            return await self._run(progress, fix=fix)

    async def _run(
        self, progress: Callable[[ReconciliationReport], None], *, fix: bool
    ) -> ReconciliationReport:
        async with self._running:
            started = time.time()
            pro = await self._catalog.sold_price(Kind.PRO)
            reading = await self._account_reader.read(pro)
            report = ReconciliationReport(
                started, 0, 0, fixed=fix, forbidden=tuple(reading.forbidden)
            )
            seen: set[str] = set()
            for some in batches(list(reading.subscriptions)):
                seen.update(some)
                sales = [
                    ProSale(one, pro, Origin.RECONCILIATION, report.at, reading.subscriptions[one])
                    for one in some
                ]
                compare = partial(_compare_pro, sales=sales, fix=fix)
                report = _add(report, await self._store.write(compare), subscriptions=len(some))
                progress(report)
            async for sold in self._sold():
                seen.update(one.session_id for one in sold)
                compare_credits = partial(_compare_credits, sales=sold, fix=fix)
                found = await self._store.write(compare_credits)
                report = _add(report, found, payments=len(sold))
                progress(report)
            if not reading.forbidden:  # else what was not read is not known to be gone
                compare_gone = partial(
                    _compare_gone, seen=seen, before=started - RECENT_SECONDS, fix=fix
                )
                report = _add(report, await self._store.write(compare_gone))
            summary = vars(report.summary)
            await self._store.write(lambda c: sync_state.save(c, LAST, summary))
            return report

    async def compare(self, sales: Iterable[CreditsSale | ProSale]) -> list[Difference]:
        """What differs of these sales alone; nothing is written."""
        sales = list(sales)
        for_pro = [one for one in sales if isinstance(one, ProSale)]
        for_credits = [one for one in sales if isinstance(one, CreditsSale)]
        return [
            *await self._store.read(partial(_compare_pro, sales=for_pro, fix=False)),
            *await self._store.read(partial(_compare_credits, sales=for_credits, fix=False)),
        ]

    @requires(Permission.VIEW)
    async def last(self) -> ReconciliationSummary | None:
        """What the last run found, of whichever process; None before the first."""
        return await self._store.read(last_summary)

    async def run_daily(self) -> None:
        """Once a day read what no event has told, and compare; until cancelled. Of several
        processes one does so."""
        while True:
            try:
                if await self._store.write(self._is_due):
                    await self._account_reader.catch_up(
                        lambda _: (Origin.RECONCILIATION, time.time())
                    )
                    log.info("Reconciliation: %s", await self.run(fix=False))
            except BillingError as failure:
                if not failure.is_temporary:
                    log.warning("The ledger was not reconciled: %s", failure.message)
            await asyncio.sleep(self._timings.reconciliation_check_seconds)

    def _is_due(self, connection: Connection) -> bool:
        """A day has passed since the last; the day begins anew. The first follows a day after the
        history was read."""
        now, every = leases.now(connection), self._timings.reconciliation_seconds
        begun = sync_state.load(connection, BEGUN)
        if begun is not None and begun <= now < begun + every:
            return False
        sync_state.save(connection, BEGUN, now)
        return begun is not None

    async def _sold(self) -> AsyncIterator[list[CreditsSale]]:
        """What the account's Checkout Sessions sold of credits, a page at a time."""
        after: dict[str, str] = {}
        while True:
            page = await self._gateway.list_checkout_sessions(limit=PAGE_SIZE, **after)
            found = await self._reader.read_all(page.data, page.requested_at)
            now = time.time()
            sold = [sale_of(one, Origin.RECONCILIATION, now) for one in found]
            yield [one for one in sold if isinstance(one, CreditsSale)]
            if not (page.has_more and page.data):
                return
            after = {"starting_after": page.data[-1]["id"]}


def last_summary(connection: Connection) -> ReconciliationSummary | None:
    """What the last run found, of whichever process; None before the first."""
    saved = sync_state.load(connection, LAST)
    return ReconciliationSummary(**saved) if saved else None


def _add(
    report: ReconciliationReport,
    found: Sequence[Difference],
    *,
    payments: int = 0,
    subscriptions: int = 0,
) -> ReconciliationReport:
    return replace(
        report,
        payments=report.payments + payments,
        subscriptions=report.subscriptions + subscriptions,
        differences=(*report.differences, *found),
    )


def _compare_pro(
    connection: Connection, sales: Sequence[ProSale], *, fix: bool
) -> list[Difference]:
    names = [sale.subscription for sale in sales]
    known = lines.of_subjects(connection, names)
    states = pro_states(connection, {sale.subscription: sale.pro for sale in sales})
    found = []
    for name, state in states.items():
        due = state.due if name in known or state.has_begun else _NOTHING
        if (recorded := total(known.get(name, ()))) != due:
            found.append(Difference(name, Kind.PRO, recorded, due))
    if fix and found:
        wrong = {one.subject for one in found}
        record_pro(connection, [sale for sale in sales if sale.subscription in wrong])
    return found


def _compare_credits(
    connection: Connection, sales: Sequence[CreditsSale], *, fix: bool
) -> list[Difference]:
    known = lines.of_subjects(connection, [sale.session_id for sale in sales])
    found = []
    for name, payment in payments_of(connection, sales).items():
        due, recorded = payment_due(payment), total(known.get(name, ()))
        if due != recorded:
            found.append(Difference(name, Kind.CREDITS, recorded, due))
    if fix and found:
        wrong = {one.subject for one in found}
        chosen = [sale for sale in sales if sale.session_id in wrong]
        _correct(connection, chosen)
        record_credits(connection, chosen)
    return found


def _correct(connection: Connection, sales: Sequence[CreditsSale]) -> None:
    """Write what was granted wrongly at the purchase."""
    known = lines.of_subjects(connection, [sale.session_id for sale in sales])
    lines.add(
        connection,
        [
            _reconciled(before, (sale.bought or 0) - bought(before), sale.at)
            for sale in sales
            if (before := known.get(sale.session_id)) and bought(before) != sale.bought
        ],
    )


def _compare_gone(
    connection: Connection, seen: set[str], *, before: float, fix: bool
) -> list[Difference]:
    """Subjects that gave something here ``before`` a time (Unix seconds), and are no longer in
    Stripe."""
    found = []
    for known in lines.all_subjects(connection):
        recorded = total(known)
        if known[0].subject in seen or recorded == _NOTHING or known[-1].at >= before:
            continue
        found.append(Difference(known[0].subject, known[0].kind, recorded, _NOTHING))
        if fix:
            lines.add(connection, [_reconciled(known, -recorded.quantity, time.time())])
    return found


def _reconciled(before: Sequence[LedgerLine], quantity: int, at: float) -> LedgerLine:
    return replace(
        before[0],
        sequence=before[-1].sequence + 1,
        quantity=quantity,
        access_until=None,
        cause=Cause.RECONCILED,
        origin=Origin.RECONCILIATION,
        at=at,
    )
