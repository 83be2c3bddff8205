"""Builds what moves money between the resources of Stripe's API."""

from __future__ import annotations

from collections.abc import Iterator

from stripe_sandbox.api.endpoint import Route
from stripe_sandbox.backend import Backend
from stripe_sandbox.payments.bank_debits import BankDebits
from stripe_sandbox.payments.card_charges import CardCharges
from stripe_sandbox.payments.checkout import Payments
from stripe_sandbox.payments.completion import SessionCompletion
from stripe_sandbox.payments.customer_creation import CustomerCreation
from stripe_sandbox.payments.customer_deletion import CustomerDeletion
from stripe_sandbox.payments.intents.authentication import IntentAuthentication
from stripe_sandbox.payments.intents.captures import Captures
from stripe_sandbox.payments.intents.confirmation import IntentConfirmation
from stripe_sandbox.payments.intents.payment_endpoints import PaymentEndpoints
from stripe_sandbox.payments.intents.setups import Setups
from stripe_sandbox.payments.invoices.invoice_collection import InvoiceCollection
from stripe_sandbox.payments.invoices.invoice_endpoints import InvoiceEndpoints
from stripe_sandbox.payments.invoices.invoice_lines import InvoiceLines
from stripe_sandbox.payments.invoices.invoice_previews import InvoicePreviews
from stripe_sandbox.payments.invoices.manual_invoices import ManualInvoices
from stripe_sandbox.payments.invoices.paid_invoices import PaidInvoices
from stripe_sandbox.payments.new_methods import NewMethods
from stripe_sandbox.payments.quantities import Quantities
from stripe_sandbox.payments.saved_card_removal import SavedCardRemoval
from stripe_sandbox.payments.saved_methods import SavedMethods
from stripe_sandbox.payments.session_setups import SessionSetups
from stripe_sandbox.payments.subscriptions.change_invoices import ChangeInvoices
from stripe_sandbox.payments.subscriptions.changes import SubscriptionChanges
from stripe_sandbox.payments.subscriptions.creation import SubscriptionCreation
from stripe_sandbox.payments.subscriptions.endings import SubscriptionEndings
from stripe_sandbox.payments.subscriptions.item_endpoints import ItemEndpoints
from stripe_sandbox.payments.subscriptions.item_prices import ItemPrices
from stripe_sandbox.payments.subscriptions.items import ItemChanges
from stripe_sandbox.payments.subscriptions.pauses import SubscriptionPauses
from stripe_sandbox.payments.subscriptions.prorations import Prorations
from stripe_sandbox.payments.subscriptions.renewals import Renewals
from stripe_sandbox.payments.subscriptions.retry_policy import RetryPolicySetting
from stripe_sandbox.payments.subscriptions.statuses import SubscriptionPayments
from stripe_sandbox.payments.test_clocks import TestClockChanges
from stripe_sandbox.scheduling.jobs import ScheduledJobs
from stripe_sandbox.scheduling.simulated_clock import SimulatedClock
from stripe_sandbox.wiring.resources import Resources


class Billing:
    """What charges cards, collects invoices and moves subscriptions."""

    def __init__(
        self,
        backend: Backend,
        clock: SimulatedClock,
        jobs: ScheduledJobs,
        resources: Resources,
        policy: RetryPolicySetting,
        base_url: str,
    ) -> None:
        self.card_charges = CardCharges(resources.charges, resources.intents)
        subscription_payments = SubscriptionPayments(
            backend,
            jobs,
            resources.invoices,
            resources.customers,
            resources.subscriptions,
            policy,
        )
        paid_invoices = PaidInvoices(
            resources.sessions, resources.invoices, resources.invoice_payments
        )
        bank_debits = BankDebits(
            backend,
            jobs,
            resources.intents,
            resources.charges,
            subscription_payments,
            paid_invoices,
        )
        self.collection = InvoiceCollection(
            backend,
            jobs,
            resources.invoices,
            resources.invoice_payments,
            resources.intents,
            self.card_charges,
            bank_debits,
            subscription_payments,
        )
        self._invoice_endpoints = InvoiceEndpoints(
            backend, resources.invoices, self.collection, subscription_payments
        )
        self._manual_invoices = ManualInvoices(
            backend,
            jobs,
            resources.invoices,
            resources.invoice_items,
            self.collection,
            resources.discounts,
        )
        self._invoice_lines = InvoiceLines(
            backend,
            resources.draft_lines,
            resources.invoice_items,
            resources.new_items,
            resources.discounts,
        )
        Renewals(backend, jobs, resources.subscriptions, resources.invoice_drafts)
        prorations = Prorations(backend, resources.invoice_items, resources.discounts)
        prices = ItemPrices(backend, resources.prices)
        items = ItemChanges(backend, prices, prorations, resources.discounts)
        change_invoices = ChangeInvoices(
            backend,
            resources.subscriptions,
            resources.invoice_drafts,
            resources.invoice_items,
            self.collection,
        )
        self.endings = SubscriptionEndings(
            backend, jobs, resources.subscriptions, prorations, change_invoices
        )
        self._pauses = SubscriptionPauses(backend, jobs, resources.subscriptions, change_invoices)
        self.changes = SubscriptionChanges(
            backend,
            resources.subscriptions,
            items,
            self.endings,
            self._pauses,
            resources.discounts,
            change_invoices,
        )
        self._items = ItemEndpoints(backend, self.changes)
        self._creation = SubscriptionCreation(
            backend,
            jobs,
            resources.subscriptions,
            resources.invoices,
            resources.invoice_drafts,
            self.collection,
            prices,
            resources.discounts,
            self.endings,
        )
        self.previews = InvoicePreviews(
            backend, resources.invoice_drafts, items, self._creation, resources.discounts
        )
        self.saved_methods = SavedMethods(
            backend, resources.methods, NewMethods(backend, resources.methods)
        )
        self._customer_creation = CustomerCreation(resources.customers, self.saved_methods)
        confirmation = IntentConfirmation(
            backend,
            jobs,
            resources.intents,
            self.saved_methods,
            self.card_charges,
            bank_debits,
            subscription_payments,
            base_url,
        )
        self._payment_endpoints = PaymentEndpoints(
            backend, resources.intents, self.saved_methods, confirmation
        )
        self._captures = Captures(
            backend, jobs, resources.intents, resources.charges, subscription_payments
        )
        self._setups = Setups(backend, resources.setup_intents, self.saved_methods, base_url)
        self.authentication = IntentAuthentication(
            backend, confirmation, self._setups, resources.test_clocks
        )
        self._deletion = CustomerDeletion(
            backend,
            resources.customers,
            resources.subscriptions,
            resources.methods,
            resources.sessions,
        )
        self._test_clocks = TestClockChanges(
            backend, clock, jobs, resources.test_clocks, self._deletion
        )
        completion = SessionCompletion(
            backend,
            resources.sessions,
            resources.customers,
            self.saved_methods,
            resources.subscriptions,
            resources.invoices,
            resources.invoice_payments,
            self.card_charges,
            bank_debits,
            paid_invoices,
        )
        self.quantities = Quantities(backend, resources.sessions)
        self.removal = SavedCardRemoval(
            backend,
            resources.sessions,
            resources.methods,
            self.saved_methods,
            resources.test_clocks,
        )
        self.checkout = Payments(
            backend,
            resources.sessions,
            resources.methods,
            resources.intents,
            self.card_charges,
            completion,
            SessionSetups(backend, resources.setup_intents, completion),
            resources.test_clocks,
        )

    def routes(self) -> Iterator[Route]:
        """The endpoints of all."""
        for part in (
            self.changes,
            self.endings,
            self._pauses,
            self._items,
            self._creation,
            self._invoice_endpoints,
            self._manual_invoices,
            self._invoice_lines,
            self.previews,
            self._customer_creation,
            self.saved_methods,
            self._payment_endpoints,
            self._captures,
            self._setups,
            self._deletion,
            self._test_clocks,
        ):
            yield from part.routes()
