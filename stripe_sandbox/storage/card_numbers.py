"""Numbers of cards in files of older releases: a session's row held the number that paid it, an
idempotency key's row all parameters. Now the payment method says which test card it was."""

from __future__ import annotations

import hashlib
import logging
import sqlite3

from stripe_sandbox.storage.database import Database

logger = logging.getLogger(__name__)

_SETTING, _DONE = "card_numbers", "removed"
_LENGTH = 64


def digest_of(parameters: bytes) -> str:
    """What is stored of a request's parameters, to tell another request under its key."""
    return hashlib.sha256(parameters).hexdigest()


def remove_card_numbers(database: Database) -> None:
    """Take them out of the file, and out of the parts of it that are not in use; done once. Without
    the disk space for the latter it is tried again at the next opening."""
    if database.setting(_SETTING) == _DONE:
        return
    with database.transaction():
        is_new = database.row("SELECT 1 FROM settings") is None
        database.write(
            "UPDATE checkout_sessions SET hidden = json_remove(hidden, '$.card') "
            "WHERE hidden ->> '$.card' IS NOT NULL"
        )
        for key, parameters in database.rows(
            "SELECT key, parameters FROM idempotency_keys WHERE length(parameters) != ?", (_LENGTH,)
        ):
            database.write(
                "UPDATE idempotency_keys SET parameters = ? WHERE key = ?",
                (digest_of(parameters.encode()), key),
            )
    try:
        if not is_new:
            database.compact()
    except sqlite3.OperationalError as error:
        logger.warning("Old card numbers may be left in unused parts of the file: %s", error)
    else:
        database.set_setting(_SETTING, _DONE)
