"""Why a file cannot be the sandbox's database."""

from __future__ import annotations

from pathlib import Path


class UnusableDatabaseError(RuntimeError):
    """The file cannot be the sandbox's database. Its text names the file, the reason and the mend;
    nothing was changed."""


class NewerDatabaseError(UnusableDatabaseError):
    """The file was written by a newer sandbox."""


def unusable(path: Path | None, reason: object) -> UnusableDatabaseError:
    """The error for a file that cannot be used for that reason."""
    return UnusableDatabaseError(
        f"{path} cannot be used as the sandbox's database: {reason}. Move it away or delete it; "
        "the next start creates a new, empty one."
    )
