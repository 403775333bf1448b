"""What a system manager would have loaded from a tree. A small model: one fragment, own drop-ins, links, masks."""

from dataclasses import dataclass, field
from datetime import datetime

from fleetscan.demo.image import ADMIN, VENDOR, DemoHost
from fleetscan.demo.schedule import Runs, parse_span, plan_calendar, plan_monotonic
from fleetscan.demo.settings import Settings, read_settings
from fleetscan.demo.tree import HostTree


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedUnit:
    """One unit of the system manager.

    Attributes:
        fragment: Path as the manager spells it.
        state: As `list-unit-files` says: enabled, disabled, static, masked, alias.
        wanted: Whether something pulls it in, so that it is loaded and, for a timer, waiting.
        settings: What is in force after drop-ins, by section and key.
        runs: Of a timer that waits.
    """

    name: str
    fragment: str
    state: str
    wanted: bool
    drop_ins: tuple[str, ...] = ()
    settings: Settings = field(default_factory=dict)
    runs: Runs = Runs(None, None)  # noqa: RUF009  # a frozen value

    def value(self, section: str, key: str, default: str = "") -> str:
        """Give the last value of a setting."""
        found = self.settings.get((section, key))
        return found[-1] if found else default

    @property
    def activates(self) -> str:
        """What a timer starts."""
        return self.value("Timer", "Unit", self.name.removesuffix(".timer") + ".service")


def load_units(host: DemoHost, tree: HostTree, now: datetime) -> tuple[LoadedUnit, ...]:
    """Read a tree as its manager would; sorted by type and name like `list-unit-files`."""
    found: dict[str, str] = {}
    for folder in (ADMIN, VENDOR):
        for path in (*tree.files, *tree.links):
            parent, _, name = path.rpartition("/")
            if parent == folder and name.endswith((".timer", ".service")):
                found.setdefault(name, path)
    wanted = {path.rpartition("/")[2] for path in tree.links if ".wants/" in path and path.startswith((ADMIN, VENDOR))}
    enabled = {path.rpartition("/")[2] for path in tree.links if ".wants/" in path and path.startswith(ADMIN)}
    units = [
        _load(host, tree, path, now, is_wanted=name in wanted, is_enabled=name in enabled)
        for name, path in found.items()
    ]
    return tuple(sorted(units, key=lambda unit: (unit.name.rpartition(".")[2], unit.name)))


def _load(host: DemoHost, tree: HostTree, path: str, now: datetime, *, is_wanted: bool, is_enabled: bool) -> LoadedUnit:
    """Resolve one unit."""
    name = path.rpartition("/")[2]
    fragment = f"{host.release.vendor_dir}/{name}" if path.startswith(VENDOR) else f"/{path}"
    if path in tree.links:
        state = "masked" if tree.links[path] == "/dev/null" else "alias"
        return LoadedUnit(name=name, fragment=fragment, state=state, wanted=False)
    drop_ins = sorted(p for p in tree.files if p.startswith(f"{ADMIN}/{name}.d/") and p.endswith(".conf"))
    settings = read_settings(*(tree.files[p].text for p in (path, *drop_ins)))
    installs = any(section == "Install" for section, _ in settings)
    state = "enabled" if is_enabled else "disabled" if installs else "static"
    runs = _plan(host, name, settings, now) if is_wanted and name.endswith(".timer") else Runs(None, None)
    return LoadedUnit(
        name=name,
        fragment=fragment,
        state=state,
        wanted=is_wanted,
        drop_ins=tuple(f"/{p}" for p in drop_ins),
        settings=settings,
        runs=runs,
    )


def _plan(host: DemoHost, name: str, settings: Settings, now: datetime) -> Runs:
    """Work out when a timer runs."""
    if calendar := settings.get(("Timer", "OnCalendar")):
        delay = settings.get(("Timer", "RandomizedDelaySec"), ["0"])[-1]
        return plan_calendar(calendar[0], parse_span(delay), f"{host.name} {name}", now)
    boot = settings.get(("Timer", "OnBootSec"), ["0"])[-1]
    again = settings.get(("Timer", "OnUnitActiveSec"), ["1d"])[-1]
    return plan_monotonic(parse_span(boot), parse_span(again), now)
