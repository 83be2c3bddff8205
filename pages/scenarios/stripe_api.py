"""Stripe's API as the steps of a scenario use it, whichever Stripe is at the other end."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Protocol

from billing.access.caller import requires
from billing.domain.access import Permission

if TYPE_CHECKING:
    from collections.abc import Sequence

    from billing.domain.stripe_json import JSON
    from pages.scenarios.runs.run import ScenarioRun
    from pages.services import PageServices

EVENTS = 100  # Stripe's largest page


class StripeApi(Protocol):
    """Parameters are named as in a form: ``items[0][id]``. Every method raises ``BillingError``.
    Blocks: call it from a page's thread."""

    def get(self, path: str, **params: Any) -> JSON:
        """An object: ``get("customers/cus_1")``."""

    def page(self, path: str, **params: Any) -> Sequence[JSON]:
        """The objects of a list's first page, the newest first."""

    def post(self, path: str, params: dict[str, Any] | None = None) -> JSON:
        """What Stripe answers to a change."""

    def delete(self, path: str) -> JSON:
        """What Stripe answers to the removal."""

    def events(self, event_type: str) -> Sequence[JSON]:
        """The newest events of a type, the newest first."""


class AccountApi:
    """That of the account that the dashboard's key belongs to. A change that is made again, as
    after a restart, is made once: its idempotency key says of which ``run``, which of its steps,
    and which of the step's changes it is."""

    def __init__(self, billing: PageServices, run: ScenarioRun) -> None:
        self._billing = billing
        self._run = run
        self._changes = Counter[int]()  # by the step's number

    @requires(Permission.VIEW)
    def get(self, path: str, **params: Any) -> JSON:
        return self._send("get", path, params)

    @requires(Permission.VIEW)
    def page(self, path: str, **params: Any) -> Sequence[JSON]:
        gateway = self._billing.services.gateway
        return self._billing.call(lambda: gateway.list_objects(f"/v1/{path}", **params)).data

    @requires(Permission.RUN_SCENARIOS, on="path")
    def post(self, path: str, params: dict[str, Any] | None = None) -> JSON:
        step = len(self._run.steps)
        self._changes[step] += 1
        return self._send("post", path, params, f"{self._run.id}-{step}-{self._changes[step]}")

    @requires(Permission.RUN_SCENARIOS, on="path")
    def delete(self, path: str) -> JSON:
        return self._send("delete", path)

    def events(self, event_type: str) -> Sequence[JSON]:
        return self.page("events", type=event_type, limit=EVENTS)

    def _send(
        self, method: str, path: str, params: dict[str, Any] | None = None, key: str | None = None
    ) -> JSON:
        gateway = self._billing.services.gateway
        return self._billing.call(lambda: gateway.send(method, f"/v1/{path}", params, key))
