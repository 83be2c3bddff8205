"""What a request about the customer portal may say, as in parameter_cases."""

from __future__ import annotations

from typing import Any

Case = tuple[dict[str, Any], str, Any]
"""A request that is taken, the parameter that is added to it (with dots), and its value."""


def _cases(base: dict[str, Any], **values: Any) -> list[Case]:
    return [(base, name, value) for name, value in values.items()]


_FEATURES = {"features": {"invoice_history": {"enabled": True}}}
_PORTAL: dict[str, Any] = {
    "business_profile.headline": "Tea for all",
    "business_profile.privacy_policy_url": "http://a.example/privacy",
    "business_profile.terms_of_service_url": "http://a.example/terms",
    "default_return_url": "http://a.example/",
    "features.payment_method_update.enabled": True,
    "features.subscription_cancel.enabled": True,
    "metadata": {"a": "b"}, "name": "Mine",
}  # fmt: skip
_CANCELS = {"features": {"subscription_cancel": {"enabled": True}}}
_ASKS = {"subscription_cancel": {"enabled": True, "cancellation_reason": {"options": ["other"]}}}
_PORTAL_CANCEL: list[Case] = [
    (_CANCELS, "features.subscription_cancel.mode", "immediately"),
    ({"features": _ASKS}, "features.subscription_cancel.cancellation_reason.enabled", True),
    (
        {
            "features": {
                "subscription_cancel": {"enabled": True, "cancellation_reason": {"enabled": True}}
            }
        },
        "features.subscription_cancel.cancellation_reason.options",
        ["unused"],
    ),
]
_UPDATE = "features.subscription_update"
_PRODUCTS = f"{_UPDATE}.products.0"
_EXPANDED = {"expand": [f"{_UPDATE}.products"]}
_SOLD = {"product": "SOLD", "prices": ["MONTHLY"]}


def _updates(**values: Any) -> dict[str, Any]:
    return {"features": {"subscription_update": {"enabled": True, **values}}, **_EXPANDED}


_PORTAL_UPDATE: list[Case] = [
    (_FEATURES, f"{_UPDATE}.enabled", True),
    (_updates(), f"{_UPDATE}.billing_cycle_anchor", "now"),
    (_updates(), f"{_UPDATE}.default_allowed_updates", ["price"]),
    (_updates(), f"{_UPDATE}.proration_behavior", "always_invoice"),
    (_updates(), f"{_UPDATE}.trial_update_behavior", "continue_trial"),
    (_updates(products=[{"product": "SOLD"}]), f"{_PRODUCTS}.prices", ["MONTHLY"]),
    (_updates(products=[{"prices": ["MONTHLY"]}]), f"{_PRODUCTS}.product", "SOLD"),
    (_updates(products=[_SOLD]), f"{_PRODUCTS}.adjustable_quantity.enabled", True),
    *(
        (
            _updates(products=[{**_SOLD, "adjustable_quantity": {"enabled": True}}]),
            f"{_PRODUCTS}.adjustable_quantity.{name}",
            3,
        )
        for name in ("maximum", "minimum")
    ),
]


def _confirms(**item: Any) -> dict[str, Any]:
    given = {"subscription": "SUBSCRIPTION", "items": [{"id": "ITEM", **item}]}
    return {
        "customer": "SUBSCRIBER",
        "configuration": "UPDATING",
        "flow_data": {
            "type": "subscription_update_confirm",
            "subscription_update_confirm": given,
        },
    }


_CONFIRM = "flow_data.subscription_update_confirm"
_NOBODY = _confirms()
del _NOBODY["flow_data"]["subscription_update_confirm"]["subscription"]
_NOTHING = _confirms()
del _NOTHING["flow_data"]["subscription_update_confirm"]["items"][0]["id"]
_PORTAL_FLOWS: list[Case] = [
    (
        {**_confirms(), "flow_data": {"type": "subscription_update"}},
        "flow_data.subscription_update.subscription",
        "SUBSCRIPTION",
    ),
    (_NOBODY, f"{_CONFIRM}.subscription", "SUBSCRIPTION"),
    (_NOTHING, f"{_CONFIRM}.items.0.id", "ITEM"),
    (_confirms(price="price_none"), f"{_CONFIRM}.items.0.price", "MONTHLY"),
    (_confirms(), f"{_CONFIRM}.items.0.quantity", 4),
]
_OPENS_PORTAL: dict[str, Any] = {"customer": "SUBSCRIBER"}
_TO_CARD: dict[str, Any] = {**_OPENS_PORTAL, "flow_data": {"type": "payment_method_update"}}
_REDIRECTS = {"type": "redirect", "redirect": {"return_url": "http://a.example/"}}
_CONFIRMS = {"type": "hosted_confirmation"}

PORTAL_SHOWN: dict[str, list[Case]] = {
    "POST /v1/billing_portal/configurations": [
        *_cases(_FEATURES, **_PORTAL),
        *_PORTAL_CANCEL,
        *_PORTAL_UPDATE,
        ({"features": {}}, "features.invoice_history.enabled", True),
    ],
    "POST /v1/billing_portal/configurations/:configuration": [
        *_cases({}, active=False, **_PORTAL),
        ({}, "features.invoice_history.enabled", True),
        *_PORTAL_CANCEL,
        *_PORTAL_UPDATE,
    ],
    "POST /v1/billing_portal/sessions": [
        *_cases(
            _OPENS_PORTAL,
            configuration="CONFIGURATION",
            locale="en",
            return_url="http://a.example/back",
        ),
        ({"customer": "cus_none"}, "customer", "SUBSCRIBER"),
        (_OPENS_PORTAL, "flow_data.type", "payment_method_update"),
        (_TO_CARD, "flow_data.after_completion", _REDIRECTS),
        (
            {**_TO_CARD, "flow_data": {**_TO_CARD["flow_data"], "after_completion": _REDIRECTS}},
            "flow_data.after_completion.redirect.return_url",
            "http://b.example/",
        ),
        (
            {**_TO_CARD, "flow_data": {**_TO_CARD["flow_data"], "after_completion": _CONFIRMS}},
            "flow_data.after_completion.hosted_confirmation.custom_message",
            "Thanks",
        ),
        (_TO_CARD, "flow_data.after_completion.type", "hosted_confirmation"),
        (
            {**_OPENS_PORTAL, "flow_data": {"type": "subscription_cancel"}},
            "flow_data.subscription_cancel.subscription",
            "SUBSCRIPTION",
        ),
        *_PORTAL_FLOWS,
    ],
}

_LATER = {"conditions": [{"type": "shortening_interval"}]}
_OFF: list[Case] = [
    *(
        (_FEATURES, f"features.{name}.enabled", True)
        for name in ("customer_update", "subscription_pause")
    ),
    (_updates(), f"{_UPDATE}.default_allowed_updates", ["promotion_code"]),
    (_updates(), f"{_UPDATE}.schedule_at_period_end", _LATER),
    (_CANCELS, "features.subscription_cancel.proration_behavior", "always_invoice"),
    (_FEATURES, "login_page.enabled", True),
]

PORTAL_REFUSED: dict[str, list[Case]] = {
    "POST /v1/billing_portal/configurations": _OFF,
    "POST /v1/billing_portal/configurations/:configuration": _OFF,
    "POST /v1/billing_portal/sessions": [
        ({"customer": "cus_any"}, "locale", "de"),
        ({"customer": "cus_any"}, "after_expiration", {"type": "customer_login"}),
        ({"customer": "cus_any", "flow_data": {}}, "flow_data.type", "customer_update"),
    ],
}
