"""A press of a button that creates something in Stripe: however often it is repeated, one thing.

https://docs.stripe.com/api/idempotent_requests
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from billing.errors import BillingError, StripeFailure

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def _new_key() -> str:
    return str(uuid.uuid4())


@dataclass
class Press(Generic[T]):
    """One press, from its first try to what it ``created``, or the ``failure`` of the last try.

    Tries share an idempotency key while Stripe's outcome is unknown, so that a second one finds
    what the first has created. Once Stripe has answered, the next try has a key of its own: under
    the same one Stripe would only repeat its answer.
    """

    idempotency_key: str = field(default_factory=_new_key)
    created: T | None = None
    failure: BillingError | None = None

    def attempt(self, create: Callable[[str], T]) -> None:
        """Call ``create`` with the idempotency key, unless it has created something already; what
        it raises is the ``failure``."""
        if self.created is not None:
            return
        self.failure = None
        try:
            self.created = create(self.idempotency_key)
        except BillingError as failure:
            self.failure = failure
            if not (isinstance(failure, StripeFailure) and failure.leaves_outcome_unknown):
                self.idempotency_key = _new_key()
