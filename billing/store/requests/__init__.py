"""The log of requests to Stripe's API: added to, trimmed, and asked.

Functions of a connection, for ``Store.read``, ``write`` and ``write_each``.
"""

from billing.store.requests.batch import Batch, Contents, Row
from billing.store.requests.hashes import term_hash
from billing.store.requests.queries import causes, get, page, texts, touching
from billing.store.requests.writes import add, delete_before, delete_each, trim

__all__ = [
    "Batch",
    "Contents",
    "Row",
    "add",
    "causes",
    "delete_before",
    "delete_each",
    "get",
    "page",
    "term_hash",
    "texts",
    "touching",
    "trim",
]
