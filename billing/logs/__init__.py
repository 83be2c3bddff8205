"""The log: records without secrets, in text or JSON, each with the request it belongs to."""

from billing.logs.configuration import configure_logging

__all__ = ["configure_logging"]
