"""Rules over what a host has and what differs there."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fleetscan.analyse.case import Case
from fleetscan.analyse.census import Census, Member
from fleetscan.analyse.compare import Assembly, judge_cohort
from fleetscan.analyse.findings import finding_id
from fleetscan.analyse.judge import Bench, HostVerdict, collect_vendor_names, rename_verdict
from fleetscan.analyse.rules.rule import Rule
from fleetscan.model.baseline import Baseline
from fleetscan.model.coverage import Area
from fleetscan.model.drift import DriftKind, ExplanationKind, Severity
from fleetscan.model.finding import Finding, Technique
from fleetscan.model.ids import GLOBAL_USER, SYSTEM, HostName, Scope, UnitName, user_scope
from fleetscan.model.program import Verification
from fleetscan.model.snapshot import UnitProcess
from fleetscan.model.subject import Subject, SubjectKind
from tests.judge_data import GONE, NEW, ODD_PROCESS, RULES, TEMPORARY, drifted, rule
from tests.model_data import ETC, WEB, fleet, gap, job, lingering, loose_unit, member, partial, read_stored
from tests.piece_data import USR, packaged
from tests.unit.analyse.test_drift import approve

APT = packaged(job("apt-daily", folder=USR))
BACKUP = job("backup")
IMPLANT = job("implant", exec_start="/tmp/x", calendar="minutely")
CHANGED = job("backup", exec_start="/tmp/x")


def judge(
    members: Sequence[Member],
    *,
    rules: Sequence[Rule] = RULES,
    baseline: Baseline | None = None,
    processes: Mapping[HostName, Mapping[UnitName, tuple[UnitProcess, ...]]] | None = None,
) -> dict[HostName, HostVerdict]:
    assembly = Assembly(WEB, members, {m.host: WEB for m in members})
    bench = Bench(rules=tuple(rules), contents=read_stored, processes=processes or {})
    return {verdict.drift.host: verdict for verdict in judge_cohort(assembly, baseline, bench)}


def findings_of(members: Sequence[Member], host: str = "odd") -> tuple[Finding, ...]:
    return judge(members)[HostName(host)].findings


def asked(members: Sequence[Member], host: str = "odd", baseline: Baseline | None = None) -> list[Case]:
    """Give the cases that rules are asked of one host."""
    cases: list[Case] = []

    def note(case: Case) -> bool:
        cases.append(case)
        return False

    alone = [m for m in members if m.host == host]
    assembly = Assembly(WEB, members, {m.host: WEB for m in alone})
    judge_cohort(assembly, baseline, Bench(rules=(rule("T-NOTE", note),), contents=read_stored))
    return cases


def process(unit: str = "backup.service", scope: Scope = SYSTEM) -> UnitProcess:
    return UnitProcess(
        scope=scope,
        unit=UnitName(unit),
        pid=7,
        parent_pid=1,
        user="root",
        started_at=None,
        command="x",
        executable="/tmp/x (deleted)",
    )


def test_one_thing_is_one_finding_with_all_rules_that_match() -> None:
    (found,) = findings_of([*fleet(9, APT), member("odd", APT, IMPLANT)])
    assert (found.host, found.key, found.cohort) == ("odd", IMPLANT.key, WEB)
    assert [hit.rule for hit in found.hits] == ["T-TMP", "T-NEW"]  # worst first
    assert found.severity is Severity.CRITICAL
    assert set(found.techniques) == {Technique.PAYLOAD, Technique.PLAIN_PAIR}
    assert str(found.prevalence) == "0 of 9"
    assert found.id == finding_id(HostName("odd"), IMPLANT.key)
    assert found.sentence.startswith("odd runs /tmp/x as root, minutely (implant.timer)")


def test_drift_and_finding_have_one_severity_and_what_no_rule_judges_is_info() -> None:
    verdict = judge([*fleet(9, APT), member("odd", APT, IMPLANT, lingering("bob"))], rules=[TEMPORARY])[HostName("odd")]
    assert [(item.key.name, item.severity) for item in verdict.drift.items] == [
        ("implant.timer", Severity.CRITICAL),
        ("bob", Severity.INFO),
    ]
    assert [item.severity for finding in verdict.findings for item in finding.drift] == [Severity.CRITICAL]


def test_what_stands_there_is_judged_without_any_difference() -> None:
    (found,) = judge(fleet(5, IMPLANT), rules=[NEW, TEMPORARY])[HostName("web-000")].findings
    assert [hit.rule for hit in found.hits] == ["T-TMP"]
    assert (found.drift, str(found.prevalence)) == ((), "4 of 4")
    assert found.sentence.startswith("web-000 has ")


def test_what_is_gone_is_judged_too() -> None:
    (found,) = findings_of([*fleet(9, APT, BACKUP), member("odd", APT)])
    assert (found.key, [hit.rule for hit in found.hits]) == (BACKUP.key, ["T-GONE"])
    assert [item.kind for item in found.drift] == [DriftKind.REMOVED]


def test_a_host_without_peers_is_judged_by_what_it_has() -> None:
    (found,) = judge([member("alone", APT, IMPLANT)])[HostName("alone")].findings
    assert [hit.rule for hit in found.hits] == ["T-TMP"]
    cases = {case.subject.key.name: case for case in asked([member("alone", APT)], "alone")}
    assert (cases["apt-daily.timer"].compared, str(cases["apt-daily.timer"].prevalence)) == (False, "0 of 0")


def test_hosts_that_are_the_same_get_the_same_verdict_under_their_own_names() -> None:
    verdicts = judge([*fleet(9, APT), *fleet(2, APT, IMPLANT, prefix="bad")])
    one, other = verdicts[HostName("bad-000")], verdicts[HostName("bad-001")]
    assert one.findings[0].content == other.findings[0].content
    assert one.findings[0].id != other.findings[0].id
    assert one.findings[0].sentence == other.findings[0].sentence.replace("bad-001", "bad-000")
    assert other.findings[0].id == finding_id(HostName("bad-001"), IMPLANT.key)
    assert {item.host for item in (*other.drift.items, *other.findings[0].drift)} == {"bad-001"}
    assert rename_verdict(one, HostName("bad-000")) is one
    assert rename_verdict(rename_verdict(one, HostName("zz")), HostName("bad-000")) == one


def test_a_sentence_keeps_the_hosts_name_where_it_is_not_the_first_word() -> None:
    implant = job("bad-000", exec_start="/tmp/bad-000")
    verdicts = judge([*fleet(9, APT), *fleet(2, APT, implant, prefix="bad")])
    assert verdicts[HostName("bad-001")].findings[0].sentence.startswith("bad-001 runs /tmp/bad-000 ")


def test_an_innocent_proof_is_told_beside_the_finding() -> None:
    stock, upgraded = packaged(job("apt-daily")), packaged(job("apt-daily", calendar="hourly"))
    every = rule("T-ANY", drifted(), needs_drift=True)
    marked = packaged(job("apt-daily", calendar="hourly"), marks={f"{ETC}/apt-daily.timer": Verification.UNOWNED})
    for subject, is_proven in ((upgraded, True), (marked, False)):
        verdict = judge([*fleet(9, stock), member("odd", subject)], rules=[every])[HostName("odd")]
        (found,) = verdict.findings
        kinds = {proof.kind for proof in found.explanations}
        assert (kinds == {ExplanationKind.PACKAGE}) is is_proven
        assert found.explanations == verdict.drift.items[0].explanations


def test_an_approved_form_says_by_which_baseline() -> None:
    others = fleet(9, BACKUP)
    (accepted,) = asked([*others, member("odd", BACKUP)], baseline=approve(others))
    assert accepted.baseline == 3
    (changed,) = asked([*others, member("odd", CHANGED)], baseline=approve(others))
    assert changed.baseline is None
    (peers,) = asked([*others, member("odd", BACKUP)])
    assert peers.baseline is None
    commented = job("backup", comment="other bytes")
    (raw_only,) = asked([*others, member("odd", commented)], baseline=approve(others))
    assert (raw_only.baseline, raw_only.drift[0].raw_only) == (3, True)


def test_what_was_not_read_is_not_said_to_be_in_the_approved_form() -> None:
    others = fleet(9, BACKUP)
    unread = job("backup", unreadable=(f"{ETC}/backup.service",))
    coverage = partial(gap(Area.FILES, f"{ETC}/backup.service"))
    (case,) = asked([*others, member("odd", unread, coverage=coverage)], baseline=approve(others))
    assert (case.drift, case.baseline) == ((), None)
    # Here it seems to be another one, and nobody can say so.
    folder = f"{ETC}/backup.service.d"
    dropped = fleet(9, job("backup", drop_ins={f"{folder}/10-nice.conf": "Nice=5"}))
    odd = member("odd", BACKUP, coverage=partial(gap(Area.FILES, folder)))
    (case,) = asked([*dropped, odd], baseline=approve(dropped))
    assert (case.drift, case.baseline) == ((), None)


def test_processes_that_are_not_what_the_unit_says_are_judged_on_their_host_alone() -> None:
    odd = {HostName("web-001"): {UnitName("backup.service"): (process(),)}}
    verdicts = judge(fleet(5, BACKUP), processes=odd)
    assert [host for host, verdict in verdicts.items() if verdict.findings] == ["web-001"]
    assert [hit.rule for hit in verdicts[HostName("web-001")].findings[0].hits] == [ODD_PROCESS.id]


def test_processes_join_what_was_found_already() -> None:
    odd = {HostName("odd"): {UnitName("implant.service"): (process("implant.service"),)}}
    (found,) = judge([*fleet(9, APT), member("odd", APT, IMPLANT)], processes=odd)[HostName("odd")].findings
    assert {hit.rule for hit in found.hits} == {"T-TMP", "T-NEW", "T-PROC"}


def test_an_approved_form_says_nothing_of_what_runs_under_its_name() -> None:
    others = fleet(9, BACKUP)
    odd = {HostName("odd"): {UnitName("backup.service"): (process(),)}}
    verdicts = judge([*others, member("odd", BACKUP)], baseline=approve(others), processes=odd)
    (found,) = verdicts[HostName("odd")].findings
    assert (found.severity, [hit.rule for hit in found.hits]) == (ODD_PROCESS.severity, [ODD_PROCESS.id])


def test_an_approved_form_stays_settled_beside_a_process_that_is_not() -> None:
    others = fleet(9, IMPLANT)
    odd = {HostName("odd"): {UnitName("implant.service"): (process("implant.service"),)}}
    verdicts = judge([*others, member("odd", IMPLANT)], baseline=approve(others), processes=odd)
    (found,) = verdicts[HostName("odd")].findings
    assert [hit.rule for hit in found.hits] == ["T-TMP", "T-PROC"]
    assert found.severity is ODD_PROCESS.severity  # the accepted job itself is critical by its rule


def test_what_was_accepted_of_a_job_was_accepted_without_the_process_that_came_later() -> None:
    members = fleet(5, IMPLANT)

    def content(*running: UnitProcess) -> str:
        odd = {HostName("web-001"): {UnitName("implant.service"): running}}
        return judge(members, processes=odd)[HostName("web-001")].findings[0].content

    foreign = process("implant.service")
    updated = replace(foreign, executable="/usr/bin/python3.11 (deleted)")
    assert content(foreign) != content()
    assert content(foreign) != content(replace(foreign, executable="/memfd:x (deleted)"))
    assert content(foreign, replace(foreign, pid=8)) == content(foreign)
    assert content(updated) == content()


def test_a_process_of_a_user_does_not_accuse_the_system_unit_of_that_name() -> None:
    def accused(subject: Subject, running: UnitProcess) -> bool:
        odd = {HostName("web-001"): {UnitName("backup.service"): (running,)}}
        return bool(judge(fleet(5, subject), processes=odd)[HostName("web-001")].findings)

    users, every = job("backup", scope=user_scope("eve")), job("backup", scope=GLOBAL_USER)
    eves = process(scope=user_scope("eve"))
    assert not accused(BACKUP, eves)
    assert accused(users, eves)
    assert not accused(users, process(scope=user_scope("ann")))
    assert accused(every, eves)  # what all users have runs in each one's manager
    assert not accused(every, process())


def test_rules_are_asked_of_every_thing_with_what_the_fleet_has() -> None:
    cases = {case.subject.key.name: case for case in asked([*fleet(8, APT, BACKUP), member("odd", APT, CHANGED)])}
    assert set(cases) == {"apt-daily.timer", "backup.timer"}
    changed = cases["backup.timer"]
    assert (str(changed.prevalence), str(changed.seen), changed.hosts) == ("0 of 8", "8 of 8", 1)
    assert [item.kind for item in changed.drift] == [DriftKind.CHANGED]
    assert cases["apt-daily.timer"].hosts == 9


def test_only_names_of_unchanged_packages_can_be_imitated() -> None:
    own = replace(packaged(job("mine")), pieces=())
    modified = packaged(job("logrotate"), marks={f"{ETC}/logrotate.timer": Verification.CHANGED})
    assert collect_vendor_names([APT, own, modified, lingering("bob")]) == {"apt-daily"}


def test_the_order_of_hosts_and_rules_changes_nothing() -> None:
    members = [*fleet(5, APT, BACKUP), member("odd", APT, IMPLANT), member("poor", BACKUP), member("new", APT, CHANGED)]
    verdicts = judge(members)
    assert judge(members[::-1], rules=RULES[::-1]) == verdicts
    assert Census.of(members).hosts == len(verdicts)


def test_nothing_is_found_without_rules() -> None:
    verdict = judge([*fleet(9, APT), member("odd", IMPLANT, loose_unit())], rules=[])[HostName("odd")]
    assert verdict.findings == ()
    assert {item.severity for item in verdict.drift.items} == {Severity.INFO}
    assert {item.key.kind for item in verdict.drift.items} == {SubjectKind.JOB, SubjectKind.UNIT}
    assert GONE.needs_drift
