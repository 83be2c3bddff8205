"""Sessions of the customer portal: links that open it for a customer
(https://docs.stripe.com/api/customer_portal/sessions)."""

from __future__ import annotations

from typing import Any

from stripe.params.billing_portal._session_create_params import SessionCreateParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import Call, Route
from stripe_sandbox.backend import Backend
from stripe_sandbox.ids import new_id
from stripe_sandbox.resources.billing_portal.portal_configurations import PortalConfigurations
from stripe_sandbox.schema.objects import build
from stripe_sandbox.storage.objects import Object
from stripe_sandbox.validation import check_url

UNUSED_SECONDS = 5 * 60
IDLE_SECONDS = 3_600
LONGEST_SECONDS = 2 * 3_600
"""How long a link opens the portal before its first use, after the last use, and at most
(https://docs.stripe.com/customer-management/integrate-customer-portal)."""

_CREATE = (
    *("configuration", "customer", "flow_data.after_completion.hosted_confirmation.custom_message"),
    *("flow_data.after_completion.redirect.return_url", "flow_data.after_completion.type"),
    *("flow_data.subscription_cancel.subscription", "flow_data.type", "locale", "return_url"),
)
_FEATURES = {
    "payment_method_update": "payment_method_update",
    "subscription_cancel": "subscription_cancel",
}
"""The feature that a flow needs, by the flow's type."""
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
        if kind == "subscription_cancel":
            flow["subscription_cancel"] = self._to_cancel(given, customer)
        elif "subscription_cancel" in given:
            raise errors.invalid(
                "`flow_data[subscription_cancel]` belongs to flow_data[type]=subscription_cancel.",
                "flow_data[subscription_cancel]",
            )
        return build("billing_portal.session.Flow", flow)

    def _to_cancel(self, given: dict[str, Any], customer: Object) -> Object:
        param = "flow_data[subscription_cancel][subscription]"
        if "subscription_cancel" not in given:
            raise errors.parameter_missing(param)
        subscription = self._backend.require(
            "subscription", given["subscription_cancel"]["subscription"], param
        )
        if subscription["customer"] != customer["id"]:
            raise errors.no_such("subscription", subscription["id"], param)
        if subscription["cancel_at"] or subscription["ended_at"]:
            raise errors.invalid(
                "The subscription is already set to be canceled, or canceled.", param
            )
        return build(
            "billing_portal.session.Flow.SubscriptionCancel", {"subscription": subscription["id"]}
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
