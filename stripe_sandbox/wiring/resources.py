"""Builds the resources of Stripe's API over one backend."""

from __future__ import annotations

from collections.abc import Iterator

from stripe_sandbox.api.endpoint import Route
from stripe_sandbox.api.expand import Include
from stripe_sandbox.backend import Backend
from stripe_sandbox.destinations import Destinations
from stripe_sandbox.resources.account import Accounts
from stripe_sandbox.resources.billing.discounts import Discounts
from stripe_sandbox.resources.billing.draft_lines import DraftLines
from stripe_sandbox.resources.billing.invoice_drafts import InvoiceDrafts
from stripe_sandbox.resources.billing.invoice_items import InvoiceItems
from stripe_sandbox.resources.billing.invoice_payments import InvoicePayments
from stripe_sandbox.resources.billing.invoices import Invoices
from stripe_sandbox.resources.billing.new_invoice_items import NewInvoiceItems
from stripe_sandbox.resources.billing.subscriptions import Subscriptions
from stripe_sandbox.resources.billing.test_clocks import TestClocks
from stripe_sandbox.resources.billing_portal.portal_configurations import PortalConfigurations
from stripe_sandbox.resources.billing_portal.portal_sessions import PortalSessions
from stripe_sandbox.resources.catalog.coupons import Coupons
from stripe_sandbox.resources.catalog.plans import Plans
from stripe_sandbox.resources.catalog.prices import Prices
from stripe_sandbox.resources.catalog.product_creation import ProductCreation
from stripe_sandbox.resources.catalog.products import Products
from stripe_sandbox.resources.catalog.promotion_codes import PromotionCodes
from stripe_sandbox.resources.catalog.redemptions import Redemptions
from stripe_sandbox.resources.checkout.checkout_sessions import CheckoutSessions
from stripe_sandbox.resources.checkout.line_items import LineItems
from stripe_sandbox.resources.checkout.session_discounts import SessionDiscounts
from stripe_sandbox.resources.core.event_destinations import EventDestinations
from stripe_sandbox.resources.core.events import CoreEvents
from stripe_sandbox.resources.customers.balances import CustomerBalances
from stripe_sandbox.resources.customers.customers import Customers
from stripe_sandbox.resources.customers.payment_methods import PaymentMethods
from stripe_sandbox.resources.customers.setup_attempts import SetupAttempts
from stripe_sandbox.resources.customers.setup_intents import SetupIntents
from stripe_sandbox.resources.events import Events
from stripe_sandbox.resources.payments.balance import Balance
from stripe_sandbox.resources.payments.balance_transactions import BalanceTransactions
from stripe_sandbox.resources.payments.charges import Charges
from stripe_sandbox.resources.payments.disputes import Disputes
from stripe_sandbox.resources.payments.payment_intents import PaymentIntents
from stripe_sandbox.resources.payments.refunds import Refunds
from stripe_sandbox.resources.resource import Resource
from stripe_sandbox.resources.search import Search
from stripe_sandbox.resources.webhook_endpoints import WebhookEndpoints
from stripe_sandbox.scheduling.jobs import ScheduledJobs
from stripe_sandbox.scheduling.simulated_clock import SimulatedClock


class Resources:
    """Stripe's resources."""

    def __init__(
        self,
        backend: Backend,
        clock: SimulatedClock,
        jobs: ScheduledJobs,
        destinations: Destinations,
        base_url: str,
    ) -> None:
        self.accounts = Accounts(backend)
        self.products = Products(backend)
        self.prices = Prices(backend, self.products)
        self._product_creation = ProductCreation(self.products, self.prices)
        self.plans = Plans(backend)
        self.coupons = Coupons(backend, jobs)
        self.promotion_codes = PromotionCodes(backend, jobs)
        self.redemptions = Redemptions(backend, self.coupons, self.promotion_codes)
        self.test_clocks = TestClocks(backend, clock, jobs)
        balances = CustomerBalances(backend)
        self.customers = Customers(backend, self.test_clocks, balances)
        self.methods = PaymentMethods(backend)
        self.intents = PaymentIntents(backend)
        setup_attempts = SetupAttempts(backend)
        self.setup_intents = SetupIntents(backend, setup_attempts)
        self._balance = Balance(backend)
        self.balance = BalanceTransactions(backend, jobs, self._balance)
        self.disputes = Disputes(backend, jobs, self.balance)
        self.charges = Charges(backend, self.disputes, self.balance, base_url)
        self.refunds = Refunds(backend, jobs, self.charges, self.disputes, self.balance)
        self.invoice_payments = InvoicePayments(backend)
        self.discounts = discounts = Discounts(backend, jobs, self.redemptions)
        self.draft_lines = draft_lines = DraftLines(backend, discounts)
        self.invoice_items = InvoiceItems(backend, draft_lines, discounts)
        self.new_items = NewInvoiceItems(backend, self.prices, draft_lines, discounts)
        self.invoice_drafts = InvoiceDrafts(backend, self.invoice_items, discounts)
        self.invoices = Invoices(
            backend, self.invoice_payments, self.customers, discounts, base_url
        )
        self.subscriptions = Subscriptions(backend, jobs, self.test_clocks, discounts)
        self.line_items = LineItems(backend, self.prices)
        self.sessions = CheckoutSessions(
            backend,
            jobs,
            self.line_items,
            self.intents,
            self.setup_intents,
            SessionDiscounts(backend, self.redemptions),
        )
        self.portal_configurations = PortalConfigurations(backend)
        self.portal_sessions = PortalSessions(backend, self.portal_configurations)
        self.events = Events(backend)
        self.search = Search(backend)
        self.endpoints = WebhookEndpoints(backend, destinations)
        self.event_destinations = EventDestinations(backend, self.endpoints)
        resources: tuple[Resource, ...] = (
            self.accounts, self.products, self.prices, self.plans, self.coupons,
            self.promotion_codes, self.customers, balances, self.sessions,
            self.intents, self.setup_intents, setup_attempts, self.charges, self.refunds,
            self.disputes, self.methods, self.subscriptions, self.invoices, self.invoice_payments,
            self.invoice_items, self.portal_configurations, self.balance, self.events,
            self.endpoints, self.test_clocks, self.event_destinations, CoreEvents(backend),
        )  # fmt: skip
        self._resources = resources

    def routes(self) -> Iterator[Route]:
        """The endpoints of all."""
        yield from self.portal_sessions.routes()
        yield from self._product_creation.routes()
        yield from self._balance.routes()
        yield from self.search.routes()
        yield from self.new_items.routes()
        for resource in self._resources:
            yield from resource.routes()

    def includes(self) -> dict[tuple[type, str], Include]:
        """What answers hold only when they expand it, of all."""
        return {
            key: value for resource in self._resources for key, value in resource.includes().items()
        }
