"""Events by the beginning of an id"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        # The beginning of a text is found by its index in the C collation only.
        for column in ("id", "object_id"):
            op.alter_column("events", column, type_=sa.String(300, collation="C"))
