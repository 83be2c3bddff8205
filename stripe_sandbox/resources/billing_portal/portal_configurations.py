"""Configurations of the customer portal: what its customers may do
(https://docs.stripe.com/api/customer_portal/configurations)."""

from __future__ import annotations

from typing import Any

from stripe.params.billing_portal._configuration_create_params import ConfigurationCreateParams
from stripe.params.billing_portal._configuration_list_params import ConfigurationListParams
from stripe.params.billing_portal._configuration_retrieve_params import ConfigurationRetrieveParams
from stripe.params.billing_portal._configuration_update_params import ConfigurationUpdateParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import Call, Route
from stripe_sandbox.api.expand import Include
from stripe_sandbox.ids import new_id
from stripe_sandbox.resources.billing_portal import plan_updates
from stripe_sandbox.resources.resource import Resource
from stripe_sandbox.schema.objects import apply_changes, build, merge_metadata, sdk_class
from stripe_sandbox.storage.objects import Object, Window
from stripe_sandbox.validation import check_url

REASONS = (
    "too_expensive", "missing_features", "switched_service", "unused", "customer_service",
    "too_complex", "low_quality", "other",
)  # fmt: skip
"""Why customers cancel, in the order in which the portal asks."""

_ONLY_OFF = ("customer_update", "subscription_pause")
"""Features that the sandbox's portal lacks: they can only be off."""
_CANCEL = "features.subscription_cancel"
_CREATE = (
    *("business_profile.headline", "business_profile.privacy_policy_url"),
    *("business_profile.terms_of_service_url", "default_return_url"),
    *(f"features.{name}.enabled" for name in _ONLY_OFF),
    *("features.invoice_history.enabled", "features.payment_method_update.enabled"),
    *(f"{_CANCEL}.enabled", f"{_CANCEL}.mode", f"{_CANCEL}.proration_behavior"),
    *(f"{_CANCEL}.cancellation_reason.enabled", f"{_CANCEL}.cancellation_reason.options"),
    *("login_page.enabled", "metadata", "name", *plan_updates.PARAMETERS),
)


class PortalConfigurations(Resource):
    """Creates, updates and shows configurations; the account has a default one."""

    kind = "billing_portal.configuration"
    url = "/v1/billing_portal/configurations"
    id_param = "configuration"
    retrieve_params = ConfigurationRetrieveParams
    list_params = ConfigurationListParams
    filters = ("active", "is_default")

    def routes(self) -> list[Route]:
        """All endpoints."""
        update = (*_CREATE, "active")
        return [
            *super().routes(),
            Route("POST", self.url, self._create, ConfigurationCreateParams, self.kind, _CREATE),
            Route("POST", self.path, self._update, ConfigurationUpdateParams, self.kind, update),
        ]

    def includes(self) -> dict[tuple[type, str], Include]:
        cls = sdk_class(f"{self.kind}.Features.SubscriptionUpdate")
        return {(cls, plan_updates.PRODUCTS): lambda one: plan_updates.products(self._backend, one)}

    def default(self) -> Object:
        """The account's default configuration, with every feature that the sandbox has."""
        found = self._backend.page(self.kind, self.url, {"is_default": True}, Window(1))
        configurations: list[Object] = found.to_object()["data"]
        if configurations:
            return configurations[0]
        every = {"enabled": True}
        cancel = {**every, "cancellation_reason": {**every, "options": list(REASONS)}}
        features = {
            "invoice_history": every,
            "payment_method_update": every,
            "subscription_cancel": cancel,
        }
        configuration = self._new({"features": features}, is_default=True)
        self._backend.objects.insert(configuration)
        return configuration

    def _list(self, call: Call) -> Any:
        self.default()
        return super()._list(call)

    def _create(self, call: Call) -> Object:
        params = call.params
        _check(params)
        if not params["features"]:
            raise errors.parameter_missing("features")
        configuration = self._new(params, is_default=False)
        self._backend.objects.insert(configuration, self._products(configuration, params))
        self._backend.events.record("billing_portal.configuration.created", configuration)
        return configuration

    def _products(self, configuration: Object, params: dict[str, Any]) -> Object:
        """What is stored of the request's products, which answers hold only where they expand
        them. StripeError: their prices are wrong."""
        given = (params.get("features") or {}).get(plan_updates.FEATURE, {})
        if plan_updates.PRODUCTS not in given:
            return {}
        allowed = configuration["features"][plan_updates.FEATURE]["default_allowed_updates"]
        found = plan_updates.read_products(self._backend, given[plan_updates.PRODUCTS], allowed)
        return {plan_updates.PRODUCTS: found}

    def _new(self, params: dict[str, Any], *, is_default: bool) -> Object:
        now = self._backend.clock.now()
        return build(
            self.kind,
            {
                "id": new_id("bpc"),
                "object": self.kind,
                "active": True,
                "business_profile": _business_profile(None, params.get("business_profile") or {}),
                "created": now,
                "default_return_url": params.get("default_return_url"),
                "features": _features(None, params["features"]),
                "is_default": is_default,
                "livemode": False,
                "login_page": build("billing_portal.configuration.LoginPage", {"enabled": False}),
                "metadata": merge_metadata({}, params.get("metadata", {})),
                "name": params.get("name"),
                "updated": now,
            },
        )

    def _update(self, call: Call) -> Object:
        params = call.params
        _check(params)
        configuration = self._require(call)
        if params.get("active") is False and configuration["is_default"]:
            raise errors.invalid("The default configuration cannot be deactivated.", "active")
        changes: dict[str, Any] = {
            name: params[name]
            for name in ("active", "default_return_url", "name")
            if name in params
        }
        if "business_profile" in params:
            former = configuration["business_profile"]
            changes["business_profile"] = _business_profile(former, params["business_profile"])
        if "features" in params:
            changes["features"] = _features(configuration["features"], params["features"])
        if "metadata" in params:
            changes["metadata"] = merge_metadata(configuration["metadata"], params["metadata"])
        previous = apply_changes(configuration, changes)
        hidden = self._products(configuration, params)
        if hidden:
            self._backend.objects.save_hidden(self.kind, configuration["id"], hidden)
        if previous or hidden:
            previous |= apply_changes(configuration, {"updated": self._backend.clock.now()})
            self._backend.objects.save(configuration)
            name = "billing_portal.configuration.updated"
            self._backend.events.record(name, configuration, call.request, previous)
        return configuration


def _check(params: dict[str, Any]) -> None:
    """Raise a StripeError for what would have no effect, and for URLs that are none."""
    if params.get("default_return_url"):
        check_url(params["default_return_url"], "default_return_url")
    for name in ("privacy_policy_url", "terms_of_service_url"):
        url = (params.get("business_profile") or {}).get(name)
        if url:
            check_url(url, f"business_profile[{name}]")
    features = params.get("features") or {}
    for name in _ONLY_OFF:
        if features.get(name, {}).get("enabled"):
            raise errors.not_simulated(f"features[{name}][enabled]", f"the portal's {name}")
    plan_updates.check(features.get(plan_updates.FEATURE, {}))
    behavior = features.get("subscription_cancel", {}).get("proration_behavior", "none")
    if behavior != "none":
        raise errors.not_simulated(
            "features[subscription_cancel][proration_behavior]", f"proration_behavior={behavior}"
        )
    if (params.get("login_page") or {}).get("enabled"):
        raise errors.not_simulated("login_page[enabled]", "the portal's login page")


def _business_profile(former: Object | None, given: dict[str, Any]) -> Object:
    path = "billing_portal.configuration.BusinessProfile"
    return build(path, {**(former or {}), **given})


def _features(former: Object | None, given: dict[str, Any]) -> Object:
    """The features with what is given; what never was given is off."""
    path = "billing_portal.configuration.Features"
    found = former or {
        "customer_update": build(
            f"{path}.CustomerUpdate", {"allowed_updates": [], "enabled": False}
        ),
        "invoice_history": build(f"{path}.InvoiceHistory", {"enabled": False}),
        "payment_method_update": build(f"{path}.PaymentMethodUpdate", {"enabled": False}),
        "subscription_cancel": build(
            f"{path}.SubscriptionCancel",
            {
                "cancellation_reason": build(
                    f"{path}.SubscriptionCancel.CancellationReason",
                    {"enabled": False, "options": []},
                ),
                "enabled": False,
                "mode": "at_period_end",
                "proration_behavior": "none",
            },
        ),
        "subscription_pause": build(
            f"{path}.SubscriptionPause",
            {
                "duration": build(
                    f"{path}.SubscriptionPause.Duration",
                    {"interval_options": [], "type": "indefinite"},
                ),
                "enabled": False,
            },
        ),
        plan_updates.FEATURE: plan_updates.off(),
    }
    features = {name: {**feature, **given.get(name, {})} for name, feature in found.items()}
    features[plan_updates.FEATURE] = plan_updates.changed(
        found[plan_updates.FEATURE], given.get(plan_updates.FEATURE, {})
    )
    cancel, reason = features["subscription_cancel"], given.get("subscription_cancel", {})
    if "cancellation_reason" in reason:
        former_reason = found["subscription_cancel"]["cancellation_reason"]
        asked = reason["cancellation_reason"]
        options = asked.get("options") or (REASONS if asked["enabled"] else ())
        cancel["cancellation_reason"] = {**former_reason, **asked, "options": list(options)}
    return build(path, features)
