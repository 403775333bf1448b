"""All tables. Importing this package fills `Row.metadata`, which migrations are compared with."""

from fleetscan.store.tables.decisions import BaselineApprovalRow, BaselineRow, KnownKeyRow, MailDeliveryRow
from fleetscan.store.tables.declarative import Row
from fleetscan.store.tables.evidence import (
    ArtifactRow,
    BlobRow,
    CoverageRow,
    FactsRow,
    FailureRow,
    LayerArtifactRow,
    LayerRow,
    ManifestLayerRow,
    ManifestRow,
)
from fleetscan.store.tables.history import (
    HostIdentityRow,
    HostManifestRow,
    HostRow,
    HostRuntimeRow,
    SweepRow,
    VisitRow,
)
from fleetscan.store.tables.judgement import FindingEventRow, FindingExceptionRow, FindingRow
from fleetscan.store.tables.outbox import DeliveryRow

__all__ = [
    "ArtifactRow",
    "BaselineApprovalRow",
    "BaselineRow",
    "BlobRow",
    "CoverageRow",
    "DeliveryRow",
    "FactsRow",
    "FailureRow",
    "FindingEventRow",
    "FindingExceptionRow",
    "FindingRow",
    "HostIdentityRow",
    "HostManifestRow",
    "HostRow",
    "HostRuntimeRow",
    "KnownKeyRow",
    "LayerArtifactRow",
    "LayerRow",
    "MailDeliveryRow",
    "ManifestLayerRow",
    "ManifestRow",
    "Row",
    "SweepRow",
    "VisitRow",
]
