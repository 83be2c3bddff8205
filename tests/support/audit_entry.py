"""A line of the audit log, to be varied, and those that were written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.access.caller import Caller, acting_as
from billing.domain.access import SYSTEM, AuditEntry, AuditFilter, AuditResult, Permission

if TYPE_CHECKING:
    from tests.support.servers.billing_server import BillingServer

ENTRY = AuditEntry(
    at=1_800_000_000.25,
    identity="ann@example.com",
    kind="oidc",
    role="tester",
    action=Permission.REFUND,
    object_id="pi_1",
    result=AuditResult.DONE,
    detail="",
    address="192.0.2.1",
)


def audited(server: BillingServer, action: Permission) -> list[tuple[str, str, str]]:
    """Object, result and detail of what was done of that kind, the oldest first."""
    with acting_as(Caller(SYSTEM)):
        audit = server.services.access.audit
        found = server.portal.call(audit.find, AuditFilter(action=action))
    return [(one.object_id, one.result, one.detail) for one in reversed(found.entries)]
