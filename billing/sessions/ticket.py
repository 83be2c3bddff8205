"""A session in Markdown for a ticket: what happened, with the ids by which others look it up."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from billing.domain.durations import format_duration
from billing.domain.sessions.timeline import EntryKind
from billing.safe_text import redact, sanitize

if TYPE_CHECKING:
    from collections.abc import Iterator

    from billing.domain.sessions.details import SessionDetails
    from billing.domain.sessions.timeline import TimelineEntry

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")
_EMAIL = re.compile(r"[^\s<>@]+@[^\s<>@]+")
WITHHELD = "(email withheld)"


def ticket(details: SessionDetails, link: str, *, with_email: bool) -> str:
    """The session's outcome, amount, creator and timeline with delays, event and request ids.

    ``link`` leads to the session in this dashboard. Without ``with_email`` no email stands in it;
    a secret or the Checkout link never does.
    """
    session = details.session
    lines = [
        f"**{_text(f'{session.what}, {session.amount}')}: {session.outcome.label}**",
        "",
        f"- Session: [{session.id}]({link})",
        f"- Created: {_moment(session.created)} {_text(session.created_by)}",
        f"- Source: {session.source.label}",
        f"- Stripe says: status `{session.status}`, payment status `{session.payment_status}`",
    ]
    if session.label:
        lines.append(f"- Label: {_text(session.label)}")
    if session.failure:
        lines.append(f"- Reason: {_text(session.failure)}")
    if session.went_back:
        lines.append(f"- Went back: {_text(session.went_back)}")
    if with_email and session.customer_email:
        lines.append(f"- Customer: {_text(session.customer_email)}")
    lines += ["", "| Time (UTC) | What happened | Event | Request |", "| --- | --- | --- | --- |"]
    # Without the requests that only read: there are many.
    lines += [_row(one) for one in details.entries if one.event or one.kind is not EntryKind.OTHER]
    text = "\n".join(lines)
    return text if with_email else _EMAIL.sub(WITHHELD, text)


def _row(entry: TimelineEntry) -> str:
    what = f"{entry.title}: {entry.detail}" if entry.detail else entry.title
    if entry.until is not None:
        what += f" {_moment(entry.until)}"
    cells = (_moment(entry.at), _text(what), ", ".join(_event(entry)), _id(entry.request_id))
    return f"| {' | '.join(cells)} |"


def _event(entry: TimelineEntry) -> Iterator[str]:
    event = entry.event
    if event is None:
        return
    yield _id(event.id)
    delay = format_duration(max(event.delay, 0))
    yield f"{_text(event.type)} by {event.source.label} after {delay}"
    if event.deliveries > 1:
        yield f"delivered {event.deliveries} times"
    if event.error:
        yield f"failed: {_text(event.error)}"


def _id(value: str | None) -> str:
    return f"`{sanitize(value).replace('`', '')}`" if value else ""


def _text(value: str) -> str:
    """Text of other people as text, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(redact(sanitize(value)).split()))


def _moment(unix_seconds: float) -> str:
    try:
        return f"{datetime.fromtimestamp(unix_seconds, UTC):%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError, OSError):  # beyond the calendar
        return str(int(unix_seconds))
