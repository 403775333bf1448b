"""Who was visited when, and what was seen: sweeps, hosts, visits and periods."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fleetscan.model.ids import HostName, Sha256, SweepId
from fleetscan.store.tables.declarative import Row


class SweepRow(Row):
    """One pass over a set of hosts. Numbers are never used twice.

    `judged_at` is the time of the findings that were recorded of it, NULL while there are none.
    """

    __tablename__ = "sweep"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[SweepId] = mapped_column(primary_key=True)
    state: Mapped[str]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    author: Mapped[str]
    hosts: Mapped[int]
    selection: Mapped[str]
    tool_version: Mapped[str]
    probe_sha256: Mapped[str]
    judged_at: Mapped[datetime | None]


class HostRow(Row):
    """A host that was visited at least once."""

    __tablename__ = "host"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[HostName] = mapped_column(unique=True)


class HostIdentityRow(Row):
    """One identity that a host showed, with the first and last sweep that saw it.

    `digest` is over machine id, host name and host key: an index on hostile text of any length is not possible in
    PostgreSQL (a B-tree entry is limited to 2.7 KB).
    """

    __tablename__ = "host_identity"
    __table_args__ = (UniqueConstraint("host_id", "digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    host_id: Mapped[int] = mapped_column(ForeignKey("host.id"))
    digest: Mapped[Sha256]
    machine_id: Mapped[str]
    hostname: Mapped[str]
    host_key: Mapped[str]
    first_sweep: Mapped[SweepId] = mapped_column(ForeignKey("sweep.id"))
    last_sweep: Mapped[SweepId] = mapped_column(ForeignKey("sweep.id"))


class VisitRow(Row):
    """One host's outcome in one sweep: the only row that an unchanged host adds.

    `outcome` is the position in `visits.OUTCOMES`. Either manifest, facts, identity and coverage are set, or failure.
    """

    __tablename__ = "visit"
    __table_args__ = (Index(None, "host_id", "sweep_id"), {"sqlite_with_rowid": False})

    sweep_id: Mapped[SweepId] = mapped_column(ForeignKey("sweep.id"), primary_key=True, autoincrement=False)
    host_id: Mapped[int] = mapped_column(ForeignKey("host.id"), primary_key=True, autoincrement=False)
    outcome: Mapped[int] = mapped_column(SmallInteger)
    manifest_id: Mapped[int | None] = mapped_column(ForeignKey("manifest.id"))
    facts_id: Mapped[int | None] = mapped_column(ForeignKey("facts.id"))
    identity_id: Mapped[int | None] = mapped_column(ForeignKey("host_identity.id"))
    coverage_id: Mapped[int | None] = mapped_column(ForeignKey("coverage.id"))
    failure_id: Mapped[int | None] = mapped_column(ForeignKey("failure.id"))
    started_at: Mapped[datetime]
    duration_ms: Mapped[int]
    bytes_received: Mapped[int]
    host_cpu_ms: Mapped[int | None]


class HostManifestRow(Row):
    """A period during which every visit of a host that gave state gave the same state.

    `number` counts a host's periods from 1 in order of time; the highest is the current one.
    """

    __tablename__ = "host_manifest"
    __table_args__ = ({"sqlite_with_rowid": False},)

    host_id: Mapped[int] = mapped_column(ForeignKey("host.id"), primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    manifest_id: Mapped[int] = mapped_column(ForeignKey("manifest.id"), index=True)
    first_sweep: Mapped[SweepId] = mapped_column(ForeignKey("sweep.id"))
    last_sweep: Mapped[SweepId] = mapped_column(ForeignKey("sweep.id"))
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]


class HostRuntimeRow(Row):
    """Volatile state of a host's latest visit that gave state; `data` is a packed `RuntimeState`."""

    __tablename__ = "host_runtime"

    host_id: Mapped[int] = mapped_column(ForeignKey("host.id"), primary_key=True, autoincrement=False)
    sweep_id: Mapped[SweepId] = mapped_column(ForeignKey("sweep.id"))
    data: Mapped[bytes]
