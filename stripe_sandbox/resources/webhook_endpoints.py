"""Webhook endpoints (https://docs.stripe.com/api/webhook_endpoints)."""

from __future__ import annotations

from typing import Any

from stripe.params._webhook_endpoint_create_params import WebhookEndpointCreateParams
from stripe.params._webhook_endpoint_delete_params import WebhookEndpointDeleteParams
from stripe.params._webhook_endpoint_list_params import WebhookEndpointListParams
from stripe.params._webhook_endpoint_retrieve_params import WebhookEndpointRetrieveParams
from stripe.params._webhook_endpoint_update_params import WebhookEndpointUpdateParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import Call, Route
from stripe_sandbox.backend import Backend
from stripe_sandbox.destinations import Destinations
from stripe_sandbox.ids import new_id
from stripe_sandbox.resources.resource import Resource
from stripe_sandbox.resources.signing_secrets import new_secret, valid_secrets
from stripe_sandbox.schema.objects import build, deleted_object, merge_metadata
from stripe_sandbox.storage.json_text import load
from stripe_sandbox.storage.objects import Object
from stripe_sandbox.validation import check_url
from stripe_sandbox.versions.releases import RELEASES

MAXIMUM_ENDPOINTS = 16


_HIDDEN_AT_URL = " UNION ALL ".join(
    f"SELECT hidden FROM {table} WHERE body ->> '$.url' = ?"  # noqa: S608  # literals
    for table in ("webhook_endpoints", "event_destinations")
)
_FIELDS = ("description", "enabled_events", "metadata", "url")


class WebhookEndpoints(Resource):
    """Creates, updates, deletes and shows the endpoints that events are sent to."""

    kind = "webhook_endpoint"
    url = "/v1/webhook_endpoints"
    id_param = "webhook_endpoint"
    retrieve_params = WebhookEndpointRetrieveParams
    list_params = WebhookEndpointListParams
    filters = ()

    def __init__(self, backend: Backend, destinations: Destinations) -> None:
        super().__init__(backend)
        self._destinations = destinations

    def routes(self) -> list[Route]:
        """All endpoints."""
        kind, creates, updates = self.kind, (*_FIELDS, "api_version"), (*_FIELDS, "disabled")
        return [
            *super().routes(),
            Route("POST", self.url, self._create, WebhookEndpointCreateParams, kind, creates),
            Route("POST", self.path, self._update, WebhookEndpointUpdateParams, kind, updates),
            Route("DELETE", self.path, self._delete, WebhookEndpointDeleteParams, kind),
        ]

    def create(self, params: dict[str, Any]) -> tuple[Object, str]:
        """A new endpoint and its signing secret (`whsec_…`). StripeError: a URL to which nothing is
        delivered, no event types, or too many endpoints."""
        self.check(params)
        if len(self._backend.objects.ids(self.kind, "TRUE", ())) >= MAXIMUM_ENDPOINTS:
            raise errors.invalid(
                f"You have reached the maximum of {MAXIMUM_ENDPOINTS} test webhook endpoints."
            )
        secret = new_secret()
        endpoint = build(
            self.kind,
            {
                "id": new_id("we"),
                "object": self.kind,
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
        """The newest signing secret of the one endpoint with that description, which is created, or
        moved to the URL."""
        check_url(url, "url")
        self._destinations.allow(url)
        with self._backend.database.transaction():
            for identifier in self._backend.objects.ids(self.kind, "TRUE", ()):
                endpoint = self._backend.require(self.kind, identifier, self.kind)
                if endpoint["description"] == description:
                    if endpoint["url"] != url:
                        endpoint["url"] = url
                        self._backend.objects.save(endpoint)
                    hidden = self._backend.objects.hidden(self.kind, identifier)
                    return valid_secrets(hidden, self._backend.clock.account_time())[0]
            params = {"url": url, "description": description, "enabled_events": ["*"]}
            return self.create(params)[1]

    def secrets(self, url: str) -> list[str]:
        """The valid signing secrets of all endpoints at exactly that URL, thin ones included."""
        now = self._backend.clock.account_time()
        rows = self._backend.database.rows(_HIDDEN_AT_URL, (url, url))
        return [one for (hidden,) in rows for one in valid_secrets(load(hidden), now)]

    def _create(self, call: Call) -> Object:
        if "api_version" in call.params and call.params["api_version"] not in RELEASES:
            version = call.params["api_version"]
            raise errors.not_simulated("api_version", f"api_version={version}")
        endpoint, secret = self.create(call.params)
        return {**endpoint, "secret": secret}

    def _update(self, call: Call) -> Object:
        endpoint = self._require(call)
        changes = dict(call.params)
        self.check({**endpoint, **changes})
        if "metadata" in changes:
            changes["metadata"] = merge_metadata(endpoint["metadata"], changes["metadata"])
        if "disabled" in changes:
            changes["status"] = "disabled" if changes.pop("disabled") else "enabled"
        endpoint.update(changes)
        self._backend.objects.save(endpoint)
        return endpoint

    def _delete(self, call: Call) -> Object:
        endpoint = self._require(call)
        self._backend.objects.delete(self.kind, endpoint["id"])
        self._backend.events.queue.remove_endpoint(endpoint["id"])
        return deleted_object(endpoint)

    def check(self, params: dict[str, Any], param: str = "url") -> None:
        """StripeError: a URL to which nothing is delivered, which `param` named, or no event
        types."""
        check_url(params["url"], param)
        self._destinations.check(params["url"], param)
        if not params["enabled_events"]:
            raise errors.parameter_empty("enabled_events")
