"""A client of the sandbox's Stripe API, as the Dashboard or another program uses it: not by way of
this app, which hears of the change as it hears of every other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from billing.access.caller import requires
from billing.domain.access import Permission
from pages.scenarios.sandbox_requests import ANY_KEY, send, submit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import SecretStr

    from billing.domain.stripe_json import JSON

EVENTS = 100  # Stripe's largest page


class SandboxApi:
    """Stripe's API as the sandbox serves it. Parameters are named as in a form: ``items[0][id]``.
    Every method raises ``ControlFailure``. Blocks: call it from a page's thread."""

    def __init__(self, controls_url: str, key: SecretStr = ANY_KEY) -> None:
        """``controls_url`` is the address of the sandbox's controls, which lie beside; ``key`` one
        that it accepts."""
        self._url = controls_url.removesuffix("/_control")
        self._key = key

    @requires(Permission.VIEW)
    def get(self, path: str, **params: Any) -> JSON:
        """An object or a list: ``get("customers/cus_1")``."""
        return send("GET", f"{self._url}/v1/{path}", key=self._key, params=params)

    def page(self, path: str, **params: Any) -> Sequence[JSON]:
        """The objects of a list's first page, the newest first."""
        return tuple(self.get(path, **params)["data"])

    @requires(Permission.RUN_SCENARIOS, on="path")
    def post(self, path: str, params: dict[str, Any] | None = None) -> JSON:
        """What Stripe answers to a change."""
        return send("POST", f"{self._url}/v1/{path}", key=self._key, data=params)

    @requires(Permission.RUN_SCENARIOS, on="path")
    def delete(self, path: str) -> JSON:
        """What Stripe answers to the removal."""
        return send("DELETE", f"{self._url}/v1/{path}", key=self._key)

    def events(self, event_type: str) -> Sequence[JSON]:
        """The newest events of a type, the newest first."""
        return self.page("events", type=event_type, limit=EVENTS)

    def cancel_in_portal(self, customer: str, subscription: str) -> None:
        """The customer opens the portal and cancels the subscription there."""
        session = self.post("billing_portal/sessions", {"customer": customer})
        submit(f"{session['url']}/subscriptions/{subscription}/cancel", {"feedback": "unused"})
