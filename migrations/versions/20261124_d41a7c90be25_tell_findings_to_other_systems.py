"""Tell findings to other systems.

Revision d41a7c90be25, after b52f9d3e61a8; 2026-11-24. Types are spelled out here, so that a later change of
`fleetscan.store.columns` does not change what this revision means.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "d41a7c90be25"
down_revision: str | Sequence[str] | None = "b52f9d3e61a8"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the outbox."""
    op.create_table(
        "delivery",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("sink", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("happened_at", sa.BigInteger(), nullable=False),
        sa.Column("sweep_id", _BIG_ID, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("attempts", _BIG_ID, nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["sweep_id"], ["sweep.id"], name="fk_delivery_sweep_id_sweep"),
        sa.PrimaryKeyConstraint("id", name="pk_delivery"),
        sa.UniqueConstraint(
            "sink",
            "subject",
            "content",
            "occasion",
            "happened_at",
            name="uq_delivery_sink_subject_content_occasion_happened_at",
        ),
    )
    op.create_index("ix_delivery_sink_state", "delivery", ["sink", "state"], unique=False)


def downgrade() -> None:
    """Drop the outbox: what waits in it is not told, and all is told again after the next upgrade."""
    op.drop_table("delivery")
