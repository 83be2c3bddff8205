"""Where the follower stands in Stripe's lists: kept with what it has read, in one transaction."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from billing.errors import BillingError, NotConfigured
from billing.settings.model import DATABASE_URL
from billing.store import sync_state

if TYPE_CHECKING:
    from billing.store import Connection

POSITION = "mirror"
AGAIN = "mirror_reads_again"  # a token: what was read under another one is read again

JSON = dict[str, Any]


def load(connection: Connection) -> JSON:
    """What the last step left, unless all is to be read again since."""
    saved: JSON = sync_state.load(connection, POSITION) or {}
    again = sync_state.load(connection, AGAIN)
    if saved.get("again") == again:
        return saved
    return only(saved, "account") | {"again": again}


def save(connection: Connection, position: JSON) -> None:
    """Keep it for the next step, of whichever process."""
    sync_state.save(connection, POSITION, position)


def check_account(position: JSON, account: str, *, embedded: bool) -> None:
    """Raises ``BillingError`` when what is kept is of another account than the key's; ``embedded``:
    the key is the embedded sandbox's, which is another one once its file is."""
    kept = position.get("account")
    if not kept or not account or kept == account:
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
        f"The database contains the sessions of another Stripe account, {kept}; the key belongs "
        f"to {account}.",
        f"Set {DATABASE_URL} to another database for this account.",
    )


def record_failure(connection: Connection, remark: JSON) -> None:
    """Add to what is saved."""
    sync_state.save(connection, POSITION, (sync_state.load(connection, POSITION) or {}) | remark)


def restart(connection: Connection) -> None:
    """Have all read again, also when a step is under way: what it saves no longer counts."""
    sync_state.save(connection, AGAIN, uuid.uuid4().hex)


def only(position: JSON, *names: str) -> JSON:
    """The part of it with these names."""
    return {name: position[name] for name in names if name in position}
