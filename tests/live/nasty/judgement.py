"""Our reading of nasty units, beside the manager's."""

import re
from collections.abc import Iterator, Sequence

from fleetscan.errors import ParseError
from fleetscan.model.digest import digest_bytes
from fleetscan.model.ids import SYSTEM
from fleetscan.model.snapshot import Artifact, ArtifactKind, HostFacts
from fleetscan.model.unit import EffectiveUnit, Job, LoadState, Trigger
from fleetscan.systemd.directive_kinds import parse_boolean
from fleetscan.systemd.exec_check import check_exec
from fleetscan.systemd.exec_line import parse_exec
from fleetscan.systemd.jobs import build_jobs
from fleetscan.systemd.names import expand_specifiers
from fleetscan.systemd.resolve import resolve_unit
from fleetscan.systemd.specifiers import find_unknown, is_open
from fleetscan.systemd.timespan import MINUTE_US, parse_timespan
from fleetscan.systemd.tree import UnitTree
from tests.live.nasty.bus import Answer, Properties
from tests.live.nasty.units import FOLDER, NastyCase

Reading = tuple[EffectiveUnit, EffectiveUnit, Job]
"""Timer, the service of the same stem, and the job."""

_LOADS = {
    "loaded": LoadState.LOADED,
    "bad-setting": LoadState.BAD,
    "error": LoadState.BAD,
    "masked": LoadState.MASKED,
    "not-found": LoadState.NOT_FOUND,
}
_EXEC_KEYS = ("ExecCondition", "ExecStartPre", "ExecStart", "ExecStartPost", "ExecReload", "ExecStop", "ExecStopPost")
_FLAGS = {"-": "ignore-failure", ":": "no-env-expand", "+": "privileged", "!": "no-setuid", "|": "via-shell"}
_TIMER_BOOLEANS = {
    "Persistent": False,
    "WakeSystem": False,
    "RemainAfterElapse": True,
    "OnClockChange": False,
    "OnTimezoneChange": False,
    "FixedRandomDelay": False,
    "DeferReactivation": False,
}
_TIMER_SPANS = {"AccuracySec": MINUTE_US, "RandomizedDelaySec": 0, "RandomizedOffsetSec": 0}
_SLASHES = re.compile(r"/(?:\.?/)+")


def read_cases(cases: Sequence[NastyCase], version: int) -> list[Reading]:
    """Read cases with our own code as if they lay on a host of that version."""
    blobs = {}
    artifacts = []
    for case in cases:
        for path, data in case.paths().items():
            digest = digest_bytes(data)
            blobs[digest] = data
            artifacts.append(
                Artifact(
                    kind=ArtifactKind.FILE, scope=SYSTEM, name=f"{FOLDER}/{path}", sha256=digest, size_bytes=len(data)
                )
            )
        artifacts.append(Artifact(kind=ArtifactKind.UNIT_FILE, scope=SYSTEM, name=case.timer))
    facts = HostFacts(systemd_version=version)
    tree = UnitTree.of(facts, artifacts)
    jobs = {job.name: job for job in build_jobs(facts, artifacts, blobs.get)}
    return [
        (
            resolve_unit(tree, SYSTEM, case.timer, blobs.get, version),
            resolve_unit(tree, SYSTEM, case.service, blobs.get, version),
            jobs[case.timer],
        )
        for case in cases
    ]


def compare(case: NastyCase, reading: Reading, answer: Answer, version: int) -> list[str]:
    """Give the differences in meaning between our reading and the manager's, one line each."""
    timer, service, job = reading
    return [
        *(f"{case.timer}: {text}" for text in _compare_loads(timer, answer.timer) or _compare_timer(job, answer.timer)),
        *(
            f"{case.service}: {text}"
            for text in _compare_loads(service, answer.service)
            or _compare_service(service, job, answer.service, version)
        ),
    ]


def is_loaded(answer: Properties) -> bool:
    return bool(answer) and answer["LoadState"] == "loaded"


def _compare_loads(unit: EffectiveUnit, answer: Properties) -> list[str]:
    if not answer:
        return ["the manager gave no answer"]
    if _LOADS[answer["LoadState"]] is not unit.load:
        theirs = f"{answer['LoadState']} {answer['LoadError']}"
        return [f"LoadState: ours {unit.load.value} {unit.problems[-3:]}, theirs {theirs}"]
    return []


def _compare_timer(job: Job, answer: Properties) -> Iterator[str]:
    timer = job.timer
    if not is_loaded(answer):
        return
    yield from _differ("Unit", "" if job.activates is None else job.activates.name, answer["Unit"])
    yield from _compare_description(timer, answer)
    calendars = [trigger.normal for trigger in _valid(job.triggers, "OnCalendar")]
    yield from _differ("TimersCalendar", calendars, [spec for _base, spec, _next in answer["TimersCalendar"][::-1]])
    spans = [
        (trigger.directive.replace("Sec", "USec"), parse_timespan(trigger.value))
        for trigger in job.triggers
        if trigger.normal and trigger.directive.endswith("Sec")
    ]
    theirs = [(base, value) for base, value, _next in answer["TimersMonotonic"][::-1]]
    yield from _differ("TimersMonotonic", spans, theirs)
    for key, default in _TIMER_BOOLEANS.items():
        if key in answer:
            yield from _differ(key, _boolean(timer, "Timer", key, default=default), answer[key])
    for key, default_us in _TIMER_SPANS.items():
        name = key.replace("Sec", "USec")
        if name in answer:
            yield from _differ(name, _span(timer, key, default_us), answer[name])


def _valid(triggers: Sequence[Trigger], key: str) -> list[Trigger]:
    return [trigger for trigger in triggers if trigger.directive == key and trigger.normal]


def _compare_service(service: EffectiveUnit, job: Job, answer: Properties, version: int) -> Iterator[str]:
    if not is_loaded(answer):
        return
    yield from _compare_description(service, answer)
    for key in _EXEC_KEYS:
        if any(is_open(directive.value, service.name) for directive in service.values("Service", key)):
            continue
        theirs = [
            (_plain_path(path, version), argv, sorted(flags)) for path, argv, flags, *_volatile in answer[f"{key}Ex"]
        ]
        yield from _differ(key, [*_commands(service, key, version)], theirs)
    for key in ("RemainAfterExit", "DynamicUser"):
        yield from _differ(key, _boolean(service, "Service", key, default=False), answer[key])
    for key, default in (("Restart", "no"), ("Type", "")):
        stated = service.values("Service", key)
        if stated or default:
            yield from _differ(key, stated[-1].value if stated else default, answer[key])
    is_settled = not any(is_open(directive.value, service.name) for directive in service.values("Service", "User"))
    if job.activates is not None and job.activates.name == service.name and is_settled:
        yield from _differ("User", job.run_as, answer["User"] or "root")


def _commands(service: EffectiveUnit, key: str, version: int) -> Iterator[tuple[str, list[str], list[str]]]:
    for directive in service.values("Service", key):
        accepted = check_exec(directive.value, service.name, version).accepted
        for command in parse_exec(directive, version)[:accepted]:
            argv = [expand_specifiers(word, service.name) for word in command.argv]
            path = _plain_path(expand_specifiers(command.path, service.name), version)
            flags = {_FLAGS[prefix] for prefix in command.prefixes if prefix in _FLAGS}
            if command.prefixes.count("!") == 2:
                # `!!` is for kernels without ambient capabilities, and says nothing any more since 258
                flags = flags - {"no-setuid"} | ({"ambient"} if version < 258 else set())
            if "|" in command.prefixes:  # of a shell's words the first one keeps its specifiers
                shell = "-sh" if "@" in command.prefixes else "sh"
                path, argv = "/bin/sh", [shell, *command.argv[:1], *argv[1:]]
            yield path, argv, sorted(flags)


def _plain_path(path: str, version: int) -> str:
    """Take away what makes no difference: up to 247 `/./` is kept, and bare names are looked up on loading."""
    if version < 250 and path in {"sh", "true"}:
        return f"/usr/bin/{path}"
    return _SLASHES.sub("/", path).removesuffix("/.") or "/"


def _compare_description(unit: EffectiveUnit, answer: Properties) -> Iterator[str]:
    """Compare a free text, which is there to show how lines were split and joined."""
    stated = unit.values("Unit", "Description")
    text = stated[-1].value if stated else ""
    if not is_open(text, unit.name) and not find_unknown(text):
        yield from _differ("Description", expand_specifiers(text, unit.name) or unit.name, answer["Description"])


def _boolean(unit: EffectiveUnit, section: str, key: str, *, default: bool) -> bool | None:
    stated = unit.values(section, key)
    return parse_boolean(stated[-1].value) if stated else default


def _span(unit: EffectiveUnit, key: str, default_us: int) -> int | str:
    stated = unit.values("Timer", key)
    try:
        return parse_timespan(stated[-1].value) if stated else default_us
    except ParseError:
        return f"not valid: {stated[-1].value!r}"


def _differ(what: str, ours: object, theirs: object) -> Iterator[str]:
    if ours != theirs:
        yield f"{what}: ours {ours!r}, theirs {theirs!r}"
