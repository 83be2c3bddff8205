"""How people sign in, as the settings say."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from billing.errors import NotConfigured
from billing.settings.model import (
    ALLOW_ANONYMOUS,
    COOKIE_SECRET,
    OIDC_CLIENT_ID,
    OIDC_CLIENT_SECRET,
    OIDC_METADATA_URL,
    TRUSTED_PROXIES,
    USER_HEADER,
)

if TYPE_CHECKING:
    from billing.settings.model import Settings

_OIDC = (OIDC_METADATA_URL, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET)


class AccessMode(StrEnum):
    LOCAL = "local"  # nobody signs in, and only this machine is served
    ANONYMOUS = "anonymous"  # nobody signs in, and everybody is served
    PROXY = "proxy"  # a proxy signs people in and names them in a header
    OIDC = "oidc"

    @property
    def signs_in(self) -> bool:
        """People and programs have to say who they are."""
        return self in (AccessMode.PROXY, AccessMode.OIDC)


def access_mode(settings: Settings) -> AccessMode:
    """The way that is set and usable; ``LOCAL`` when none is, or something is wrong with it."""
    if sign_in_problem(settings):
        return AccessMode.LOCAL
    if any(map(settings.is_given, _OIDC)):
        return AccessMode.OIDC
    if settings.user_header:
        return AccessMode.PROXY
    return AccessMode.ANONYMOUS if settings.allow_anonymous else AccessMode.LOCAL


def sign_in_problem(settings: Settings) -> NotConfigured | None:
    """What is wrong with the settings by which people sign in, if any is set."""
    is_oidc = any(map(settings.is_given, _OIDC))
    names = (COOKIE_SECRET, USER_HEADER, TRUSTED_PROXIES, ALLOW_ANONYMOUS)
    for name in (*(_OIDC if is_oidc else ()), *names):
        if problem := settings.problems.get(name):
            return problem
    if not is_oidc:
        return None
    if settings.is_given(USER_HEADER):
        return NotConfigured(
            USER_HEADER,
            f"{USER_HEADER} and {OIDC_METADATA_URL} are both set.",
            "Set one of them: either a proxy signs people in, or this server does.",
        )
    missing = [name for name in (*_OIDC, COOKIE_SECRET) if not settings.is_given(name)]
    if not missing:
        return None
    return NotConfigured(
        missing[0],
        f"To sign in by OIDC, {' and '.join(missing)} must be set too.",
        f"Set {' and '.join(missing)}.",
    )
