"""What is long of the requests in batches, and what they are found by as numbers

The log begins anew: its rows are of the last hours, and not worth the time to pack them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.execute("DELETE FROM request_terms")
    op.execute("DELETE FROM requests")
    op.add_column("requests", sa.Column("batch", ID, nullable=False, server_default="0"))
    op.create_table(
        "request_batches",
        sa.Column("id", ID, nullable=False),
        sa.Column("contents", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "request_hashes",
        sa.Column("request", ID, nullable=False),
        sa.Column("hash", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("request", "hash"),
        sqlite_with_rowid=False,
    )
    op.create_index("requests_by_hash", "request_hashes", ["hash", "request"])
