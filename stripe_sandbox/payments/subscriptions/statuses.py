"""What the payment of an invoice does to its subscription and its customer
(https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses)."""

from __future__ import annotations

from stripe_sandbox.backend import Backend
from stripe_sandbox.payments.subscriptions.retry_policy import AfterRetries, RetryPolicySetting
from stripe_sandbox.resources.billing.invoices import Invoices
from stripe_sandbox.resources.billing.subscriptions import ENDED, Subscriptions
from stripe_sandbox.resources.customers.customers import Customers
from stripe_sandbox.scheduling.jobs import JobKind, ScheduledJobs
from stripe_sandbox.storage.objects import Object

DAY = 86_400


class SubscriptionPayments:
    """Applies the result of a payment to what it pays for."""

    def __init__(
        self,
        backend: Backend,
        jobs: ScheduledJobs,
        invoices: Invoices,
        customers: Customers,
        subscriptions: Subscriptions,
        policy: RetryPolicySetting,
    ) -> None:
        self._backend = backend
        self._jobs = jobs
        self._invoices = invoices
        self._customers = customers
        self._subscriptions = subscriptions
        self._policy = policy
        jobs.register(JobKind.INVOICE_DUE, self._fall_due)

    def record_payment(
        self,
        intent: Object,
        *,
        paid: bool,
        authentication_required: bool = False,
        asked: bool = False,
    ) -> None:
        """Mark the intent's invoice, if it pays one, as paid or failed, and its subscription as
        active or past due. `authentication_required`: it failed because the bank wants the customer
        to authenticate. `asked`: a request or the customer asked for the attempt."""
        invoice = self._invoices.of_intent(intent["id"])
        if invoice is None:
            return
        if paid:
            self._invoices.pay(invoice, intent, asked=asked)
            self._record_paid(invoice)
            self._save_method(invoice, intent)
        else:
            self.record_failure(
                invoice, authentication_required=authentication_required, asked=asked
            )

    def record_out_of_band(self, invoice: Object) -> None:
        """Mark the invoice as paid by other means than Stripe's."""
        self._invoices.pay_out_of_band(invoice)
        self._record_paid(invoice)

    def record_failure(
        self, invoice: Object, *, authentication_required: bool = False, asked: bool = False
    ) -> None:
        """An attempt to collect the invoice has failed: when the next one comes, or, after the
        last, what the policy says becomes of the subscription. One that somebody asked for counts
        only where it is the first, and leaves the retries as they are."""
        if asked and invoice["attempted"]:
            self._invoices.record_failure(invoice, authentication_required=authentication_required)
            return
        subscription = self._subscription(invoice)
        is_renewal = invoice["billing_reason"] != "subscription_create"
        goes_on = subscription["status"] not in ENDED if subscription else invoice["auto_advance"]
        wait = self._policy.get().wait_after(invoice["attempt_count"] + 1) if is_renewal else None
        due = self._backend.clock.now() + int(wait * DAY) if goes_on and wait is not None else None
        self._invoices.fail(invoice, due, authentication_required=authentication_required)
        if due is not None:
            self._jobs.add(due, JobKind.INVOICE_RETRY, invoice["id"])
        self._set_delinquent(invoice, delinquent=True)
        ended = (*ENDED, "incomplete", "trialing")
        if subscription is None or subscription["status"] in ended:
            return
        self._subscriptions.change(subscription, {"status": "past_due"})
        if due is None and is_renewal:
            self._give_up(subscription)

    def _fall_due(self, invoice_id: str) -> None:
        """An invoice that was sent is not paid in time: its subscription is past due."""
        invoice = self._backend.objects.get("invoice", invoice_id)
        if invoice is None or invoice["status"] != "open":
            return
        if invoice["due_date"] is None or invoice["due_date"] > self._backend.clock.time():
            return
        subscription = self._subscription(invoice)
        if subscription is not None and subscription["status"] == "active":
            self._subscriptions.change(subscription, {"status": "past_due"})

    def forgive(self, invoice: Object) -> None:
        """The latest invoice is given up as uncollectible: a subscription past due is active."""
        subscription = self._subscription(invoice)
        if subscription is None:
            return
        if subscription["status"] == "past_due" and subscription["latest_invoice"] == invoice["id"]:
            self._subscriptions.change(subscription, {"status": "active"})

    def _record_paid(self, invoice: Object) -> None:
        self._set_delinquent(invoice, delinquent=False)
        subscription = self._subscription(invoice)
        if subscription is None:
            return
        is_latest = subscription["latest_invoice"] == invoice["id"]
        if subscription["status"] == "incomplete":
            self._subscriptions.activate(subscription, None)
        elif subscription["status"] in ("past_due", "unpaid") and is_latest:
            self._subscriptions.change(subscription, {"status": "active"})

    def _save_method(self, invoice: Object, intent: Object) -> None:
        """The method that has paid pays the next invoices too, where the subscription says so."""
        subscription = self._subscription(invoice)
        if subscription is None:
            return
        saves = subscription["payment_settings"]["save_default_payment_method"]
        if saves == "on_subscription":
            changes = {"default_payment_method": intent["payment_method"]}
            self._subscriptions.change(subscription, changes)

    def _give_up(self, subscription: Object) -> None:
        after = self._policy.get().then
        if after is AfterRetries.CANCEL:
            self._subscriptions.end(subscription, "payment_failed")
        elif after is AfterRetries.UNPAID:
            self._subscriptions.change(subscription, {"status": "unpaid"})

    def _set_delinquent(self, invoice: Object, *, delinquent: bool) -> None:
        customer = self._backend.objects.get("customer", invoice["customer"])
        if customer is not None:  # else it was deleted meanwhile
            self._customers.change(customer, {"delinquent": delinquent})

    def _subscription(self, invoice: Object) -> Object | None:
        if invoice["parent"] is None:
            return None
        details = invoice["parent"]["subscription_details"]
        return self._backend.require("subscription", details["subscription"], "subscription")
