"""The product's memory, in SQLite or PostgreSQL. The only room that touches the database."""

from sqlalchemy import Connection

from billing.store.store import Store

__all__ = ["Connection", "Store"]
