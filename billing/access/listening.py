"""Whom the server serves before anybody says who they are, by where it listens and how people
sign in.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from billing.access.mode import AccessMode, access_mode, sign_in_problem
from billing.http.guards.gate import Refusal, Step
from billing.http.guards.listening import is_loopback
from billing.http.guards.this_machine import foreign_sign
from billing.settings.model import (
    ALLOW_ANONYMOUS,
    COOKIE_SECRET,
    OIDC_CLIENT_ID,
    OIDC_CLIENT_SECRET,
    OIDC_METADATA_URL,
    SECRETS_FILE,
    TRUSTED_PROXIES,
    USER_HEADER,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Scope

    from billing.settings.model import Settings

# What lets a server serve other people.
WAYS = (
    Step(
        "Sign-in with your identity provider (OIDC)",
        "Google, Entra, Okta, Keycloak or any other. Set all four:",
        (OIDC_METADATA_URL, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, COOKIE_SECRET),
    ),
    Step(
        "Sign-in at a proxy in front",
        "Name the header in which it passes the user's email, and the addresses that it connects "
        "from (when unset, this machine's own):",
        (USER_HEADER, TRUSTED_PROXIES),
    ),
    Step(
        "No sign-in",
        "Everybody who reaches the server is a tester, who may sell, pay and refund. With admin "
        "instead of 1, everybody is an admin.",
        (f"{ALLOW_ANONYMOUS}=1",),
    ),
)
SEE = "docs/team.md describes each."


def start_refusal(settings: Settings, address: str | None) -> str | None:
    """Why the server must not start when it listens on ``address``, in lines for a terminal; None
    when it may. None and an empty address are every one of the machine's."""
    if is_loopback(address) or access_mode(settings) is not AccessMode.LOCAL:
        return None
    where = address or "every address of this machine"
    lines = [
        f"The dashboard does not start: it would listen on {where}, where other machines reach it,",
        "and nobody signs in.",
    ]
    if problem := _problem(settings):
        lines += [problem]
    lines += ["Let it listen on this machine only (HOST=localhost), or set one of these:"]
    for number, way in enumerate(WAYS, 1):
        lines += [f"  {number}. {way.title}", f"     {way.how}", f"     {' '.join(way.settings)}"]
    return "\n".join([*lines, SEE])


def refusal_of(settings: Settings, address: str | None) -> Callable[[Scope], Refusal | None] | None:
    """Which requests are not served by a server that listens on ``address``, and why; None when
    all are, because people sign in or need not."""
    if access_mode(settings) is not AccessMode.LOCAL:
        return None
    return partial(_refusal_of_others, address, _problem(settings) or SEE)


def _problem(settings: Settings) -> str | None:
    """What is wrong with how people are to sign in, and what to do; None where nothing is."""
    problem = sign_in_problem(settings) or settings.problems.get(str(SECRETS_FILE))
    return f"{problem.message} {problem.next_step}" if problem else None


def _refusal_of_others(address: str | None, note: str, scope: Scope) -> Refusal | None:
    """Why a request is not served; None for this machine's own."""
    sign = foreign_sign(scope, address)
    if sign is None:
        return None
    return Refusal(
        "This dashboard serves only the machine that it runs on",
        f"Nobody signs in to it, and your request comes from elsewhere: {sign}. To serve other "
        "people, whoever runs the dashboard sets one of these and starts it again:",
        WAYS,
        note,
    )
