"""How far the sync worker has read Stripe's lists, saved in one transaction with what it read.

A checkpoint is a JSON object: ``account``, ``session`` and ``event`` (the cursors), ``left`` (the
ranges of the backfill that are unread), ``read``, ``complete``, ``as_of``, and the last failure.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from billing.errors import BillingError, NotConfigured
from billing.settings.model import DATABASE_URL
from billing.store import sync_state

if TYPE_CHECKING:
    from billing.store import Connection

CHECKPOINT = "mirror"
GENERATION = "mirror_reads_again"  # a token; a checkpoint with another one does not count

JSON = dict[str, Any]


def load(connection: Connection) -> JSON:
    """The last checkpoint; only its ``account`` after ``restart``."""
    saved: JSON = sync_state.load(connection, CHECKPOINT) or {}
    generation = sync_state.load(connection, GENERATION)
    if saved.get("again") == generation:
        return saved
    return pick(saved, "account") | {"again": generation}


def save(connection: Connection, position: JSON) -> None:
    """Replace it, for the next step of whichever process."""
    sync_state.save(connection, CHECKPOINT, position)


def check_account(position: JSON, account: str, *, embedded: bool) -> None:
    """Raises ``BillingError`` when the checkpoint is of another account than ``account``.

    ``embedded``: it is the embedded sandbox's, which changes with its database file.
    """
    saved_account = position.get("account")
    if not saved_account or not account or saved_account == account:
        return
    if embedded:
        raise BillingError(
            "The sessions shown here belong to an earlier local sandbox, whose database file was "
            "removed or replaced.",
            "Reset everything under Demo data on the Test kit page, or restore that file and "
            "restart the app.",
        )
    raise NotConfigured(
        DATABASE_URL,
        f"The database contains the sessions of another Stripe account, {saved_account}; the key "
        f"belongs to {account}.",
        f"Set {DATABASE_URL} to another database for this account.",
    )


def record_failure(connection: Connection, failure: JSON) -> None:
    """Add the fields of a failure to the checkpoint."""
    sync_state.save(
        connection, CHECKPOINT, (sync_state.load(connection, CHECKPOINT) or {}) | failure
    )


def restart(connection: Connection) -> None:
    """Read everything again from the beginning; a checkpoint that a step under way still saves
    does not count."""
    sync_state.save(connection, GENERATION, uuid.uuid4().hex)


def pick(position: JSON, *names: str) -> JSON:
    """Those of its fields."""
    return {name: position[name] for name in names if name in position}
