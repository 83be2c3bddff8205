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
_OPENS_PORTAL: dict[str, Any] = {"customer": "SUBSCRIBER"}
_TO_CARD: dict[str, Any] = {**_OPENS_PORTAL, "flow_data": {"type": "payment_method_update"}}
_REDIRECTS = {"type": "redirect", "redirect": {"return_url": "http://a.example/"}}
_CONFIRMS = {"type": "hosted_confirmation"}

PORTAL_SHOWN: dict[str, list[Case]] = {
    "POST /v1/billing_portal/configurations": [
        *_cases(_FEATURES, **_PORTAL),
        *_PORTAL_CANCEL,
        ({"features": {}}, "features.invoice_history.enabled", True),
    ],
    "POST /v1/billing_portal/configurations/:configuration": [
        *_cases({}, active=False, **_PORTAL),
        ({}, "features.invoice_history.enabled", True),
        *_PORTAL_CANCEL,
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
    ],
}

_OFF: list[Case] = [
    *(
        (_FEATURES, f"features.{name}.enabled", True)
        for name in ("customer_update", "subscription_pause", "subscription_update")
    ),
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
