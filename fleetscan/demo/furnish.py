"""Make a tree answer like a running host: its manager's state, stamps of timers, and the stand-in commands."""

from datetime import datetime
from functools import cache
from pathlib import Path

from fleetscan.demo.answers import SHIM, build_answers
from fleetscan.demo.image import DemoHost
from fleetscan.demo.loaded import load_units
from fleetscan.demo.tree import HostTree, TreeFile

STAMPS = "var/lib/systemd/timers"


def furnish_tree(host: DemoHost, tree: HostTree, now: datetime) -> None:
    """Bring answers, stamps and stand-ins up to date with the units in the tree, as a reload of the manager would."""
    units = load_units(host, tree, now)
    for path in [path for path in tree.files if path.startswith((f"{SHIM}/out/", f"{SHIM}/show/"))]:
        del tree.files[path]
    tree.files.update(build_answers(host, units, now))
    tree.files.update(_stand_ins())
    for unit in units:
        stamp = f"{STAMPS}/stamp-{unit.name}"
        if unit.runs.last_at and unit.value("Timer", "Persistent") == "true" and stamp not in tree.files:
            tree.files[stamp] = TreeFile("", modified_s=int(unit.runs.last_at.timestamp()))


@cache
def _stand_ins() -> dict[str, TreeFile]:
    """Read the scripts that stand in for commands which would speak of the real machine."""
    scripts = sorted((Path(__file__).parent / "shim").glob("*.sh"))
    return {f"{SHIM}/{script.stem}": TreeFile(script.read_text(), 0o755) for script in scripts}
