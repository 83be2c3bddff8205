"""Discounts of subscriptions, of their items and of invoices: how long a coupon goes on
(https://docs.stripe.com/billing/subscriptions/discounts)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import NO_REQUEST, RequestInfo
from stripe_sandbox.backend import Backend
from stripe_sandbox.resources.billing.billing_cycle import add_interval
from stripe_sandbox.resources.billing.invoice_discounts import (
    AppliedDiscount,
    apply_discounts,
    named_discounts,
)
from stripe_sandbox.resources.catalog.redemptions import Purchase, Redemptions
from stripe_sandbox.scheduling.jobs import JobKind, ScheduledJobs
from stripe_sandbox.schema.objects import former_values
from stripe_sandbox.storage.objects import Object

KIND = "discount"
MAXIMUM = 20


class Discounts:
    """Finds, begins, applies and ends discounts."""

    def __init__(self, backend: Backend, jobs: ScheduledJobs, redemptions: Redemptions) -> None:
        self._backend = backend
        self._jobs = jobs
        self._redemptions = redemptions
        jobs.register(JobKind.DISCOUNT_END, self._end)

    def requested(
        self,
        given: Sequence[Mapping[str, str]] | None,
        purchase: Purchase,
        param: str,
        held: Collection[str] = (),
    ) -> list[AppliedDiscount]:
        """What a request's `discounts` name: coupons, promotion codes, or discounts that are
        `held` already. StripeError: they may not be redeemed for the purchase."""
        found = []
        if len(given or ()) > MAXIMUM:
            raise errors.invalid(f"You may pass at most {MAXIMUM} discounts.", param)
        for index, one in enumerate(given or ()):
            here = f"{param}[{index}]"
            if set(one) == {KIND}:
                if one[KIND] not in held:
                    raise errors.no_such(KIND, one[KIND], f"{here}[{KIND}]")
                found.append(self.applied(one[KIND]))
                continue
            redeemed = self._redemptions.find(one, purchase, here)
            discount = redeemed.discount(self._backend.clock.now())
            found.append(AppliedDiscount(discount, redeemed.coupon, redeemed.products))
        return found

    def applied(self, identifier: str) -> AppliedDiscount:
        """The stored discount of that id."""
        hidden = self._backend.objects.hidden(KIND, identifier)
        discount = self._backend.require(KIND, identifier, KIND)
        return AppliedDiscount(discount, hidden["coupon"], hidden["products"])

    def redeem(self, applied: AppliedDiscount) -> None:
        """Count the redemption."""
        self._redemptions.redeem(applied.discount)

    def begin(
        self, subscription: Object, applied: AppliedDiscount, request: RequestInfo = NO_REQUEST
    ) -> None:
        """Discount the stored subscription, which names the discount, from now on. Records
        `customer.discount.created`."""
        self._insert(subscription, None, applied)
        self._backend.events.record("customer.discount.created", applied.discount, request)

    def replace(
        self,
        subscription: Object,
        former: list[str],
        wanted: list[AppliedDiscount],
        request: RequestInfo,
        item: str | None = None,
    ) -> list[str]:
        """Have the subscription, or its item of that id, discounted by what is `wanted` instead of
        the `former` ones; returns the ids, which the caller stores. Records
        `customer.discount.created` and `customer.discount.deleted` or, where one coupon gives way
        to another, `customer.discount.updated`."""
        ids = [applied.discount["id"] for applied in wanted]
        ended = [self.applied(one).discount for one in former if one not in ids]
        begun = [applied for applied in wanted if applied.discount["id"] not in former]
        for applied in begun:
            self._redemptions.redeem(applied.discount)
            self._insert(subscription, item, applied)
        record = self._backend.events.record
        if len(ended) == len(begun) == 1:
            discount = begun[0].discount
            previous = former_values(ended[0], discount)
            record("customer.discount.updated", discount, request, previous)
            return ids
        for discount in ended:
            record("customer.discount.deleted", discount, request)
        for applied in begun:
            record("customer.discount.created", applied.discount, request)
        return ids

    def _insert(self, subscription: Object, item: str | None, applied: AppliedDiscount) -> None:
        discount, coupon = applied.discount, applied.coupon
        now, months = self._backend.clock.now(), coupon["duration_in_months"]
        discount.update(
            customer=subscription["customer"],
            end=add_interval(now, "month", months) if months else None,
            start=now,
            subscription=subscription["id"],
            subscription_item=item,
        )
        self._store(applied)
        if discount["end"]:
            self._jobs.add(discount["end"], JobKind.DISCOUNT_END, discount["id"])

    def _store(self, applied: AppliedDiscount) -> None:
        hidden = {"coupon": applied.coupon, "products": list(applied.products)}
        self._backend.objects.insert(applied.discount, hidden)

    def active(self, ids: Sequence[str]) -> list[str]:
        """Those of the discounts that have not ended."""
        now = self._backend.clock.now()
        ends = {one: self.applied(one).discount["end"] for one in ids}
        return [one for one, end in ends.items() if end is None or end > now]

    def apply(self, subscription: Object, invoice: Object) -> None:
        """Lower the new invoice by the discounts of its subscription and, line by line, of their
        items; storing it is the caller's."""
        invoice["discounts"] = self.active(subscription["discounts"])
        for line in invoice["lines"]["data"]:
            line["discounts"] = self.active(line["discounts"])
        self.recompute(invoice)

    def recompute(self, invoice: Object) -> None:
        """Compute the invoice's totals anew from the discounts that it and its lines name."""
        apply_discounts(invoice, {one: self.applied(one) for one in named_discounts(invoice)})

    def of_item(
        self, item: Object, given: Sequence[Mapping[str, str]] | None, param: str
    ) -> list[str]:
        """The ids of the discounts that a request gives the invoice item, which the caller
        stores."""
        details = (item["pricing"] or {}).get("price_details") or {}
        product = details.get("product")
        products = frozenset([product] if product else [])
        purchase = Purchase(item["customer"], item["amount"], item["currency"], products)
        return self.give(item, self.requested(given, purchase, param, item["discounts"]))

    def of_invoice(
        self, invoice: Object, given: Sequence[Mapping[str, str]] | None, held: Collection[str] = ()
    ) -> list[str]:
        """The ids of the discounts that a request gives the invoice, which the caller stores; it
        may name those that are `held` too."""
        lines = invoice["lines"]["data"]
        details = ((line["pricing"] or {}).get("price_details") or {} for line in lines)
        products = frozenset(one["product"] for one in details if one)
        purchase = Purchase(invoice["customer"], invoice["subtotal"], invoice["currency"], products)
        known = (*invoice["discounts"], *held)
        return self.give(invoice, self.requested(given, purchase, "discounts", known))

    def give(
        self, owner: Object, wanted: Sequence[AppliedDiscount], *, redeems: bool = True
    ) -> list[str]:
        """Give an invoice or an invoice item discounts of its own, which count once; returns their
        ids, which the caller stores. `redeems`: the redemptions are not counted yet."""
        is_invoice = owner["object"] == "invoice"
        for applied in wanted:
            if self._backend.objects.get(KIND, applied.discount["id"]) is not None:
                continue
            if redeems:
                self._redemptions.redeem(applied.discount)
            applied.discount["customer"] = owner["customer"]
            applied.discount["invoice" if is_invoice else "invoice_item"] = owner["id"]
            self._store(applied)
        return [applied.discount["id"] for applied in wanted]

    def use_up(self, subscription: Object, invoice: Object) -> None:
        """The stored invoice has used up the discounts that it got for once. Records
        `customer.discount.deleted`."""
        for part in invoice["total_discount_amounts"]:
            hidden = self._backend.objects.hidden(KIND, part["discount"])
            if hidden["coupon"]["duration"] == "once" and part["amount"]:
                self._remove(subscription, part["discount"])

    def _end(self, identifier: str) -> None:
        discount = self._backend.objects.get(KIND, identifier)
        subscription = discount and self._backend.objects.get(
            "subscription", discount["subscription"]
        )
        if subscription:
            self._remove(subscription, identifier)

    def _remove(self, subscription: Object, identifier: str) -> None:
        """It stays where invoices name it."""
        owners = [subscription, *subscription["items"]["data"]]
        discounted = [owner for owner in owners if identifier in owner["discounts"]]
        for owner in discounted:
            owner["discounts"] = [one for one in owner["discounts"] if one != identifier]
        if not discounted:
            return
        self._backend.objects.save(subscription)
        discount = self._backend.require(KIND, identifier, KIND)
        self._backend.events.record("customer.discount.deleted", discount)
