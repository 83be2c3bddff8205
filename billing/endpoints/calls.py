"""Changes of an endpoint by the one of Stripe's two APIs that it belongs to: ``/v1`` for webhook
endpoints, ``/v2`` for thin event destinations. Where the key may not, the failure says what to
allow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.errors import InvalidInput
from billing.setup.provisioning import write_permission
from billing.setup.webhook_checks import all_endpoints

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from billing.domain.stripe_json import JSON
    from billing.stripe_api.gateway import StripeGateway


async def find(gateway: StripeGateway, endpoint_id: str) -> JSON:
    """The endpoint as Stripe describes it, of a thin one with ``thin``. Raises ``InvalidInput``
    where there is none."""
    for one in await all_endpoints(gateway):
        if one["id"] == endpoint_id:
            return one
    raise InvalidInput(f"There is no endpoint {endpoint_id} any more.", "Reload the page.")


async def create(
    gateway: StripeGateway, params: JSON, idempotency_key: str, *, thin: bool = False
) -> JSON:
    """The ``id`` and ``secret`` of a new one; the parameters are a webhook endpoint's."""
    make = gateway.create_thin_destination if thin else gateway.create_webhook_endpoint
    with _write_permission("create it", thin=thin):
        return await make(params, idempotency_key)


async def turn(gateway: StripeGateway, endpoint: JSON, *, on: bool) -> None:
    """Enable or disable it."""
    thin = bool(endpoint.get("thin"))
    with _write_permission("do so", thin=thin):
        if thin:
            await gateway.turn_thin_destination(endpoint["id"], on=on)
        else:
            await gateway.update_webhook_endpoint(endpoint["id"], {"disabled": not on})


async def mark(gateway: StripeGateway, endpoint: JSON, metadata: dict[str, str]) -> None:
    """Add to its metadata."""
    thin = bool(endpoint.get("thin"))
    update = gateway.update_thin_destination if thin else gateway.update_webhook_endpoint
    with _write_permission("do so", thin=thin):
        await update(endpoint["id"], {"metadata": metadata})


async def delete(gateway: StripeGateway, endpoint: JSON) -> None:
    """Delete it, with what waits to be delivered to it."""
    thin = bool(endpoint.get("thin"))
    remove = gateway.delete_thin_destination if thin else gateway.delete_webhook_endpoint
    with _write_permission("delete it", thin=thin):
        await remove(endpoint["id"])


def _write_permission(what: str, *, thin: bool) -> AbstractContextManager[None]:
    objects = "Event Destinations" if thin else "Webhook Endpoints"
    return write_permission(f"{what} in the Stripe Dashboard", objects)
