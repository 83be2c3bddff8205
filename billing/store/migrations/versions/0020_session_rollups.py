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
COUNTED = f"{NOTED}, number, amount, went_back"
CHANGEABLE = f"{NOTED}, amount_total, amount_refunded, amount_disputed"


def values(sign: str, row: str = "") -> str:
    """What is noted of a session: of its row, or of the trigger's ``NEW`` or ``OLD`` one."""
    noted = ", ".join(f"{row}{name}" for name in NOTED.split(", "))
    amount = f"{sign}COALESCE({row}amount_total, 0)"
    return f"{noted}, {sign}1, {amount}, {sign}({row}amount_refunded + {row}amount_disputed)"


def insert(values: str, source: str = "") -> str:
    return f"INSERT INTO session_deltas ({COUNTED}) SELECT {values} {source}"


def sqlite_triggers() -> list[str]:
    old, new = (
        ", ".join(f"{row}.{one}" for one in CHANGEABLE.split(", ")) for row in ("OLD", "NEW")
    )
    return [
        f"""CREATE TRIGGER session_inserted AFTER INSERT ON checkout_sessions BEGIN
            {insert(values("", "NEW."))}; END""",
        f"""CREATE TRIGGER session_deleted AFTER DELETE ON checkout_sessions BEGIN
            {insert(values("-", "OLD."))}; END""",
        f"""CREATE TRIGGER session_updated AFTER UPDATE OF {CHANGEABLE} ON checkout_sessions
            WHEN ({old}) IS NOT ({new}) BEGIN
            {insert(values("-", "OLD."))}; {insert(values("", "NEW."))}; END""",
    ]


def postgresql_triggers() -> list[str]:
    after, before = (f"SELECT {values(one)}" for one in ("", "-"))
    both = f"{after} FROM after_change UNION ALL {before} FROM before_change"
    changed = insert(
        f"{NOTED}, SUM(number), SUM(amount), SUM(went_back)",
        f"""FROM ({both}) AS changes ({COUNTED}) GROUP BY {NOTED}
        HAVING SUM(number) <> 0 OR SUM(amount) <> 0 OR SUM(went_back) <> 0""",
    )
    functions = {
        "inserted": insert(values(""), "FROM after_change"),
        "deleted": insert(values("-"), "FROM before_change"),
        "updated": changed,
    }
    rows = {
        "inserted": ("INSERT", "NEW TABLE AS after_change"),
        "deleted": ("DELETE", "OLD TABLE AS before_change"),
        "updated": ("UPDATE", "OLD TABLE AS before_change NEW TABLE AS after_change"),
    }
    return [
        statement
        for name, (change, tables) in rows.items()
        for statement in (
            f"""CREATE FUNCTION session_{name}() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN {functions[name]}; RETURN NULL; END $$""",
            f"""CREATE TRIGGER session_{name} AFTER {change} ON checkout_sessions
                REFERENCING {tables} FOR EACH STATEMENT EXECUTE FUNCTION session_{name}()""",
        )
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
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "session_rollups",
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("phase", sa.Integer(), nullable=False),
        sa.Column("facet", sa.String(length=16), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("value", sa.String(length=100), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("went_back", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("length", "phase", "facet", "start", "source", "kind", "value"),
        sqlite_with_rowid=False,
    )
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    for trigger in postgresql_triggers() if on_postgresql else sqlite_triggers():
        op.execute(sa.text(trigger))
    op.execute(sa.text(insert(values(""), "FROM checkout_sessions")))
