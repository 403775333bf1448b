"""Content-addressed tables: what was seen anywhere, once for the whole fleet.

    blob        bytes of files
    artifact    one piece of evidence        ┐ an artifact names its bytes by hash, not by row: content that was
    layer       a set of artifacts           │ refused (too large, unreadable) is still evidence
    manifest    the whole state of a host    ┘ a set of layers
    facts, coverage, failure                 JSON documents that many visits share

Hosts of one image differ in a few files only; splitting a manifest into layers lets them share the rest.
"""

from sqlalchemy import ForeignKey, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from fleetscan.model.ids import Scope, Sha256
from fleetscan.store.tables.declarative import Row


class BlobRow(Row):
    """Bytes of one file; `encoding` is a `packing.Encoding`."""

    __tablename__ = "blob"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[Sha256] = mapped_column(unique=True)
    size: Mapped[int]
    encoding: Mapped[int] = mapped_column(SmallInteger)
    data: Mapped[bytes]


class ArtifactRow(Row):
    """One piece of evidence; `properties` is packed JSON, NULL when there are none."""

    __tablename__ = "artifact"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[Sha256] = mapped_column(unique=True)
    kind: Mapped[str]
    scope: Mapped[Scope]
    name: Mapped[str]
    mode: Mapped[int | None]
    owner: Mapped[str]
    group: Mapped[str]
    size: Mapped[int | None]
    target: Mapped[str]
    sha256: Mapped[Sha256 | None]
    properties: Mapped[bytes | None]


class LayerRow(Row):
    """A set of artifacts that hosts tend to have in common."""

    __tablename__ = "layer"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[Sha256] = mapped_column(unique=True)


class LayerArtifactRow(Row):
    """Membership of an artifact in a layer."""

    __tablename__ = "layer_artifact"
    __table_args__ = ({"sqlite_with_rowid": False},)

    layer_id: Mapped[int] = mapped_column(ForeignKey("layer.id"), primary_key=True, autoincrement=False)
    artifact_id: Mapped[int] = mapped_column(
        ForeignKey("artifact.id"), primary_key=True, autoincrement=False, index=True
    )


class ManifestRow(Row):
    """The complete state of a host; `digest` is over its artifacts, so it does not depend on how layers are cut."""

    __tablename__ = "manifest"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[Sha256] = mapped_column(unique=True)


class ManifestLayerRow(Row):
    """Membership of a layer in a manifest."""

    __tablename__ = "manifest_layer"
    __table_args__ = ({"sqlite_with_rowid": False},)

    manifest_id: Mapped[int] = mapped_column(ForeignKey("manifest.id"), primary_key=True, autoincrement=False)
    layer_id: Mapped[int] = mapped_column(ForeignKey("layer.id"), primary_key=True, autoincrement=False, index=True)


class FactsRow(Row):
    """`HostFacts` without machine id and host name, packed."""

    __tablename__ = "facts"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[Sha256] = mapped_column(unique=True)
    data: Mapped[bytes]


class CoverageRow(Row):
    """A `Coverage`, packed."""

    __tablename__ = "coverage"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[Sha256] = mapped_column(unique=True)
    data: Mapped[bytes]


class FailureRow(Row):
    """Reason, evidence lines and hint of a failed visit, packed."""

    __tablename__ = "failure"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[Sha256] = mapped_column(unique=True)
    data: Mapped[bytes]
