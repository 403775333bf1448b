"""Keep findings, exceptions and the approvals of several persons.

Revision b52f9d3e61a8, after 7c1e4f0a92d3; 2026-11-24. Types are spelled out here, so that a later change of
`fleetscan.store.columns` does not change what this revision means.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "b52f9d3e61a8"
down_revision: str | Sequence[str] | None = "7c1e4f0a92d3"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_DECIDED = "OLD.state <> 'proposed'"
_CONTENT = (
    "cohort",
    "role",
    "os_id",
    "os_version_id",
    "sweep_id",
    "hosts",
    "min_prevalence",
    "proposed_at",
    "proposed_by",
    "payload",
)
_ORIGIN = ("source", "note", "rolled_back_to")
_DECISION = ("version", "approved_at", "approved_by", "reason")
_EXCEPTION = (
    "id",
    "kind",
    "rule",
    "unit",
    "content",
    "host",
    "group",
    "cohort",
    "reason",
    "owner",
    "ticket",
    "author",
    "created_at",
    "expires_at",
)


def upgrade() -> None:
    """Create the tables, widen `baseline` and `sweep`, and set the guards."""
    dialect = op.get_bind().dialect.name
    _create_tables()
    _create_finding_tables()
    op.add_column("sweep", sa.Column("judged_at", sa.BigInteger(), nullable=True))
    op.add_column("baseline", sa.Column("source", sa.Text(), server_default="sweep", nullable=False))
    op.add_column("baseline", sa.Column("note", sa.Text(), server_default="", nullable=False))
    op.add_column("baseline", sa.Column("rolled_back_to", _BIG_ID, nullable=True))
    op.execute(
        sa.text(
            "INSERT INTO baseline_approval (baseline_id, number, author, reason, approved_at)"
            " SELECT id, 1, approved_by, reason, approved_at FROM baseline WHERE approved_at IS NOT NULL"
        )
    )
    _drop_guard(dialect, "baseline")
    _guard(dialect, "baseline", "an approved baseline cannot be changed", _baseline_condition(dialect), keep=_DECIDED)
    _guard(dialect, "baseline_approval", "an approval cannot be changed", "TRUE", keep="TRUE")
    _guard(dialect, "finding_exception", "an exception can only be revoked", _exception_condition(dialect), keep="TRUE")


def downgrade() -> None:
    """Drop findings, exceptions and all approvals but the last; who waits for another approval is a proposal again."""
    dialect = op.get_bind().dialect.name
    for table in ("finding_exception", "baseline_approval", "baseline"):
        _drop_guard(dialect, table)
    op.execute(sa.text("UPDATE baseline SET state = 'proposed' WHERE state = 'awaiting'"))
    op.drop_table("finding_event")
    op.drop_table("finding")
    op.drop_table("finding_exception")
    op.drop_table("baseline_approval")
    for column in ("rolled_back_to", "note", "source"):
        op.drop_column("baseline", column)
    op.drop_column("sweep", "judged_at")
    condition = f"OLD.state <> 'proposed' AND (NEW.state <> 'retired' OR {_changed(dialect, (*_CONTENT, *_DECISION))})"
    refusal = "an approved baseline cannot be changed"
    _guard(dialect, "baseline", refusal, condition, keep=_DECIDED)


def _create_tables() -> None:
    op.create_table(
        "baseline_approval",
        sa.Column("baseline_id", _BIG_ID, autoincrement=False, nullable=False),
        sa.Column("number", _BIG_ID, autoincrement=False, nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("approved_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["baseline_id"], ["baseline.id"], name="fk_baseline_approval_baseline_id_baseline"),
        sa.PrimaryKeyConstraint("baseline_id", "number", name="pk_baseline_approval"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "finding_exception",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("group", sa.Text(), nullable=False),
        sa.Column("cohort", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("ticket", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_finding_exception"),
        sqlite_autoincrement=True,
    )


def _create_finding_tables() -> None:
    op.create_table(
        "finding",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("host_id", _BIG_ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("thing", _BIG_ID, nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("technique", sa.Text(), nullable=False),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("content_since_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("first_sweep", _BIG_ID, nullable=False),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("last_sweep", _BIG_ID, nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("fixed_sweep", _BIG_ID, nullable=True),
        sa.Column("fixed_at", sa.BigInteger(), nullable=True),
        sa.Column("suppressed_by", _BIG_ID, nullable=True),
        sa.Column("acknowledged_by", sa.Text(), nullable=False),
        sa.Column("acknowledged_at", sa.BigInteger(), nullable=True),
        sa.Column("acknowledged_reason", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["first_sweep"], ["sweep.id"], name="fk_finding_first_sweep_sweep"),
        sa.ForeignKeyConstraint(["fixed_sweep"], ["sweep.id"], name="fk_finding_fixed_sweep_sweep"),
        sa.ForeignKeyConstraint(["host_id"], ["host.id"], name="fk_finding_host_id_host"),
        sa.ForeignKeyConstraint(["last_sweep"], ["sweep.id"], name="fk_finding_last_sweep_sweep"),
        sa.ForeignKeyConstraint(
            ["suppressed_by"], ["finding_exception.id"], name="fk_finding_suppressed_by_finding_exception"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_finding"),
    )
    op.create_index("ix_finding_host_id", "finding", ["host_id"], unique=False)
    op.create_index("ix_finding_thing", "finding", ["thing"], unique=False)
    op.create_table(
        "finding_event",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("finding_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["finding_id"], ["finding.id"], name="fk_finding_event_finding_id_finding"),
        sa.PrimaryKeyConstraint("id", name="pk_finding_event"),
    )
    op.create_index("ix_finding_event_finding_id", "finding_event", ["finding_id"], unique=False)


def _baseline_condition(dialect: str) -> str:
    """Refuse: of approved versions all but retirement; of those that wait, all but waiting on and being approved."""
    content = _changed(dialect, (*_CONTENT, *_ORIGIN))
    decision = _changed(dialect, _DECISION)
    return (
        f"(OLD.state IN ('approved', 'retired') AND (NEW.state <> 'retired' OR {content} OR {decision}))"
        f" OR (OLD.state = 'awaiting' AND (NEW.state NOT IN ('awaiting', 'approved') OR {content}"
        f" OR (NEW.state = 'awaiting' AND ({decision}))))"
    )


def _exception_condition(dialect: str) -> str:
    return f"OLD.revoked_at IS NOT NULL OR {_changed(dialect, _EXCEPTION)}"


def _changed(dialect: str, columns: Sequence[str]) -> str:
    """Compare with NULLs: `IS NOT` in SQLite, `IS DISTINCT FROM` in PostgreSQL."""
    differs = "IS NOT" if dialect == "sqlite" else "IS DISTINCT FROM"
    return " OR ".join(f'OLD."{name}" {differs} NEW."{name}"' for name in columns)


def _guard(dialect: str, table: str, refusal: str, condition: str, *, keep: str) -> None:
    """Refuse updates under a condition over OLD and NEW, and deletions under one over OLD."""
    if dialect == "sqlite":
        refuse = f"BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
        op.execute(sa.text(f"CREATE TRIGGER {table}_guard BEFORE UPDATE ON {table} WHEN {condition} {refuse}"))
        op.execute(sa.text(f"CREATE TRIGGER {table}_keep BEFORE DELETE ON {table} WHEN {keep} {refuse}"))
        return
    function = f"refuse_{table}_change"
    refuse = f"RAISE EXCEPTION '{refusal}' USING ERRCODE = 'integrity_constraint_violation'"
    op.execute(
        sa.text(
            f"""
            CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF TG_OP = 'DELETE' THEN
                    IF {keep} THEN {refuse}; END IF;
                    RETURN OLD;
                END IF;
                IF {condition} THEN {refuse}; END IF;
                RETURN NEW;
            END $$
            """
        )
    )
    op.execute(
        sa.text(
            f"CREATE TRIGGER {table}_guard BEFORE UPDATE OR DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION {function}()"
        )
    )


def _drop_guard(dialect: str, table: str) -> None:
    if dialect == "sqlite":
        op.execute(sa.text(f"DROP TRIGGER {table}_guard"))
        op.execute(sa.text(f"DROP TRIGGER {table}_keep"))
        return
    op.execute(sa.text(f"DROP TRIGGER {table}_guard ON {table}"))
    op.execute(sa.text(f"DROP FUNCTION refuse_{table}_change()"))
