"""Logging that cannot leak: keys and signing secrets are blotted out of every line."""

from __future__ import annotations

import logging
import re
import sys

SECRETS = re.compile(r"\b(sk_|rk_|pk_)(test|live)_[^\s'\"]+|\bwhsec_[^\s'\",]+")


def redacted(text: str) -> str:
    """``text`` with keys and signing secrets blotted out."""
    return SECRETS.sub("[secret]", text)


class RedactingFormatter(logging.Formatter):
    """Formats a record, traceback included, and blots out what looks like a secret."""

    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record))


def configure_logging() -> None:
    """Send this process's log to standard error; call it once, from the launcher."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(RedactingFormatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for name in ("billing", "stripe_sandbox"):
        logging.getLogger(name).setLevel(logging.INFO)
