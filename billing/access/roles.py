"""Who has which role, as the settings say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing.domain.access import Role
from billing.settings.model import ADMINS, TESTERS, VIEWERS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from billing.settings.model import Settings


class RoleAssignments:
    """Roles by email and group; of several that fit, the highest counts."""

    def __init__(self, settings: Settings) -> None:
        self._members = (
            (Role.ADMIN, frozenset(settings.admins)),
            (Role.TESTER, frozenset(settings.testers)),
            (Role.VIEWER, frozenset(settings.viewers)),
        )
        self._admins = tuple(one for one in settings.admins if not one.startswith(("@", "group:")))

    def role_of(self, email: str, groups: Iterable[str] = ()) -> Role | None:
        """None for somebody whom no list names. Emails go without regard to case."""
        email = email.strip().casefold()
        mailbox, at, domain = email.rpartition("@")
        names = {f"group:{group}" for group in groups}
        if mailbox and at and domain:
            names |= {email, f"@{domain}"}
        return next((role for role, members in self._members if members & names), None)

    def whom_to_ask(self) -> str:
        """Who can give somebody a role, in words."""
        if self._admins:
            return f"Ask {' or '.join(self._admins)}."
        return f"Ask whoever runs this server to add you to {VIEWERS}, {TESTERS} or {ADMINS}."
