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
FIRST_LINE = f"{NOTED}, 0, 0, 0, 1"  # of the ledger, about a session
# A plan is made once, and that on tables that may still be empty.
BY_INDEX = "SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off"
CHANGEABLE = f"{NOTED}, amount_total, amount_refunded, amount_disputed"


def values(sign: str, row: str = "") -> str:
    """What is noted of a session: of its row, or of the trigger's ``NEW`` or ``OLD`` one."""
    noted = ", ".join(f"{row}{name}" for name in NOTED.split(", "))
    amount = f"{sign}COALESCE({row}amount_total, 0)"
    went_back = f"{sign}({row}amount_refunded + {row}amount_disputed)"
    granted = f"EXISTS (SELECT 1 FROM ledger WHERE ledger.session_id = {row}id)"  # noqa: S608
    return f"{noted}, {sign}1, {amount}, {went_back}, CASE WHEN {granted} THEN {sign}1 ELSE 0 END"


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
        f"""CREATE TRIGGER session_granted AFTER INSERT ON ledger
            WHEN NEW.session_id IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM ledger WHERE session_id = NEW.session_id
                AND (subject, sequence) <> (NEW.subject, NEW.sequence)
            ) BEGIN
            {insert(FIRST_LINE, "FROM checkout_sessions WHERE id = NEW.session_id")}; END""",  # noqa: S608
    ]


def postgresql_triggers() -> list[str]:
    after, before = (f"SELECT {values(one)}" for one in ("", "-"))
    both = f"{after} FROM after_change UNION ALL {before} FROM before_change"
    changed = insert(
        f"{NOTED}, SUM(number), SUM(amount), SUM(went_back), SUM(granted)",
        f"""FROM ({both}) AS changes ({COUNTED}) GROUP BY {NOTED}
        HAVING SUM(number) <> 0 OR SUM(amount) <> 0 OR SUM(went_back) <> 0
        OR SUM(granted) <> 0""",
    )
    functions = {
        "inserted": insert(values(""), "FROM after_change"),
        "deleted": insert(values("-"), "FROM before_change"),
        "updated": changed,
        "granted": insert(
            FIRST_LINE,
            """FROM checkout_sessions WHERE id IN (
                SELECT session_id FROM after_change WHERE NOT EXISTS (
                    SELECT 1 FROM ledger WHERE ledger.session_id = after_change.session_id
                    AND (ledger.subject, ledger.sequence)
                    NOT IN (SELECT subject, sequence FROM after_change)
                )
            )""",
        ),
    }
    rows = {
        "inserted": ("INSERT ON checkout_sessions", "NEW TABLE AS after_change"),
        "deleted": ("DELETE ON checkout_sessions", "OLD TABLE AS before_change"),
        "updated": (
            "UPDATE ON checkout_sessions",
            "OLD TABLE AS before_change NEW TABLE AS after_change",
        ),
        "granted": ("INSERT ON ledger", "NEW TABLE AS after_change"),
    }
    return [
        statement
        for name, (change, tables) in rows.items()
        for statement in (
            f"""CREATE FUNCTION session_{name}() RETURNS trigger LANGUAGE plpgsql
                {BY_INDEX} AS
                $$ BEGIN {functions[name]}; RETURN NULL; END $$""",
            f"""CREATE TRIGGER session_{name} AFTER {change}
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
    op.execute(sa.text(insert(values(""), "FROM checkout_sessions")))
