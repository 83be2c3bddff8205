"""A line of the audit log, to be varied."""

from __future__ import annotations

from billing.domain.access import AuditEntry, AuditResult, Permission

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
