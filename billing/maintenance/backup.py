"""A backup in one file, made while the dashboard runs, and putting it back into an empty place.

The file is a ZIP: ``manifest.json``, the database (SQLite's file or ``pg_dump``'s), and with the
embedded sandbox that one's as well.
"""

from __future__ import annotations

import json
import time
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from billing.errors import InvalidInput, StoreFailure
from billing.settings.embedded import BILLING_DATABASE, SANDBOX_DATABASE
from billing.settings.model import DATABASE_URL, DEFAULT_DATABASE_URL
from billing.store.engine.instance_lock import running_at
from billing.store.engine.private_file import make_private
from billing.store.maintenance.copies import (
    DatabaseCopies,
    copy_sqlite,
    is_empty_sqlite,
    is_known,
    restore_sqlite,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from billing.settings.model import Settings

FORMAT = 1
MANIFEST, BILLING, SANDBOX = "manifest.json", "billing", "stripe_sandbox.sqlite3"


@dataclass(frozen=True)
class Manifest:
    """What a backup holds: a database of this ``kind`` at a ``revision`` of its tables, with or
    without the sandbox's; ``created_at`` is in Unix seconds."""

    format: int
    created_at: int
    kind: str
    revision: str
    with_sandbox: bool


def back_up(settings: Settings, target: Path) -> Manifest:
    """Write a backup to a file that does not exist yet, for this user alone.

    Raises ``StoreFailure`` or ``NotConfigured``; then there is no such file.
    """
    if target.exists():
        raise InvalidInput(f"{target} exists.", "Name a new file.")
    copies = _copies(settings)
    sandbox = SANDBOX_DATABASE if settings.wants_sandbox else None
    with _folder_beside(target) as folder:
        # The sandbox after the database: what Stripe has more is caught up with, not the reverse.
        copies.write_to(folder / BILLING)
        if sandbox:
            copy_sqlite(sandbox, folder / SANDBOX)
        manifest = Manifest(
            FORMAT, int(time.time()), copies.kind, copies.revision(), with_sandbox=bool(sandbox)
        )
        whole = folder / "whole"
        make_private(whole)
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(MANIFEST, json.dumps(asdict(manifest)))
            for name in (BILLING, *([SANDBOX] if sandbox else [])):
                archive.write(folder / name, name)
        whole.replace(target)
    return manifest


def restore(settings: Settings, source: Path) -> Manifest:
    """Put a backup where the settings say that the database is, and nothing is yet.

    Raises ``InvalidInput``, ``StoreFailure`` or ``NotConfigured``; then nothing was restored.
    """
    copies = _copies(settings)
    files = [*filter(None, [copies.file]), *([SANDBOX_DATABASE] if settings.wants_sandbox else [])]
    for file in files:
        if address := running_at(file):
            raise InvalidInput(
                f"A dashboard uses {file}, at {address}.", "Stop it before you restore."
            )
    with _read(source) as archive:
        manifest = _manifest(archive, source)
        if manifest.kind != copies.kind:
            raise InvalidInput(
                f"The backup is of {manifest.kind}, {DATABASE_URL} is of {copies.kind}.",
                f"Set {DATABASE_URL} to an empty database of the same kind.",
            )
        if manifest.with_sandbox != settings.wants_sandbox:
            raise InvalidInput(
                "The backup is with the local sandbox, and a key is set."
                if manifest.with_sandbox
                else "The backup is of a Stripe account, and no key is set.",
                "Set or unset STRIPE_SECRET_KEY, as where it was made.",
            )
        if not is_known(manifest.revision):
            raise InvalidInput(
                "The backup was made by a newer release.", "Install that release, then restore."
            )
        if manifest.with_sandbox and not is_empty_sqlite(SANDBOX_DATABASE):
            raise StoreFailure(
                f"{SANDBOX_DATABASE} is not empty, so nothing was restored.", "Move it away."
            )
        with _folder_beside(copies.file or source) as folder:
            for name in (BILLING, *([SANDBOX] if manifest.with_sandbox else [])):
                archive.extract(name, folder)
            copies.read_from(folder / BILLING)
            if manifest.with_sandbox:
                restore_sqlite(folder / SANDBOX, SANDBOX_DATABASE)
    return manifest


def _copies(settings: Settings) -> DatabaseCopies:
    if problem := settings.problems.get(DATABASE_URL):
        raise problem
    usual = BILLING_DATABASE if settings.wants_sandbox else DEFAULT_DATABASE_URL
    return DatabaseCopies(settings.database_url or usual)


@contextmanager
def _folder_beside(file: Path) -> Iterator[Path]:
    """A folder on the same disk, for this user alone, that is gone afterwards."""
    try:
        file.absolute().parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with TemporaryDirectory(prefix=".backup-", dir=file.absolute().parent) as folder:
            yield Path(folder)
    except OSError as error:
        raise StoreFailure(f"{file} cannot be written: {error.strerror}.") from None


@contextmanager
def _read(source: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(source) as archive:
            yield archive
    except FileNotFoundError:
        raise InvalidInput(f"There is no file {source}.", "Name a backup.") from None
    except (zipfile.BadZipFile, zlib.error) as error:
        raise InvalidInput(f"{source} is damaged: {error}", "Use another backup.") from None


def _manifest(archive: zipfile.ZipFile, source: Path) -> Manifest:
    try:
        found: dict[str, Any] = json.loads(archive.read(MANIFEST))
        if found["format"] == FORMAT:
            return Manifest(**found)
    except (KeyError, TypeError, ValueError):
        pass
    raise InvalidInput(
        f"{source} is not a backup that this release can read.",
        "Use the release that it was made with.",
    )
