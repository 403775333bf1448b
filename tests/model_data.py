"""Builders of model values for tests: subjects as a host would give them, hosts of a cohort, gaps."""

from collections.abc import Iterable, Mapping, Sequence

from fleetscan.analyse.census import Member
from fleetscan.analyse.fingerprint import UNSEALED, seal_subject
from fleetscan.analyse.meaning import carries_meaning
from fleetscan.model.baseline import Cohort
from fleetscan.model.coverage import Area, Coverage, Gap, ReadStatus
from fleetscan.model.digest import digest_bytes
from fleetscan.model.ids import SYSTEM, HostName, Scope, Sha256, UnitName, scope_user, user_scope
from fleetscan.model.origin import Origin
from fleetscan.model.subject import Subject, SubjectKey, SubjectKind
from fleetscan.model.unit import Directive, EffectiveUnit, LoadState, SourceKind, UnitSource, UnitState
from fleetscan.systemd.exec_line import parse_exec
from fleetscan.systemd.triggers import build_triggers

WEB = Cohort("web", "debian", "12")
ETC = "/etc/systemd/system"
_STORED: dict[Sha256, bytes] = {}


def store_text(text: str | bytes) -> Sha256:
    """Keep bytes so that `read_stored` gives them back."""
    data = text if isinstance(text, bytes) else text.encode()
    digest = digest_bytes(data)
    _STORED[digest] = data
    return digest


def read_stored(sha256: Sha256) -> bytes | None:
    return _STORED.get(sha256)


def job(
    stem: str = "backup",
    *,
    scope: Scope = SYSTEM,
    exec_start: str | Sequence[str] = "/usr/bin/backup",
    calendar: str = "daily",
    service: Mapping[str, str] | None = None,
    timer: Mapping[str, str] | None = None,
    drop_ins: Mapping[str, str] | None = None,
    folder: str = ETC,
    comment: str = "",
    enabled: str = "enabled",
    active: str = "active",
    links: tuple[str, ...] | None = None,
    masked: bool = False,
    unreadable: tuple[str, ...] = (),
    activates: str = "",
    invented: str = "",
    transient: bool = False,
    generated: bool = False,
) -> Subject:
    """Build the job of one timer.

    Args:
        stem: Of the timer, and of the service unless `activates` names another unit.
        exec_start: One command line or several.
        service: Further `[Service]` directives.
        timer: Further `[Timer]` directives.
        drop_ins: Path of a drop-in of the service to its `[Service]` directives as text, `ExecStartPost=/x`.
        comment: Only in the bytes of the timer's file.
        links: Enabling links; by default the usual one when `enabled`.
        invented: The key's name when systemd invented the unit's name.
    """
    timer_name = UnitName(f"{stem}.timer")
    service_name = UnitName(activates or f"{stem}.service")
    lines = [exec_start] if isinstance(exec_start, str) else list(exec_start)
    service_settings = [*(("ExecStart", line) for line in lines), *(service or {}).items()]
    timer_settings = [("OnCalendar", calendar), *(timer or {}).items()]
    timer_source, timer_directives = _write(f"{folder}/{timer_name}", "Timer", timer_settings, comment)
    service_source, service_directives = _write(f"{folder}/{service_name}", "Service", service_settings)
    sources = [timer_source, service_source]
    for path, text in (drop_ins or {}).items():
        settings = [(key, value) for key, _, value in (line.partition("=") for line in text.splitlines())]
        source, extra = _write(path, "Service", settings, kind=SourceKind.DROP_IN)
        sources.append(source)
        service_directives += extra
    if masked:
        sources = [UnitSource(SourceKind.FRAGMENT, f"{ETC}/{timer_name}", None, "/dev/null"), service_source]
        timer_directives = []
    effective = EffectiveUnit(name=timer_name, scope=scope, load=LoadState.LOADED, directives=tuple(timer_directives))
    directives = [(timer_name, d) for d in timer_directives] + [(service_name, d) for d in service_directives]
    commands = tuple(c for d in service_directives if d.key.startswith("Exec") for c in parse_exec(d))
    run_as = (service or {}).get("User", scope_user(scope) or "root")
    usual = (f"{ETC}/timers.target.wants/{timer_name}",) if enabled == "enabled" and not masked else ()
    subject = Subject(
        key=SubjectKey(SubjectKind.JOB, scope, invented or timer_name),
        fingerprint=UNSEALED,
        unit_names=(timer_name, service_name),
        sources=tuple(sources),
        directives=tuple((name, d) for name, d in directives if carries_meaning(d)),
        links=usual if links is None else links,
        triggers=build_triggers(effective),
        commands=commands,
        run_as=run_as,
        state=UnitState(enabled="masked" if masked else enabled, active="inactive" if masked else active),
        transient=transient,
        generated=generated,
        summary=f"runs {' '.join(commands[0].argv)} as {run_as}, {calendar}" if commands else "",
        unreadable=unreadable,
        masked=(timer_name,) if masked else (),
    )
    return seal_subject(subject)


def loose_unit(
    name: str = "agent.service", settings: Iterable[tuple[str, str]] = (("ExecStart", "/usr/bin/agent"),)
) -> Subject:
    """Build a unit that no timer reaches."""
    path = f"{ETC}/{name}/10-local.conf" if name.endswith(".d") else f"{ETC}/{name}"
    source, directives = _write(path, "Service", list(settings))
    subject = Subject(
        key=SubjectKey(SubjectKind.UNIT, SYSTEM, name),
        fingerprint=UNSEALED,
        unit_names=(UnitName(name),),
        sources=(source,),
        directives=tuple((UnitName(name), d) for d in directives),
        commands=tuple(c for d in directives if d.key.startswith("Exec") for c in parse_exec(d)),
    )
    return seal_subject(subject)


def lingering(user: str) -> Subject:
    """Build a user whose manager starts at boot."""
    return seal_subject(Subject(key=SubjectKey(SubjectKind.LINGER, user_scope(user), user), fingerprint=UNSEALED))


def orphan_stamp(timer: str) -> Subject:
    """Build a stamp whose timer is gone."""
    return seal_subject(Subject(key=SubjectKey(SubjectKind.STAMP, SYSTEM, timer), fingerprint=UNSEALED))


def member(host: str, *subjects: Subject, coverage: Coverage | None = None) -> Member:
    """Build a host that was read, completely unless a coverage says otherwise."""
    ordered = tuple(sorted(subjects, key=lambda subject: subject.key))
    return Member(HostName(host), ordered, coverage or Coverage())


def fleet(count: int, *subjects: Subject, prefix: str = "web") -> list[Member]:
    """Build equal hosts, `web-000` and on."""
    ordered = tuple(sorted(subjects, key=lambda subject: subject.key))
    return [Member(HostName(f"{prefix}-{number:03}"), ordered, Coverage()) for number in range(count)]


def gap(area: Area, path: str | None = None, *, scope: Scope | None = SYSTEM) -> Gap:
    """Build one gap: permission was denied."""
    return Gap(area=area, scope=scope, status=ReadStatus.DENIED, path=path, reason="permission denied")


def partial(*gaps: Gap) -> Coverage:
    """Build a coverage with gaps."""
    return Coverage.of(gaps)


def _write(
    path: str,
    section: str,
    settings: Iterable[tuple[str, str]],
    comment: str = "",
    *,
    kind: SourceKind = SourceKind.FRAGMENT,
) -> tuple[UnitSource, list[Directive]]:
    lines = [f"# {comment}"] if comment else []
    lines.append(f"[{section}]")
    directives = []
    for key, value in settings:
        lines.append(f"{key}={value}")
        directives.append(Directive(section, key, value, Origin(path, len(lines))))
    source = UnitSource(kind, path, store_text("\n".join(lines) + "\n"))
    return source, directives
