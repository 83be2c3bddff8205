"""Lines of the ledger by session, and lines of the audit log by result, without reading them all"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("audit_by_result", "audit_log", ["result", "id"])
    if op.get_bind().dialect.name == "postgresql":
        # Sessions have their ids in this collation; PostgreSQL joins by an index of the same only.
        op.alter_column("ledger", "session_id", type_=sa.String(300, collation="C"))
