"""Checkout Sessions (https://docs.stripe.com/api/checkout/sessions)."""

from __future__ import annotations

from typing import Any

from stripe.params.checkout._session_create_params import SessionCreateParams
from stripe.params.checkout._session_expire_params import SessionExpireParams
from stripe.params.checkout._session_line_item_list_params import SessionLineItemListParams
from stripe.params.checkout._session_list_params import SessionListParams
from stripe.params.checkout._session_retrieve_params import SessionRetrieveParams
from stripe.params.checkout._session_update_params import SessionUpdateParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import NO_REQUEST, Answer, Call, RequestInfo, Route
from stripe_sandbox.api.expand import Include
from stripe_sandbox.api.pagination import list_object, paginate
from stripe_sandbox.backend import Backend
from stripe_sandbox.currencies import check_charge, parse_currency
from stripe_sandbox.resources.billing.invoice_discounts import AppliedDiscount
from stripe_sandbox.resources.billing.subscription_object import end_of_trial
from stripe_sandbox.resources.checkout.checkout_session_object import new_session
from stripe_sandbox.resources.checkout.checkout_session_params import (
    SIMULATED,
    check_request,
    check_trial,
)
from stripe_sandbox.resources.checkout.line_items import LineItems, begin_trial
from stripe_sandbox.resources.checkout.session_discounts import SessionDiscounts
from stripe_sandbox.resources.checkout.session_limits import check_total, expiry
from stripe_sandbox.resources.customers.setup_intents import SetupIntents
from stripe_sandbox.resources.payments.payment_intents import PaymentIntents
from stripe_sandbox.resources.resource import Resource
from stripe_sandbox.scheduling.jobs import JobKind, ScheduledJobs
from stripe_sandbox.schema.objects import merge_metadata, sdk_class
from stripe_sandbox.storage.objects import Object

SHOWN_WHEN_EXPANDED = 10


class CheckoutSessions(Resource):
    """Creates, expires and shows Checkout Sessions; `payments` pays them."""

    kind = "checkout.session"
    url = "/v1/checkout/sessions"
    id_param = "session"
    retrieve_params = SessionRetrieveParams
    list_params = SessionListParams
    filters = (
        "created",
        "customer",
        "customer_account",
        "customer_details",
        "payment_intent",
        "payment_link",
        "status",
        "subscription",
    )

    def __init__(
        self,
        backend: Backend,
        jobs: ScheduledJobs,
        line_items: LineItems,
        intents: PaymentIntents,
        setup_intents: SetupIntents,
        discounts: SessionDiscounts,
    ) -> None:
        super().__init__(backend)
        self._jobs = jobs
        jobs.register(JobKind.SESSION_EXPIRY, self._expire_overdue)
        self._line_items = line_items
        self._intents = intents
        self._setup_intents = setup_intents
        self._discounts = discounts

    def routes(self) -> list[Route]:
        """All endpoints."""
        kind, expire, items = self.kind, f"{self.path}/expire", f"{self.path}/line_items"
        return [
            *super().routes(),
            Route("POST", self.url, self.create, SessionCreateParams, kind, SIMULATED),
            Route("POST", self.path, self._update, SessionUpdateParams, kind, ("metadata",)),
            Route("POST", expire, self._expire, SessionExpireParams, kind),
            Route.listing(items, self._list_items, SessionLineItemListParams, "item"),
        ]

    def includes(self) -> dict[tuple[type, str], Include]:
        return {
            (sdk_class(self.kind), "line_items"): self._line_items_list,
            (sdk_class("item"), "discounts"): lambda item: item.get("discounts", []),
            (sdk_class("item"), "taxes"): lambda item: item.get("taxes", []),
            (sdk_class("checkout.session.TotalDetails"), "breakdown"): self._discounts.breakdown,
        }

    def create(self, call: Call) -> Object:
        """A new open session; its expiry is scheduled. StripeError: the parameters do not go
        together, or name what cannot be sold."""
        params = call.params
        check_request(params)
        now = self._backend.clock.now()
        expires_at = expiry(params, now)
        customer = None
        if "customer" in params:
            customer = self._backend.require("customer", params["customer"], "customer")
        if params["mode"] == "setup":
            return self._create_setup(call, customer, now, expires_at)
        check_trial(params, now)
        items = self._line_items.create(params["line_items"], params["mode"], call)
        trial_end = end_of_trial(params.get("subscription_data", {}), now)
        total = sum(item["amount_total"] for item in items)
        currency: str = items[0]["currency"]
        renewed = sum(item["amount_total"] for item in items if item["price"]["recurring"])
        check_charge(renewed, currency, "line_items")
        if trial_end is not None:
            begin_trial(items)
            total -= renewed
        session = new_session(call, customer, total, currency, now, expires_at)
        hidden = {
            "customer_update": params.get("customer_update", {}),
            "line_items": items,
            "payment_intent_data": params.get("payment_intent_data", {}),
            "subscription_data": params.get("subscription_data", {}),
        }
        for index, given in enumerate(params.get("discounts") or ()):
            self._discounts.apply(session, hidden, given, f"discounts[{index}]")
        check_total(session)
        self._backend.objects.insert(session, hidden)
        self._jobs.add(expires_at, JobKind.SESSION_EXPIRY, session["id"])
        return session

    def _create_setup(
        self, call: Call, customer: Object | None, now: int, expires_at: int
    ) -> Object:
        """A session that saves a card, with its SetupIntent."""
        currency = call.params.get("currency")
        if currency is not None:
            currency = parse_currency(currency, "currency")
        session = new_session(call, customer, None, currency, now, expires_at)
        given = {"customer": session["customer"], **call.params.get("setup_intent_data", {})}
        session["setup_intent"] = self._setup_intents.create(given, None, call.request)["id"]
        hidden = {
            "customer_update": call.params.get("customer_update", {}),
            "line_items": [],
            "setup_intent": session["setup_intent"],
            "subscription_data": {},
        }
        self._backend.objects.insert(session, hidden)
        self._jobs.add(expires_at, JobKind.SESSION_EXPIRY, session["id"])
        return session

    def enter_code(self, session: Object, code: str | None) -> None:
        """Discount the open session by the promotion code that its payer enters; None takes the
        discount back. StripeError: it may not be redeemed for it."""
        hidden = self._backend.objects.hidden(self.kind, session["id"])
        if code is None:
            self._discounts.remove(session, hidden)
        else:
            self._discounts.apply_code(session, hidden, code)
            check_total(session)
        self._backend.objects.save(session)
        self._backend.objects.save_hidden(self.kind, session["id"], hidden)

    def retotal(self, session: Object, hidden: Object) -> None:
        """Store the session after changes of its line items, with its amounts and discount made
        anew. StripeError: it cannot be for that amount, or not with that discount."""
        if end_of_trial(hidden["subscription_data"], 0) is not None:
            begin_trial(hidden["line_items"])
        session["amount_subtotal"] = sum(item["amount_subtotal"] for item in hidden["line_items"])
        self._discounts.renew(session, hidden)
        check_total(session)
        self._backend.objects.save(session)
        self._backend.objects.save_hidden(self.kind, session["id"], hidden)

    def get(self, identifier: str) -> Object | None:
        """The session as it is now, or None; one whose time has come expires first."""
        session = self._backend.objects.get(self.kind, identifier)
        if session is not None and _overdue(session, self._backend.clock.now()):
            with self._backend.database.transaction():
                self._expire_overdue(identifier)
            session = self._backend.objects.get(self.kind, identifier)
        return session

    def _expire_overdue(self, identifier: str) -> None:
        session = self._backend.objects.get(self.kind, identifier)
        if session is not None and _overdue(session, self._backend.clock.now()):
            self.close(session, NO_REQUEST)

    def schedule_expiries(self) -> None:
        """Schedule the expiry of every open session that has none scheduled: a file of an earlier
        version holds such."""
        with self._backend.database.transaction():
            scheduled = self._jobs.subjects(JobKind.SESSION_EXPIRY)
            for identifier, expires_at in self._backend.database.rows(
                "SELECT id, expires_at FROM checkout_sessions WHERE status = 'open'"
            ):
                if identifier not in scheduled:
                    self._jobs.add(expires_at, JobKind.SESSION_EXPIRY, identifier)

    def complete(self, session: Object, changes: Object) -> str:
        """Store the session as complete, with these changes, and record
        `checkout.session.completed`; returns the event's id."""
        session.update(changes, status="complete", url=None)
        self._backend.objects.save(session)
        self._discounts.redeem(session)
        self._jobs.cancel(session["expires_at"], JobKind.SESSION_EXPIRY, session["id"])
        return self._backend.events.record("checkout.session.completed", session)

    def close(self, session: Object, request: RequestInfo) -> None:
        """Expire an open session, and cancel its intent. Records `payment_intent.canceled` and
        `checkout.session.expired`."""
        session.update(status="expired", url=None)
        self._backend.objects.save(session)
        self._jobs.cancel(session["expires_at"], JobKind.SESSION_EXPIRY, session["id"])
        hidden = self._backend.objects.hidden(self.kind, session["id"])
        intent, setup = hidden.get("payment_intent"), hidden.get("setup_intent")
        if intent is not None:
            self._intents.cancel(intent, request)
        if setup is not None:
            found = self._backend.require("setup_intent", setup, "setup_intent")
            self._setup_intents.cancel(found, None, request)
        self._backend.events.record("checkout.session.expired", session, request)

    def _line_items_list(self, session: Object) -> Object:
        """The list object of its first line items, as an expansion shows it."""
        items = self.all_line_items(session["id"])
        return list_object(
            f"{self.url}/{session['id']}/line_items",
            items[:SHOWN_WHEN_EXPANDED],
            len(items) > SHOWN_WHEN_EXPANDED,
        )

    def discounts(self, session: Object) -> list[AppliedDiscount]:
        """What discounts the subscription that the session sells."""
        return self._discounts.applied(session)

    def all_line_items(self, identifier: str) -> list[Object]:
        """Every line item that an existing session sells, in the order of its request."""
        return [item for item in self.offered_line_items(identifier) if item["quantity"]]

    def offered_line_items(self, identifier: str) -> list[Object]:
        """Likewise, with those of which the payer takes none."""
        items: list[Object] = self._backend.objects.hidden(self.kind, identifier)["line_items"]
        return items

    def _require(self, call: Call) -> Object:
        session = self.get(call.ids[0])
        if session is None:
            raise errors.no_such(self.kind, call.ids[0], "session", 404)
        return session

    def _retrieve(self, call: Call) -> Answer:
        return self._require(call)  # as it is now, not as it is stored

    def _update(self, call: Call) -> Object:
        session = self._require(call)
        if "metadata" in call.params:
            session["metadata"] = merge_metadata(session["metadata"], call.params["metadata"])
            self._backend.objects.save(session)
        return session

    def _expire(self, call: Call) -> Object:
        session = self._require(call)
        if session["status"] != "open":
            raise errors.invalid(
                'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout '
                f"Session has a status of `{session['status']}`."
            )
        self.close(session, call.request)
        return session

    def _list_items(self, call: Call) -> Object:
        identifier = self._require(call)["id"]
        url = f"{self.url}/{identifier}/line_items"
        return paginate(url, self.all_line_items(identifier), call.params, "item")

    def _list(self, call: Call) -> Answer:
        # The list is of now, also where jobs do not run in the background.
        while self._jobs.run_next(self._backend.clock.now(), JobKind.SESSION_EXPIRY):
            pass
        return super()._list(call)

    def _conditions(self, params: dict[str, Any]) -> dict[str, Any]:
        conditions = super()._conditions(params)
        if "customer_details" in conditions:
            conditions["email"] = conditions.pop("customer_details")["email"]
        return conditions

    def rebase(self, old: str, new: str) -> None:
        """Have the links of open sessions begin with the URL `new` instead of `old`."""
        self._backend.objects.rebase(self.kind, "url", old, new, "status = 'open'")


def _overdue(session: Object, now: int) -> bool:
    return bool(session["status"] == "open" and session["expires_at"] <= now)
