"""The list of customers, calculated from sessions, ledger and Stripe's objects.

Functions of a connection, for ``Store.read`` and ``Store.write``.
"""

from billing.store.customers.queries import (
    Rivals,
    count_new,
    get,
    get_many,
    iter_matching,
    page,
    previous_emails,
    with_emails,
)
from billing.store.customers.writes import replace

__all__ = [
    "Rivals",
    "count_new",
    "get",
    "get_many",
    "iter_matching",
    "page",
    "previous_emails",
    "replace",
    "with_emails",
]
