"""Pages of Checkout Sessions, the newest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from billing.domain.sessions.checkout_session import CheckoutSession
    from billing.domain.sync_state import SyncState


@dataclass(frozen=True)
class Cursor:
    """A place in the list of sessions, for the page that begins below it."""

    created: int
    id: str


@dataclass(frozen=True)
class SessionPage:
    """A page of the sessions that match; ``older`` is where the next one begins, None at the end.

    ``is_partial``: more sessions hold the searched text than the other filters chose among.
    """

    sessions: tuple[CheckoutSession, ...]
    older: Cursor | None
    is_partial: bool


@dataclass(frozen=True)
class SessionListing:
    """A page with its sessions as they are now, how many ``new`` ones belong on it since it was
    found (over ``COUNT_LIMIT``: that many and more), and how up to date all of that is."""

    page: SessionPage
    new: int
    state: SyncState


@dataclass(frozen=True)
class RecentSessions:
    """The newest sessions, and how up to date they are."""

    sessions: tuple[CheckoutSession, ...]
    state: SyncState
