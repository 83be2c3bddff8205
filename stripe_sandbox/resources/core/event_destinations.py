"""Event destinations (https://docs.stripe.com/api/v2/core/event-destinations).

Those with a snapshot payload are webhook endpoints, shown in another form.
"""

from __future__ import annotations

from typing import Any, NotRequired

from stripe.params.v2.core._event_destination_create_params import EventDestinationCreateParams
from stripe.params.v2.core._event_destination_delete_params import EventDestinationDeleteParams
from stripe.params.v2.core._event_destination_disable_params import EventDestinationDisableParams
from stripe.params.v2.core._event_destination_enable_params import EventDestinationEnableParams
from stripe.params.v2.core._event_destination_list_params import EventDestinationListParams
from stripe.params.v2.core._event_destination_ping_params import EventDestinationPingParams
from stripe.params.v2.core._event_destination_retrieve_params import EventDestinationRetrieveParams
from stripe.params.v2.core._event_destination_update_params import EventDestinationUpdateParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import Call, Route
from stripe_sandbox.api.pagination import pick, read_limit
from stripe_sandbox.backend import Backend
from stripe_sandbox.event_log import PING, event_types, thin_types
from stripe_sandbox.ids import new_id
from stripe_sandbox.resources.core.events import DEFAULT_LIMIT
from stripe_sandbox.resources.core.thin_events import KIND as EVENT
from stripe_sandbox.resources.core.thin_events import moment, thin_event
from stripe_sandbox.resources.resource import Resource
from stripe_sandbox.resources.signing_secrets import new_secret
from stripe_sandbox.resources.webhook_endpoints import MAXIMUM_ENDPOINTS, WebhookEndpoints
from stripe_sandbox.schema.objects import build, merge_metadata
from stripe_sandbox.storage.objects import Object

TRANSPORT = "webhook_endpoint"
URL, SECRET = "webhook_endpoint.url", "webhook_endpoint.signing_secret"
_FIELDS = ("description", "enabled_events", "include", "metadata", "name", "webhook_endpoint")


class _ListParams(EventDestinationListParams):
    page: NotRequired[str]


class EventDestinations(Resource):
    """Creates, changes, pings and shows where events are sent."""

    kind = "v2.core.event_destination"
    url = "/v2/core/event_destinations"
    retrieve_params = EventDestinationRetrieveParams
    list_params = _ListParams

    def __init__(self, backend: Backend, endpoints: WebhookEndpoints) -> None:
        super().__init__(backend)
        self._endpoints = endpoints

    def routes(self) -> list[Route]:
        """All endpoints; a list's answer has the form of /v2."""
        kind, one = self.kind, self.path
        creates = (*_FIELDS, "event_payload", "events_from", "snapshot_api_version", "type")
        lists = ("include", "limit", "page")
        enable, disable = EventDestinationEnableParams, EventDestinationDisableParams
        return [
            Route("GET", self.url, self._listed, self.list_params, kind, lists),
            Route("POST", self.url, self._create, EventDestinationCreateParams, kind, creates),
            Route("GET", one, self._retrieve, self.retrieve_params, kind, ("include",)),
            Route("POST", one, self._update, EventDestinationUpdateParams, kind, _FIELDS),
            Route("DELETE", one, self._delete, EventDestinationDeleteParams, kind),
            Route("POST", f"{one}/enable", self._enable, enable, kind),
            Route("POST", f"{one}/disable", self._disable, disable, kind),
            Route("POST", f"{one}/ping", self._ping, EventDestinationPingParams, EVENT),
        ]

    def _create(self, call: Call) -> Object:
        params = call.params
        if params["type"] != TRANSPORT:
            raise errors.not_simulated("type", f"type={params['type']}")
        if params.get("events_from", ["@self"]) != ["@self"]:
            raise errors.not_simulated("events_from", "events of other accounts")
        if TRANSPORT not in params:
            raise errors.parameter_missing(TRANSPORT)
        _check_types(params["enabled_events"], params["event_payload"])
        make = self._make_thin if params["event_payload"] == "thin" else self._make_endpoint
        destination, secret = make(params)
        return self._shown(destination, params.get("include", []), secret)

    def _make_thin(self, params: dict[str, Any]) -> tuple[Object, str]:
        if "snapshot_api_version" in params:
            raise errors.invalid(
                "snapshot_api_version may only be set for snapshot events.", "snapshot_api_version"
            )
        url = params[TRANSPORT]["url"]
        self._endpoints.check({"url": url, "enabled_events": params["enabled_events"]}, URL)
        if len(self._backend.objects.ids(self.kind, "TRUE", ())) >= MAXIMUM_ENDPOINTS:
            raise errors.invalid(
                f"You have reached the maximum of {MAXIMUM_ENDPOINTS} test event destinations."
            )
        secret, now = new_secret(), self._backend.clock.now()
        destination = {
            "id": new_id("ed_test"),
            "object": self.kind,
            "created": now,
            "updated": now,
            "name": params["name"],
            "description": params.get("description", ""),
            "enabled_events": params["enabled_events"],
            "event_payload": "thin",
            "metadata": merge_metadata({}, params.get("metadata", {})),
            "status": "enabled",
            "url": url,
        }
        self._backend.objects.insert(destination, {"secrets": [secret]})
        return destination, secret

    def _make_endpoint(self, params: dict[str, Any]) -> tuple[Object, str]:
        given = pick(params, "description", "metadata", "enabled_events")
        given["url"] = params[TRANSPORT]["url"]
        given["api_version"] = params.get("snapshot_api_version")
        endpoint, secret = self._endpoints.create(given)
        hidden = {"secrets": [secret], "name": params["name"]}
        self._backend.objects.save_hidden(TRANSPORT, endpoint["id"], hidden)
        return self._of_endpoint(endpoint), secret

    def _of_endpoint(self, endpoint: Object) -> Object:
        """A webhook endpoint as a destination."""
        hidden = self._backend.objects.hidden(TRANSPORT, endpoint["id"])
        return {
            **endpoint,
            "updated": hidden.get("updated", endpoint["created"]),
            "name": hidden.get("name") or endpoint["description"] or endpoint["id"],
            "description": endpoint["description"] or "",
            "event_payload": "snapshot",
            "snapshot_api_version": endpoint["api_version"] or self._backend.events.version,
        }

    def _require(self, call: Call) -> Object:
        found = self._backend.objects.get(self.kind, call.ids[0])
        if found is not None:
            return found
        endpoint = self._backend.objects.get(TRANSPORT, call.ids[0])
        if endpoint is None:
            raise errors.no_such("event destination", call.ids[0], "id", 404)
        return self._of_endpoint(endpoint)

    def _retrieve(self, call: Call) -> Object:
        return self._shown(self._require(call), call.params.get("include", []))

    def _update(self, call: Call) -> Object:
        changes = dict(call.params)
        include = changes.pop("include", [])
        if TRANSPORT in changes:
            changes["url"] = changes.pop(TRANSPORT)["url"]
        return self._shown(self._changed(self._require(call), changes), include)

    def _enable(self, call: Call) -> Object:
        return self._shown(self._changed(self._require(call), {"status": "enabled"}))

    def _disable(self, call: Call) -> Object:
        return self._shown(self._changed(self._require(call), {"status": "disabled"}))

    def _changed(self, destination: Object, changes: Object) -> Object:
        """The destination with these fields changed, stored."""
        self._endpoints.check({**destination, **changes}, URL)
        if "enabled_events" in changes:
            _check_types(changes["enabled_events"], destination["event_payload"])
        if "metadata" in changes:
            changes["metadata"] = merge_metadata(destination["metadata"], changes["metadata"])
        objects, now = self._backend.objects, self._backend.clock.now()
        if destination["object"] == self.kind:
            destination = {**destination, **changes, "updated": now}
            objects.save(destination)
            return destination
        identifier = destination["id"]
        hidden = {**objects.hidden(TRANSPORT, identifier), "updated": now}
        if "name" in changes:
            hidden["name"] = changes.pop("name")
        objects.save_hidden(TRANSPORT, identifier, hidden)
        endpoint = {**self._backend.require(TRANSPORT, identifier, "id"), **changes}
        objects.save(endpoint)
        return self._of_endpoint(endpoint)

    def _delete(self, call: Call) -> Object:
        destination = self._require(call)
        self._backend.objects.delete(destination["object"], destination["id"])
        self._backend.events.queue.remove_endpoint(destination["id"])
        return {"id": destination["id"], "object": self.kind}

    def _ping(self, call: Call) -> Object:
        destination = self._require(call)
        subject = {"id": destination["id"], "object": self.kind}
        event = self._backend.events.send(PING, subject, [destination["id"]], call.request)
        return thin_event(event)

    def _listed(self, call: Call) -> Object:
        params = call.params
        thin = [self._backend.require(self.kind, one, "id") for one in self._ids(self.kind)]
        whole = [self._backend.require(TRANSPORT, one, "id") for one in self._ids(TRANSPORT)]
        found = [*thin, *map(self._of_endpoint, whole)]
        found.sort(key=lambda one: (one["created"], one["id"]), reverse=True)
        limit = read_limit({"limit": DEFAULT_LIMIT, **params})
        start = int(page) if (page := params.get("page", "0")).isdigit() else len(found)
        following = None
        if start + limit < len(found):
            asked = "".join(
                f"&include[{i}]={one}" for i, one in enumerate(params.get("include", []))
            )
            following = f"{self.url}?limit={limit}&page={start + limit}{asked}"
        include = params.get("include", [])
        return {
            "data": [self._shown(one, include) for one in found[start : start + limit]],
            "next_page_url": following,
            "previous_page_url": None,
        }

    def _ids(self, kind: str) -> list[str]:
        return self._backend.objects.ids(kind, "TRUE", ())

    def _shown(
        self, destination: Object, include: list[str] | tuple[str, ...] = (), secret: str = ""
    ) -> Object:
        """The destination in the form of /v2, with what is to be included; its secret is there
        only when it was just created."""
        is_enabled = destination["status"] == "enabled"
        return build(
            self.kind,
            {
                "id": destination["id"],
                "object": self.kind,
                "created": moment(destination["created"]),
                "description": destination["description"],
                "enabled_events": destination["enabled_events"],
                "event_payload": destination["event_payload"],
                "events_from": ["@self"],
                "livemode": False,
                "metadata": destination["metadata"],
                "name": destination["name"],
                "snapshot_api_version": destination.get("snapshot_api_version"),
                "status": destination["status"],
                "status_details": None if is_enabled else {"disabled": {"reason": "user"}},
                "type": TRANSPORT,
                "updated": moment(destination["updated"]),
                TRANSPORT: {
                    "signing_secret": secret if secret and SECRET in include else None,
                    "url": destination["url"] if URL in include else None,
                },
            },
        )


def _check_types(wanted: list[str], payload: str) -> None:
    """Raise a StripeError for a type of event that is never sent with the payload."""
    known = thin_types() if payload == "thin" else event_types()
    for place, name in enumerate(wanted):
        if name != "*" and name not in known:
            raise errors.invalid(
                f"Invalid enabled_events[{place}]: there is no {payload} event of type {name}",
                f"enabled_events[{place}]",
            )
