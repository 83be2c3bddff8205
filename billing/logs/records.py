"""Records that cannot leak or be forged: each is made safe where it is made.

So that holds for all loggers and handlers: ours, Streamlit's and uvicorn's, which bring their own,
and those of libraries that come later.
"""

from __future__ import annotations

import logging
import traceback
from typing import Any

from billing.logs.request_id import current_request_id
from billing.safe_text import escape_controls, redact

INDENT = "    "  # so that no line of a traceback looks like the beginning of a record


class SafeRecord(logging.LogRecord):
    """A record without secrets, its message on one line, its traceback indented.

    ``request_id`` is that of the request it belongs to; empty where it belongs to none.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request_id = current_request_id()
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
