"""What a host says of itself."""

from collections.abc import Iterator, Mapping

from fleetscan.errors import ParseError
from fleetscan.model.coverage import Area, Gap, ReadStatus
from fleetscan.model.ids import SYSTEM, Scope
from fleetscan.model.snapshot import HostFacts, ManagerFacts, Privilege
from fleetscan.probe.wire import Frame, Frames
from fleetscan.systemd.os_release import parse_os_release, parse_systemd_version

_MAX_TEXT = 256
_MAX_PATH = 4096
_TELLING_PREFIXES = ("LD_", "LC_", "SYSTEMD_", "XDG_", "PYTHON", "PERL", "BASH_")
_TELLING_NAMES = frozenset({"PATH", "LANG", "LANGUAGE", "HOME", "SHELL", "USER", "LOGNAME", "TERM", "ENV"})


def parse_facts(frames: Frames) -> tuple[HostFacts, dict[str, str], list[Gap]]:
    """Read facts, os-release and the manager's own properties.

    Returns:
        The facts; the probe's own lines by key (`booted`, `init`, `clock`, …); a gap for each thing that is missing.
    """
    gaps: list[Gap] = []
    said = read_pairs(frames.get(("facts", SYSTEM)))
    os_release = _os_release(frames.get(("os-release", SYSTEM)), gaps)
    manager = read_pairs(frames.get(("manager", SYSTEM)))
    version, version_text = _version(manager.get("Version", ""), frames.get(("version", SYSTEM)))
    needed = (
        (said.get("machine_id"), "machine-id"),
        (version, "the version of systemd"),
        (manager.get("UnitPath"), "the manager's search path"),
    )
    for value, what in needed:
        if not value:
            gaps.append(Gap(Area.FACTS, None, ReadStatus.FAILED, None, f"{what} could not be read"))
    uid, sudo_uid = said.get("uid", ""), said.get("sudo_uid", "")
    privilege = Privilege.USER if uid != "0" else (Privilege.SUDO if sudo_uid else Privilege.ROOT)
    if said.get("sudo_wanted") == "1" and privilege is Privilege.USER:
        login = said.get("login", "the account")[:64]
        gaps.append(Gap(Area.FACTS, None, ReadStatus.DENIED, None, f"sudo -n was refused to {login}"))
    facts = HostFacts(
        os_id=os_release.get("ID", "").lower()[:_MAX_TEXT],
        os_version_id=os_release.get("VERSION_ID", "")[:_MAX_TEXT],
        os_name=os_release.get("PRETTY_NAME", "")[:_MAX_TEXT],
        machine_id=said.get("machine_id", "")[:64],
        hostname=said.get("hostname", "")[:_MAX_TEXT],
        kernel=said.get("kernel", "")[:_MAX_TEXT],
        systemd_version=version,
        systemd_version_text=version_text[:_MAX_TEXT],
        unit_path=_unit_path(manager),
        environment=_environment(manager),
        privilege=privilege,
        login=said.get("login", "")[:64],
        zone=said.get("zone", "")[:64],
        kernel_arguments=tuple(word[:_MAX_TEXT] for word in said.get("kernel_arguments", "").split()[:32]),
        managers=tuple(_user_managers(frames)),
    )
    return facts, said, gaps


def _user_managers(frames: Frames) -> Iterator[ManagerFacts]:
    for section, scope in sorted(frames):
        if section == "manager" and scope != SYSTEM:
            said = read_pairs(frames[section, scope])
            yield ManagerFacts(scope=Scope(scope), unit_path=_unit_path(said), environment=_environment(said))


def _unit_path(manager: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(path for path in manager.get("UnitPath", "").split()[:64] if len(path) <= _MAX_PATH)


def _environment(manager: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(_without_secret(entry) for entry in manager.get("Environment", "").split(" ")[:256] if entry)


def _without_secret(entry: str) -> str:
    """Keep the values that change what is executed; of all other variables keep only the name."""
    name, equals, value = entry.partition("=")
    tells = name.startswith(_TELLING_PREFIXES) or name in _TELLING_NAMES
    return f"{name}={value[:_MAX_TEXT]}" if tells else name + (equals and "=…")


def _os_release(frame: Frame | None, gaps: list[Gap]) -> Mapping[str, str]:
    reason = "os-release could not be read"
    if frame is not None and frame.status is ReadStatus.OK:
        try:
            return parse_os_release(frame.payload)
        except ParseError as error:
            reason = f"os-release cannot be understood: {error.message}"
    gaps.append(Gap(Area.FACTS, None, ReadStatus.FAILED, None, reason))
    return {}


def _version(of_manager: str, of_systemctl: Frame | None) -> tuple[int, str]:
    """Prefer the running manager's version to that of the tool: during an upgrade they differ."""
    for data in (of_manager.encode("utf-8", "surrogateescape"), of_systemctl.payload if of_systemctl else b""):
        if data:
            try:
                return parse_systemd_version(data)
            except ParseError:
                continue
    return 0, ""


def read_pairs(frame: Frame | None) -> dict[str, str]:
    """Give the `key=value` lines of a frame, the first of each key; empty when it did not arrive."""
    if frame is None:
        return {}
    pairs: dict[str, str] = {}
    for line in frame.payload.decode("utf-8", "surrogateescape").split("\n"):
        key, equals, value = line.partition("=")
        if equals:
            pairs.setdefault(key, value)
    return pairs
