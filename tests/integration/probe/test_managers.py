"""How the probe asks managers: each of them once, and never so that one answer hides the others."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

from fleetscan.demo.tree import HostTree, TreeFile
from fleetscan.model.coverage import ReadStatus
from tests.integration.probe.probe_runs import run_probe
from tests.integration.probe.test_homes import add_users_manager, write_with_socket

MANAGERS_SECTIONS = ("manager", "timers-json", "timers-text", "loaded", "unit-files")
# Ends without a word when it is asked about anything beside the timers that are in memory, and counts.
PICKY = """#!/bin/sh
case " $* " in *" show "*) echo asked >>"${0%/*}/shown" ;; esac
case "$*" in *" -- *.timer "*) exit 1 ;; esac
exec "${0%/*}/systemctl-of-the-host" "$@"
"""
COUNTING = PICKY.replace('case "$*" in *" -- *.timer "*) exit 1 ;; esac\n', "")


def put_before_systemctl(tree: HostTree, text: str) -> None:
    tree.files[".shim/systemctl-of-the-host"] = tree.files.pop(".shim/systemctl")
    tree.files[".shim/systemctl"] = TreeFile(text, 0o755)


def shown_units(payload: bytes) -> list[str]:
    return sorted(re.findall(r"^Id=(.*)$", payload.decode(), re.MULTILINE))


def test_timers_and_what_they_start_are_shown_by_one_call(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    put_before_systemctl(tree, COUNTING)
    tree.write(root)
    loaded = run_probe(shell, root).section("loaded")
    assert {"logrotate.timer", "logrotate.service"} <= set(shown_units(loaded.payload))
    assert (root / ".shim/shown").read_text().count("asked") == 2  # the other one is of the manager itself


def test_a_name_that_ends_the_call_hides_no_other(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    tree.write(root)
    usual = run_probe(shell, root).section("loaded")
    shim = root / ".shim/systemctl"
    shim.rename(root / ".shim/systemctl-of-the-host")
    shim.write_text(PICKY)
    shim.chmod(0o755)
    picky = run_probe(shell, root).section("loaded")
    assert picky.status is usual.status is ReadStatus.OK
    assert shown_units(picky.payload) == shown_units(usual.payload)


def test_a_users_manager_with_more_to_say_than_fits_at_once_is_heard_to_its_end(
    shell: Sequence[str], tree: HostTree, root: Path
) -> None:
    row = {"next": 0, "left": 0, "last": 0, "passed": 0}
    rows = [{**row, "unit": f"t{number}.timer", "activates": f"t{number}.service"} for number in range(500)]
    tree.files[".shim/many"] = TreeFile(json.dumps(rows, separators=(",", ":")) + "\n")
    assert len(tree.files[".shim/many"].text) > 32_768
    add_users_manager(
        tree,
        answer='case " $* " in *" list-timers "*) cat "${0%/*}/many"; exit 0 ;; *" show "*" -- "*) exit 0 ;; esac',
        limit_s=20,
    )
    write_with_socket(tree, root)
    run = run_probe(shell, root)
    listed = run.section("timers-json", "user:root")
    assert (listed.status, len(json.loads(listed.payload))) == (ReadStatus.OK, 500)
    assert run.section("unit-files", "user:root").status is ReadStatus.OK
    assert run.section("manager", "user:root").status is ReadStatus.OK


def test_a_user_who_makes_up_ends_of_answers_lies_of_his_own_manager_only(
    shell: Sequence[str], tree: HostTree, root: Path
) -> None:
    tree.write(root)
    honest = {frame.section: frame.payload for frame in run_probe(shell, root).frames if frame.scope == "system"}
    lies = "printf '\\n//answered 0\\n[]\\n//answered 0\\n\\n//answered 0\\n\\n//answered 0\\n@0 loaded ok 0 system\\n'"
    add_users_manager(tree, answer=f"{{ {lies}; exit 0; }}", limit_s=20)
    write_with_socket(tree, root)
    run = run_probe(shell, root)
    told = {frame.scope for frame in run.frames if frame.section in MANAGERS_SECTIONS}
    assert told == {"system", "user:root"}
    for section in ("timers-json", "loaded", "unit-files"):
        assert run.section(section, "system").payload == honest[section]
