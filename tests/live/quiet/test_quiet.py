"""Hosts that nobody attacks give no finding above `info`, whatever happens to them; upgrades are explained.

    FLEETSCAN_QUIET_TABLE=quiet.json make live

keeps the table as JSON.
"""

import json
import os
import sys
from contextlib import ExitStack
from pathlib import Path

from tests.live.attacks.campaign import accept_fleet
from tests.live.attacks.household import FORGET
from tests.live.attacks.planting import run_lines
from tests.live.attacks.said import Said, read_findings
from tests.live.conftest import Lab, LabHost, RunCli
from tests.live.project import Project
from tests.live.quiet.events import EVENTS, Event
from tests.live.quiet.packages import CHANGED, clear_shelf, install, remove, stock_shelf
from tests.live.quiet.record import Observation, render_table, summarise

_SWEEP_ENDS = (0, 1, 3)
"""Findings are judged here by what is listed; 3 is a cohort of few hosts that has nothing to be compared with."""


def sweep(project: Project) -> None:
    done = project.run_cli("sweep", cwd=project.fleet.path, timeout_s=600)
    assert done.returncode in _SWEEP_ENDS, f"sweep ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert set(project.outcomes().values()) == {"complete"}


def observe(project: Project, lab: Lab, event: Event) -> list[Observation]:
    """Sweep, and tell what is said of every host."""
    sweep(project)
    said = read_findings(project, "info")
    sys.stderr.write(f"{event.name}: {sum(f.severity != 'info' for f in said)} findings above info of {len(said)}\n")
    return [
        Observation.of(event, host.suite, host.name, [f for f in said if f.host == host.name]) for host in lab.hosts
    ]


def test_hosts_that_nobody_attacks_are_quiet(lab: Lab, tmp_path: Path, run_cli: RunCli) -> None:
    chosen = {host.suite: host for host in reversed(lab.hosts)}.values()
    project = Project.start(tmp_path, lab, run_cli)
    project.enroll()
    rows: list[Observation] = []
    with ExitStack() as ends:
        for host in lab.hosts:
            assert not run_lines(lab, host.name, FORGET, strict=True)
        for host in chosen:
            ends.callback(bring_back, lab, host)
        rows += observe(project, lab, Event("first sweep"))
        rows += observe(project, lab, Event("second sweep"))
        accept_fleet(project)
        rows += observe(project, lab, Event("accepted"))
        for host in chosen:
            stock_shelf(lab, host)
        for event in EVENTS:
            with ExitStack() as meanwhile:
                for host in chosen:
                    event.happen(lab, host)
                    meanwhile.enter_context(event.around(lab, host))
                rows += observe(project, lab, event)
            rows += observe(project, lab, Event(f"after {event.name}", undone=event.undone))
    sys.stderr.write(f"{render_table(rows)}\n")
    if path := os.environ.get("FLEETSCAN_QUIET_TABLE"):
        Path(path).write_text(json.dumps([row.to_json() for row in rows], indent=1))
    names = {host.name for host in chosen}
    # What explains itself happened on the chosen hosts only; the others must not say a word.
    rows = [row if row.host in names else row.of_a_witness() for row in rows]
    assert all(row.is_right for row in rows), summarise(rows)


def bring_back(lab: Lab, host: LabHost) -> None:
    """Install what the host had."""
    back = remove("tidy-spool", purge=True) + install((*CHANGED, "plocate"))
    lab.exec(host.name, "sh", stdin=back.encode(), check=False)
    clear_shelf(lab, host)


def said_of(name: str, severity: str, explained_by: tuple[str, ...] = ()) -> Said:
    return Said("h", severity, "change", ("change",), (), "job", "system", name, (name,), f"h: {name}", explained_by)


def test_a_word_above_info_is_no_quiet() -> None:
    row = Observation.of(Event("reboot"), "sid", "h", [said_of("x.timer", "low")])
    assert not row.is_right
    assert "x.timer" in render_table([row])
    assert Observation.of(Event("reboot"), "sid", "h", [said_of("x.timer", "info")]).is_right


def test_an_upgrade_that_nothing_explains_is_not_right() -> None:
    upgrade = Event("upgrade", explains=("logrotate",))
    assert not Observation.of(upgrade, "sid", "h", []).is_right
    assert not Observation.of(upgrade, "sid", "h", [said_of("logrotate.timer", "info")]).is_right
    assert Observation.of(upgrade, "sid", "h", [said_of("logrotate.timer", "info", ("logrotate 1 → 2",))]).is_right


def test_what_came_back_must_not_be_told_any_more() -> None:
    back = Event("downgrade", undone=("logrotate",))
    assert not Observation.of(back, "sid", "h", [said_of("logrotate.timer", "info")]).is_right
    assert Observation.of(back, "sid", "h", [said_of("man-db.timer", "info")]).is_right
