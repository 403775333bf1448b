"""Plans are shared by hosts with the same evidence, and by no others."""

import pytest

from fleetscan.model.digest import digest_bytes
from fleetscan.model.ids import SYSTEM, Sha256
from fleetscan.model.snapshot import Artifact, ArtifactKind, HostFacts
from fleetscan.sweep.plan import Planner

FACTS = HostFacts(systemd_version=252, unit_path=("/etc/systemd/system", "/usr/lib/systemd/system"))
TIMER, SERVICE = b"[Timer]\nOnCalendar=daily\n", b"[Service]\nExecStart=/opt/tool\n"
TEXTS = {"tool.timer": TIMER, "tool.service": SERVICE}
ARTIFACTS = tuple(
    Artifact(
        kind=ArtifactKind.FILE,
        scope=SYSTEM,
        name=f"/etc/systemd/system/{name}",
        mode=0o644,
        size_bytes=len(text),
        sha256=digest_bytes(text),
    )
    for name, text in sorted(TEXTS.items())
)


def contents(*texts: bytes) -> dict[Sha256, bytes]:
    return {digest_bytes(text): text for text in texts}


def test_the_same_evidence_gives_the_same_plan() -> None:
    planner = Planner()
    plan = planner.plan(FACTS, ARTIFACTS, contents(TIMER, SERVICE))
    assert [ref.name for ref in plan.references] == ["/opt/tool"]
    assert planner.plan(FACTS, ARTIFACTS, contents(TIMER, SERVICE)) is plan


@pytest.mark.parametrize("given", [(TIMER,), ()])
def test_a_host_that_gives_other_texts_decides_nothing_for_the_next(given: tuple[bytes, ...]) -> None:
    planner = Planner()
    assert not planner.plan(FACTS, ARTIFACTS, contents(*given)).references
    missing_one = contents(SERVICE) if given else contents(TIMER, SERVICE)
    assert [ref.name for ref in planner.plan(FACTS, ARTIFACTS, missing_one).references] == ["/opt/tool"]
