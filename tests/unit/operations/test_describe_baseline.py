"""What two baselines differ in, and what is told of one form."""

from dataclasses import replace

from fleetscan.analyse.fingerprint import seal_subject
from fleetscan.model.baseline import BaselineItem, Outlier, OutlierReason, Prevalence, Remarks, Variant
from fleetscan.model.ids import HostName
from fleetscan.model.program import Verification
from fleetscan.model.subject import PieceRole, Subject
from fleetscan.operations.describe_baseline import compare_items, describe_item, describe_outlier
from tests.model_data import job
from tests.piece_data import USR, file_piece, packaged

BACKUP = job("backup")
MARKS = {"/usr/bin/backup": Verification.UNOWNED}


def item(*subjects: Subject, required: bool = False, any_target: bool = False) -> BaselineItem:
    variants = tuple(Variant(subject, Prevalence(9, 10), any_target) for subject in subjects)
    return BaselineItem(key=subjects[0].key, variants=variants, prevalence=Prevalence(9, 10), required=required)


def details(before: BaselineItem, after: BaselineItem) -> tuple[str, ...]:
    changes = compare_items([before], [after])
    assert [change.kind for change in changes] == ["changed"] * len(changes)
    return changes[0].details if changes else ()


def test_things_that_come_and_go_are_told_once_each() -> None:
    other = item(job("other"))
    assert [(c.kind, c.name) for c in compare_items([item(BACKUP)], [other])] == [
        ("removed", "backup.timer"),
        ("added", "other.timer"),
    ]


def test_equal_items_and_other_bytes_are_no_difference() -> None:
    assert details(item(BACKUP), item(job("backup", comment="x"))) == ()


def test_a_changed_directive_is_told_with_both_values() -> None:
    told = details(item(BACKUP), item(job("backup", exec_start="/opt/x")))
    assert told == ("backup.service [Service] ExecStart: /usr/bin/backup → /opt/x",)


def test_another_state_is_told() -> None:
    (told,) = details(item(BACKUP), item(job("backup", enabled="disabled", active="inactive")))
    assert told == "state: enabled, active → disabled, inactive"


def test_another_program_behind_the_same_units_is_told() -> None:
    one = packaged(job("backup", folder=USR), marks=MARKS, payload="1")
    two = packaged(job("backup", folder=USR), marks=MARKS, payload="2")
    assert details(item(one), item(two)) == (f"/usr/bin/backup: {'1' * 64} → {'2' * 64}",)


def test_an_open_door_is_told_though_nothing_else_differs() -> None:
    door = "/opt deploy:deploy 0775"
    shut = packaged(job("backup", folder=USR))
    wide = seal_subject(
        replace(shut, pieces=tuple(replace(p, exposed=(door,)) if p.is_payload else p for p in shut.pieces))
    )
    assert details(item(shut), item(wide)) == (f"others may write {door}",)


def test_what_is_required_and_any_program_is_told() -> None:
    assert details(item(BACKUP), item(BACKUP, required=True)) == ("is required now",)
    assert details(item(BACKUP, required=True), item(BACKUP)) == ("is no longer required",)
    assert details(item(BACKUP), item(BACKUP, any_target=True)) == ("any programs are accepted behind it",)


def test_a_form_that_is_no_longer_accepted_is_told() -> None:
    (told,) = details(item(BACKUP, job("backup", exec_start="/opt/x")), item(BACKUP))
    assert told.startswith("a form is no longer accepted: runs /opt/x")


def test_a_form_is_described_with_programs_doors_rules_and_origin() -> None:
    script = replace(
        file_piece(PieceRole.SCRIPT, "/opt/run.sh", verification=Verification.UNOWNED), exposed=("/opt ana:ana 0755",)
    )
    remarks = Remarks(hits=("high FS-1: open",), note="why")
    subject = packaged(job("backup", folder=USR), extra=[script])
    outlier = Outlier(
        subject=subject,
        prevalence=Prevalence(1, 10),
        hosts=(HostName("web1"),),
        reason=OutlierReason.QUESTIONABLE,
        remarks=remarks,
    )
    record = describe_outlier("web/debian-12", outlier)
    (form,) = record.forms
    assert (record.accepted, record.why, record.hosts) == (False, "questionable", ("web1",))
    assert (form.provenance, form.doors, form.hits, form.note) == (
        "no package",
        ("/opt ana:ana 0755",),
        ("high FS-1: open",),
        "why",
    )
    assert form.targets[0] == "/usr/bin/backup: of package backup, verified"
    assert form.targets[1].startswith("/opt/run.sh: aaaa")
    assert describe_item("web/debian-12", item(subject)).accepted
