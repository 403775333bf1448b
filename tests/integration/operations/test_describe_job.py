"""All of a job, from the newest state of a host: what it runs, where that comes from, what else starts it."""

from dataclasses import replace

import pytest

from fleetscan.errors import UsageError
from fleetscan.export.job_records import JobRecord
from fleetscan.model.coverage import Area, Gap, ReadStatus
from fleetscan.model.ids import SYSTEM, HostName
from fleetscan.model.snapshot import Artifact, ArtifactKind, RuntimeState
from fleetscan.operations.describe_job import describe_jobs
from fleetscan.operations.describe_surroundings import describe_surroundings
from fleetscan.operations.list_timers import list_timers
from fleetscan.operations.read_jobs import JobReader
from fleetscan.store.store import Store
from tests.integration.operations.seen_job import ARTIFACTS, ETC, seen
from tests.stored_fleet import DAY, DB, NOW, VENDOR, WEB, failure, snapshot, sweep_day

pytest_plugins = ("tests.databases",)


@pytest.fixture
def record(store: Store) -> JobRecord:
    sweep_day(store, 0, seen())
    (found,) = describe_jobs(store, WEB, "copy.timer")
    return found


def test_schedule_and_runs_are_those_of_the_hosts_own_manager(record: JobRecord) -> None:
    assert (record.schedule, record.next_at, record.last_at) == ("daily", NOW + DAY, NOW)
    assert [(t.directive, t.normal, t.path, t.line) for t in record.triggers] == [
        ("OnCalendar", "*-*-* 00:00:00", f"{ETC}/copy.timer", 4)
    ]


def test_files_stand_in_order_of_application_with_their_package(record: JobRecord) -> None:
    timer, service = record.units
    assert [(s.kind, s.path, s.verification) for s in (*timer.sources, *service.sources)] == [
        ("fragment", f"{ETC}/copy.timer", "unknown"),
        ("fragment", "/usr/lib/systemd/system/copy.service", "verified"),
        ("drop-in", f"{ETC}/copy.service.d/10-nice.conf", "unknown"),
    ]
    assert service.sources[0].package == "copy"
    assert len(service.sources[0].sha256) == 64


def test_settings_say_where_they_stand_and_whether_they_mean_anything(record: JobRecord) -> None:
    timer, service = record.units
    assert [(d.key, d.line, d.has_meaning) for d in timer.directives] == [
        ("Description", 2, False),
        ("OnCalendar", 4, True),
        ("Persistent", 5, True),
    ]
    (nice,) = [d for d in service.directives if d.key == "Nice"]
    assert (nice.path, nice.line) == (f"{ETC}/copy.service.d/10-nice.conf", 2)


def test_commands_are_decoded_and_their_prefixes_explained(record: JobRecord) -> None:
    shell, rsync, gone = record.commands
    assert (shell.prefixes, shell.path, len(shell.meaning)) == ("-", "/bin/sh", 1)
    assert (rsync.path, rsync.argv) == ("/usr/bin/rsync", ("kworker", "-a", "/a b", "$DEST"))
    assert [text[0] for text in rsync.meaning] == ["+", "@"]
    assert gone.meaning == ()


def test_each_program_belongs_to_the_commands_that_run_it(record: JobRecord) -> None:
    assert [(p.role, p.path, p.commands, p.presence, p.verification) for p in record.programs] == [
        ("executable", "/bin/sh", (0,), "found", "verified"),
        ("script", "/opt/copy/run.sh", (0,), "found", "unowned"),
        ("executable", "/usr/bin/rsync", (1,), "found", "changed"),
        ("executable", "/opt/gone", (2,), "absent", "unknown"),
        ("environment file", "/etc/default/copy", (), "found", "changed configuration"),
    ]
    shell, script = record.programs[:2]
    assert (shell.real_path, shell.links, shell.mode) == ("/usr/bin/sh", ("/bin → usr/bin",), "0755")
    assert script.exposed == ("/opt/copy deploy:deploy 0775",)


def test_an_environment_file_shows_names_and_only_values_that_were_taken(record: JobRecord) -> None:
    assert record.programs[-1].variables == ("DEST", "LD_PRELOAD=/opt/x.so", "package")


def test_what_else_starts_a_unit_and_what_runs_of_it_are_told(record: JobRecord) -> None:
    assert [(a.by, a.unit) for a in record.activations] == [("multi-user.target", "copy.service")]
    assert [p.pid for p in record.processes] == [40]


def test_timers_are_found_by_name_stem_glob_and_scope(store: Store) -> None:
    sweep_day(store, 0, snapshot(artifacts=(*ARTIFACTS, *VENDOR)))
    for pattern, count in (("copy", 1), ("copy.timer", 1), ("c*", 1), ("*", 2), ("*rot*", 1)):
        assert len(describe_jobs(store, WEB, pattern, "sys*")) == count
    for pattern, scope in (("copi", "*"), ("copy.service", "*"), ("copy", "user:*")):
        with pytest.raises(UsageError, match="is named"):
            describe_jobs(store, WEB, pattern, scope)
    with pytest.raises(UsageError, match="never read"):
        describe_jobs(store, "nobody", "*")


def test_a_host_that_failed_since_is_described_as_it_was_seen(store: Store) -> None:
    sweep_day(store, 0, seen())
    sweep_day(store, 1, failure(WEB, NOW + DAY))
    (found,) = describe_jobs(store, WEB, "copy")
    assert (found.seen_at, found.sweep) == (NOW, 1)


def test_timers_carry_programs_disagreements_and_activations(store: Store) -> None:
    sweep_day(store, 0, seen(), snapshot(DB))
    web = next(record for record in list_timers(store, None) if record.host == WEB)
    assert [p.verification for p in web.programs][:3] == ["verified", "unowned", "changed"]
    assert web.executes[1].startswith("+@/usr/bin/rsync")
    assert web.programs[2].commands == (1,)
    assert [a.by for a in web.activations] == ["multi-user.target"]
    assert list_timers(store, WEB) == (web,)


def test_views_are_not_said_to_disagree_behind_a_gap(store: Store) -> None:
    told = {"ActiveState": "active", "FragmentPath": f"{ETC}/logrotate.timer", "LoadState": "loaded"}
    orphan = replace(VENDOR[1], properties=tuple(told.items()))
    gap = Gap(Area.FILES, None, ReadStatus.DENIED, None, "denied")
    sweep_day(store, 0, snapshot(WEB, (orphan,)), snapshot(DB, (orphan,), gaps=(gap,)))
    (web,) = list_timers(store, WEB)
    (db,) = list_timers(store, DB)
    assert "loaded but no file" in {d.kind for d in web.disagreements}
    assert "loaded but no file" not in {d.kind for d in db.disagreements}


def test_surroundings_name_only_what_is_out_of_the_ordinary(store: Store) -> None:
    sweep_day(store, 0, seen())
    found = JobReader(store).expect(WEB)
    around = describe_surroundings(found)
    assert (around.unowned, around.changed, around.absent) == (
        ("/opt/copy/run.sh",),
        ("/usr/bin/rsync",),
        ("/opt/gone",),
    )
    assert around.generators == (f"{ETC}-generators/seed",)
    assert around.mounts == (ETC,)
    assert [trace.unit for trace in around.traces] == ["run-u7.service"]
    usual = replace(found, jobs=(), artifacts=VENDOR, runtime=RuntimeState())
    quiet = describe_surroundings(usual)
    assert not any((quiet.unowned, quiet.changed, quiet.absent, quiet.generators, quiet.mounts, quiet.traces))


def test_a_timer_that_is_not_loaded_is_told_only_when_it_is_enabled(store: Store) -> None:
    def state(word: str) -> Artifact:
        told = (("state", word),)
        return Artifact(kind=ArtifactKind.UNIT_FILE, scope=SYSTEM, name="logrotate.timer", properties=told)

    sweep_day(store, 0, snapshot(WEB, (VENDOR[0], state("disabled"))), snapshot(DB, (VENDOR[0], state("enabled"))))
    (timer,) = list_timers(store, WEB)
    assert [d.kind for d in timer.disagreements] == ["on disk but never loaded"]
    assert describe_surroundings(JobReader(store).expect(WEB)).disagreements == ()
    assert [d.unit for d in describe_surroundings(JobReader(store).expect(DB)).disagreements] == ["logrotate.timer"]


def test_a_host_that_was_never_read_has_no_jobs(store: Store) -> None:
    sweep_day(store, 0, failure(WEB))
    assert JobReader(store).read(WEB) is None
    assert JobReader(store).read(HostName("nobody")) is None
