"""Where this process's log goes, and how."""

from __future__ import annotations

import logging
import sys
import threading
from typing import TYPE_CHECKING

from billing.logs.formats import JsonFormatter, TextFormatter
from billing.logs.records import SafeRecord

if TYPE_CHECKING:
    from types import TracebackType

log = logging.getLogger(__name__)


def configure_logging(*, as_json: bool = False) -> None:
    """Send this process's log to standard error, as text or JSON; call it from the launcher."""
    logging.setLogRecordFactory(SafeRecord)
    logging.raiseExceptions = False  # what cannot be logged is not printed by another way
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if as_json else TextFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for name in ("billing", "stripe_sandbox"):
        logging.getLogger(name).setLevel(logging.INFO)


def _log_uncaught(
    kind: type[BaseException], error: BaseException, frames: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, frames)
    else:
        log.critical("Unhandled exception; the process ends", exc_info=(kind, error, frames))


def _log_uncaught_in_thread(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is not None:
        name = ended.thread.name if ended.thread else "?"
        log.error("Unhandled exception; the thread %s ends", name, exc_info=ended.exc_value)
