"""Who somebody is and what they may do: roles, permissions, identities."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """Each may do what the ones before it may."""

    VIEWER = "viewer"
    TESTER = "tester"
    ADMIN = "admin"

    def covers(self, other: Role) -> bool:
        """Whoever has this role may do what ``other`` may."""
        return _RANK[self] >= _RANK[other]


_RANK = {role: rank for rank, role in enumerate(Role)}


class Permission(StrEnum):
    """One kind of thing that somebody does; ``role`` is the least that may, ``what`` names it."""

    role: Role
    what: str

    def __new__(cls, value: str, role: Role, what: str) -> Permission:
        permission = str.__new__(cls, value)
        permission._value_ = value
        permission.role = role
        permission.what = what
        return permission

    VIEW = "view", Role.VIEWER, "see data"
    EXPORT = "export", Role.VIEWER, "export data"
    SELL = "sell", Role.TESTER, "create Checkout Sessions"
    EXPIRE = "expire", Role.TESTER, "expire Checkout Sessions"
    PAY = "pay", Role.TESTER, "pay in the sandbox"
    REFUND = "refund", Role.TESTER, "refund payments"
    DISPUTE = "dispute", Role.TESTER, "dispute payments"
    CHANGE_SUBSCRIPTION = "change_subscription", Role.TESTER, "change subscriptions"
    OPEN_PORTAL = "open_portal", Role.TESTER, "open the customer portal"
    RUN_SCENARIOS = "run_scenarios", Role.TESTER, "run scenarios"
    FILL = "fill", Role.ADMIN, "replace everything by demo data"
    REPLAY = "replay", Role.TESTER, "replay events"
    SEND_EVENTS = "send_events", Role.TESTER, "send events again, and test events"
    SEND_REQUESTS = "send_requests", Role.TESTER, "send requests to the sandbox again"
    RECONCILE = "reconcile", Role.TESTER, "compare the ledger with Stripe"
    FIX = "fix", Role.ADMIN, "correct the ledger"
    SET_UP = "set_up", Role.ADMIN, "change what is set up at Stripe"
    SET_FAULTS = "set_faults", Role.ADMIN, "inject faults"
    READ_SANDBOX_KEY = "read_sandbox_key", Role.TESTER, "see the sandbox's key"
    MOVE_CLOCK = "move_clock", Role.ADMIN, "move the sandbox's clock"
    RESET = "reset", Role.ADMIN, "reset the sandbox"
    MANAGE_TOKENS = "manage_tokens", Role.ADMIN, "create and revoke tokens"
    READ_AUDIT = "read_audit", Role.ADMIN, "read the audit log"
    ERASE = "erase", Role.ADMIN, "erase personal data"


class IdentityKind(StrEnum):
    """How it is known who somebody is."""

    LOCAL = "local"  # on this machine, where nobody signs in
    ANONYMOUS = "anonymous"  # BILLING_ALLOW_ANONYMOUS
    DEMO = "demo"  # who holds the link of a demo
    PROXY = "proxy"  # signed in to the proxy in front
    OIDC = "oidc"
    TOKEN = "token"  # noqa: S105 - a program's, by its Authorization header
    COMMAND = "command"  # in a shell on the server
    SYSTEM = "system"  # the server's own work in the background

    @property
    def is_named(self) -> bool:
        """It is known who it is, not only what."""
        return self in (IdentityKind.PROXY, IdentityKind.OIDC, IdentityKind.TOKEN)

    @property
    def is_ambient(self) -> bool:
        """A browser sends it with every request by itself, whichever site's page asks for it."""
        return self in (IdentityKind.PROXY, IdentityKind.OIDC, IdentityKind.DEMO)


@dataclass(frozen=True)
class Identity:
    """Somebody who is known: a person, a program or the server itself.

    ``name`` is an email, a token's name, or what kind of stranger it is. ``role`` is None for
    somebody who is known and may do nothing. ``address`` is where the request came from.
    """

    name: str
    kind: IdentityKind
    role: Role | None
    address: str | None = None

    def may(self, permission: Permission) -> bool:
        return self.role is not None and self.role.covers(permission.role)

    def refusal(self, permission: Permission) -> str | None:
        """Why this may not be done, in one sentence; None when it may."""
        if self.may(permission):
            return None
        needed = f"The role {permission.role} is needed to {permission.what}"
        return f"{needed}; {self.name} " + (f"is a {self.role}." if self.role else "has no role.")


SYSTEM = Identity("system", IdentityKind.SYSTEM, Role.ADMIN)
ADMIN_OF_THIS_MACHINE = Identity("local", IdentityKind.LOCAL, Role.ADMIN)


class AuditResult(StrEnum):
    DONE = "done"
    REFUSED = "refused"  # the role, or nobody signed in
    FAILED = "failed"


@dataclass(frozen=True)
class AuditEntry:
    """One line of the audit log: who did what, to which object, from where, and how it ended.

    ``at`` is Unix seconds. ``kind`` is an ``IdentityKind``'s value, ``role`` a ``Role``'s; both are
    empty for a stranger. ``action`` is a ``Permission``'s value, or says what was done to a
    sign-in. ``object_id`` is empty where there is no one object. ``detail`` says what
    the action leaves open, and why it was refused or failed.
    """

    at: float
    identity: str
    kind: str
    role: str
    action: str
    object_id: str
    result: str
    detail: str
    address: str
    id: int = 0


@dataclass(frozen=True)
class AuditFilter:
    """Which lines; an empty value means any."""

    identity: str = ""
    action: str = ""
    object_id: str = ""
    result: str = ""


@dataclass(frozen=True)
class AccessToken:
    """What is known of a token; never the token itself. Times are Unix seconds."""

    id: str
    name: str
    role: Role
    created_at: float
    created_by: str
    expires_at: float | None = None
    revoked_at: float | None = None
    used_at: float | None = None

    def is_valid(self, at: float) -> bool:
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)
