from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.analyse.explain import Explainer
from fleetscan.analyse.fingerprint import seal_subject
from fleetscan.analyse.installed import Installed
from fleetscan.model.baseline import Prevalence
from fleetscan.model.coverage import Area, Coverage
from fleetscan.model.drift import DriftItem, DriftKind, ExplanationKind
from fleetscan.model.ids import HostName, Sha256
from fleetscan.model.program import Presence, Verification
from fleetscan.model.relation import Disagreement, DisagreementKind
from fleetscan.model.subject import Piece, PieceRole, Subject
from fleetscan.model.unit import UnitState
from tests.explain_data import PACKAGES, expectation_of, generator
from tests.model_data import ETC, WEB, gap, job, loose_unit, orphan_stamp, partial, read_stored, store_text
from tests.piece_data import USR, file_piece, packaged

UNOWNED = Verification.UNOWNED
STOCK = packaged(job(folder=USR))
NEWER = packaged(job(folder=USR, exec_start="/usr/bin/backup --new"), payload="c")
UPGRADED = Installed(
    versions={"backup": "2.0", "systemd": "252"},
    expected={"backup": "1.0"},
    timers={"backup": frozenset({"backup.timer", "backup.service"}), "systemd": frozenset({"clean.timer"})},
)
SAME = replace(UPGRADED, expected={"backup": "2.0"})
REMOVED = Installed(
    versions={"systemd": "252"}, expected={"backup": "1.0"}, timers={"systemd": frozenset({"clean.timer"})}
)


def item_of(kind: DriftKind, subject: Subject, expected: Subject | None = None) -> DriftItem:
    return DriftItem(
        host=HostName("web-1"),
        cohort=WEB,
        kind=kind,
        subject=subject,
        expected=expected,
        prevalence=Prevalence(0, 9),
        reference="peers",
    )


def explain(
    item: DriftItem,
    *,
    installed: Installed = UPGRADED,
    present: Sequence[Subject] = (),
    normal: Sequence[Subject] = (),
    coverage: Coverage | None = None,
) -> Mapping[ExplanationKind, str]:
    keys, norm = expectation_of(normal)
    explainer = Explainer(
        subjects={subject.key: subject for subject in present},
        coverage=coverage or Coverage(),
        installed=installed,
        keys=keys,
        norm=norm,
        contents=read_stored,
    )
    return {proof.kind: proof.detail for proof in explainer.explain_item(item)}


def installable(subject: Subject, text: str, name: str = "backup.timer") -> Subject:
    """Give a subject whose file of this name has an `[Install]` section."""
    sha256 = store_text(f"[Unit]\nDescription=x\n{text}\n")
    pieces = tuple(
        replace(p, sha256=sha256) if p.path.endswith(f"/{name}") and not _is_link(p) else p for p in subject.pieces
    )
    return seal_subject(replace(subject, pieces=pieces))


def _is_link(piece: Piece) -> bool:
    return piece.role is PieceRole.LINK


WANTED = installable(STOCK, "[Install]\nWantedBy=timers.target")


def test_an_upgrade_whose_files_verify_explains_itself() -> None:
    found = explain(item_of(DriftKind.CHANGED, NEWER, STOCK))
    assert found == {ExplanationKind.PACKAGE: "backup 1.0 → 2.0"}


def test_a_version_is_told_also_when_the_one_before_is_not_known() -> None:
    unknown = replace(UPGRADED, expected={})
    assert explain(item_of(DriftKind.CHANGED, NEWER, STOCK), installed=unknown) == {
        ExplanationKind.PACKAGE: "backup 2.0"
    }


@pytest.mark.parametrize(
    "verification", [v for v in Verification if v is not Verification.VERIFIED], ids=lambda v: v.name.lower()
)
@pytest.mark.parametrize("path", [f"{USR}/backup.service", "/usr/bin/backup"])
def test_no_file_that_differs_may_be_anything_but_verified(path: str, verification: Verification) -> None:
    tampered = packaged(job(folder=USR, exec_start="/usr/bin/backup --new"), payload="c", marks={path: verification})
    assert explain(item_of(DriftKind.CHANGED, tampered, STOCK)) == {}


def test_a_file_that_is_as_expected_needs_no_proof() -> None:
    by_hand = {f"{ETC}/backup.service.d/10.conf": "Nice=5"}
    marks = {f"{ETC}/backup.service.d/10.conf": UNOWNED}
    before = packaged(job(folder=USR, drop_ins=by_hand), marks=marks)
    after = packaged(job(folder=USR, drop_ins=by_hand, exec_start="/usr/bin/backup --new"), payload="c", marks=marks)
    assert ExplanationKind.PACKAGE in explain(item_of(DriftKind.CHANGED, after, before))


def test_a_drop_in_by_hand_is_not_explained_by_an_upgrade_at_the_same_time() -> None:
    path = f"{ETC}/backup.service.d/10.conf"
    hooked = packaged(job(folder=USR, drop_ins={path: "ExecStartPost=/usr/bin/backup"}), marks={path: UNOWNED})
    assert explain(item_of(DriftKind.CHANGED, hooked, STOCK)) == {}


def test_a_copy_in_etc_is_not_the_packages() -> None:
    marks = {f"{ETC}/backup.{kind}": UNOWNED for kind in ("timer", "service")}
    assert explain(item_of(DriftKind.CHANGED, packaged(job(), marks=marks), STOCK)) == {}


def test_a_swapped_script_behind_an_upgraded_unit_is_not_explained() -> None:
    script = file_piece(PieceRole.SCRIPT, "/usr/lib/backup/run", verification=Verification.CHANGED)
    assert explain(item_of(DriftKind.CHANGED, packaged(job(folder=USR), extra=[script]), STOCK)) == {}
    assert explain(item_of(DriftKind.TARGET, packaged(job(folder=USR), extra=[script]), STOCK)) == {}


def test_a_changed_program_that_verifies_is_explained() -> None:
    assert explain(item_of(DriftKind.TARGET, packaged(job(folder=USR), payload="c"), STOCK)) == {
        ExplanationKind.PACKAGE: "backup 1.0 → 2.0"
    }


def test_a_program_that_leads_to_another_packages_program_is_not_explained() -> None:
    diverted = file_piece(PieceRole.EXECUTABLE, "/usr/bin/backup", package="bash", real_path="/usr/bin/bash")
    assert explain(item_of(DriftKind.TARGET, packaged(job(folder=USR), extra=[diverted]), STOCK)) == {}


def test_a_link_to_the_next_version_of_an_interpreter_is_explained() -> None:
    def linked(version: str) -> Piece:
        real = f"/usr/bin/python{version}"
        sha256 = Sha256(version[-1] * 64)
        return file_piece(
            PieceRole.EXECUTABLE, "/usr/bin/backup", package=f"python{version}-minimal", real_path=real, sha256=sha256
        )

    before, after = (packaged(job(folder=USR), extra=[linked(version)]) for version in ("3.11", "3.12"))
    assert ExplanationKind.PACKAGE in explain(item_of(DriftKind.TARGET, after, before))


def test_a_vendor_drop_in_that_is_gone_without_an_upgrade_is_not_explained() -> None:
    path = f"{USR}/backup.service.d/hardening.conf"
    hardened = packaged(job(folder=USR, drop_ins={path: "NoNewPrivileges=yes"}))
    item = item_of(DriftKind.CHANGED, STOCK, hardened)
    assert explain(item, installed=SAME) == {}
    assert explain(item, installed=UPGRADED) == {ExplanationKind.PACKAGE: "backup 1.0 → 2.0"}


def test_a_drop_in_of_a_package_that_is_named_nowhere_is_not_taken_for_uninstalled() -> None:
    path = f"{USR}/backup.service.d/hardening.conf"
    drop_in = file_piece(PieceRole.DROP_IN, path, package="hardening")
    hardened = packaged(job(folder=USR, drop_ins={path: "NoNewPrivileges=yes"}), extra=[drop_in])
    assert explain(item_of(DriftKind.CHANGED, STOCK, hardened)) == {}


def test_a_link_to_a_packages_file_is_not_the_packages_link() -> None:
    path = f"{ETC}/backup.service.d/10.conf"
    linked = file_piece(PieceRole.DROP_IN, path, package="other", real_path="/usr/share/other/10.conf")
    hooked = packaged(job(folder=USR, drop_ins={path: "ExecStartPost=/usr/bin/backup"}), extra=[linked])
    assert explain(item_of(DriftKind.CHANGED, hooked, STOCK)) == {}


def test_what_was_too_large_to_hash_is_not_as_expected() -> None:
    large = Piece(role=PieceRole.SCRIPT, path="/opt/large", verification=UNOWNED)
    before, after = packaged(job(folder=USR), extra=[large]), replace(NEWER, pieces=(*NEWER.pieces, large))
    assert explain(item_of(DriftKind.CHANGED, after, before)) == {}
    hashed = replace(large, sha256=Sha256("d" * 64))
    before, after = packaged(job(folder=USR), extra=[hashed]), replace(NEWER, pieces=(*NEWER.pieces, hashed))
    assert explain(item_of(DriftKind.CHANGED, after, before)) != {}


def test_a_copy_in_etc_that_was_taken_away_is_no_upgrade() -> None:
    marks = {f"{ETC}/backup.{kind}": UNOWNED for kind in ("timer", "service")}
    assert explain(item_of(DriftKind.CHANGED, WANTED, packaged(job(), marks=marks))) == {}


def test_a_fragment_that_is_gone_without_an_upgrade_is_not_explained() -> None:
    extra = file_piece(PieceRole.FRAGMENT, f"{USR}/included.conf")
    item = item_of(DriftKind.CHANGED, NEWER, packaged(job(folder=USR), extra=[extra]))
    assert explain(item, installed=SAME) == {}
    assert explain(item) != {}
    moved = packaged(job(folder="/usr/local/lib/systemd/system"))
    assert explain(item_of(DriftKind.CHANGED, WANTED, moved), installed=SAME) != {}, "the package has it elsewhere now"


def test_an_override_that_was_taken_away_is_no_upgrade() -> None:
    path = f"{ETC}/backup.service.d/10.conf"
    before = packaged(job(folder=USR, drop_ins={path: "User=backup"}), marks={path: UNOWNED})
    assert explain(item_of(DriftKind.CHANGED, STOCK, before)) == {}


def test_another_units_file_does_not_stand_in_for_the_units_own() -> None:
    def renamed(text: str) -> Subject:
        sha256 = store_text(text)
        other = file_piece(PieceRole.FRAGMENT, f"{USR}/other.service", package="other", sha256=sha256)
        subject = packaged(job(folder=USR))
        pieces = tuple(other if p.path.endswith("backup.service") else p for p in subject.pieces)
        moved = tuple(
            (unit, replace(d, origin=replace(d.origin, path=other.path)) if unit.endswith(".service") else d)
            for unit, d in subject.directives
        )
        sources = tuple(
            replace(s, path=other.path) if s.path.endswith("backup.service") else s for s in subject.sources
        )
        commands = tuple(replace(c, origin=replace(c.origin, path=other.path)) for c in subject.commands)
        return seal_subject(replace(subject, pieces=pieces, directives=moved, sources=sources, commands=commands))

    assert explain(item_of(DriftKind.CHANGED, renamed("[Service]\nExecStart=/usr/bin/backup\n"), STOCK)) == {}
    asked = renamed("[Service]\nExecStart=/usr/bin/backup\n[Install]\nAlias=backup.service\n")
    assert ExplanationKind.PACKAGE in explain(item_of(DriftKind.CHANGED, asked, STOCK))


def test_a_new_packages_job_is_explained_when_its_link_is_the_one_it_asks_for() -> None:
    assert explain(item_of(DriftKind.ADDED, WANTED)) == {ExplanationKind.PACKAGE: "backup 1.0 → 2.0"}


@pytest.mark.parametrize(
    "text",
    [
        "[Install]\nWantedBy=multi-user.target",
        "[Install]\nWantedBy=timers.target\nWantedBy=",
        "[Unit]\nWantedBy=timers.target",
        "",
    ],
    ids=["other target", "taken back", "wrong section", "nothing"],
)
def test_an_enabling_link_that_the_unit_does_not_ask_for_is_not_explained(text: str) -> None:
    assert explain(item_of(DriftKind.ADDED, installable(STOCK, text))) == {}


def test_a_link_that_leads_elsewhere_than_to_the_unit_is_not_explained() -> None:
    link = Piece(role=PieceRole.LINK, path=STOCK.links[0], real_path="/tmp/backup.timer")
    pieces = tuple(link if _is_link(piece) else piece for piece in WANTED.pieces)
    assert explain(item_of(DriftKind.ADDED, replace(WANTED, pieces=pieces))) == {}


def test_a_link_that_a_package_ships_beside_a_unit_without_install_is_explained() -> None:
    shipped = (f"{USR}/timers.target.wants/backup.timer",)
    subject = packaged(job(folder=USR, enabled="static", links=shipped))
    assert ExplanationKind.PACKAGE in explain(item_of(DriftKind.ADDED, subject))
    elsewhere = installable(subject, "[Install]\nWantedBy=multi-user.target")
    assert explain(item_of(DriftKind.ADDED, elsewhere)) == {}


def test_an_instance_that_somebody_chose_is_not_the_packages() -> None:
    def instance(name: str) -> Subject:
        subject = packaged(job(f"dump@{name}", folder=USR))
        text = store_text("[Install]\nWantedBy=timers.target\nDefaultInstance=main\n")
        pieces = []
        for piece in subject.pieces:
            if piece.role is PieceRole.FRAGMENT:
                pieces.append(replace(piece, path=piece.path.replace(f"@{name}", "@"), sha256=text))
            elif _is_link(piece):
                pieces.append(replace(piece, real_path=f"{USR}/dump@.timer"))
            else:
                pieces.append(piece)
        moved = tuple(
            (unit, replace(d, origin=replace(d.origin, path=d.origin.path.replace(f"@{name}", "@"))))
            for unit, d in subject.directives
        )
        sources = tuple(replace(s, path=s.path.replace(f"@{name}", "@")) for s in subject.sources)
        commands = tuple(
            replace(c, origin=replace(c.origin, path=c.origin.path.replace(f"@{name}", "@"))) for c in subject.commands
        )
        return replace(subject, pieces=tuple(pieces), directives=moved, sources=sources, commands=commands)

    assert explain(item_of(DriftKind.ADDED, instance("main"))) == {ExplanationKind.PACKAGE: "backup 1.0 → 2.0"}
    assert explain(item_of(DriftKind.ADDED, instance("other"))) == {}


@pytest.mark.parametrize("role", [PieceRole.ENVIRONMENT, PieceRole.EXECUTABLE])
def test_what_a_packages_new_unit_names_and_is_not_there_is_innocent(role: PieceRole) -> None:
    absent = Piece(role=role, path="/etc/default/backup", presence=Presence.ABSENT)
    with_absent = replace(WANTED, pieces=(*WANTED.pieces, absent))
    assert ExplanationKind.PACKAGE in explain(item_of(DriftKind.ADDED, with_absent))


def test_a_program_that_was_there_and_is_not_is_explained_by_an_upgrade_only() -> None:
    helper = file_piece(PieceRole.SCRIPT, "/usr/lib/backup/run")
    before = packaged(job(folder=USR), extra=[helper])
    after = packaged(job(folder=USR), extra=[Piece(role=helper.role, path=helper.path, presence=Presence.ABSENT)])
    assert explain(item_of(DriftKind.TARGET, after, before), installed=SAME) == {}
    assert explain(item_of(DriftKind.TARGET, after, before)) == {ExplanationKind.PACKAGE: "backup 1.0 → 2.0"}


def test_packages_whose_programs_are_no_longer_named_are_left_out() -> None:
    helper = file_piece(PieceRole.EXECUTABLE, "/usr/bin/find", package="findutils")
    before = packaged(job(folder=USR), extra=[helper])
    assert explain(item_of(DriftKind.CHANGED, NEWER, before)) == {ExplanationKind.PACKAGE: "backup 1.0 → 2.0"}
    same_units = packaged(job(folder=USR), payload="c")
    assert explain(item_of(DriftKind.TARGET, same_units, before)) == {}, "nothing says why it is named no more"


def test_a_changed_environment_file_is_not_explained() -> None:
    changed = file_piece(PieceRole.ENVIRONMENT, "/etc/default/backup", verification=Verification.CONFIGURATION)
    assert explain(item_of(DriftKind.ADDED, replace(WANTED, pieces=(*WANTED.pieces, changed)))) == {}


def test_a_new_job_that_memory_tells_otherwise_is_not_explained() -> None:
    other = Disagreement(DisagreementKind.VALUES_DIFFER, WANTED.unit_names[1], "ExecStart")
    assert explain(item_of(DriftKind.ADDED, replace(WANTED, disagreements=(other,)))) == {}


@pytest.mark.parametrize("kind", [DriftKind.WRITABLE, DriftKind.VIEW])
def test_rights_and_views_are_never_explained(kind: DriftKind) -> None:
    assert explain(item_of(kind, NEWER, STOCK)) == {}


def test_transient_units_and_masks_are_never_explained_by_packages() -> None:
    transient = packaged(job(folder="/run/systemd/transient", transient=True, links=()))
    assert explain(item_of(DriftKind.ADDED, transient)) == {}
    masked = replace(NEWER, masked=(NEWER.unit_names[0],))
    assert explain(item_of(DriftKind.CHANGED, masked, STOCK)) == {}


def test_a_package_that_enables_its_timer_with_a_new_version_is_explained() -> None:
    off = packaged(job(folder=USR, enabled="disabled", active="inactive"))
    off = installable(off, "[Install]\nWantedBy=timers.target")
    item = item_of(DriftKind.STATE, WANTED, off)
    assert explain(item) == {ExplanationKind.PACKAGE: "backup 1.0 → 2.0"}
    assert explain(item, installed=SAME) == {}, "somebody enabled it"


def test_an_upgrade_does_not_explain_a_timer_that_is_off_or_masked() -> None:
    off = packaged(job(folder=USR, enabled="disabled", active="inactive"))
    assert explain(item_of(DriftKind.STATE, off, WANTED)) == {}
    for state in (
        UnitState(enabled="enabled", active="inactive"),
        UnitState(enabled="enabled", active="active", listed=False),
    ):
        assert explain(item_of(DriftKind.STATE, replace(WANTED, state=state), WANTED)) == {}
    idle = replace(WANTED, state=UnitState(enabled="disabled"), links=())
    assert explain(item_of(DriftKind.STATE, idle, replace(WANTED, state=UnitState(enabled="enabled")))) == {}
    masked = replace(WANTED, masked=(WANTED.unit_names[0],))
    assert explain(item_of(DriftKind.STATE, masked, WANTED)) == {}


def test_generators_and_loose_units_of_a_package_are_explained() -> None:
    unit = loose_unit("agent.service")
    path = unit.sources[0].path
    assert ExplanationKind.PACKAGE in explain(item_of(DriftKind.ADDED, packaged(unit)))
    assert explain(item_of(DriftKind.ADDED, packaged(unit, marks={path: UNOWNED}))) == {}
    own = generator("/usr/lib/systemd/system-generators/snapd-generator")
    assert ExplanationKind.PACKAGE in explain(item_of(DriftKind.ADDED, own))
    by_hand = generator("/etc/systemd/system-generators/evil", verification=UNOWNED)
    assert explain(item_of(DriftKind.ADDED, by_hand)) == {}
    linked = generator("/etc/systemd/system-generators/evil", real_path="/usr/bin/bash")
    assert explain(item_of(DriftKind.ADDED, linked)) == {}


def test_what_a_removed_package_took_with_it_is_explained() -> None:
    found = explain(item_of(DriftKind.REMOVED, STOCK, STOCK), installed=REMOVED, normal=[STOCK])
    assert found == {ExplanationKind.UNINSTALLED: "backup 1.0 is not installed any more"}


@pytest.mark.parametrize(
    "installed",
    [
        replace(REMOVED, versions={"backup": "1.0", "systemd": "252"}),
        replace(REMOVED, timers={"backup": frozenset({"other.timer"})}),
        replace(REMOVED, timers={"backup-ng": frozenset({"backup.timer"})}),
        replace(REMOVED, timers={}),
        replace(REMOVED, is_known=False),
    ],
    ids=["still installed", "still has timers", "another package lists it", "nobody tells timers", "not read"],
)
def test_a_timer_of_a_package_that_may_still_be_there_was_tampered_with(installed: Installed) -> None:
    assert explain(item_of(DriftKind.REMOVED, STOCK, STOCK), installed=installed, normal=[STOCK]) == {}


def test_a_package_of_which_another_timer_is_still_there_was_not_removed() -> None:
    second = packaged(job("backup-check", folder=USR))
    item = item_of(DriftKind.REMOVED, STOCK, STOCK)
    assert explain(item, installed=REMOVED, normal=[STOCK, second], present=[second]) == {}
    assert explain(item, installed=REMOVED, normal=[STOCK, second]) != {}


def test_a_job_by_hand_is_not_explained_by_any_packages_removal() -> None:
    for path in (f"{USR}/backup.timer", "/usr/bin/backup"):
        form = packaged(job(folder=USR), marks={path: UNOWNED})
        assert explain(item_of(DriftKind.REMOVED, form, form), installed=REMOVED, normal=[form]) == {}


def test_masks_and_stamps_that_a_removed_package_leaves_behind_are_explained() -> None:
    masked = job(masked=True)
    sources = tuple(replace(source, sha256=None, link_target="/dev/null") for source in masked.sources)
    left = replace(masked, sources=sources, commands=(), directives=())
    item = item_of(DriftKind.STATE, left, STOCK)
    assert ExplanationKind.UNINSTALLED in explain(item, installed=REMOVED, normal=[STOCK], present=[left])
    assert explain(item, installed=SAME, normal=[STOCK], present=[left]) == {}
    stamp = item_of(DriftKind.ADDED, orphan_stamp("backup.timer"))
    assert ExplanationKind.UNINSTALLED in explain(stamp, installed=REMOVED, normal=[STOCK])
    assert explain(stamp, installed=REMOVED) == {}
    assert explain(stamp, installed=SAME, normal=[STOCK]) == {}


def test_a_service_is_gone_with_a_package_that_has_timers_as_well() -> None:
    unit = packaged(loose_unit("backup-daemon.service"))
    item = item_of(DriftKind.REMOVED, unit, unit)
    assert explain(item, installed=REMOVED, normal=[unit]) == {}, "nobody tells whether the package is there"
    assert ExplanationKind.UNINSTALLED in explain(item, installed=REMOVED, normal=[unit, STOCK])


def test_a_gap_in_the_package_database_leaves_a_removal_unexplained() -> None:
    installed = Installed.of(PACKAGES, partial(gap(Area.PACKAGES)), {"backup": "1.0"})
    assert not installed.is_known
    assert explain(item_of(DriftKind.REMOVED, STOCK, STOCK), installed=installed, normal=[STOCK]) == {}
    known = Installed.of(PACKAGES, partial(gap(Area.JOURNAL)), {"backup": "1.0"})
    assert explain(item_of(DriftKind.REMOVED, STOCK, STOCK), installed=known, normal=[STOCK]) != {}


@given(st.lists(st.sampled_from(list(Verification)), min_size=3, max_size=3))
def test_a_package_explains_only_what_is_verified_in_every_part(marks: list[Verification]) -> None:
    paths = (f"{USR}/backup.timer", f"{USR}/backup.service", "/usr/bin/backup")
    subject = packaged(job(folder=USR, links=()), marks=dict(zip(paths, marks, strict=True)))
    found = explain(item_of(DriftKind.ADDED, subject))
    assert (ExplanationKind.PACKAGE in found) == (set(marks) == {Verification.VERIFIED})


@given(st.sampled_from(list(DriftKind)), st.sampled_from([STOCK, NEWER, WANTED]))
def test_what_has_no_pieces_is_never_explained(kind: DriftKind, subject: Subject) -> None:
    bare = replace(subject, pieces=())
    assert explain(item_of(kind, bare, bare), installed=REMOVED, normal=[bare]) == {}
