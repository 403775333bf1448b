"""A project whose database has sweeps of a small fleet, judged by rules made by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from fleetscan import bootstrap
from fleetscan.config.settings import Settings
from fleetscan.model.digest import digest_bytes
from fleetscan.model.ids import HostName
from fleetscan.model.snapshot import Artifact, HostSnapshot
from fleetscan.operations.judge_sweep import JudgeOptions
from fleetscan.store.store import Store, open_store
from tests.integration.cli.console import Console
from tests.judge_data import RULES
from tests.stored_fleet import DAY, NOW, VENDOR, failure, file, snapshot, sweep_day

ETC = "/etc/systemd/system"
TIMER = b"[Timer]\nOnCalendar=daily\n"
SERVICE = b"[Service]\nExecStart=/usr/sbin/logrotate\n"
IMPLANT = b"[Service]\nExecStart=/tmp/x\n"
WORSE = b"[Service]\nExecStart=/tmp/y\n"
AGENT = b"[Service]\nExecStart=/opt/agent/run\n"
CONTENTS = {digest_bytes(text): text for text in (TIMER, SERVICE, IMPLANT, WORSE, AGENT)}
STOCK = (
    file("/usr/lib/systemd/system/logrotate.timer", TIMER),
    file("/usr/lib/systemd/system/logrotate.service", SERVICE),
    VENDOR[1],
)
NAMES = tuple(f"web{number:02}" for number in range(1, 13))
BAD, LOST, *GOOD = NAMES
REACHED = NAMES[6:11]
"""Hosts that an agent is rolled out to."""
_INVENTORY = f"""
defaults: {{user: scan, owner: ana}}
owners:
  ana: {{name: Ana, email: ana@example.org}}
groups:
  web: {{hosts: [{", ".join(NAMES)}]}}
hosts:
{"".join(f"  {name}: {{address: 127.0.0.1}}{chr(10)}" for name in NAMES)}"""


def planted(text: bytes, stem: str = "implant") -> tuple[Artifact, ...]:
    return (file(f"{ETC}/{stem}.timer", TIMER), file(f"{ETC}/{stem}.service", text))


def seen(name: str, day: int, *more: Artifact) -> HostSnapshot:
    found = snapshot(HostName(name), (*STOCK, *more), at=NOW + day * DAY, contents=CONTENTS)
    identity = digest_bytes(name.encode())[:32]
    return replace(found, host_key=f"SHA256:{name}", facts=replace(found.facts, machine_id=identity))


def options_by_hand(settings: Settings) -> JudgeOptions:
    """Take the place of `bootstrap.judge_options`."""
    assert settings.database
    return JudgeOptions(at=bootstrap.utc_now(), rules=RULES)


@contextmanager
def judging_by_hand() -> Iterator[None]:
    """Judge by the rules of `judge_data` and no others."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bootstrap, "judge_options", options_by_hand)
        yield


@contextmanager
def database_of(console: Console) -> Iterator[Store]:
    """Open the database of a project."""
    with open_store(f"sqlite:///{console.folder / 'fleetscan.db'}", clock=lambda: NOW) as store:
        yield store


def start_project(folder: Path) -> Console:
    """Make a project of twelve stock hosts, swept once."""
    folder.mkdir(exist_ok=True)
    console = Console(folder)
    answer = console("init")
    assert answer.code == 0, answer.err
    (folder / "inventory.yaml").write_text(_INVENTORY)
    with database_of(console) as store:
        sweep_day(store, 0, *(seen(name, 0) for name in NAMES))
    return console


def sweep_again(console: Console, day: int, text: bytes | None = IMPLANT, *, lost: bool = False) -> None:
    """Sweep once more: one host has an implant (with that text, or none), five have an agent, one may fail."""
    given = {BAD: planted(text) if text is not None else (), **dict.fromkeys(REACHED, planted(AGENT, "agent"))}
    with database_of(console) as store:
        outcomes = [
            failure(HostName(name), NOW + day * DAY) if lost and name == LOST else seen(name, day, *given.get(name, ()))
            for name in NAMES
        ]
        sweep_day(store, day, *outcomes)
