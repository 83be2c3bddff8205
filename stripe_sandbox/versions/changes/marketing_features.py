"""A product's `features` are called `marketing_features`."""

from __future__ import annotations

from stripe_sandbox.storage.objects import Object
from stripe_sandbox.versions.change import Change, Lookup, OlderRequest


def _raise(request: OlderRequest) -> None:
    request.rename("features", "marketing_features")


def _lower(product: Object, _: Lookup) -> None:
    product["features"] = product.pop("marketing_features")


CHANGE = Change(
    "2024-04-10",
    requests={"POST /v1/products": _raise, "POST /v1/products/:product": _raise},
    answers={"product": _lower},
)
