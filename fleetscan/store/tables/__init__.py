"""All tables. Importing this package fills `Row.metadata`, which migrations are compared with."""

from fleetscan.store.tables.decisions import BaselineRow, KnownKeyRow, MailDeliveryRow
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

__all__ = [
    "ArtifactRow",
    "BaselineRow",
    "BlobRow",
    "CoverageRow",
    "FactsRow",
    "FailureRow",
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
