"""Behind which gaps an artifact could hide."""

import pytest

from fleetscan.model.coverage import SUPPLEMENTARY
from fleetscan.model.snapshot import ArtifactKind
from fleetscan.store.sightings import AREAS


@pytest.mark.parametrize("kind", list(ArtifactKind), ids=lambda kind: kind.name)
def test_every_kind_of_artifact_can_hide_behind_a_gap_of_some_area(kind: ArtifactKind) -> None:
    assert AREAS[kind]


def test_what_only_adds_evidence_is_not_hidden_by_gaps_of_what_runs() -> None:
    for kind in (ArtifactKind.PACKAGE, ArtifactKind.AUDIT_RULE, ArtifactKind.GRANT, ArtifactKind.ACCOUNT):
        assert set(AREAS[kind]) <= SUPPLEMENTARY
