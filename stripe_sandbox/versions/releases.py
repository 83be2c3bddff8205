"""The versions of Stripe's API (https://docs.stripe.com/api/versioning)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args, get_type_hints

from stripe._api_version import _ApiVersion
from stripe.params._webhook_endpoint_create_params import WebhookEndpointCreateParams

from stripe_sandbox import errors
from stripe_sandbox.errors import StripeError

NEWEST: str = _ApiVersion.CURRENT
"""The SDK's own version, the only one that resources know."""
OLDEST = "2022-11-15"
"""The first version that a request may have."""


def _known() -> tuple[str, ...]:
    """Every version that Stripe has had, the oldest first."""
    names = {"Mapping": Mapping, "StripeContext": object}
    hints = get_type_hints(WebhookEndpointCreateParams, localns=names)
    versions: tuple[str, ...] = get_args(hints["api_version"])
    return tuple(version for version in versions if not version.endswith(".dashboard"))


_KNOWN = _known()
RELEASES = _KNOWN[_KNOWN.index(OLDEST) :]
"""The versions that a request may have, the oldest first."""
_POSITIONS = {version: position for position, version in enumerate(RELEASES)}


def read(text: str) -> str:
    """The version that a `Stripe-Version` header or an `api_version` names; the suffix of a beta
    (`; feature=v1`) changes nothing. StripeError: Stripe has no such version, or the sandbox has
    not."""
    if text in _POSITIONS:
        return text
    version = text.partition(";")[0].strip()
    if version in _POSITIONS:
        return version
    if version in _KNOWN:
        raise StripeError(
            f"The local sandbox simulates Stripe's API versions from {OLDEST} to {NEWEST}, not "
            f"{version}.",
            code=errors.NOT_SIMULATED,
            before_execution=True,
        )
    raise StripeError(f"Invalid Stripe API version: {version}", before_execution=True)


def is_before(version: str, change: str) -> bool:
    """Whether the one of `RELEASES` is older than the version that brought a change."""
    return change in _POSITIONS and _POSITIONS[version] < _POSITIONS[change]
