"""Sessions counted by period, so that figures read as much over a million as over ten thousand

The database itself notes each change of a session: so does what a process of the release before
changes, which knows nothing of it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

NOTED = "created, outcome, source, kind, currency, failure_code, completed_at"
COUNTED = f"{NOTED}, number, amount, went_back, granted"
CHANGEABLE = f"{NOTED}, amount_total, amount_refunded, amount_disputed"

# A plan is made once, and that on tables that may still be empty.
BY_INDEX = "SET enable_seqscan = off"


def of_row(names: str, row: str) -> str:
    return ", ".join(f"{row}{name}" for name in names.split(", "))


def still_paid(row: str) -> str:
    """Whether it matters if the ledger has a line about a session."""
    return f"{row}outcome IN ('paid', 'partly_refunded') AND {row}kind IS NOT NULL"


def is_as_granted_as_before() -> str:
    """Of an update: a grant counts for the same as before, so that it need not be looked up."""
    same = "OLD.created = NEW.created AND OLD.source = NEW.source AND OLD.kind = NEW.kind"
    return f"{still_paid('OLD.')} AND {still_paid('NEW.')} AND {same}"


def is_granted(row: str) -> str:
    return f"EXISTS (SELECT 1 FROM ledger WHERE ledger.session_id = {row}id)"  # noqa: S608


def values(sign: str, row: str = "", granted: str = "") -> str:
    """What is noted of a session: of its row, or of the trigger's ``NEW`` or ``OLD`` one."""
    amount = f"{sign}COALESCE({row}amount_total, 0)"
    went_back = f"{sign}({row}amount_refunded + {row}amount_disputed)"
    condition = f"{still_paid(row)} AND {granted or is_granted(row)}"
    counts = f"CASE WHEN {condition} THEN {sign}1 ELSE 0 END"
    return f"{of_row(NOTED, row)}, {sign}1, {amount}, {went_back}, {counts}"


def change(granted: str) -> str:
    """What is noted of an update."""
    looked_up = f"NOT ({is_as_granted_as_before()}) AND {granted}"
    return f"({values('-', 'OLD.', looked_up)}), ({values('', 'NEW.', looked_up)})"


def insert(rows: str) -> str:
    return f"INSERT INTO session_deltas ({COUNTED}) {rows}"


# Before it is written: of several lines in one statement, the first alone finds none.
FIRST_LINE = insert(
    f"""SELECT {NOTED}, 0, 0, 0, 1 FROM checkout_sessions
    WHERE id = NEW.session_id AND {still_paid("")} AND NOT {is_granted("checkout_sessions.")}"""  # noqa: S608
)


def sqlite_triggers() -> list[str]:
    old, new = of_row(CHANGEABLE, "OLD."), of_row(CHANGEABLE, "NEW.")
    added, removed = values("", "NEW."), values("-", "OLD.")
    changed = change(is_granted("NEW."))
    return [
        f"""CREATE TRIGGER session_inserted AFTER INSERT ON checkout_sessions BEGIN
            {insert(f"VALUES ({added})")}; END""",
        f"""CREATE TRIGGER session_deleted AFTER DELETE ON checkout_sessions BEGIN
            {insert(f"VALUES ({removed})")}; END""",
        f"""CREATE TRIGGER session_updated AFTER UPDATE OF {CHANGEABLE} ON checkout_sessions
            WHEN ({old}) IS NOT ({new}) BEGIN
            {insert(f"VALUES {changed}")}; END""",
        f"""CREATE TRIGGER session_granted BEFORE INSERT ON ledger
            WHEN NEW.session_id IS NOT NULL BEGIN {FIRST_LINE}; END""",
    ]


def postgresql_triggers() -> list[str]:
    old, new = of_row(CHANGEABLE, "OLD."), of_row(CHANGEABLE, "NEW.")
    # Looked up by a function of its own, which costs nothing where it is not called.
    granted = "session_is_granted({}id)".format
    added, removed = values("", "NEW.", granted("NEW.")), values("-", "OLD.", granted("OLD."))
    # Each row by itself: tables of all that changed cost several times as much for one session, and
    # as much again for a statement that changes nothing.
    triggers = {
        "inserted": ("AFTER INSERT ON checkout_sessions", "", insert(f"VALUES ({added})")),
        "deleted": ("AFTER DELETE ON checkout_sessions", "", insert(f"VALUES ({removed})")),
        "updated": (
            f"AFTER UPDATE OF {CHANGEABLE} ON checkout_sessions",
            f"WHEN (({old}) IS DISTINCT FROM ({new}))",
            insert(f"VALUES {change(granted('NEW.'))}"),
        ),
        "granted": ("BEFORE INSERT ON ledger", "WHEN (NEW.session_id IS NOT NULL)", FIRST_LINE),
    }
    return [
        f"""CREATE FUNCTION session_is_granted(name text) RETURNS boolean LANGUAGE plpgsql
        {BY_INDEX} AS $$ BEGIN
            RETURN EXISTS (SELECT 1 FROM ledger WHERE session_id = name COLLATE "C");
        END $$""",  # noqa: S608
        *(
            statement
            for name, (moment, when, noted) in triggers.items()
            for statement in (
                f"""CREATE FUNCTION session_{name}() RETURNS trigger LANGUAGE plpgsql
                {BY_INDEX if name == "granted" else ""} AS
                $$ BEGIN {noted}; RETURN NEW; END $$""",
                f"""CREATE TRIGGER session_{name} {moment} FOR EACH ROW {when}
                EXECUTE FUNCTION session_{name}()""",
            )
        ),
    ]


def upgrade() -> None:
    op.create_table(
        "session_deltas",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("failure_code", sa.String(length=100), nullable=True),
        sa.Column("completed_at", sa.BigInteger(), nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("went_back", sa.BigInteger(), nullable=False),
        sa.Column("granted", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "session_rollups",
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("phase", sa.Integer(), nullable=False),
        sa.Column("facet", sa.String(length=16), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.String(length=100), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("went_back", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("length", "phase", "facet", "start", "value", "source", "kind"),
        sqlite_with_rowid=False,
    )
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    for trigger in postgresql_triggers() if on_postgresql else sqlite_triggers():
        op.execute(sa.text(trigger))
    every = f"SELECT {values('', 'checkout_sessions.')} FROM checkout_sessions"  # noqa: S608
    op.execute(sa.text(insert(every)))
