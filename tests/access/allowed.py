"""What each role may do, as docs/access.md says it: permissions, routes, pages and controls.

``python -m tests.access.allowed`` prints the tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.domain.access import Permission, Role
from billing.http.route_names import METRICS_PATH
from billing.setup.webhook_checks import WEBHOOK_PATHS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# By method and path; None: open to everybody.
ROUTES: dict[tuple[str, str], Permission | None] = {
    ("GET", "/api/billing/checkout"): Permission.SELL,
    ("POST", "/api/billing/checkout"): Permission.SELL,
    ("POST", "/api/billing/extra-credits"): Permission.SELL,
    ("GET", "/api/billing/entitlements"): Permission.VIEW,
    ("GET", METRICS_PATH): Permission.VIEW,
    ("GET", "/api/billing/health"): None,
    ("GET", "/api/billing/ready"): None,
    **{("POST", path): None for path in WEBHOOK_PATHS},
}
PAGES = {
    "billing.py": Permission.VIEW,
    "sessions.py": Permission.VIEW,
    "customers.py": Permission.VIEW,
    "events.py": Permission.VIEW,
    "requests.py": Permission.VIEW,
    "endpoints.py": Permission.VIEW,
    "test_kit.py": Permission.VIEW,
    "setup.py": Permission.VIEW,
    "audit.py": Permission.READ_AUDIT,
}
EVERYWHERE = "Every page"
# By place; whatever control is not listed is for everybody who may see the page.
CONTROLS: dict[str, dict[str, Permission]] = {
    EVERYWHERE: {
        "Clear all faults": Permission.SET_FAULTS,
        "End now": Permission.SET_FAULTS,
        "Refund and cancel the second": Permission.REFUND,
        "Create both Prices": Permission.SET_UP,
    },
    "Billing": {
        "PAY WITH CARD": Permission.SELL,
        "BUY EXTRA LOAD CREDITS": Permission.SELL,
        "Label": Permission.SELL,
        "Open Checkout with the first press": Permission.SELL,
    },
    "Billing, back from Checkout": {
        "Back to Checkout": Permission.PAY,
        "Expire…": Permission.EXPIRE,
    },
    "Sessions": {"Export as CSV": Permission.EXPORT},
    "Session": {
        "Open Checkout": Permission.PAY,
        "Link and QR code": Permission.PAY,
        "Expire…": Permission.EXPIRE,
        "Duplicate": Permission.SELL,
        "Refund…": Permission.REFUND,
        "More": Permission.DISPUTE,
    },
    "Customers": {"Export as CSV": Permission.EXPORT},
    "Customer": {
        "Cancel at period end…": Permission.CHANGE_SUBSCRIPTION,
        "More": Permission.REFUND,
    },
    "Events": {
        "Replay all failed events": Permission.REPLAY,
        "Send": Permission.SEND_EVENTS,
    },
    "Event": {
        "Replay": Permission.REPLAY,
        "More": Permission.REPLAY,
        "Resend": Permission.SEND_EVENTS,
    },
    "Endpoints": {
        "Add endpoint…": Permission.SET_UP,
        "Send events there": Permission.SET_UP,
    },
    "Endpoint": {
        "Turn off…": Permission.SET_UP,
        "Turn it off": Permission.SET_UP,
        "Roll secret…": Permission.SET_UP,
        "Delete…": Permission.SET_UP,
    },
    "Request": {"Send again": Permission.SEND_REQUESTS},
    "Test kit, Scenarios": {
        "Delivery of webhooks": Permission.RUN_SCENARIOS,
        "Run all": Permission.RUN_SCENARIOS,
        "Stop all": Permission.RUN_SCENARIOS,
    },
    "Test kit, a scenario": dict.fromkeys(("Run", "Stop"), Permission.RUN_SCENARIOS),
    "Test kit, Open sessions": {"Pay": Permission.PAY, "More": Permission.EXPIRE},
    "Test kit, Clock and faults": {
        "+1 hour": Permission.MOVE_CLOCK,
        "+1 day": Permission.MOVE_CLOCK,
        "+32 days": Permission.MOVE_CLOCK,
        "Delay": Permission.SET_FAULTS,
        "Send each twice": Permission.SET_FAULTS,
        "Send in random order": Permission.SET_FAULTS,
        "Lose the first attempt": Permission.SET_FAULTS,
        "Response": Permission.SET_FAULTS,
        "Delay of each request": Permission.SET_FAULTS,
    },
    "Test kit, Webhook faults": {
        "Answer to each first delivery": Permission.SET_FAULTS,
        "Drop": Permission.SET_FAULTS,
        "Process each event": Permission.SET_FAULTS,
        "Hold deliveries": Permission.SET_FAULTS,
        "Crash after recording": Permission.SET_FAULTS,
        "End after": Permission.SET_FAULTS,
        "Release": Permission.SET_FAULTS,
        "Release all": Permission.SET_FAULTS,
        "Seed": Permission.SET_FAULTS,
        "Purchases": Permission.SET_FAULTS,
        "Start random run": Permission.SET_FAULTS,
        "Run this seed again": Permission.SET_FAULTS,
    },
    "Test kit, Demo data": {
        "Sessions": Permission.FILL,
        "Create demo data": Permission.FILL,
        "Reset…": Permission.RESET,
    },
    "Setup": {
        "Create this Price…": Permission.SET_UP,
        "Add types of event…": Permission.SET_UP,
        "Create this endpoint…": Permission.SET_UP,
        "Compare with Stripe": Permission.RECONCILE,
        "Write missing lines": Permission.FIX,
        "Create token…": Permission.MANAGE_TOKENS,
        "Show key": Permission.READ_SANDBOX_KEY,
    },
    "Audit": {"Export as CSV": Permission.READ_AUDIT},
}


def tables() -> list[str]:
    """The tables as Markdown."""
    return [
        _table("To …", ((one.what, one) for one in Permission)),
        _table("Route", ((f"`{method} {path}`", one) for (method, path), one in ROUTES.items())),
        _table(
            "Control",
            (
                (f"{place}: {label}", permission)
                for place, controls in CONTROLS.items()
                for label, permission in controls.items()
            ),
        ),
    ]


def _table(first: str, rows: Iterable[tuple[str, Permission | None]]) -> str:
    """A column a role, and one for whoever is not signed in or has no role."""
    lines = [_line((first, "a stranger", *(f"a {role}" for role in Role)))]
    lines[0] = lines[0].replace("a admin", "an admin")
    lines.append(_line((":--", *[":-:"] * (1 + len(Role)))))
    for what, permission in rows:
        may = [permission is None or role.covers(permission.role) for role in Role]
        lines.append(_line((what, *("✓" if one else "" for one in (permission is None, *may)))))
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |".replace("  ", " ")


if __name__ == "__main__":
    print("\n\n".join(tables()))
