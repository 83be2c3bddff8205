"""Previews of invoices (https://docs.stripe.com/api/invoices/create_preview): what a subscription
will be invoiced next, as it is or after a change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NotRequired

from stripe.params._invoice_create_preview_params import InvoiceCreatePreviewParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import NO_REQUEST, Call, Route
from stripe_sandbox.api.pagination import paginate, pick
from stripe_sandbox.backend import Backend
from stripe_sandbox.payments.invoices.invoice_collection import DRAFT_SECONDS
from stripe_sandbox.payments.subscriptions.creation import SubscriptionCreation
from stripe_sandbox.payments.subscriptions.items import ItemChanges
from stripe_sandbox.payments.subscriptions.periods import begins_period
from stripe_sandbox.payments.subscriptions.renewals import renewed
from stripe_sandbox.resources.billing.discounts import Discounts
from stripe_sandbox.resources.billing.invoice_drafts import InvoiceDrafts
from stripe_sandbox.resources.billing.invoice_object import apply_balance
from stripe_sandbox.resources.billing.subscriptions import ENDED, LIVE
from stripe_sandbox.schema.objects import apply_changes
from stripe_sandbox.storage.objects import Object, Window

_DETAILS = "subscription_details"
_CHANGES = ("items", "billing_cycle_anchor", "trial_end")
_CREATE_PREVIEW = (
    *("customer", "discounts.coupon", "discounts.discount", "discounts.promotion_code"),
    "subscription",
    *(f"{_DETAILS}.items.{name}" for name in ("deleted", "id", "price", "quantity")),
    *(f"{_DETAILS}.{name}" for name in ("billing_cycle_anchor.type", "cancel_at_period_end")),
    *(f"{_DETAILS}.{name}" for name in ("proration_behavior", "proration_date", "trial_end")),
)


class _LinesParams(InvoiceCreatePreviewParams):
    limit: NotRequired[int]
    starting_after: NotRequired[str]
    ending_before: NotRequired[str]


_LinesParams.__module__ = InvoiceCreatePreviewParams.__module__  # where its annotations are found


class InvoicePreviews:
    """Makes the change that is asked about, sees what invoice would come, and undoes it all."""

    def __init__(
        self,
        backend: Backend,
        drafts: InvoiceDrafts,
        items: ItemChanges,
        creation: SubscriptionCreation,
        discounts: Discounts,
    ) -> None:
        self._backend = backend
        self._drafts = drafts
        self._items = items
        self._creation = creation
        self._discounts = discounts

    def routes(self) -> list[Route]:
        """The endpoints, also those that only versions before 2025-03-31.basil have."""
        url, params, taken = "/v1/invoices", InvoiceCreatePreviewParams, _CREATE_PREVIEW
        preview = Route("POST", f"{url}/create_preview", self._preview, params, "invoice", taken)
        former = Route(
            "GET", f"{url}/upcoming", self._preview, params, "invoice", taken, former=True
        )
        lines = Route.listing(
            f"{url}/upcoming/lines", self._lines, _LinesParams, "line_item", taken
        )
        return [preview, former, replace(lines, former=True)]

    def _lines(self, call: Call) -> Object:
        lines = self._preview(call)["lines"]["data"]
        return paginate("/v1/invoices/upcoming/lines", lines, call.params, "line_item")

    def _preview(self, call: Call) -> Object:
        """No event tells of it."""
        params, details = call.params, call.params.get(_DETAILS) or {}
        if "customer" not in params and "subscription" not in params:
            raise errors.parameter_missing("customer")
        subscription = self._subscription(params)
        with self._backend.database.undone():
            if subscription is None and "items" in details:
                return self._discounted(self._first(params, details), params)
            if subscription is None:
                raise _nothing_upcoming(params["customer"])
            return self._discounted(self.of_change(subscription, details), params)

    def _discounted(self, invoice: Object, params: dict[str, Any]) -> Object:
        """The invoice with the discounts that the request asks for instead of its own."""
        if "discounts" in params:
            wanted = self._discounts.of_invoice(invoice, params["discounts"])
            invoice["discounts"] = wanted
            self._discounts.recompute(invoice)
            amount, _ = apply_balance(
                invoice["total"], invoice["starting_balance"], invoice["currency"]
            )
            invoice.update(amount_due=amount, amount_remaining=amount)
        return invoice

    def _subscription(self, params: dict[str, Any]) -> Object | None:
        """The one that is asked about: without its id the customer's next to renew, unless it is
        about a new one."""
        if "subscription" in params:
            named = params["subscription"]
            found = self._backend.require("subscription", named, "subscription")
            if params.get("customer", found["customer"]) != found["customer"]:
                raise errors.no_such("subscription", named, "subscription")
            return found
        self._backend.require("customer", params["customer"], "customer")
        if "items" in (params.get(_DETAILS) or {}):
            return None
        filters = {"customer": params["customer"], "status": LIVE}
        listed = self._backend.page("subscription", "", filters, Window(100)).to_object()["data"]
        return min(listed, key=_period_end, default=None)

    def _first(self, params: dict[str, Any], details: dict[str, Any]) -> Object:
        """The invoice with which a new subscription would begin."""
        subscription, customer = self._creation.begin(
            {"customer": params["customer"], "items": details["items"]}
        )
        now, items = self._backend.clock.now(), subscription["items"]["data"]
        return self._drafts.preview(subscription, customer, items, now, now, now)

    def of_change(self, subscription: Object, details: dict[str, Any]) -> Object:
        """The invoice of the next renewal or, where the change is invoiced at once, of that. The
        caller undoes the change. StripeError: it makes no sense, or no invoice would come."""
        if subscription["status"] in ENDED:
            raise _nothing_upcoming(subscription["customer"])
        customer = self._backend.require("customer", subscription["customer"], "customer")
        now = self._backend.clock.now()
        changes: Object = {}
        behavior = details.get("proration_behavior", "create_prorations")
        if any(name in details for name in _CHANGES):
            update = pick(details, *_CHANGES, "proration_behavior", "proration_date")
            changes = self._items.change(subscription, update, NO_REQUEST)
            apply_changes(subscription, changes)
        if "cancel_at_period_end" in details:
            at = _period_end(subscription) if details["cancel_at_period_end"] else None
            subscription["cancel_at"] = at
        begins_anew = begins_period(changes)
        items = subscription["items"]["data"]
        if begins_anew or (changes and behavior == "always_invoice"):
            charged = items if begins_anew else []
            invoice = self._drafts.preview(subscription, customer, charged, now, now, now)
        else:
            end = _period_end(subscription)
            if subscription["cancel_at"] is not None and subscription["cancel_at"] <= end:
                raise _nothing_upcoming(subscription["customer"])
            start = items[0]["current_period_start"]
            charged = [renewed(item, subscription, end) for item in items]
            invoice = self._drafts.preview(
                subscription, customer, charged, start, end, end + DRAFT_SECONDS
            )
        if changes and behavior != "none":
            date = details.get("proration_date", now)
            invoice["parent"][_DETAILS]["subscription_proration_date"] = date
        return invoice


def _period_end(subscription: Object) -> int:
    return int(subscription["items"]["data"][0]["current_period_end"])


def _nothing_upcoming(customer: str) -> errors.StripeError:
    return errors.StripeError(
        f"No upcoming invoices for customer: {customer}", status=404, code="invoice_upcoming_none"
    )
