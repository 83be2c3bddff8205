"""How a line of the log is written: text for people, JSON for programs."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from billing.json_codec import dumps
from billing.tracing import trace_id

TEXT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


class TextFormatter(logging.Formatter):
    """One line, with the request it belongs to at its end; tracebacks follow it."""

    def __init__(self) -> None:
        super().__init__(TEXT)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        line = super().formatMessage(record)
        request = getattr(record, "request_id", "")
        return f"{line} (request {request})" if request else line


class JsonFormatter(logging.Formatter):
    """One JSON object a line: ``time`` (ISO 8601, UTC), ``level``, ``logger``, ``message``; where
    there are any also ``request_id``, ``trace_id``, ``exception`` and ``stack``."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        found = {
            "time": at,
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": getattr(record, "request_id", ""),
            "trace_id": trace_id(),
            "exception": record.exc_text,
            "stack": record.stack_info,
        }
        return dumps({name: value for name, value in found.items() if value})
