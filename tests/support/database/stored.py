"""Sessions as the store takes them, from Stripe's objects alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from billing.domain.sessions.checkout_session import CheckoutSession
from billing.store.sessions import SessionRows

if TYPE_CHECKING:
    from collections.abc import Iterable


def copies(found: Iterable[dict[str, Any]], **known: Any) -> SessionRows:
    """Copies of these sessions; ``known`` is what was read of each beside Stripe's object."""
    return SessionRows.of([(CheckoutSession.from_stripe(one, **known), one) for one in found])
