"""Webhook endpoints (https://docs.stripe.com/api/webhook_endpoints)."""

from __future__ import annotations

from typing import Any

from stripe.params._webhook_endpoint_create_params import WebhookEndpointCreateParams
from stripe.params._webhook_endpoint_delete_params import WebhookEndpointDeleteParams
from stripe.params._webhook_endpoint_list_params import WebhookEndpointListParams
from stripe.params._webhook_endpoint_retrieve_params import WebhookEndpointRetrieveParams
from stripe.params._webhook_endpoint_update_params import WebhookEndpointUpdateParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import API_VERSION, Call, Route
from stripe_sandbox.api.pagination import Page, read_window
from stripe_sandbox.backend import Backend
from stripe_sandbox.destinations import Destinations
from stripe_sandbox.ids import new_id
from stripe_sandbox.schema.objects import build, merge_metadata
from stripe_sandbox.storage.objects import Object
from stripe_sandbox.validation import check_url

KIND = "webhook_endpoint"
URL = "/v1/webhook_endpoints"
MAXIMUM_ENDPOINTS = 16


class WebhookEndpoints:
    """Where events are sent."""

    def __init__(self, backend: Backend, destinations: Destinations) -> None:
        self._backend = backend
        self._destinations = destinations

    def routes(self) -> list[Route]:
        """The endpoints."""
        one = URL + "/:webhook_endpoint"
        fields = ("description", "enabled_events", "metadata", "url")
        return [
            Route(
                "POST",
                URL,
                self._create,
                WebhookEndpointCreateParams,
                KIND,
                (*fields, "api_version"),
            ),
            Route.listing(URL, self._list, WebhookEndpointListParams, KIND),
            Route("GET", one, self._retrieve, WebhookEndpointRetrieveParams, KIND),
            Route(
                "POST", one, self._update, WebhookEndpointUpdateParams, KIND, (*fields, "disabled")
            ),
            Route("DELETE", one, self._delete, WebhookEndpointDeleteParams, KIND),
        ]

    def create(self, params: dict[str, Any]) -> tuple[Object, str]:
        """A new endpoint and its signing secret (`whsec_…`)."""
        self._check(params)
        if len(self._backend.objects.ids(KIND, "TRUE", ())) >= MAXIMUM_ENDPOINTS:
            raise errors.invalid(
                f"You have reached the maximum of {MAXIMUM_ENDPOINTS} test webhook endpoints."
            )
        secret = new_id("whsec", 32)
        endpoint = build(
            KIND,
            {
                "id": new_id("we"),
                "object": KIND,
                "api_version": params.get("api_version"),
                "created": self._backend.clock.now(),
                "description": params.get("description"),
                "enabled_events": params["enabled_events"],
                "livemode": False,
                "metadata": merge_metadata({}, params.get("metadata", {})),
                "status": "enabled",
                "url": params["url"],
            },
        )
        self._backend.objects.insert(endpoint, {"secrets": [secret]})
        return endpoint, secret

    def ensure(self, url: str, description: str) -> str:
        """The signing secret of the one endpoint with that description, made or moved to `url`."""
        check_url(url, "url")
        self._destinations.allow(url)
        with self._backend.database.transaction():
            for identifier in self._backend.objects.ids(KIND, "TRUE", ()):
                endpoint = self._backend.require(KIND, identifier, KIND)
                if endpoint["description"] == description:
                    if endpoint["url"] != url:
                        endpoint["url"] = url
                        self._backend.objects.save(endpoint)
                    return str(self.secrets(identifier)[0])
            params = {"url": url, "description": description, "enabled_events": ["*"]}
            return self.create(params)[1]

    def secrets(self, identifier: str) -> list[str]:
        """The signing secrets that are active."""
        secrets: list[str] = self._backend.objects.hidden(KIND, identifier).get("secrets", [])
        return secrets

    def _create(self, call: Call) -> Object:
        if (version := call.params.get("api_version", API_VERSION)) != API_VERSION:
            raise errors.not_simulated("api_version", f"api_version={version}")
        endpoint, secret = self.create(call.params)
        return {**endpoint, "secret": secret}

    def _required(self, call: Call) -> Object:
        return self._backend.require(KIND, call.ids[0], KIND, status=404)

    def _retrieve(self, call: Call) -> Object:
        return self._required(call)

    def _update(self, call: Call) -> Object:
        endpoint = self._required(call)
        changes = dict(call.params)
        self._check({**endpoint, **changes})
        if "metadata" in changes:
            changes["metadata"] = merge_metadata(endpoint["metadata"], changes["metadata"])
        if "disabled" in changes:
            changes["status"] = "disabled" if changes.pop("disabled") else "enabled"
        endpoint.update(changes)
        self._backend.objects.save(endpoint)
        return endpoint

    def _delete(self, call: Call) -> Object:
        identifier = self._required(call)["id"]
        self._backend.objects.delete(KIND, identifier)
        self._backend.events.drop_endpoint(identifier)
        return {"id": identifier, "object": KIND, "deleted": True}

    def _list(self, call: Call) -> Page:
        return self._backend.page(KIND, URL, {}, read_window(call.params))

    def _check(self, params: dict[str, Any]) -> None:
        check_url(params["url"], "url")
        self._destinations.check(params["url"], "url")
        if not params["enabled_events"]:
            raise errors.parameter_empty("enabled_events")
