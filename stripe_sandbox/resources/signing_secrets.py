"""The signing secrets of an endpoint: the newest first, then those that were rolled and are valid
for a while yet. Until then each delivery is signed with all of them, as Stripe does when a secret
is rolled in its Dashboard.

https://docs.stripe.com/webhooks
"""

from __future__ import annotations

import math

from stripe_sandbox.ids import random_text
from stripe_sandbox.storage.objects import Object

_SECRETS, _ENDS = "secrets", "secrets_end"


def new_secret() -> str:
    """A signing secret (`whsec_…`)."""
    return f"whsec_{random_text(32)}"


def valid_secrets(hidden: Object, now: float) -> list[str]:
    """Those that are valid `now`, of what is stored with an endpoint and never shown."""
    ends = hidden.get(_ENDS, {})
    return [one for one in hidden.get(_SECRETS, []) if ends.get(one, math.inf) > now]


def former_valid_until(hidden: Object, now: float) -> float | None:
    """When the last of the former secrets ends; None when there is only one secret."""
    ends = hidden.get(_ENDS, {})
    return max((ends[one] for one in valid_secrets(hidden, now)[1:]), default=None)


def with_new_secret(hidden: Object, now: float, seconds: float) -> tuple[Object, str]:
    """What is to be stored once the secret was rolled, and the new secret. The former ones are
    valid for so many seconds yet, unless they end before."""
    secret = new_secret()
    former = valid_secrets(hidden, now)
    ends = hidden.get(_ENDS, {})
    left = {one: min(ends.get(one, math.inf), now + seconds) for one in former}
    return {**hidden, _SECRETS: [secret, *former], _ENDS: left}, secret
