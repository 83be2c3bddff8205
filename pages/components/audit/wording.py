"""The audit log's values as people read them."""

from __future__ import annotations

from billing.domain.access import AuditResult, IdentityKind, Permission

_SIGN_IN = {"sign_in": "Sign in", "sign_out": "Sign out"}
ACTIONS = {one.value: one.what[0].upper() + one.what[1:] for one in Permission} | _SIGN_IN
RESULTS = {
    AuditResult.DONE: "Done",
    AuditResult.REFUSED: "Refused",
    AuditResult.FAILED: "Failed",
}
_KINDS = {
    IdentityKind.LOCAL: "On this machine",
    IdentityKind.ANONYMOUS: "Without sign-in",
    IdentityKind.DEMO: "By the demo's link",
    IdentityKind.PROXY: "By the proxy",
    IdentityKind.OIDC: "By OIDC",
    IdentityKind.TOKEN: "By a token",
    IdentityKind.COMMAND: "In a shell",
    IdentityKind.SYSTEM: "The server itself",
}
_PAGES = {  # and the name in its address, by the prefix of what it shows
    "cs": ("sessions.py", "session"),
    "cus": ("customers.py", "customer"),
    "evt": ("events.py", "event"),
    "req": ("requests.py", "about"),
    "we": ("endpoints.py", "endpoint"),
    "ed": ("endpoints.py", "endpoint"),
}


def action_text(action: str) -> str:
    """``Refund payments``; the word itself for one of another release."""
    return ACTIONS.get(action, action)


def result_text(result: str) -> str:
    """Shape and word: ``⊘ Refused``."""
    return f"{shape(result)} {RESULTS.get(AuditResult(result), result)}"


def shape(result: str) -> str:
    """What tells a result from the others without a colour."""
    return {AuditResult.DONE: "✓", AuditResult.REFUSED: "⊘"}.get(AuditResult(result), "✕")


def signed_in_text(kind: str) -> str:
    """How it was known who it was; of a stranger it was not."""
    return _KINDS[IdentityKind(kind)] if kind else "Not signed in"


def page_of(object_id: str) -> tuple[str, str] | None:
    """The page that shows this object, and the name for it in that page's address."""
    prefix, separator, _ = object_id.partition("_")
    return _PAGES.get(prefix) if separator else None
