"""Plans (https://docs.stripe.com/api/plans): the recurring Prices, as older integrations read
them."""

from __future__ import annotations

from typing import Any

from stripe.params._plan_list_params import PlanListParams
from stripe.params._plan_retrieve_params import PlanRetrieveParams

from stripe_sandbox import errors
from stripe_sandbox.api.endpoint import Answer, Call
from stripe_sandbox.api.expand import Include
from stripe_sandbox.api.pagination import Page, pick, read_window
from stripe_sandbox.resources.resource import Resource
from stripe_sandbox.schema.objects import sdk_class
from stripe_sandbox.schema.plans import plan_of
from stripe_sandbox.storage.json_text import dump, load
from stripe_sandbox.storage.objects import Object


class Plans(Resource):
    """Shows the recurring Prices as Plans."""

    kind = "plan"
    url = "/v1/plans"
    id_param = "plan"
    retrieve_params = PlanRetrieveParams
    list_params = PlanListParams
    filters = ("active", "created", "product")

    def includes(self) -> dict[tuple[type, str], Include]:
        return {(sdk_class(self.kind), "tiers"): lambda _: None}

    def _retrieve(self, call: Call) -> Object:
        price = self._backend.objects.get("price", call.ids[0])
        if price is None or not price["recurring"]:
            raise errors.no_such(self.kind, call.ids[0], self.id_param, 404)
        return plan_of(price)

    def _list(self, call: Call) -> Answer:
        page = self._backend.page(
            "price", self.url, self._conditions(call.params), read_window(call.params), self.kind
        )
        plans = [dump(plan_of(load(body))) for body in page.bodies]
        return Page(self.url, plans, page.has_more)

    def _conditions(self, params: dict[str, Any]) -> dict[str, Any]:
        return {"type": "recurring", **pick(params, "active", "product")}
