"""Search terms in one tree: nobody looks for the terms of a session"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.drop_index("terms_by_session", "session_terms")
        return
    # SQLite would keep the table and its key apart, and write every term twice.
    with op.batch_alter_table(
        "session_terms", recreate="always", table_kwargs={"sqlite_with_rowid": False}
    ) as batch_op:
        batch_op.drop_index("terms_by_session")
