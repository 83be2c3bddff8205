"""Which customers to show, and pages of them, the last active first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from billing.domain.customers.customer import Customer, ProStatus
    from billing.domain.sync_state import SyncState

COUNT_LIMIT = 10_000  # more than so many are not counted
SEARCH_LIMIT = 10_000  # so many of those that the search finds are looked at
SCAN_LIMIT = 20_000  # so many of the last active are searched for any part of an email or an id


@dataclass(frozen=True)
class CustomerFilter:
    """What is empty filters nothing. ``search`` is the beginning of an email or of an id, or
    any part of them among the ``SCAN_LIMIT`` customers who were last active."""

    pro: frozenset[ProStatus] = frozenset()
    with_refunds: bool = False
    with_disputes: bool = False
    search: str = ""


@dataclass(frozen=True)
class Cursor:
    """A place in the list of customers, for the page that begins below it."""

    last_activity: int
    key: str


@dataclass(frozen=True)
class CustomerPage:
    """Customers, the last active first; ``older`` is where the next page begins, None at the
    end."""

    customers: tuple[Customer, ...]
    older: Cursor | None


@dataclass(frozen=True)
class CustomerListing:
    """A page with its customers as they are now, how many ``new`` ones belong on it since it was
    found (over ``COUNT_LIMIT``: that many and more), how many ``waiting`` changes the list does not
    show yet (likewise), and how up to date our copy is."""

    page: CustomerPage
    new: int
    waiting: int
    state: SyncState
