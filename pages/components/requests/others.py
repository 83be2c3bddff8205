"""The requests that others than this app made to the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.errors import BillingError
from pages.scenarios.sandbox_request_log import sandbox_request_log
from pages.services import page_services

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from billing.domain.logged_request import LoggedRequest


def requests_of_others(
    object_ids: Collection[str], own: Iterable[LoggedRequest]
) -> list[LoggedRequest]:
    """Those that touched any of these objects, the oldest first, without the ``own`` ones; none
    where Stripe is another, whose log only its Dashboard shows, or where the sandbox does not
    answer."""
    log = sandbox_request_log()
    if log is None:
        return []
    try:
        found = page_services().call(lambda: log.of_others(object_ids))
    except BillingError:
        return []
    known = {one.request_id for one in own}
    return [one for one in found if one.request_id not in known]
