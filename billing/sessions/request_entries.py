"""The requests that touched a session and its payment, as steps of its timeline."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from billing.domain.sessions.timeline import EntryKind, TimelineEntry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from billing.domain.logged_request import LoggedRequest


def with_requests(
    entries: Sequence[TimelineEntry], requests: Sequence[LoggedRequest]
) -> list[TimelineEntry]:
    """The entries, each with the request that caused it, and an entry for each other request."""
    by_id = {one.request_id: one for one in requests if one.request_id}
    found, caused = [], set()
    for entry in entries:
        request = by_id.get(entry.request_id) if entry.request_id else None
        if request:
            caused.add(request.id)
            entry = replace(entry, request=request)
        found.append(entry)
    return found + [_entry(one) for one in requests if one.id not in caused]


def _entry(request: LoggedRequest) -> TimelineEntry:
    is_telling = request.method != "GET" or request.is_unusual
    return TimelineEntry(
        EntryKind.REQUEST if is_telling else EntryKind.OTHER,
        request.at,
        f"{request.method} {request.path}",
        "" if request.is_ours else f"by {request.caller}",
        request_id=request.request_id,
        request=request,
    )
