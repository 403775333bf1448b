"""The name, the content and the sentence of a finding."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.analyse.findings import content_of, finding_id, say_finding
from fleetscan.analyse.fingerprint import seal_subject
from fleetscan.model.baseline import Prevalence
from fleetscan.model.drift import DriftItem, DriftKind, Severity
from fleetscan.model.finding import EvidenceLine, Hit, RuleId
from fleetscan.model.ids import SYSTEM, HostName, Sha256, UnitName, user_scope
from fleetscan.model.program import Presence, Verification
from fleetscan.model.relation import Disagreement, DisagreementKind
from fleetscan.model.subject import Piece, PieceRole, Subject, SubjectKey, SubjectKind
from fleetscan.model.unit import UnitState
from tests.model_data import WEB, job, lingering, loose_unit
from tests.piece_data import packaged

HOST = HostName("web-1")
STOCK = packaged(job())
NEVER_LOADED = Disagreement(DisagreementKind.NEVER_LOADED, UnitName("backup.timer"), "disabled; not loaded")


def item(kind: DriftKind, subject: Subject = STOCK, *, reference: str = "peers", sentence: str = "") -> DriftItem:
    return DriftItem(
        host=HOST,
        cohort=WEB,
        kind=kind,
        subject=subject,
        expected=None,
        prevalence=Prevalence(0, 9),
        reference=reference,
        sentence=sentence,
    )


def with_program(**changes: str) -> Subject:
    """Give the job with one more program, of no package."""
    piece = Piece(
        role=PieceRole.SCRIPT,
        path="/opt/x",
        real_path=changes.get("real_path", ""),
        sha256=Sha256(changes.get("digit", "a") * 64),
        exposed=(changes["door"],) if "door" in changes else (),
        verification=Verification.UNOWNED,
    )
    return packaged(job(), extra=(piece,))


def disagreeing(kind: DisagreementKind) -> Subject:
    return replace(STOCK, disagreements=(Disagreement(kind, UnitName("backup.timer"), "x"),))


def test_an_id_is_that_of_one_thing_on_one_host() -> None:
    key = STOCK.key
    ids = {
        finding_id(HOST, key),
        finding_id(HostName("web-2"), key),
        finding_id(HOST, replace(key, name="other.timer")),
        finding_id(HOST, replace(key, scope=user_scope("ann"))),
        finding_id(HOST, replace(key, kind=SubjectKind.UNIT)),
    }
    assert len(ids) == 5
    assert finding_id(HOST, key) == finding_id(HostName("web-1"), SubjectKey(key.kind, key.scope, key.name))
    assert all(len(one) == 16 and set(one) <= set("0123456789abcdef") for one in ids)


@given(st.text(), st.text())
def test_no_name_borrows_the_id_of_another(one: str, other: str) -> None:
    keys = [SubjectKey(SubjectKind.JOB, SYSTEM, name.replace("\0", "")) for name in (one, other)]
    ids = {finding_id(HOST, key) for key in keys}
    assert len(ids) == len(set(keys))


def test_a_name_that_is_no_text_has_an_id() -> None:
    assert finding_id(HOST, replace(STOCK.key, name="x\udcff.timer"))


@pytest.mark.parametrize(
    "other",
    [
        packaged(job(calendar="hourly")),
        packaged(job(service={"User": "ops"})),
        packaged(job(drop_ins={"/etc/systemd/system/backup.service.d/x.conf": "ExecStartPost=/x"})),
        packaged(job(), payload="c"),
        with_program(),
        disagreeing(DisagreementKind.NO_FILE),
        disagreeing(DisagreementKind.VALUES_DIFFER),
        packaged(job(enabled="disabled", active="inactive")),
        packaged(job("other")),
    ],
)
def test_content_is_other_when_what_it_is_changes(other: Subject) -> None:
    assert content_of(other) != content_of(STOCK)


@pytest.mark.parametrize(
    "same",
    [
        packaged(job(comment="written by hand")),
        packaged(job(folder="/usr/lib/systemd/system")),
        replace(STOCK, descriptions=("Other words",)),
        replace(STOCK, disagreements=(NEVER_LOADED,)),
        packaged(job(active="failed")),
    ],
)
def test_content_is_the_same_when_only_words_and_places_differ(same: Subject) -> None:
    assert content_of(same) == content_of(STOCK)


def test_content_counts_bytes_that_a_package_vouches_for() -> None:
    old, new = packaged(job(), payload="b"), packaged(job(), payload="c")
    assert old.fingerprint.target == new.fingerprint.target
    assert content_of(old) != content_of(new)


@pytest.mark.parametrize(
    "other", [with_program(digit="b"), with_program(real_path="/tmp/x"), with_program(door="/opt root:root 0777")]
)
def test_content_is_other_when_one_thing_of_a_program_changes(other: Subject) -> None:
    assert content_of(other) != content_of(with_program())


def test_an_unread_program_is_other_content_than_the_one_that_was_accepted() -> None:
    unread = tuple(
        replace(piece, presence=Presence.UNREAD, sha256=None) if piece.is_payload else piece for piece in STOCK.pieces
    )
    assert content_of(seal_subject(replace(STOCK, pieces=unread))) != content_of(STOCK)


def test_content_does_not_depend_on_what_it_is_compared_with() -> None:
    with_peers = content_of(STOCK, [item(DriftKind.ADDED)])
    with_baseline = content_of(STOCK, [item(DriftKind.ADDED, reference="baseline 3")])
    alone = content_of(STOCK)
    assert with_peers == with_baseline == alone


def test_state_counts_where_it_is_what_differs() -> None:
    masked = job(masked=True)
    stopped = replace(masked, state=UnitState(enabled="masked", active="failed"))
    one, other = (content_of(seal_subject(s), [item(DriftKind.STATE, s)]) for s in (masked, stopped))
    assert one != other


def test_what_is_gone_is_gone_in_whichever_form_others_have_it_today() -> None:
    upgraded = packaged(job(calendar="hourly"), payload="c")
    gone = content_of(STOCK, [item(DriftKind.REMOVED)])
    assert gone == content_of(upgraded, [item(DriftKind.REMOVED, upgraded)])
    assert gone != content_of(STOCK)
    assert gone != content_of(job("other"), [item(DriftKind.REMOVED, job("other"))])


@pytest.mark.parametrize("build", [lambda: packaged(job()), loose_unit, lambda: lingering("bob")])
def test_content_is_the_same_on_every_host_and_in_every_sweep(build: Callable[[], Subject]) -> None:
    assert content_of(build()) == content_of(build())


def test_the_sentence_is_that_of_the_gravest_difference() -> None:
    drift = [item(DriftKind.VIEW, sentence="view"), item(DriftKind.CHANGED, sentence="changed")]
    assert say_finding(HOST, STOCK, (), drift) == "changed"


def test_without_a_difference_the_leading_rule_speaks() -> None:
    line = EvidenceLine("ExecStart=/tmp/x", "/etc/x.service", 3)
    hit = Hit(rule=RuleId("R"), title="Runs from a folder", severity=Severity.HIGH, technique=None, evidence=(line,))
    said = say_finding(HOST, STOCK, (hit,), ())
    assert said.startswith("web-1 has ")
    assert said.endswith("runs from a folder: ExecStart=/tmp/x")
