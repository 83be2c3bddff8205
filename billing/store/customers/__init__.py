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
from billing.store.customers.writes import change_version, delete_named, replace, version

__all__ = [
    "Rivals",
    "change_version",
    "count_new",
    "delete_named",
    "get",
    "get_many",
    "iter_matching",
    "page",
    "previous_emails",
    "replace",
    "version",
    "with_emails",
]
