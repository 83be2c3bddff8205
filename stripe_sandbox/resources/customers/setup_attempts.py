"""SetupAttempts (https://docs.stripe.com/api/setup_attempts): each confirmation of a SetupIntent,
and how it ended."""

from __future__ import annotations

from typing import Any

from stripe.params._setup_attempt_list_params import SetupAttemptListParams

from stripe_sandbox.api.endpoint import Route
from stripe_sandbox.ids import new_id
from stripe_sandbox.payment_methods import cards
from stripe_sandbox.resources.customers.payment_methods import checks
from stripe_sandbox.resources.intent_actions import three_d_secure
from stripe_sandbox.resources.resource import Resource
from stripe_sandbox.schema.objects import build
from stripe_sandbox.storage.objects import Object

_CARD = "setup_attempt.PaymentMethodDetails.Card"


class SetupAttempts(Resource):
    """Records attempts and lists a SetupIntent's."""

    kind = "setup_attempt"
    url = "/v1/setup_attempts"
    list_params = SetupAttemptListParams
    filters = ("created", "setup_intent")

    def routes(self) -> list[Route]:
        """The list alone: one attempt is the intent's `latest_attempt`, expanded."""
        return [Route.listing(self.url, self._list, self.list_params, self.kind, self.filters)]

    def _conditions(self, params: dict[str, Any]) -> dict[str, Any]:
        self._backend.require("setup_intent", params["setup_intent"], "setup_intent")
        return super()._conditions(params)

    def record(
        self, intent: Object, method: Object, status: str, error: Object | None = None
    ) -> None:
        """Note an attempt with the method on the intent, as its `latest_attempt`, or how the one
        ended that waits for 3-D Secure; `error` is why it failed. The caller stores the intent."""
        waiting = self._waiting(intent)
        authenticated = None
        if waiting is not None:
            # 3-D Secure was passed also where the bank refuses afterwards.
            passed = (error or {}).get("code") != cards.SETUP_AUTHENTICATION_FAILED.code
            authenticated = three_d_secure(f"{_CARD}.ThreeDSecure", passed=passed)
        values = {
            "payment_method_details": _details(method, authenticated),
            "setup_error": error,
            "status": status,
        }
        if waiting is not None:
            self._backend.objects.save({**waiting, **values})
            return
        attempt = build(
            self.kind,
            {
                **values,
                "id": new_id("setatt"),
                "object": self.kind,
                "created": self._backend.clock.now(),
                "customer": intent["customer"],
                "livemode": False,
                "payment_method": method["id"],
                "setup_intent": intent["id"],
                "usage": intent["usage"],
            },
        )
        self._backend.objects.insert(attempt)
        intent["latest_attempt"] = attempt["id"]

    def abandon(self, intent: Object) -> None:
        """Give up the attempt of the intent's that waits for 3-D Secure, if one does."""
        waiting = self._waiting(intent)
        if waiting is not None:
            self._backend.objects.save({**waiting, "status": "abandoned"})

    def _waiting(self, intent: Object) -> Object | None:
        identifier = intent["latest_attempt"]
        attempt = self._backend.objects.get(self.kind, identifier) if identifier else None
        return attempt if attempt and attempt["status"] == "requires_action" else None


def _details(method: Object, authenticated: Object | None) -> Object:
    """The attempt's `payment_method_details`: of a card what its bank said."""
    kind = method["type"]
    details: Object = {}
    if kind == "card":
        held = method["card"]
        card = cards.of_fingerprint(held["fingerprint"])
        details = build(
            _CARD,
            {
                "brand": held["brand"],
                "checks": build(f"{_CARD}.Checks", checks(card)),
                "country": held["country"],
                "exp_month": held["exp_month"],
                "exp_year": held["exp_year"],
                "fingerprint": held["fingerprint"],
                "funding": held["funding"],
                "last4": held["last4"],
                "network": held["brand"],
                "three_d_secure": authenticated,
            },
        )
    return build("setup_attempt.PaymentMethodDetails", {kind: details, "type": kind})
