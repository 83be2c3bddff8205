"""Asks a sandbox for everything that it holds, in any version of the API."""

from __future__ import annotations

from typing import Any

import requests

from stripe_sandbox.api.router import Support
from stripe_sandbox.schema import sdk_operations
from tests.support.older_sdk.runs import FailedError
from tests.support.stripe.sandbox_server import KEY, SandboxServer
from tests.support.waiting import wait_for


class Reader:
    """Asks in one version."""

    def __init__(self, server: SandboxServer, version: str) -> None:
        self._server = server
        self._version = version
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {KEY}"
        self._session.headers["Stripe-Version"] = version

    def read_all(self) -> None:
        """Every list, every object in it, and every list that belongs to one."""
        support = self._server.sandbox.support
        paths = {
            operation.path
            for operation in sdk_operations.operations()
            if operation.method == "GET" and support(operation) is Support.SIMULATED
        }
        for path in sorted(paths):
            parent, braces, rest = path.partition("/{")
            if not braces:
                self._get(path)
            elif "{" not in rest:
                for one in self._get(parent).get("data", ()):
                    self._get(f"{parent}/{one['id']}{rest.partition('}')[2]}")

    def all_events(self) -> list[dict[str, Any]]:
        """Every event as an endpoint of the version receives it."""
        receiver = self._server.receiver
        receiver.received.clear()
        params = {"url": receiver.url, "enabled_events[]": "*", "api_version": self._version}
        endpoint = self._post("/v1/webhook_endpoints", params)["id"]
        events = self._server.stripe.v1.events.list({"limit": 100})
        wanted = {event.id for event in events.auto_paging_iter()}
        for event in wanted:
            self._post(f"/v1/events/{event}/retry", {"webhook_endpoint": endpoint})
        wait_for(lambda: {event["id"] for event in receiver.events()} >= wanted)
        return receiver.events()

    def all_notifications(self) -> list[dict[str, Any]]:
        """Every thin event as a destination receives it."""
        receiver, core = self._server.receiver, self._server.stripe.v2.core
        receiver.received.clear()
        destination = core.event_destinations.create(
            {
                "name": "All",
                "type": "webhook_endpoint",
                "event_payload": "thin",
                "enabled_events": ["*"],
                "webhook_endpoint": {"url": receiver.url},
            }
        )
        wanted = {event.id for event in core.events.list({"limit": 100}).auto_paging_iter()}
        for event in wanted:
            body = {"event": event, "endpoint": destination.id}
            self._server.control("POST", "deliveries/resend", body)
        core.event_destinations.ping(destination.id)
        wait_for(lambda: len({event["id"] for event in receiver.events()}) > len(wanted))
        return receiver.events()

    def _post(self, path: str, params: dict[str, str]) -> Any:
        answer = self._session.post(self._server.url + path, params, timeout=30)
        if not answer.ok:
            raise FailedError(f"{path}: {answer.text}")
        return answer.json()

    def _get(self, path: str) -> dict[str, Any]:
        """What it answers; nothing where it wants to know more."""
        params: dict[str, str | int] = {"limit": 100}
        if path.endswith("/search"):
            params["query"] = '-metadata["none"]:"none"'
        found = self._answer(path, params)
        if _code(found) == "parameter_unknown":  # it is no list
            found = self._answer(path, {})
        if "error" in found and _code(found) != "parameter_missing":
            raise FailedError(f"{path}: {found}")
        return found

    def _answer(self, path: str, params: dict[str, str | int]) -> dict[str, Any]:
        answer = self._session.get(self._server.url + path, params=params, timeout=30)
        found: dict[str, Any] = answer.json()
        return found


def _code(answer: dict[str, Any]) -> str | None:
    code: str | None = answer.get("error", {}).get("code")
    return code
