"""Rolling a signing secret: for a time both are valid.

The embedded sandbox does it as Stripe's Dashboard does. Stripe's API cannot: a second endpoint at
the same URL is created, turned off until this app has its secret, and then replaces the former one.
What has been done stands in Stripe alone, in the second endpoint's metadata, so that it goes on
after a restart and whoever looks.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from pydantic import SecretStr

from billing.access.caller import requires
from billing.domain.access import Permission
from billing.domain.events.endpoint import EndpointSecret, RollStep, SecretRoll
from billing.endpoints import calls
from billing.endpoints.reading import REPLACES
from billing.errors import InvalidInput
from billing.setup.webhook_checks import all_endpoints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from billing.domain.events.endpoint import Endpoint
    from billing.domain.stripe_json import JSON
    from billing.settings.model import Settings
    from billing.stripe_api.gateway import StripeGateway

FINGERPRINT = "secret_sha256"  # in the metadata: the beginning of the digest, 64 bits
FINGERPRINT_DIGITS = 16
VALID_SECONDS = (0, 3_600, 86_400)  # that a former secret may be valid in the sandbox


class SecretRolls:
    """Raises as ``Endpoints`` does."""

    def __init__(
        self, settings: Settings, gateway: StripeGateway, read_settings: Callable[[], Settings]
    ) -> None:
        self._settings = settings
        self._gateway = gateway
        self._read_settings = read_settings

    @requires(Permission.SET_UP, on="endpoint_id", does="Roll its signing secret")
    async def roll_in_sandbox(self, endpoint_id: str, former_valid_seconds: int) -> EndpointSecret:
        """Give it another secret; the former one is valid for so long yet, a day at most."""
        found = await calls.find(self._gateway, endpoint_id)
        rolled = await self._gateway.roll_secret_in_sandbox(endpoint_id, former_valid_seconds)
        until = rolled.get("former_secret_until")
        return EndpointSecret(endpoint_id, found["url"], SecretStr(rolled["secret"]), until)

    @requires(
        Permission.SET_UP,
        on="endpoint_id",
        creates="id",
        does="Add an endpoint that is to replace {endpoint_id}",
    )
    async def start(self, endpoint_id: str, *, idempotency_key: str) -> EndpointSecret:
        """Create the second endpoint, turned off; with the same ``idempotency_key`` only once."""
        former = await calls.find(self._gateway, endpoint_id)
        for one in await all_endpoints(self._gateway):
            if _metadata(one).get(REPLACES) == endpoint_id and (
                _metadata(one).get("press") != idempotency_key
            ):
                raise InvalidInput(
                    f"The secret is being rolled already: {one['id']} is to replace it.",
                    "Delete that endpoint to begin anew.",
                )
        metadata = _metadata(former) | {REPLACES: endpoint_id, "press": idempotency_key}
        metadata.pop(FINGERPRINT, None)
        params = {
            "url": former["url"],
            "enabled_events": former["enabled_events"],
            "description": former.get("description"),
            "metadata": metadata,
        }
        is_thin = bool(former.get("thin"))
        if not is_thin:
            params["api_version"] = former.get("api_version")
        gateway = self._gateway
        made = await calls.create(gateway, params, idempotency_key, thin=is_thin) | {
            "thin": is_thin
        }
        await calls.turn(gateway, made, on=False)
        await calls.mark(gateway, made, {FINGERPRINT: _fingerprint(made["secret"])})
        return EndpointSecret(made["id"], former["url"], SecretStr(made["secret"]))

    def under_way(
        self, endpoints: Sequence[Endpoint], found: Iterable[JSON]
    ) -> tuple[SecretRoll, ...]:
        """The rolls whose former endpoint is still there; ``found`` are the endpoints as Stripe
        describes them."""
        by_id = {one.id: one for one in endpoints}
        marks = {one["id"]: _metadata(one).get(FINGERPRINT) for one in found}
        return tuple(
            SecretRoll(by_id[one.replaces], one, self._step(one, marks[one.id]))
            for one in endpoints
            if one.replaces in by_id
        )

    def _step(self, replacement: Endpoint, mark: str | None) -> RollStep:
        if replacement.is_enabled:
            return RollStep.DELETE_FORMER
        if not replacement.leads_here or mark in _fingerprints(self._settings):
            return RollStep.TURN_ON
        written = mark in _fingerprints(self._read_settings())
        return RollStep.RESTART if written else RollStep.SET_SECRET


def _metadata(endpoint: JSON) -> dict[str, str]:
    found = endpoint.get("metadata")
    return dict(found) if isinstance(found, dict) else {}


def _fingerprint(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()[:FINGERPRINT_DIGITS]


def _fingerprints(settings: Settings) -> set[str]:
    return {_fingerprint(one.get_secret_value()) for one in settings.webhook_secrets}
