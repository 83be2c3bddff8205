"""3-D Secure on a page of the bank's, to which an intent's `next_action` sends the payer
(https://docs.stripe.com/payments/3d-secure/authentication-flow)."""

from __future__ import annotations

import hmac
from urllib.parse import urlencode, urlsplit, urlunsplit

from stripe_sandbox import errors
from stripe_sandbox.backend import Backend
from stripe_sandbox.payments.intents.confirmation import IntentConfirmation
from stripe_sandbox.payments.intents.setups import Setups
from stripe_sandbox.resources.billing.test_clocks import TestClocks
from stripe_sandbox.resources.intent_actions import page_of
from stripe_sandbox.storage.objects import Object

_KINDS = {"pi": "payment_intent", "seti": "setup_intent"}


class IntentAuthentication:
    """Finishes the 3-D Secure that PaymentIntents and SetupIntents wait for."""

    def __init__(
        self,
        backend: Backend,
        confirmation: IntentConfirmation,
        setups: Setups,
        test_clocks: TestClocks,
    ) -> None:
        self._backend = backend
        self._test_clocks = test_clocks
        self._confirmation = confirmation
        self._setups = setups

    def find(self, identifier: str, client_secret: str) -> Object | None:
        """The intent of that id and secret that waits for the payer on a page, or None."""
        kind = _KINDS.get(identifier.partition("_")[0])
        intent = self._backend.objects.get(kind, identifier) if kind else None
        if intent is None or page_of(intent) is None:
            return None
        known = hmac.compare_digest(intent["client_secret"].encode(), client_secret.encode())
        return intent if known else None

    def finish(self, intent: Object, *, succeed: bool) -> str | None:
        """Where the payer goes on to, once 3-D Secure has been passed, or not: the `return_url`,
        which says of the intent how that ended; None: nowhere. All that happens in the time in
        which the intent's customer lives."""
        page = page_of(intent) or {"return_url": None}
        with self._backend.database.transaction(), self._test_clocks.time_of(intent["id"]):
            try:
                if intent["object"] == "payment_intent":
                    self._confirmation.authenticate(intent, succeed=succeed)
                else:
                    self._setups.authenticate(intent, succeed=succeed)
            except errors.StripeError:
                status = "failed"  # the intent says why
            else:
                status = "succeeded"
        return _with_result(page["return_url"], intent, status) if page["return_url"] else None


def _with_result(return_url: str, intent: Object, status: str) -> str:
    kind = intent["object"]
    parts = urlsplit(return_url)
    added = urlencode(
        {
            kind: intent["id"],
            f"{kind}_client_secret": intent["client_secret"],
            "redirect_status": status,
        }
    )
    query = f"{parts.query}&{added}" if parts.query else added
    return urlunsplit(parts._replace(query=query))
