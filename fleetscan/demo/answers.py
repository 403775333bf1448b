"""What the stand-in for systemctl prints, laid out as systemd 252 and 257 do."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from fleetscan.demo.image import DemoHost
from fleetscan.demo.loaded import LoadedUnit
from fleetscan.demo.schedule import UPTIME
from fleetscan.demo.showing import NOT_FOUND, show_unit
from fleetscan.demo.tree import TreeFile

SHIM = ".shim"
_ENVIRONMENT = ("LANG=C.UTF-8", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")


def build_answers(host: DemoHost, units: Sequence[LoadedUnit], now: datetime) -> dict[str, TreeFile]:
    """Give the canned answers as files of the tree, path to file."""
    timers = sorted(
        (unit for unit in units if unit.name.endswith(".timer") and unit.wanted),
        key=lambda unit: (unit.runs.next_at or datetime.max.replace(tzinfo=UTC), unit.name),
    )
    release = host.release
    manager = (
        f"Version={release.package}",
        f"Environment={' '.join(_ENVIRONMENT)}",
        f"UnitPath={' '.join(release.unit_path)}",
    )
    texts = {
        "out/version": release.version_text,
        "out/manager": "".join(f"{line}\n" for line in manager),
        "out/environment": "".join(f"{line}\n" for line in _ENVIRONMENT),
        "out/list-timers.table": list_timers_text(timers, now, says_left=release.says_left),
        "out/list-timers.json": list_timers_json(timers, now, absolute_passed=release.says_left),
        "out/list-unit-files.table": list_unit_files_text(units),
        "out/list-unit-files.json": list_unit_files_json(units),
        "out/hostname": f"{host.name}\n",
        "out/kernel": f"{release.kernel}\n",
    }
    texts.update({f"out/not-found.{suffix}": text for suffix, text in NOT_FOUND.items()})
    texts.update({f"show/{unit.name}": show_unit(unit) for unit in units})
    return {f"{SHIM}/{path}": TreeFile(text) for path, text in texts.items()}


def list_timers_text(timers: Sequence[LoadedUnit], now: datetime, *, says_left: bool) -> str:
    """Print `list-timers --all`.

    Up to systemd 253 it says `3h left` and aligns all columns to the left; later ones drop the word, and align LEFT and
    PASSED to the right.
    """
    rows = [("NEXT", "LEFT", "LAST", "PASSED", "UNIT", "ACTIVATES")]
    for timer in timers:
        ahead = _relative(timer.runs.next_at, now)
        ago = _relative(timer.runs.last_at, now)
        rows.append(
            (
                _timestamp(timer.runs.next_at),
                f"{ahead} left" if says_left and ahead != "-" else ahead,
                _timestamp(timer.runs.last_at),
                f"{ago} ago" if ago != "-" else ago,
                timer.name,
                timer.activates,
            )
        )
    right = frozenset[int]() if says_left else frozenset({1, 3})
    return f"{_table(rows, right)}\n{len(timers)} timers listed.\n"


def list_timers_json(timers: Sequence[LoadedUnit], now: datetime, *, absolute_passed: bool) -> str:
    """Print `list-timers --all --output=json`: `left` repeats `next`; `passed` counts from boot since systemd 254."""
    boot = now - UPTIME
    rows = []
    for timer in timers:
        ahead, last = _microseconds(timer.runs.next_at), _microseconds(timer.runs.last_at) or 0
        passed = last if absolute_passed or not last else max(last - (_microseconds(boot) or 0), 0)
        rows.append(
            {
                "next": ahead,
                "left": ahead,
                "last": last,
                "passed": passed,
                "unit": timer.name,
                "activates": timer.activates,
            }
        )
    return json.dumps(rows, separators=(",", ":")) + "\n"


def list_unit_files_text(units: Sequence[LoadedUnit]) -> str:
    """Print `list-unit-files`."""
    rows = [("UNIT FILE", "STATE", "PRESET")]
    rows += [(unit.name, unit.state, _preset(unit) or "-") for unit in units]
    return f"{_table(rows, frozenset())}\n{len(units)} unit files listed.\n"


def list_unit_files_json(units: Sequence[LoadedUnit]) -> str:
    """Print `list-unit-files --output=json`."""
    rows = [{"unit_file": unit.name, "state": unit.state, "preset": _preset(unit)} for unit in units]
    return json.dumps(rows, separators=(",", ":")) + "\n"


def _preset(unit: LoadedUnit) -> str | None:
    """Give the preset column: Debian enables everything that can be enabled."""
    return "enabled" if unit.state in ("enabled", "disabled", "masked") else None


def _table(rows: Sequence[tuple[str, ...]], right: frozenset[int]) -> str:
    """Lay rows out in columns one space apart; the last column is not padded."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    pads: list[Callable[[str, int], str]] = [str.rjust if i in right else str.ljust for i in range(len(widths))]
    lines = []
    for row in rows:
        cells = [pad(cell, width) for pad, cell, width in zip(pads, row, widths, strict=True)]
        lines.append(" ".join([*cells[:-1], row[-1]]) + "\n")
    return "".join(lines)


def _timestamp(at: datetime | None) -> str:
    """Write an instant as systemd does under TZ=UTC; `-` for none."""
    return at.strftime("%a %Y-%m-%d %H:%M:%S UTC") if at else "-"


def _microseconds(at: datetime | None) -> int | None:
    """Give microseconds since the epoch."""
    return int(at.timestamp()) * 1_000_000 if at else None


def _relative(at: datetime | None, now: datetime) -> str:
    """Write a distance as systemd's format_timestamp_relative does, without `left` or `ago`."""
    if at is None:
        return "-"
    seconds = int(abs((at - now).total_seconds()))
    days, hours, minutes = seconds // 86400, seconds // 3600, seconds // 60
    forms = (
        (days >= 7, f"{days // 7} week{'s' * (days >= 14)} {days % 7} day{'s' * (days % 7 != 1)}"),
        (days >= 2, f"{days} days"),
        (hours >= 25, f"1 day {hours - 24}h"),
        (hours >= 6, f"{hours}h"),
        (hours >= 1, f"{hours}h {minutes % 60}min"),
        (minutes >= 5, f"{minutes}min"),
        (minutes >= 1, f"{minutes}min {seconds % 60}s"),
    )
    return next((text for fits, text in forms if fits), f"{seconds}s")
