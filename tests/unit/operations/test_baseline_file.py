"""Baselines as YAML: what is written reads back the same, what was taken out stays out, and what lies is refused."""

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fleetscan.analyse.fingerprint import seal_subject
from fleetscan.analyse.subjects import summarise
from fleetscan.errors import InventoryError
from fleetscan.model.baseline import BaselineItem, Cohort, Prevalence, Remarks, Variant
from fleetscan.model.ids import SYSTEM, SweepId, user_scope
from fleetscan.model.origin import Origin
from fleetscan.model.program import Verification
from fleetscan.model.subject import PieceRole, Subject, SubjectKey, SubjectKind
from fleetscan.model.unit import Directive
from fleetscan.operations.baseline_file import load_baseline
from fleetscan.operations.baseline_text import WrittenBaseline, render_baseline
from fleetscan.systemd.triggers import describe_triggers
from tests.model_data import WEB, job, lingering, loose_unit, orphan_stamp
from tests.piece_data import USR, file_piece, packaged

BACKUP = job("backup", service={"User": "backup"})
STOCK = packaged(
    job("logrotate", folder=USR, drop_ins={"/etc/systemd/system/logrotate.service.d/10.conf": "Nice=5"}),
    marks={"/etc/systemd/system/logrotate.service.d/10.conf": Verification.UNOWNED},
    extra=[replace(file_piece(PieceRole.SCRIPT, "/opt/run.sh"), exposed=("/opt deploy:deploy 0775",))],
)


def item(*subjects: Subject, required: bool = False, remarks: Remarks | None = None) -> BaselineItem:
    variants = tuple(
        Variant(_with_words(subject), Prevalence(9 - place, 20), remarks=remarks or Remarks())
        for place, subject in enumerate(subjects)
    )
    return BaselineItem(key=subjects[0].key, variants=variants, prevalence=Prevalence(17, 20), required=required)


def _with_words(subject: Subject) -> Subject:
    """Give the words that a host's subject has; the builders of test data write shorter ones."""
    if subject.key.kind not in (SubjectKind.JOB, SubjectKind.UNIT):
        return subject
    target = subject.unit_names[1] if len(subject.unit_names) > 1 else ""
    schedule = describe_triggers(subject.triggers) if subject.triggers else ""
    return replace(subject, summary=summarise(subject.commands, subject.run_as, target=target, schedule=schedule))


def baseline(*items: BaselineItem, cohort: Cohort = WEB, version: int | None = 3) -> WrittenBaseline:
    ordered = tuple(sorted(items, key=lambda one: one.key))
    return WrittenBaseline(
        cohort=cohort, version=version, sweep=SweepId(7), hosts=20, min_prevalence=0.5, items=ordered
    )


def reload(tmp_path: Path, text: str) -> WrittenBaseline:
    path = tmp_path / "web.yaml"
    path.write_text(text, encoding="utf-8")
    return load_baseline(path)


def refuse(tmp_path: Path, text: str) -> Sequence[str]:
    with pytest.raises(InventoryError) as caught:
        reload(tmp_path, text)
    return [fault.removeprefix(f"{tmp_path}/") for fault in caught.value.faults]


REMARKS = Remarks(hits=("low FS-1: polls",), first_seen_at=datetime(2026, 3, 1, tzinfo=UTC), note="kept: it's known")
WHOLE = baseline(
    item(BACKUP, job("backup", exec_start=["/opt/a --x='1 2'", "-/bin/b"]), required=True),
    item(STOCK, remarks=REMARKS),
    item(lingering("bob")),
    item(orphan_stamp("old.timer")),
    item(loose_unit("service.d")),
    item(job("sync", scope=user_scope("bob"), transient=True)),
)


def test_a_baseline_reads_back_as_it_was_written(tmp_path: Path) -> None:
    assert reload(tmp_path, render_baseline(WHOLE)) == WHOLE


def test_an_empty_proposal_reads_back(tmp_path: Path) -> None:
    empty = baseline(version=None)
    assert reload(tmp_path, render_baseline(empty)) == empty


def test_a_reader_sees_what_runs_when_as_whom_and_where_from() -> None:
    text = render_baseline(WHOLE)
    assert '- does: "runs /usr/bin/backup as backup, daily"' in text
    assert 'state: "enabled, active"' in text
    assert "prevalence: 9 of 20" in text
    assert "{section: Service, key: User, value: backup, origin: {path: /etc/systemd/system/backup.service" in text
    assert "mode: 0644" not in text  # quoted: other readers of YAML take it for a number
    assert 'mode: "0644"' in text


def test_the_order_of_items_does_not_matter_to_the_text() -> None:
    assert render_baseline(replace(WHOLE, items=WHOLE.items[::-1])) == render_baseline(WHOLE)


HOSTILE = st.text(
    st.sampled_from("ab/.%'\"\\:#{}[],&*!|>- \t\x00\x1b\x85\u2028\u202e\ue000\ufeff\udc80\udcff\U0001f600é\n"),
    max_size=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(HOSTILE, HOSTILE, HOSTILE, st.integers(0, 0o7777))
def test_text_of_hostile_hosts_reads_back_as_it_was(
    tmp_path: Path, name: str, value: str, path: str, mode: int
) -> None:
    piece = replace(file_piece(PieceRole.STARTER, f"/{path}"), mode=mode, exposed=(value,), owner=name)
    thing = Subject(
        key=SubjectKey(SubjectKind.GENERATOR, SYSTEM, name),
        fingerprint=BACKUP.fingerprint,
        properties=((name, value), ("link", path)),
        pieces=(piece,),
        summary=value,
        unreadable=(path,),
    )
    hook = (BACKUP.unit_names[1], Directive("Service", "Environment", value, Origin(path, 3)))
    hooked = seal_subject(replace(BACKUP, directives=(*BACKUP.directives, hook)))
    written = baseline(item(seal_subject(thing)), item(hooked), cohort=Cohort(name, value, path))
    assert reload(tmp_path, render_baseline(written)) == written


JOBS = st.builds(
    job,
    st.sampled_from(["aa", "bb", "cc"]),
    exec_start=st.sampled_from(["/usr/bin/a", "/opt/b %i 'x y'", "@/bin/sh sh -c 'exit; id'", "+!/x"]),
    calendar=st.sampled_from(["daily", "Mon *-*-* 3:00", "nonsense", "*:0/5"]),
    enabled=st.sampled_from(["enabled", "disabled", "static"]),
    masked=st.booleans(),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100)
@given(st.lists(JOBS, unique_by=lambda subject: subject.key, max_size=3))
def test_import_of_an_export_is_the_same(tmp_path: Path, jobs: list[Subject]) -> None:
    written = baseline(*(item(one) for one in jobs))
    again = reload(tmp_path, render_baseline(written))
    assert again == written
    assert render_baseline(again) == render_baseline(written)


def test_an_item_and_a_form_that_were_taken_out_stay_out(tmp_path: Path) -> None:
    lines = render_baseline(baseline(item(BACKUP, job("backup", exec_start="/opt/a")), item(STOCK))).splitlines()
    forms = [number for number, line in enumerate(lines) if line.startswith("  - does:")]
    stock = next(number for number, line in enumerate(lines) if "name: logrotate.timer" in line) - 2
    again = reload(tmp_path, "\n".join([*lines[: forms[1]], *lines[stock:]]))
    assert [(i.key.name, len(i.variants)) for i in again.items] == [("backup.timer", 1), ("logrotate.timer", 1)]
    assert [i.key.name for i in reload(tmp_path, "\n".join(lines[:stock])).items] == ["backup.timer"]


def test_required_and_any_target_may_be_changed(tmp_path: Path) -> None:
    text = render_baseline(baseline(item(BACKUP, required=True)))
    text = text.replace("required: true", "required: false").replace(
        "    digests:", "    any_target: true\n    digests:"
    )
    (again,) = reload(tmp_path, text).items
    assert (again.required, again.variants[0].any_target) == (False, True)


ONE = render_baseline(baseline(item(BACKUP, required=True)))


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), start=1) if part in line)


@pytest.mark.parametrize(
    ("before", "after", "at", "message"),
    [
        ("value: /usr/bin/backup", "value: /tmp/evil", "does:", "does not fit"),
        ("value: daily", "value: hourly", "meaning:", "does not fit"),
        ("as backup, daily", "as nobody, daily", "does:", "does not say what stands below"),
        ('state: "enabled, active"', 'state: "disabled"', "state:", "does not say what stands below"),
        ("run_as: backup", "run_as: root", "run_as:", "the directives say another user"),
        ("provenance: unknown", 'provenance: "package, verified"', "provenance:", "does not say"),
        ("prevalence: 9 of 20", "prevalence: 19 of 20", "prevalence: 19", "only 17 of 20 hosts"),
        ("prevalence: 17 of 20", "prevalence: 17 of 30", "prevalence: 17", "only 20 hosts"),
        ("prevalence: 17 of 20", "prevalence: most", "prevalence: most", "9 of 10"),
        ("required: true", "required: maybe", "required:", "true or false"),
        ("kind: job", "kind: jobs", "kind:", "expected one of job"),
        ("name: backup.timer", "name: other.timer", "meaning:", "does not fit"),
        ("hosts: 20", "hosts: many", "hosts: many", "whole number"),
        ("min_prevalence: 0.5", "min_prevalence: 5", "min_prevalence", "from 0 to 1"),
        ("format: fleetscan.baseline/1", "format: other", "format: other", "expected fleetscan.baseline/1"),
        ("sweep: 7", "sweep: 7\nsweeps: 8", "sweeps: 8", "unknown key"),
        ("sweep: 7", "sweep: 7\nsweep: 8", "sweep: 8", "twice"),
        ("section: Timer", "sektion: Timer", "sektion", "unknown key"),
    ],
)
def test_an_edit_that_does_not_fit_is_refused_with_its_line(
    tmp_path: Path, before: str, after: str, at: str, message: str
) -> None:
    text = ONE.replace(before, after)
    assert text != ONE
    faults = refuse(tmp_path, text)
    wanted = line_of(text, at if at in text else before)
    assert any(message in fault for fault in faults), faults
    assert any(fault.startswith("web.yaml:") for fault in faults)
    assert wanted in {int(fault.split(":")[1]) for fault in faults} or at in ("does:", "meaning:"), faults


def test_commands_that_no_directive_spells_are_refused_even_when_all_digests_fit(tmp_path: Path) -> None:
    (command,) = BACKUP.commands
    lying = seal_subject(replace(BACKUP, commands=(replace(command, path="/tmp/evil", argv=("/tmp/evil",)),)))
    text = render_baseline(baseline(item(lying)))
    assert any("no directive spells this command" in fault for fault in refuse(tmp_path, text))


def test_a_schedule_that_no_directive_spells_is_refused_even_when_all_digests_fit(tmp_path: Path) -> None:
    (trigger,) = BACKUP.triggers
    lying = seal_subject(replace(BACKUP, triggers=(replace(trigger, normal="*-*-* *:*:*"),)))
    text = render_baseline(baseline(item(lying)))
    assert any("no directive spells this schedule" in fault for fault in refuse(tmp_path, text))


def test_what_comes_and_goes_cannot_be_made_required(tmp_path: Path) -> None:
    text = render_baseline(baseline(item(lingering("bob")))).replace("required: false", "required: true")
    assert any("no host can be expected" in fault for fault in refuse(tmp_path, text))


def test_one_thing_cannot_stand_in_a_file_twice(tmp_path: Path) -> None:
    head, items = ONE.split("items:\n")
    assert any("twice" in fault for fault in refuse(tmp_path, f"{head}items:\n{items}{items}"))
    form = items[items.index("  - does:") :]
    assert any("same form" in fault for fault in refuse(tmp_path, f"{head}items:\n{items}{form}"))


def test_an_item_without_forms_is_refused(tmp_path: Path) -> None:
    head, items = ONE.split("items:\n")
    bare = items[: items.index("  forms:")]
    assert any("at least one form" in fault for fault in refuse(tmp_path, f"{head}items:\n{bare}  forms: []\n"))


def test_all_faults_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    text = render_baseline(WHOLE).replace("required: false", "required: maybe")
    assert len(refuse(tmp_path, text)) == sum(not one.required for one in WHOLE.items)


@pytest.mark.parametrize("text", ["", "- a\n", "a: [", "\x00", "format: fleetscan.baseline/1\nitems: 3\n"])
def test_what_is_no_baseline_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    assert refuse(tmp_path, text)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100)
@given(st.data())
def test_a_file_with_any_line_changed_is_read_or_refused_and_never_more(tmp_path: Path, data: st.DataObject) -> None:
    lines = render_baseline(WHOLE).splitlines()
    number = data.draw(st.integers(0, len(lines) - 1))
    lines[number] = data.draw(st.sampled_from(["", lines[number] * 2, lines[number][:-3], "- x", "  - {a: b}", "x: 1"]))
    path = tmp_path / "web.yaml"
    path.write_text("\n".join(lines), encoding="utf-8")
    found = None
    with contextlib.suppress(InventoryError):  # anything else is a bug
        found = load_baseline(path)
    assert found is None or {one.key for one in found.items} <= {one.key for one in WHOLE.items}
