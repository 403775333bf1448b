"""What packages a host has, beside those that it was expected to have."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fleetscan.analyse.case import Setting
from fleetscan.model.coverage import Area, Coverage

_MAX_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """The packages of one host.

    Attributes:
        versions: Of installed packages that own anything of the snapshot; empty for a version that was not told.
        timers: Packages to the units that each of them brings beside a timer, whether these are still there or not.
        expected: Versions where the host's expected form comes from; packages that are not there are left out.
        is_known: Whether the package database was read whole, so that what it does not name is not installed.
    """

    versions: Mapping[str, str] = field(default_factory=dict)
    timers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    expected: Mapping[str, str] = field(default_factory=dict)
    is_known: bool = True

    @staticmethod
    def of(setting: Setting, coverage: Coverage, expected: Mapping[str, str]) -> "Installed":
        """Take from a host's setting what it says of packages."""
        timers: dict[str, set[str]] = {}
        for package, unit in setting.package_timers:
            timers.setdefault(package, set()).add(unit)
        return Installed(
            versions=dict(setting.packages),
            timers={package: frozenset(units) for package, units in timers.items()},
            expected=expected,
            is_known=not any(gap.area is Area.PACKAGES for gap in coverage.gaps),
        )

    def was_replaced(self, package: str) -> bool:
        """Tell whether another version is installed than the expected one, both being known."""
        before, after = self.expected.get(package, ""), self.versions.get(package, "")
        return bool(before and after) and before != after

    def is_gone(self, package: str) -> bool:
        """Tell whether the host no longer has a package that brings timers: the database was read whole without it.

        Of a package that brings none it proves nothing: such a package is named only while it owns what was seen.
        """
        return self.is_known and bool(package) and package not in self.versions and package not in self.timers

    def still_owns(self, units: Iterable[str]) -> bool:
        """Tell whether an installed package says that it brings one of these units."""
        wanted = frozenset(units)
        return any(wanted & owned for owned in self.timers.values())

    def describe(self, packages: Iterable[str]) -> str:
        """Name packages with their versions, `logrotate 3.21 → 3.22`; of many the first few by name."""
        names = sorted({package for package in packages if package})
        told = ", ".join(self._describe(name) for name in names[:_MAX_NAMED])
        return f"{told} and {len(names) - _MAX_NAMED} more" if len(names) > _MAX_NAMED else told

    def _describe(self, package: str) -> str:
        before, after = self.expected.get(package, ""), self.versions.get(package, "")
        if self.was_replaced(package):
            return f"{package} {before} → {after}"
        return f"{package} {after or before}".rstrip()


def find_common_versions(settings: Iterable[tuple[Setting, int]]) -> Mapping[str, str]:
    """Give of each package the version that most hosts have; of equally common ones the same in any order.

    Args:
        settings: Of groups of equal hosts, each with how many these are.
    """
    counts: dict[str, dict[str, int]] = {}
    for setting, hosts in settings:
        for package, version in setting.packages:
            if version:
                versions = counts.setdefault(package, {})
                versions[version] = versions.get(version, 0) + hosts
    return {package: min(found, key=lambda v: (-found[v], v)) for package, found in sorted(counts.items())}
