"""What Stripe's resources have in common: to retrieve one object, and to list them
(https://docs.stripe.com/api)."""

from __future__ import annotations

from typing import Any, ClassVar

from stripe_sandbox.api.endpoint import Answer, Call, RequestInfo, Route, Stored
from stripe_sandbox.api.expand import Include
from stripe_sandbox.api.pagination import pick, read_window
from stripe_sandbox.backend import Backend
from stripe_sandbox.schema.objects import apply_changes, merge_metadata
from stripe_sandbox.storage.objects import Object


class Resource:
    """The endpoints of one kind of object; a subclass names the kind and adds what else it can do.

    `kind` is the objects' `object` value. `id_param` is what Stripe calls the id in a path when it
    names nothing. The parameters are TypedDicts of the SDK; `filters` are those of a list's that
    the sandbox acts on, `retrieve_simulates` those of a retrieval's.
    """

    kind: ClassVar[str]
    url: ClassVar[str]
    id_param: ClassVar[str] = "id"
    retrieve_params: ClassVar[type]
    retrieve_simulates: ClassVar[tuple[str, ...]] = ()
    list_params: ClassVar[type]
    filters: ClassVar[tuple[str, ...]] = ("created",)

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    @property
    def path(self) -> str:
        """Where one object is, its id named with a colon: `/v1/customers/:customer`."""
        return f"{self.url}/:{self.kind.rpartition('.')[2]}"

    def routes(self) -> list[Route]:
        """All endpoints: here those that retrieve and list."""
        return [
            Route.listing(self.url, self._list, self.list_params, self.kind, self.filters),
            Route(
                "GET",
                self.path,
                self._retrieve,
                self.retrieve_params,
                self.kind,
                self.retrieve_simulates,
            ),
        ]

    def includes(self) -> dict[tuple[type, str], Include]:
        """What answers hold only when they expand it: class of the SDK's and field, and what
        returns the field's value for the object."""
        return {}

    def _require(self, call: Call) -> Object:
        """The object that the path names. StripeError 404: there is none."""
        return self._backend.require(self.kind, call.ids[0], self.id_param, status=404)

    def _retrieve(self, call: Call) -> Answer:
        body = self._backend.objects.body(self.kind, call.ids[0])
        return self._require(call) if body is None else Stored(body)

    def _store(
        self, value: Object, changes: Object, request: RequestInfo, event: str | None = None
    ) -> Object:
        """The object after changes of its fields, stored, with the metadata merged. Records the
        event if any differs."""
        if "metadata" in changes:
            metadata = merge_metadata(value["metadata"], changes["metadata"])
            changes = {**changes, "metadata": metadata}
        previous = apply_changes(value, changes)
        self._backend.objects.save(value)
        if previous and event is not None:
            self._backend.events.record(event, value, request, previous)
        return value

    def _list(self, call: Call) -> Answer:
        return self._backend.page(
            self.kind, self.url, self._conditions(call.params), read_window(call.params)
        )

    def _conditions(self, params: dict[str, Any]) -> dict[str, Any]:
        """The filters of the listed objects (`created` is the window's). StripeError: they name a
        customer that never was."""
        self._check_customer(params)
        return pick(params, *(name for name in self.filters if name != "created"))

    def _check_customer(self, params: dict[str, Any]) -> None:
        objects, customer = self._backend.objects, params.get("customer")
        if customer is not None and objects.deleted("customer", customer) is None:
            self._backend.require("customer", customer, "customer")
