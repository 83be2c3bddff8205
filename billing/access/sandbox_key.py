"""The key of this installation's sandbox: what a program sends to it where people sign in."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from pydantic import SecretStr

from billing.access.caller import requires
from billing.domain.access import Permission
from billing.errors import InvalidInput, StoreFailure
from billing.settings.embedded import SANDBOX_DATABASE
from billing.store.engine.private_file import make_private

if TYPE_CHECKING:
    from pathlib import Path

    from billing.settings.model import Settings

PREFIX = "sk_test_"


def load_sandbox_key(database: Path = SANDBOX_DATABASE) -> SecretStr:
    """The key in a file beside the sandbox's ``database``, which this user alone can read. Created
    the first time. Raises ``StoreFailure`` when it cannot be read or written."""
    file = database.with_suffix(".key")
    try:
        make_private(file)
        key = file.read_text().strip()
        if not key.startswith(PREFIX):
            key = f"{PREFIX}{secrets.token_hex(16)}"
            file.write_text(f"{key}\n")
    except OSError as error:
        raise StoreFailure(
            f"The sandbox's key cannot be read from {file}: {error.strerror or error}. Check whose "
            "file it is, and whether the disk is full."
        ) from None
    return SecretStr(key)


class SandboxKey:
    """The same as the running server uses it, for people who give it to their programs."""

    def __init__(self, settings: Settings) -> None:
        self._key = settings.secret_key if settings.is_embedded else None  # another is Stripe's

    @requires(Permission.READ_SANDBOX_KEY)
    def reveal(self) -> SecretStr:
        """The key. Raises ``InvalidInput`` where another Stripe is in use."""
        if self._key is None:
            raise InvalidInput("The local sandbox is not in use.")
        return self._key
