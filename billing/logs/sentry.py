"""Errors in the log are sent to Sentry too, where ``SENTRY_DSN`` is set; without personal data.

https://docs.sentry.io/platforms/python/configuration/options/
"""

from __future__ import annotations

import logging
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from billing import __version__
from billing.safe_text import redact

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger(__name__)

EMAIL = re.compile(r"[^\s@<>\"'(),:;]{1,64}@[^\s@<>\"'(),:;]{1,255}")
END_SECONDS = 1.0  # for what is not sent yet, when the server stops


@contextmanager
def sentry(dsn: str | None) -> Iterator[None]:
    """Send what is logged as an error within the block to the project that ``dsn`` names. Where
    that cannot be, the log says why, and nothing else is different."""
    if not dsn:
        yield
        return
    try:
        import sentry_sdk
        from sentry_sdk.integrations.logging import EventHandler
        from sentry_sdk.utils import BadDsn
    except ImportError:
        log.warning(
            "Nothing is sent to Sentry: its SDK is not installed. "
            "Run pip install -r requirements-team.txt."
        )
        yield
        return
    try:
        sentry_sdk.init(
            dsn,
            release=__version__,
            server_name="",
            # Nothing is collected but what is logged: no requests, variables, lists of packages.
            default_integrations=False,
            auto_enabling_integrations=False,
            auto_session_tracking=False,
            include_local_variables=False,
            max_breadcrumbs=0,
            before_send=without_personal_data,
        )
    except BadDsn:
        log.warning("Nothing is sent to Sentry: SENTRY_DSN is not a DSN.")
        yield
        return
    handler = EventHandler(logging.ERROR)
    root = logging.getLogger()
    root.addHandler(handler)
    log.info("Errors are sent to Sentry")
    try:
        yield
    finally:
        root.removeHandler(handler)
        sentry_sdk.get_client().close(timeout=END_SECONDS)
        sentry_sdk.get_global_scope().set_client(None)


def without_personal_data(event: Any, hint: dict[str, Any]) -> Any:
    """Sentry's event without secrets and emails, with the id of the request it belongs to."""
    event = _clean(event)
    if request_id := getattr(hint.get("log_record"), "request_id", ""):
        event.setdefault("tags", {})["request_id"] = request_id
    return event


def _clean(value: Any) -> Any:
    match value:
        case str():
            return EMAIL.sub("[email]", redact(value))
        case dict():
            return {key: _clean(one) for key, one in value.items()}
        case list() | tuple():
            return [_clean(one) for one in value]
    return value
