"""The last run of each scenario of the Test kit"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "scenario_runs",
        sa.Column("scenario", sa.String(64), primary_key=True),
        sa.Column("run", sa.String(64), nullable=False, unique=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("alive_until", sa.Float(), nullable=False),
        sa.Column("stop_requested", sa.Boolean(), nullable=False),
    )
