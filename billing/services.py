"""The composition root: builds everything from Settings, once. Nothing connects here."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from billing import __version__
from billing.access.caller import acting_as
from billing.access.service import Access
from billing.actions.second_subscriptions import SecondSubscriptions
from billing.actions.service import Actions
from billing.background_tasks import end_all, run_forever
from billing.catalog import Catalog
from billing.changes.between_processes import ChangesBetweenProcesses
from billing.changes.feed import ChangeFeed
from billing.changes.shared_reads import SharedReads
from billing.changes.watch import StatusWatch
from billing.customers.refresh import CustomerRefresh
from billing.customers.service import Customers
from billing.endpoints.service import Endpoints
from billing.entitlements import EntitlementReader
from billing.errors import BillingError
from billing.events.log import EventLog
from billing.health import Health
from billing.ledger.account import AccountReader
from billing.ledger.after_sale import AfterSale
from billing.ledger.fulfillment import Fulfillment
from billing.ledger.reconciliation import Reconciliation
from billing.maintenance.database_size import DatabaseSize
from billing.maintenance.erasure import Erasure
from billing.maintenance.retention import Retention
from billing.maintenance.rollups import Rollups
from billing.maintenance.search_texts import SearchTexts
from billing.metrics.registry import Metrics
from billing.metrics.scrape import Scrape
from billing.page_status import PageStatus
from billing.request_log.own_log import OwnRequestLog
from billing.request_log.recorder import RequestRecorder
from billing.scenarios.service import ScenarioRuns
from billing.selling.buyers import Buyers
from billing.selling.checkout import Checkout
from billing.session_reader import SessionReader
from billing.sessions.service import Sessions
from billing.settings.loading import load_settings
from billing.settings.model import DEFAULT_DATABASE_URL, SECRET_KEY, Settings
from billing.setup.checks import SetupChecks
from billing.setup.provisioning import AccountSetup
from billing.store import Store, current_revision
from billing.stripe_api.gateway import StripeGateway
from billing.sync.mirror import Mirror
from billing.sync.reset import AccountReset
from billing.sync.simulated_history import SimulatedHistory
from billing.sync.worker import SyncWorker
from billing.timings import DEFAULT_TIMINGS, Timings
from billing.webhooks.answered_deliveries import AnsweredDeliveries
from billing.webhooks.fault_injection.run_verifier import RunVerifier
from billing.webhooks.fault_injection.service import FaultInjection
from billing.webhooks.own_account import OwnAccount
from billing.webhooks.processor import EventProcessor
from billing.webhooks.receiver import WebhookReceiver
from billing.webhooks.refused_deliveries import RefusedDeliveries

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence

    from billing.access.ways import SignIn


class Services:
    """What pages and routes call. Belongs to one event loop; use it within ``running``.

    ``stripe_name`` is how people call the Stripe at the other end: ``Local sandbox``,
    ``Stripe test mode``. ``read_settings`` reads anew what is written, to say what has changed
    since. ``sign_in`` says who somebody is, where that is not one of the usual ways.
    ``sandbox_secrets`` returns the signing secrets that the embedded sandbox uses at the moment.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        stripe_name: str,
        timings: Timings = DEFAULT_TIMINGS,
        read_settings: Callable[[], Settings] = load_settings,
        sign_in: SignIn | None = None,
        sandbox_secrets: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self.settings = settings
        self.timings = timings
        self.stripe_name = stripe_name
        self.metrics = Metrics()
        self.changes = ChangeFeed()
        self.store = Store(
            settings.database_url or DEFAULT_DATABASE_URL,
            timings.database,
            self.metrics,
            on_commit=self.changes.tables_changed,
        )
        self.request_recorder = RequestRecorder(settings, self.store, timings)
        self.request_log = OwnRequestLog(self.store, self.request_recorder)
        self.gateway = StripeGateway(settings, timings, self.metrics, self.request_recorder.record)
        shared = SharedReads(self.changes, self.store)
        self.access = Access(settings, self.store, timings, sign_in=sign_in)
        self.catalog = Catalog(settings, self.gateway, self.store, timings)
        self.refused = RefusedDeliveries(self.store, timings, self.metrics)
        self.answered = AnsweredDeliveries(self.store, timings)
        self.setup_checks = SetupChecks(
            settings,
            self.gateway,
            self.catalog,
            self.store,
            self.refused,
            timings,
            read_settings=read_settings,
        )
        self.account_setup = AccountSetup(settings, self.gateway, self.catalog)
        self.endpoints = Endpoints(settings, self.gateway, self.store, read_settings)
        reader = SessionReader(self.gateway, self.catalog, self.store)
        self.fulfillment = Fulfillment(self.gateway, reader, self.store)
        self.after_sale = AfterSale(self.gateway, self.catalog, self.store, self.fulfillment)
        self.entitlements = EntitlementReader(self.store)
        self.actions = Actions(settings, self.gateway, self.catalog, self.store, self.after_sale)
        account_reader = AccountReader(self.gateway, self.catalog, self.store)
        self.second_subscriptions = SecondSubscriptions(self.catalog, self.store, self.actions)
        self.reconciliation = Reconciliation(
            self.gateway, self.catalog, reader, account_reader, self.store, timings
        )
        own_account = OwnAccount(self.gateway, timings)
        self.event_processor = EventProcessor(
            self.store, self.fulfillment, self.after_sale, own_account, timings
        )
        self.mirror = Mirror(self.store, timings)
        self.sync_worker = SyncWorker(
            self.gateway,
            self.store,
            self.fulfillment,
            account_reader,
            self.after_sale,
            self.event_processor,
            own_account,
            embedded=settings.is_embedded,
            timings=timings,
        )
        self.buyers = Buyers(self.gateway, self.catalog, self.store, self.after_sale)
        self.checkout = Checkout(settings, self.gateway, self.catalog, self.buyers, self.mirror)
        self.sessions = Sessions(
            settings,
            self.gateway,
            reader,
            self.store,
            self.fulfillment,
            self.mirror,
            self.checkout,
            shared,
            self.request_recorder,
        )
        self.changes_between_processes = ChangesBetweenProcesses(self.changes, self.store, timings)
        self.customer_refresh = CustomerRefresh(
            self.store, timings, is_busy=lambda: self.event_processor.is_busy
        )
        self.scenario_runs = ScenarioRuns(self.store)
        self.customers = Customers(settings, self.store, self.mirror, self.customer_refresh)
        self.webhooks = WebhookReceiver(
            settings,
            self.store,
            self.event_processor,
            own_account,
            self.refused,
            self.answered,
            timings,
            sandbox_secrets=sandbox_secrets,
        )
        verifier = RunVerifier(self.gateway, reader, self.reconciliation, self.store, timings)
        self.fault_injection = FaultInjection(
            self.webhooks, verifier, self.store, self.changes, timings
        )
        self.event_log = EventLog(
            *(settings, self.gateway, self.store, self.event_processor, self.mirror),
            *(self.refused, self.answered, shared),
        )
        self.database_size = DatabaseSize(self.store)
        self.erasure = Erasure(settings, self.gateway, self.store, self.request_recorder)
        self.retention = Retention(settings, self.store, timings)
        self.rollups = Rollups(self.store, timings)
        self.search_texts = SearchTexts(self.store)
        self.health = Health(self.store, self.mirror, timings)
        status = PageStatus(
            settings, self.health, self.catalog, self.event_log, self.second_subscriptions
        )
        self.status_watch = StatusWatch(self.changes, status.look, timings)
        self.scrape = Scrape(self.metrics, self.store, self.report_readiness, timings)
        self.account_reset = AccountReset(self.store, self.sync_worker)
        self.simulated_history = SimulatedHistory(
            self.gateway, reader, account_reader, self.store, self.sync_worker
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Process events and sync with Stripe in the background until the block ends; then close
        everything."""
        work = (
            (
                self.event_processor.run,
                self.sync_worker.run,
                self.reconciliation.run_daily,
                self.customer_refresh.run,
                self.retention.run,
                self.rollups.run,
                self.search_texts.run,
            )
            if self.settings.stripe_is_configured
            else ()
        )
        pause = self.timings.background_restart_seconds
        self.access.audit.start()
        with acting_as(self.access.system):
            tasks = [
                asyncio.create_task(run_forever(run, pause)) for run in (*work, *self._changes)
            ]
            tasks.append(asyncio.create_task(self._check_database()))
        try:
            yield
        finally:
            await end_all(tasks, self.timings.shutdown_seconds)
            await self.aclose()

    async def describe(self) -> str:
        """In a line of the log: the version, which Stripe, and which database; no secret."""
        try:
            database = await self.health.database()
            database += f" at revision {await self.store.read(current_revision)}"
        except BillingError as failure:
            database = f"no database yet ({failure.message})"
        return f"version {__version__}, {self._mode}, {database}"

    @property
    def _changes(self) -> Iterable[Callable[[], Awaitable[None]]]:
        yield self.status_watch.run
        if self.store.is_shared:
            yield self.changes_between_processes.announce
            yield self.changes_between_processes.hear
            yield self.fault_injection.follow

    @property
    def _mode(self) -> str:
        return self.stripe_name if self.settings.stripe_is_configured else "not configured"

    async def report_health(self) -> dict[str, str]:
        """``status``, ``mode``, ``database`` and versions; no secret among them.

        Raises ``BillingError`` when the database does not take a write.
        """
        database = await self.health.database()
        return {
            "status": "ok",
            "mode": self._mode,
            "database": database,
            "stripe": version("stripe"),
            "streamlit": version("streamlit"),
        }

    async def report_readiness(self) -> dict[str, Any]:
        """The same, and ``as_of``: when our copy was last in sync with Stripe, in Unix seconds.

        Raises ``BillingError`` when the database does not take a write, or when our copy is
        incomplete or stale.
        """
        self.settings.require(SECRET_KEY, self.settings.secret_key)
        report = await self.report_health()
        state = await self.health.sync_state()
        if state.stale_reason:
            raise state.stale_reason
        return report | {"status": "ready", "as_of": state.as_of}

    async def aclose(self) -> None:
        """Record held deliveries, store new sessions, and close the connections to Stripe and the
        database. What does not end within ``shutdown_seconds`` is abandoned."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self.timings.shutdown_seconds):
                await self.fault_injection.aclose()
                await self.mirror.aclose()
        await self.refused.aclose()
        await self.answered.aclose()
        await self.access.audit.aclose()
        await self.catalog.aclose()
        await self.gateway.aclose()
        await self.request_recorder.aclose()
        await asyncio.to_thread(self.store.close, self.timings.shutdown_seconds)

    async def _check_database(self) -> None:
        """Log at the start what is wrong with the database; and store which Prices are sold."""
        with suppress(BillingError):
            await self.health.database()
            await self.catalog.store_named_prices()
