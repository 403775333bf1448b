"""Create the first schema.

Revision 7c1e4f0a92d3; 2026-11-24. Types are spelled out here, so that a later change of `fleetscan.store.columns` does
not change what this revision means.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "7c1e4f0a92d3"
down_revision: str | Sequence[str] | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_REFUSAL = "an approved baseline cannot be changed"
_DECIDED = "OLD.state <> 'proposed'"
# `IS DISTINCT FROM` in PostgreSQL, `IS NOT` in SQLite: both compare NULLs too.
_FROZEN_COLUMNS = (
    "cohort",
    "role",
    "os_id",
    "os_version_id",
    "version",
    "sweep_id",
    "hosts",
    "min_prevalence",
    "proposed_at",
    "proposed_by",
    "approved_at",
    "approved_by",
    "reason",
    "payload",
)


def upgrade() -> None:
    """Create all tables and the guard of approved baselines."""
    op.create_table(
        "artifact",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("mode", _BIG_ID, nullable=True),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("group", sa.Text(), nullable=False),
        sa.Column("size", _BIG_ID, nullable=True),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=True),
        sa.Column("properties", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_artifact")),
        sa.UniqueConstraint("digest", name=op.f("uq_artifact_digest")),
    )
    op.create_table(
        "blob",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("size", _BIG_ID, nullable=False),
        sa.Column("encoding", sa.SmallInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blob")),
        sa.UniqueConstraint("digest", name=op.f("uq_blob_digest")),
    )
    op.create_table(
        "coverage",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coverage")),
        sa.UniqueConstraint("digest", name=op.f("uq_coverage_digest")),
    )
    op.create_table(
        "facts",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_facts")),
        sa.UniqueConstraint("digest", name=op.f("uq_facts_digest")),
    )
    op.create_table(
        "failure",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failure")),
        sa.UniqueConstraint("digest", name=op.f("uq_failure_digest")),
    )
    op.create_table(
        "host",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_host")),
        sa.UniqueConstraint("name", name=op.f("uq_host_name")),
    )
    op.create_table(
        "known_key",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("pattern", sa.Text(), nullable=False),
        sa.Column("marker", sa.Text(), nullable=False),
        sa.Column("algorithm", sa.Text(), nullable=False),
        sa.Column("blob", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_key")),
        sa.UniqueConstraint("pattern", "marker", "fingerprint", name=op.f("uq_known_key_pattern_marker_fingerprint")),
    )
    op.create_table(
        "layer",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_layer")),
        sa.UniqueConstraint("digest", name=op.f("uq_layer_digest")),
    )
    op.create_table(
        "manifest",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_manifest")),
        sa.UniqueConstraint("digest", name=op.f("uq_manifest_digest")),
    )
    op.create_table(
        "sweep",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("hosts", _BIG_ID, nullable=False),
        sa.Column("selection", sa.Text(), nullable=False),
        sa.Column("tool_version", sa.Text(), nullable=False),
        sa.Column("probe_sha256", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sweep")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "baseline",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("cohort", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("os_id", sa.Text(), nullable=False),
        sa.Column("os_version_id", sa.Text(), nullable=False),
        sa.Column("version", _BIG_ID, nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("sweep_id", _BIG_ID, nullable=False),
        sa.Column("hosts", _BIG_ID, nullable=False),
        sa.Column("min_prevalence", sa.Float(), nullable=False),
        sa.Column("proposed_at", sa.BigInteger(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("approved_at", sa.BigInteger(), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["sweep_id"], ["sweep.id"], name=op.f("fk_baseline_sweep_id_sweep")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_baseline")),
        sa.UniqueConstraint("cohort", "version", name=op.f("uq_baseline_cohort_version")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "host_identity",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("host_id", _BIG_ID, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("machine_id", sa.Text(), nullable=False),
        sa.Column("hostname", sa.Text(), nullable=False),
        sa.Column("host_key", sa.Text(), nullable=False),
        sa.Column("first_sweep", _BIG_ID, nullable=False),
        sa.Column("last_sweep", _BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(["first_sweep"], ["sweep.id"], name=op.f("fk_host_identity_first_sweep_sweep")),
        sa.ForeignKeyConstraint(["host_id"], ["host.id"], name=op.f("fk_host_identity_host_id_host")),
        sa.ForeignKeyConstraint(["last_sweep"], ["sweep.id"], name=op.f("fk_host_identity_last_sweep_sweep")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_host_identity")),
        sa.UniqueConstraint("host_id", "digest", name=op.f("uq_host_identity_host_id_digest")),
    )
    op.create_table(
        "host_manifest",
        sa.Column("host_id", _BIG_ID, autoincrement=False, nullable=False),
        sa.Column("number", _BIG_ID, autoincrement=False, nullable=False),
        sa.Column("manifest_id", _BIG_ID, nullable=False),
        sa.Column("first_sweep", _BIG_ID, nullable=False),
        sa.Column("last_sweep", _BIG_ID, nullable=False),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["first_sweep"], ["sweep.id"], name=op.f("fk_host_manifest_first_sweep_sweep")),
        sa.ForeignKeyConstraint(["host_id"], ["host.id"], name=op.f("fk_host_manifest_host_id_host")),
        sa.ForeignKeyConstraint(["last_sweep"], ["sweep.id"], name=op.f("fk_host_manifest_last_sweep_sweep")),
        sa.ForeignKeyConstraint(["manifest_id"], ["manifest.id"], name=op.f("fk_host_manifest_manifest_id_manifest")),
        sa.PrimaryKeyConstraint("host_id", "number", name=op.f("pk_host_manifest")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_host_manifest_manifest_id"), "host_manifest", ["manifest_id"], unique=False)
    op.create_table(
        "host_runtime",
        sa.Column("host_id", _BIG_ID, autoincrement=False, nullable=False),
        sa.Column("sweep_id", _BIG_ID, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["host_id"], ["host.id"], name=op.f("fk_host_runtime_host_id_host")),
        sa.ForeignKeyConstraint(["sweep_id"], ["sweep.id"], name=op.f("fk_host_runtime_sweep_id_sweep")),
        sa.PrimaryKeyConstraint("host_id", name=op.f("pk_host_runtime")),
    )
    op.create_table(
        "layer_artifact",
        sa.Column("layer_id", _BIG_ID, autoincrement=False, nullable=False),
        sa.Column("artifact_id", _BIG_ID, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["artifact_id"], ["artifact.id"], name=op.f("fk_layer_artifact_artifact_id_artifact")),
        sa.ForeignKeyConstraint(["layer_id"], ["layer.id"], name=op.f("fk_layer_artifact_layer_id_layer")),
        sa.PrimaryKeyConstraint("layer_id", "artifact_id", name=op.f("pk_layer_artifact")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_layer_artifact_artifact_id"), "layer_artifact", ["artifact_id"], unique=False)
    op.create_table(
        "mail_delivery",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("sweep_id", _BIG_ID, nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("attempts", _BIG_ID, nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["sweep_id"], ["sweep.id"], name=op.f("fk_mail_delivery_sweep_id_sweep")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_delivery")),
        sa.UniqueConstraint("sweep_id", "recipient", "kind", name=op.f("uq_mail_delivery_sweep_id_recipient_kind")),
    )
    op.create_index(op.f("ix_mail_delivery_state"), "mail_delivery", ["state"], unique=False)
    op.create_table(
        "manifest_layer",
        sa.Column("manifest_id", _BIG_ID, autoincrement=False, nullable=False),
        sa.Column("layer_id", _BIG_ID, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["layer_id"], ["layer.id"], name=op.f("fk_manifest_layer_layer_id_layer")),
        sa.ForeignKeyConstraint(["manifest_id"], ["manifest.id"], name=op.f("fk_manifest_layer_manifest_id_manifest")),
        sa.PrimaryKeyConstraint("manifest_id", "layer_id", name=op.f("pk_manifest_layer")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_manifest_layer_layer_id"), "manifest_layer", ["layer_id"], unique=False)
    op.create_table(
        "visit",
        sa.Column("sweep_id", _BIG_ID, autoincrement=False, nullable=False),
        sa.Column("host_id", _BIG_ID, autoincrement=False, nullable=False),
        sa.Column("outcome", sa.SmallInteger(), nullable=False),
        sa.Column("manifest_id", _BIG_ID, nullable=True),
        sa.Column("facts_id", _BIG_ID, nullable=True),
        sa.Column("identity_id", _BIG_ID, nullable=True),
        sa.Column("coverage_id", _BIG_ID, nullable=True),
        sa.Column("failure_id", _BIG_ID, nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("duration_ms", _BIG_ID, nullable=False),
        sa.Column("bytes_received", _BIG_ID, nullable=False),
        sa.Column("host_cpu_ms", _BIG_ID, nullable=True),
        sa.ForeignKeyConstraint(["coverage_id"], ["coverage.id"], name=op.f("fk_visit_coverage_id_coverage")),
        sa.ForeignKeyConstraint(["facts_id"], ["facts.id"], name=op.f("fk_visit_facts_id_facts")),
        sa.ForeignKeyConstraint(["failure_id"], ["failure.id"], name=op.f("fk_visit_failure_id_failure")),
        sa.ForeignKeyConstraint(["host_id"], ["host.id"], name=op.f("fk_visit_host_id_host")),
        sa.ForeignKeyConstraint(["identity_id"], ["host_identity.id"], name=op.f("fk_visit_identity_id_host_identity")),
        sa.ForeignKeyConstraint(["manifest_id"], ["manifest.id"], name=op.f("fk_visit_manifest_id_manifest")),
        sa.ForeignKeyConstraint(["sweep_id"], ["sweep.id"], name=op.f("fk_visit_sweep_id_sweep")),
        sa.PrimaryKeyConstraint("sweep_id", "host_id", name=op.f("pk_visit")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_visit_host_id_sweep_id"), "visit", ["host_id", "sweep_id"], unique=False)
    for statement in _guard_statements(op.get_bind().dialect.name):
        op.execute(sa.text(statement))


def downgrade() -> None:
    """Drop everything; all history is lost."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.text("DROP TRIGGER baseline_guard ON baseline"))
        op.execute(sa.text("DROP FUNCTION refuse_baseline_change()"))
    op.drop_table("visit")
    op.drop_table("manifest_layer")
    op.drop_table("mail_delivery")
    op.drop_table("layer_artifact")
    op.drop_table("host_runtime")
    op.drop_table("host_manifest")
    op.drop_table("host_identity")
    op.drop_table("baseline")
    op.drop_table("sweep")
    op.drop_table("manifest")
    op.drop_table("layer")
    op.drop_table("known_key")
    op.drop_table("host")
    op.drop_table("failure")
    op.drop_table("facts")
    op.drop_table("coverage")
    op.drop_table("blob")
    op.drop_table("artifact")


def _guard_statements(dialect: str) -> tuple[str, ...]:
    if dialect == "sqlite":
        changed = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in _FROZEN_COLUMNS)
        refuse = f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        guarded = f"{_DECIDED} AND (NEW.state <> 'retired' OR {changed})"
        return (
            f"CREATE TRIGGER baseline_guard BEFORE UPDATE ON baseline WHEN {guarded} {refuse}",
            f"CREATE TRIGGER baseline_keep BEFORE DELETE ON baseline WHEN {_DECIDED} {refuse}",
        )
    changed = " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in _FROZEN_COLUMNS)
    return (
        f"""
        CREATE FUNCTION refuse_baseline_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' THEN
                IF {_DECIDED} THEN
                    RAISE EXCEPTION '{_REFUSAL}' USING ERRCODE = 'integrity_constraint_violation';
                END IF;
                RETURN OLD;
            END IF;
            IF {_DECIDED} AND (NEW.state <> 'retired' OR {changed}) THEN
                RAISE EXCEPTION '{_REFUSAL}' USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NEW;
        END $$
        """,
        """
        CREATE TRIGGER baseline_guard BEFORE UPDATE OR DELETE ON baseline
        FOR EACH ROW EXECUTE FUNCTION refuse_baseline_change()
        """,
    )
