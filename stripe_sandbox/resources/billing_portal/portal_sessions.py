"""Sessions of the customer portal: links that open it for a customer
(https://docs.stripe.com/api/customer_portal/sessions)."""

from __future__ import annotations

from typing import Any

from stripe.params.billing_portal._session_create_params import SessionCreateParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import Call, Route
from stripe_sandbox.backend import Backend
from stripe_sandbox.ids import new_id
from stripe_sandbox.resources.billing_portal import plan_updates
from stripe_sandbox.resources.billing_portal.portal_configurations import PortalConfigurations
from stripe_sandbox.schema.objects import build
from stripe_sandbox.storage.objects import Object
from stripe_sandbox.validation import check_url

UNUSED_SECONDS = 5 * 60
IDLE_SECONDS = 3_600
LONGEST_SECONDS = 2 * 3_600
"""How long a link opens the portal before its first use, after the last use, and at most
(https://docs.stripe.com/customer-management/integrate-customer-portal)."""

_CONFIRMED = ("items.id", "items.price", "items.quantity", "subscription")
_CREATE = (
    *("configuration", "customer", "flow_data.after_completion.hosted_confirmation.custom_message"),
    *("flow_data.after_completion.redirect.return_url", "flow_data.after_completion.type"),
    *("flow_data.subscription_cancel.subscription", "flow_data.type", "locale", "return_url"),
    "flow_data.subscription_update.subscription",
    *(f"flow_data.subscription_update_confirm.{name}" for name in _CONFIRMED),
)
_FEATURES = {
    "payment_method_update": "payment_method_update",
    "subscription_cancel": "subscription_cancel",
    "subscription_update": "subscription_update",
    "subscription_update_confirm": "subscription_update",
}
"""The feature that a flow needs, by the flow's type."""
_OF_SUBSCRIPTIONS = {
    "subscription_cancel": "SubscriptionCancel",
    "subscription_update": "SubscriptionUpdate",
    "subscription_update_confirm": "SubscriptionUpdateConfirm",
}
"""What holds the subscription that a flow is for, by the flow's type."""
_KIND = "billing_portal.session"


class PortalSessions:
    """Creates sessions, and says for how long they open the portal."""

    def __init__(self, backend: Backend, configurations: PortalConfigurations) -> None:
        self._backend = backend
        self._configurations = configurations

    def routes(self) -> list[Route]:
        """The endpoint: Stripe's sessions can only be created."""
        url = "/v1/billing_portal/sessions"
        return [Route("POST", url, self._create, SessionCreateParams, _KIND, _CREATE)]

    def use(self, identifier: str) -> Object | None:
        """The session, now used once more; None: there is none, it has expired, or its
        customer was deleted."""
        session = self._backend.objects.get(_KIND, identifier)
        if session is None or self._backend.objects.get("customer", session["customer"]) is None:
            return None
        now = self._backend.clock.now()
        used = self._backend.objects.hidden(_KIND, identifier)
        last = used.get("last_used")
        expires_at = (
            session["created"] + UNUSED_SECONDS
            if last is None
            else min(last + IDLE_SECONDS, session["created"] + LONGEST_SECONDS)
        )
        if expires_at <= now:
            return None
        self._backend.objects.save_hidden(_KIND, identifier, {**used, "last_used": now})
        return session

    def finish(self, session: Object) -> None:
        """The session's flow is done: from now on the link opens the portal's home."""
        used = self._backend.objects.hidden(_KIND, session["id"])
        self._backend.objects.save_hidden(_KIND, session["id"], {**used, "done": True})

    def is_done(self, session: Object) -> bool:
        """Whether the session's flow is done."""
        return bool(self._backend.objects.hidden(_KIND, session["id"]).get("done"))

    def configuration(self, session: Object) -> Object:
        """What the session's customer may do."""
        return self._backend.require(
            self._configurations.kind, session["configuration"], "configuration"
        )

    def _create(self, call: Call) -> Object:
        params = call.params
        if "customer" not in params:
            raise errors.parameter_missing("customer")
        locale = params.get("locale")
        if locale not in (None, "auto", "en"):
            raise errors.not_simulated("locale", f"locale={locale}")
        flow = (params.get("flow_data") or {}).get("type")
        if flow is not None and flow not in _FEATURES:
            raise errors.not_simulated("flow_data[type]", f"flow_data[type]={flow}")
        if params.get("return_url"):
            check_url(params["return_url"], "return_url")
        customer = self._backend.require("customer", params["customer"], "customer")
        configuration = self._configuration(params)
        identifier = new_id("bps")
        session = build(
            _KIND,
            {
                "id": identifier,
                "object": _KIND,
                "configuration": configuration["id"],
                "created": self._backend.clock.now(),
                "customer": customer["id"],
                "flow": self._flow(params.get("flow_data"), configuration, customer),
                "livemode": False,
                "locale": locale,
                "return_url": params.get("return_url") or configuration["default_return_url"],
                "url": f"{call.base_url}/p/session/{identifier}",
            },
        )
        self._backend.objects.insert(session)
        self._backend.events.record("billing_portal.session.created", session, call.request)
        return session

    def _configuration(self, params: dict[str, Any]) -> Object:
        if "configuration" not in params:
            return self._configurations.default()
        found = self._backend.require(
            self._configurations.kind, params["configuration"], "configuration"
        )
        if not found["active"]:
            raise errors.invalid("The configuration is not active.", "configuration")
        return found

    def _flow(
        self, given: dict[str, Any] | None, configuration: Object, customer: Object
    ) -> Object | None:
        if given is None:
            return None
        kind = given["type"]
        if not configuration["features"][_FEATURES[kind]]["enabled"]:
            raise errors.invalid(
                f"The `{kind}` flow cannot be used: its feature is not enabled in the portal "
                "configuration.",
                "flow_data[type]",
            )
        flow: Object = {"after_completion": _after_completion(given), "type": kind}
        for name in _OF_SUBSCRIPTIONS:
            if name in given and name != kind:
                raise errors.invalid(
                    f"`flow_data[{name}]` belongs to flow_data[type]={name}.", f"flow_data[{name}]"
                )
        if kind in _OF_SUBSCRIPTIONS:
            subscription = self._subscription(given, kind, customer)
            part = _OF_SUBSCRIPTIONS[kind]
            values: Object = {"subscription": subscription["id"]}
            if kind == "subscription_cancel":
                _check_goes_on(subscription)
            else:
                _check_updatable(subscription, configuration, kind)
            if kind == "subscription_update_confirm":
                values["items"] = [self._item(given[kind], subscription, configuration)]
            flow[kind] = build(f"billing_portal.session.Flow.{part}", values)
        return build("billing_portal.session.Flow", flow)

    def _subscription(self, given: dict[str, Any], kind: str, customer: Object) -> Object:
        """The subscription that a flow is for. StripeError: it is not the customer's."""
        param = f"flow_data[{kind}][subscription]"
        if kind not in given:
            raise errors.parameter_missing(param)
        found = self._backend.require("subscription", given[kind]["subscription"], param)
        if found["customer"] != customer["id"]:
            raise errors.no_such("subscription", found["id"], param)
        return found

    def _item(self, given: dict[str, Any], subscription: Object, configuration: Object) -> Object:
        """The item that the customer is to confirm. StripeError: it cannot become so."""
        param = "flow_data[subscription_update_confirm][items]"
        if len(given["items"]) != 1:
            raise errors.invalid("Exactly one item can be updated through this flow.", param)
        [wanted], [item] = given["items"], subscription["items"]["data"]
        if wanted["id"] != item["id"]:
            raise errors.no_such("subscription_item", wanted["id"], f"{param}[0][id]")
        price = wanted.get("price", item["price"]["id"])
        quantity = wanted.get("quantity", item["quantity"])
        try:
            plan_updates.update(self._backend, subscription, configuration, price, quantity)
        except errors.StripeError as error:
            error.nest(f"{param}[0]")
            raise
        found = {"id": item["id"], "price": price, "quantity": quantity}
        return build("billing_portal.session.Flow.SubscriptionUpdateConfirm.Item", found)


def _check_goes_on(subscription: Object) -> None:
    if subscription["cancel_at"] or subscription["ended_at"]:
        raise errors.invalid(
            "The subscription is already set to be canceled, or canceled.",
            "flow_data[subscription_cancel][subscription]",
        )


def _check_updatable(subscription: Object, configuration: Object, kind: str) -> None:
    if not plan_updates.is_updatable(subscription, configuration):
        raise errors.invalid(
            f"The subscription {subscription['id']} cannot be updated in the portal: that needs "
            "one item, automatic charges, no end, and updates that the configuration allows.",
            f"flow_data[{kind}][subscription]",
        )


def _after_completion(given: dict[str, Any]) -> Object:
    path = "billing_portal.session.Flow.AfterCompletion"
    after = given.get("after_completion") or {"type": "portal_homepage"}
    parts = {"hosted_confirmation": "HostedConfirmation", "redirect": "Redirect"}
    for name in parts:
        if name in after and after["type"] != name:
            raise errors.invalid(
                f"`{name}` belongs to flow_data[after_completion][type]={name}.",
                f"flow_data[after_completion][{name}]",
            )
    kind = after["type"]
    values: Object = {"type": kind}
    if kind == "redirect":
        param = "flow_data[after_completion][redirect]"
        if "redirect" not in after:
            raise errors.parameter_missing(param)
        check_url(after["redirect"]["return_url"], f"{param}[return_url]")
    if kind in parts:
        values[kind] = build(f"{path}.{parts[kind]}", after.get(kind) or {})
    return build(path, values)
