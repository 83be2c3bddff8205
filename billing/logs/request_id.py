"""Which HTTP request the running code belongs to."""

from __future__ import annotations

import random
import re
from contextvars import ContextVar

from billing.safe_text import redact

GIVEN = re.compile(r"[A-Za-z0-9._:/+=-]{1,100}")

# No secret. To ask the system would hand Python's lock to another thread, at each request.
_numbers = random.Random()  # noqa: S311
_current: ContextVar[str] = ContextVar("request_id", default="")


def current_request_id() -> str:
    """Its id; empty where no request is being answered."""
    return _current.get()


def begin_request(given: str | None) -> str:
    """The id of the request that begins: the ``given`` one where it is one, else another.

    From here on it is the current one, in what this task calls and starts.
    """
    usable = given is not None and GIVEN.fullmatch(given) and redact(given) == given
    name = given if given and usable else f"{_numbers.getrandbits(64):016x}"
    _current.set(name)
    return name
