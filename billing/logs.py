"""Logging that cannot leak or be forged: every record is made safe where it is made.

So it holds for all loggers and handlers: ours, Streamlit's and uvicorn's, which bring their own,
and those of libraries that come later.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from typing import TYPE_CHECKING, Any

from billing.safe_text import escape_controls, redact

if TYPE_CHECKING:
    from types import TracebackType

log = logging.getLogger(__name__)

FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
INDENT = "    "  # so that no line of a traceback looks like the beginning of a record


class SafeRecord(logging.LogRecord):
    """A record without secrets, its message on one line, its traceback indented."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if isinstance(self.args, tuple):  # kept apart where that will do: uvicorn's access log
            self.args = tuple(
                safe_message(one) if isinstance(one, str) else one for one in self.args
            )
        try:
            message = self.getMessage()
        except Exception as error:  # noqa: BLE001 - a wrong call of the log must not stop its caller
            self.msg, self.args = f"{self.msg} {self.args} ({error})", ()
            message = self.msg
        if (safe := safe_message(message)) != message:
            self.msg, self.args = safe, ()
        if self.exc_info and self.exc_info[0] is not None:
            self.exc_text = safe_lines("".join(traceback.format_exception(*self.exc_info)))
        if self.stack_info:
            self.stack_info = safe_lines(self.stack_info)


def safe_message(message: str) -> str:
    """The message without secrets and on one line; what is a traceback stays in lines."""
    if message.startswith("Traceback "):
        return safe_lines(message)
    return escape_controls(redact(message).rstrip("\n"))


def safe_lines(text: str) -> str:
    """Several lines without secrets or other control characters, indented."""
    lines = redact(text).rstrip("\n").split("\n")
    return "\n".join(f"{INDENT}{escape_controls(line)}" for line in lines)


def configure_logging() -> None:
    """Send this process's log to standard error; call it once, from the launcher."""
    logging.setLogRecordFactory(SafeRecord)
    logging.raiseExceptions = False  # what cannot be logged is not printed by another way
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(FORMAT))
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
