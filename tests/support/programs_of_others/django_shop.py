"""dj-stripe, unmodified, receives the sandbox's events and asks for all that the sandbox has."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.peers.djstripe_app import djstripe_app
from benchmarks.support.processes import environment
from tests.support.older_sdk.runs import FailedError
from tests.support.programs_of_others.environments import DJSTRIPE, djstripe_python
from tests.support.stripe.sandbox_server import SandboxServer
from tests.support.waiting import wait_for

VERSION = "2026-05-27.dahlia"
"""The API version that it asks in and wants its events in."""
MODELS = Path(__file__).with_name("djstripe_models.py")
HELD = {
    *("Account", "BalanceTransaction", "Charge", "Coupon", "Customer", "Dispute", "Event"),
    *("Invoice", "LineItem", "PaymentIntent", "PaymentMethod", "Price", "Product"),
    *("PromotionCode", "Refund", "Session", "SetupIntent", "Subscription", "SubscriptionItem"),
    "WebhookEndpoint",
}
"""Its models that the sandbox has: of each there is at least one in the end."""
NOT_SIMULATED = {
    *("AccountV2", "ActiveEntitlement", "CountrySpec", "IssuingAuthorization", "IssuingCard"),
    *("IssuingCardholder", "IssuingDispute", "IssuingTransaction", "TaxCode", "TaxId"),
}
"""Its models that the sandbox refuses by name. TaxIds, of which there are none, it asks for with a
parameter that Stripe has not."""


def run_djstripe(server: SandboxServer) -> None:
    """FailedError: what did not pass."""
    with TemporaryDirectory() as folder:
        database = f"sqlite:///{folder}/djstripe.db"
        env = environment(
            DATABASE_URL=database,
            PYTHONPATH=str(DJSTRIPE),
            STRIPE_API_BASE=server.url,
            STRIPE_WEBHOOK_SECRET="whsec_unknown",  # until Stripe has made one
        )
        with djstripe_app(server.url, database) as app:
            endpoint = server.stripe.v1.webhook_endpoints.create(
                {"url": app.url + app.path, "enabled_events": ["*"], "api_version": VERSION}  # type: ignore[typeddict-item]  # an older one
            )
            _models(env, "secret", endpoint.id, str(endpoint.secret))
            live(server)
            events = server.stripe.v1.events
            wait_for(
                lambda: all(not one.pending_webhooks for one in events.list({"limit": 100}).data),
                "every event is delivered",
            )
            found: dict[str, Any] = json.loads(_models(env, "sync"))
    problems = [text for name, text in found["problems"].items() if name not in NOT_SIMULATED]
    problems += [f"{one['type']}: {one['exception']}" for one in found["failed"]]
    problems += [f"no {name}" for name in sorted(HELD) if not found["counts"][name]]
    if problems:
        raise FailedError("; ".join(problems))


def live(server: SandboxServer) -> None:
    """Something of everything that dj-stripe has a model for."""
    service = server.stripe.v1
    customer = service.customers.create({"email": "ann@example.com", "name": "Ann"})
    service.coupons.create({"percent_off": 10, "duration": "once", "id": "TEN"})
    service.promotion_codes.create({"promotion": {"type": "coupon", "coupon": "TEN"}})
    service.setup_intents.create({"customer": customer.id, "payment_method": "pm_card_visa"})
    paid = server.create(invoice_creation={"enabled": True}).id
    server.pay(paid)
    intent = str(service.checkout.sessions.retrieve(paid).payment_intent)
    service.refunds.create({"payment_intent": intent, "amount": 10})
    server.pay(server.create().id, "4000000000000259")
    server.pay(server.create().id, "4000000000009995")
    subscription = server.paid_subscription()
    end = subscription["items"]["data"][0]["current_period_end"]
    server.advance(end - server.sandbox.clock.now() + 3_700)
    service.subscriptions.cancel(subscription["id"])


def _models(env: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [djstripe_python(), MODELS, *arguments],
        env=env, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    if done.returncode:
        raise FailedError(done.stderr)
    return done.stdout
