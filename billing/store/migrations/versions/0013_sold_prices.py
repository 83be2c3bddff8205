"""The Prices that settings have named, so that what was sold at them is still recognized"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sold_prices",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("price_id", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("kind", "price_id"),
    )
