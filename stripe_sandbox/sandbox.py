"""The composition root: builds the sandbox from its settings, and gives it to a launcher."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.types import ASGIApp

from stripe_sandbox.api.app import Api
from stripe_sandbox.api.expand import Expander
from stripe_sandbox.api.first import ApiFirst
from stripe_sandbox.api.responses import unrecognized
from stripe_sandbox.api.router import Support
from stripe_sandbox.backend import Backend
from stripe_sandbox.billing_portal.actions import CustomerActions
from stripe_sandbox.billing_portal.invoice_routes import InvoicePage
from stripe_sandbox.billing_portal.plan_changes import PlanChanges
from stripe_sandbox.billing_portal.portal_routes import Portal
from stripe_sandbox.billing_portal.receipt_routes import ReceiptPage
from stripe_sandbox.checkout_page import routes as checkout_routes
from stripe_sandbox.checkout_page.authentication_routes import AuthenticationPage
from stripe_sandbox.checkout_page.view import CheckoutViews
from stripe_sandbox.clock import Clock
from stripe_sandbox.config import SandboxConfig
from stripe_sandbox.control.deliveries import ControlDeliveries
from stripe_sandbox.control.disputes import ControlDisputes
from stripe_sandbox.control.endpoints import ControlEndpoints
from stripe_sandbox.control.erasure import Erasure
from stripe_sandbox.control.history import History
from stripe_sandbox.control.history_after_sale import AfterSale
from stripe_sandbox.control.pay import ControlPayments
from stripe_sandbox.control.requests import ControlRequests
from stripe_sandbox.control.routes import Control
from stripe_sandbox.control.state import ControlState
from stripe_sandbox.control.trigger import Trigger
from stripe_sandbox.destinations import Destinations
from stripe_sandbox.event_log import EventLog
from stripe_sandbox.faults import Faults, FaultSwitch
from stripe_sandbox.hosted_page.rendering import static_routes
from stripe_sandbox.payments.subscriptions.retry_policy import RetryPolicySetting
from stripe_sandbox.request_log.log import SCHEMA, RequestLog
from stripe_sandbox.request_log.queries import LoggedRequests
from stripe_sandbox.request_log.recorder import RequestRecorder
from stripe_sandbox.resources.empty_lists import EmptyLists
from stripe_sandbox.scheduling.jobs import ScheduledJobs
from stripe_sandbox.scheduling.scheduler import Scheduler, keep_running
from stripe_sandbox.scheduling.simulated_clock import SimulatedClock
from stripe_sandbox.schema.sdk_operations import Operation
from stripe_sandbox.storage.caps import Caps, remove_surplus
from stripe_sandbox.storage.card_numbers import remove_card_numbers
from stripe_sandbox.storage.database import Database
from stripe_sandbox.storage.objects import Objects
from stripe_sandbox.storage.tables import OBJECT_TABLES
from stripe_sandbox.versions.translation import Translations
from stripe_sandbox.webhooks.attempts import Attempts
from stripe_sandbox.webhooks.delivery import Deliveries
from stripe_sandbox.webhooks.history import DeliveryHistory
from stripe_sandbox.webhooks.resending import Resending
from stripe_sandbox.wiring.billing import Billing
from stripe_sandbox.wiring.resources import Resources

_BASE_URL = "base_url"

__all__ = ["Sandbox", "SandboxConfig"]


class Sandbox:
    """A local stand-in for Stripe: `asgi` serves its API and its Checkout page.

    `/_control` has what only a sandbox can do. Deliveries, and what falls due while nobody looks,
    happen inside `running()`.
    """

    def __init__(self, config: SandboxConfig, clock: Clock | None = None) -> None:
        base_url = config.base_url.rstrip("/")
        destinations = Destinations(config.deliver_to)
        self._database = Database(config.database, tables=OBJECT_TABLES + SCHEMA)
        remove_card_numbers(self._database)
        self.clock = SimulatedClock(clock or Clock(), self._database)
        faults = self._faults = FaultSwitch(self._database)
        objects = Objects(self._database)
        translations = Translations(objects, config.api_version)
        events = EventLog(self._database, self.clock, translations, faults.webhook_delay)
        backend = Backend(self._database, objects, events, self.clock)
        self._backend = backend
        jobs = ScheduledJobs(self._database, self.clock.test_clock)
        policy = RetryPolicySetting(self._database)
        resources = Resources(backend, self.clock, jobs, destinations, base_url)
        billing = Billing(backend, self.clock, jobs, resources, policy, base_url)
        self._prices, self._sessions = resources.prices, resources.sessions
        self._endpoints, self._invoices = resources.endpoints, resources.invoices
        self._charges = resources.charges
        self.payments = billing.checkout
        self._deliveries = Deliveries(
            backend,
            faults,
            destinations,
            retry_delays=config.retry_delays,
            timeout=config.delivery_timeout,
            concurrency=config.delivery_concurrency,
        )
        history = DeliveryHistory(backend, Attempts(self._database))
        resending = Resending(backend, history)
        self._api = Api(
            [*resources.routes(), *billing.routes(), *resending.routes()],
            self._database,
            self.clock,
            Expander(objects, resources.includes),
            faults,
            translations,
            more=EmptyLists(backend).find,
            account=resources.accounts.id,
            time_of=resources.test_clocks.time_of_call,
            base_url=base_url,
            delay=config.delay,
            api_key=config.api_key,
        )
        self._requests = RequestLog(self._database, self.clock, config.request_log_size)
        checkout = checkout_routes.routes(
            self.payments,
            billing.quantities,
            billing.removal,
            CheckoutViews(backend, self._sessions, resources.methods),
            self._deliveries.wait_for_responses,
            business_name=config.business_name,
        )
        api: ASGIApp = self._api
        if config.request_log_size:
            api = RequestRecorder(api, self.clock, self._requests.add)
            for route in checkout:
                if "POST" in (route.methods or ()):
                    route.app = RequestRecorder(route.app, self.clock, self._requests.add)
        self._scheduler = Scheduler(self._database, self.clock, jobs, self._purge_old)
        control = Control(
            self.clock,
            self._scheduler,
            self._deliveries.wait_for_responses,
            events,
            ControlState(backend, self.clock, faults, self._requests),
            policy,
            faults,
            ControlPayments(backend, self.payments),
            ControlDisputes(backend, resources.disputes),
            History(
                backend,
                self.clock,
                self._scheduler,
                self._sessions,
                self.payments,
                AfterSale(backend, resources.refunds, resources.disputes, billing.endings),
            ),
            Erasure(backend, self._requests),
            ControlEndpoints(backend),
            ControlDeliveries(history, resending),
            Trigger(backend),
            ControlRequests(LoggedRequests(self._database, self._requests), api),
            base_url,
            config.api_key,
        )
        actions = CustomerActions(
            backend,
            resources.customers,
            resources.subscriptions,
            billing.endings,
            billing.saved_methods,
            billing.collection,
            resources.test_clocks,
        )
        plans = PlanChanges(backend, billing.changes, billing.previews, resources.test_clocks)
        self._update_links(base_url)
        self._sessions.schedule_expiries()
        pages = Starlette(
            routes=[
                *control.routes(),
                *static_routes(),
                *Portal(backend, resources.portal_sessions, actions, plans).routes(),
                *InvoicePage(backend, actions).routes(),
                *AuthenticationPage(billing.authentication).routes(),
                *ReceiptPage(backend, config.business_name).routes(),
                *checkout,
            ],
            exception_handlers={404: unrecognized, 405: unrecognized},
            lifespan=self._lifespan,
        )
        pages.router.redirect_slashes = False
        self.asgi = ApiFirst(api, pages)

    def _update_links(self, base_url: str) -> None:
        """Have the links of open sessions, invoices and receipts lead to this address, if it was
        another one last time."""
        former = self._database.setting(_BASE_URL)
        if former is not None and former != base_url:
            self._sessions.rebase(former, base_url)
            self._invoices.rebase(former, base_url)
            self._charges.rebase(former, base_url)
        self._database.set_setting(_BASE_URL, base_url)

    def support(self, operation: Operation) -> Support:
        """What the sandbox does with an operation of Stripe's."""
        return self._api.support(operation)

    def ensure_price(self, params: Mapping[str, Any]) -> str:
        """The Price of that ``lookup_key`` by its id, created with its Product when there is none.

        ``params`` as Stripe takes them: https://docs.stripe.com/api/prices/create
        """
        with self._database.transaction():
            price = self._prices.by_lookup_key(params["lookup_key"])
            if price is None:
                price = self._prices.create(dict(params))
            return str(price["id"])

    def ensure_webhook_endpoint(self, *, url: str, description: str) -> str:
        """The signing secret of the one endpoint with that description, created or moved to `url`,
        wherever that is."""
        return self._endpoints.ensure(url, description)

    def signing_secrets(self, url: str) -> list[str]:
        """The valid signing secrets of the endpoints at exactly that URL: of each several for a
        while after one was rolled."""
        return self._endpoints.secrets(url)

    async def conditions(self) -> tuple[Faults, int, float]:
        """What the controls have set: the faults, how often they were changed (who looks now and
        then would miss those that were on meanwhile), and how many seconds the clock is ahead."""
        return self._faults.current(), self._faults.changes, self.clock.ahead()

    def on_delivery(self, call: Callable[[str], None]) -> None:
        """Call it after each attempt to deliver an event, with `succeeded` or `failed`."""
        self._deliveries.on_attempt(call)

    def on_requests(self, call: Callable[[], None]) -> None:
        """Call it whenever requests to the API have been logged."""
        self._requests.on_write(call)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Do the background work: deliver webhooks, what a stopped process left included, and let
        happen what falls due. At the end the database is closed, so that its file holds all."""
        tasks = [
            asyncio.create_task(keep_running(work))
            for work in (self._deliveries.run, self._scheduler.run, self._requests.run)
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._requests.write()
            self.close()

    @contextlib.asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        async with self.running():
            yield

    def _purge_old(self) -> None:
        self._api.purge_old_keys()
        self._backend.events.purge_old()
        self._requests.purge_old()
        remove_surplus(self._database, Caps())

    def close(self) -> None:
        """Close the database; once more does nothing."""
        self._database.close()
