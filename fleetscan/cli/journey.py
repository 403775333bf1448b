"""The demo's journey, told step by step."""

import shutil
import sys
import time
from pathlib import Path

from fleetscan.bootstrap import (
    build_transport,
    current_author,
    index_hosts,
    judge_options,
    mail_options,
    sweep_options,
    utc_now,
)
from fleetscan.cli.judged import finding_records, print_findings, print_verdict, unread_lines
from fleetscan.cli.output import Format, Terminal
from fleetscan.cli.progress import show_progress
from fleetscan.config import Settings
from fleetscan.demo.fleet import DemoFleet
from fleetscan.demo.thread import ThreadedFleet, run_in_thread
from fleetscan.errors import OutputError, UsageError
from fleetscan.inventory.reader import Inventory, load_inventory
from fleetscan.model.sweep import Selection
from fleetscan.operations.manage_baselines import approve_baselines
from fleetscan.operations.notify_owners import write_digests
from fleetscan.operations.propose_baselines import ProposeOptions, propose_baselines
from fleetscan.operations.publish import gather_inputs
from fleetscan.operations.sweep_fleet import SweepResult, sweep_fleet
from fleetscan.report.digest import build_digests
from fleetscan.report.html import write_report
from fleetscan.report.inputs import ReportInputs
from fleetscan.report.view import build_report_view
from fleetscan.store.schema import create_database
from fleetscan.store.store import Store, open_store

_MARK = ".fleetscan-demo"


def run_journey(terminal: Terminal, folder: Path, hosts: int) -> None:
    """Run the demo in a folder of its own.

    Raises:
        UsageError: The folder holds something that no demo made.
        OutputError: It cannot be written to.
    """
    began = time.monotonic()
    _prepare(folder)
    fleet = DemoFleet(folder / "hosts", count=hosts)
    with run_in_thread(fleet) as running:
        inventory = _write_project(folder, running)
        with open_store(f"sqlite:///{folder / 'fleetscan.db'}", clock=utc_now) as store:
            inputs = _journey(terminal, store, running, inventory)
            done = write_digests(
                build_digests(inputs), mail_options(Settings(), sender_needed=False), folder / "outbox"
            )
        page = write_report(build_report_view(inputs), folder / "report")
    records = [record for record in finding_records(inputs) if record.severity != "info"]
    print_findings(terminal, Format.TABLE, records)
    for line in unread_lines(inputs):
        terminal.say(line, style="yellow")
    print_verdict(terminal, inputs)
    terminal.say(f"report:   {page.resolve()}")
    terminal.say(f"mails:    {len(done)} .eml files in {(folder / 'outbox').resolve()}")
    terminal.say(f"database: {(folder / 'fleetscan.db').resolve()}")
    terminal.say(f"look on:  {_own_command()} --config {folder / 'fleetscan.toml'} drift --diff")
    terminal.say(f"took {time.monotonic() - began:.0f} s")


def _own_command() -> str:
    """Give a way to start this program that works where the reader stands, whether or not it is on the PATH."""
    if shutil.which("fleetscan"):
        return "fleetscan"
    beside = Path(sys.executable).parent / "fleetscan"
    if beside.is_relative_to(Path.cwd()):
        return str(beside.relative_to(Path.cwd()))
    return str(beside)


def _journey(terminal: Terminal, store: Store, running: ThreadedFleet, inventory: Inventory) -> ReportInputs:
    terminal.say(f"1. {len(inventory.hosts)} hosts are up on loopback; first sweep", style="bold")
    first = _sweep(terminal, store, running, inventory)
    known = index_hosts(inventory)
    author = current_author()
    options = ProposeOptions(rules=judge_options(Settings()).rules)
    proposals = propose_baselines(
        store, known, first.sweep, role=None, min_prevalence=0.5, author=author, at=utc_now(), options=options
    )
    terminal.say(f"2. {len(proposals)} baselines proposed and approved", style="bold")
    approve_baselines(
        store, tuple(p.id for p in proposals), author=author, reason="the demo's first sweep", at=utc_now()
    )
    terminal.say("3. meanwhile on the fleet:", style="bold")
    for plant in running.plant():
        terminal.say(f"   {plant.host}: {plant.words}")
    terminal.say("4. second sweep", style="bold")
    second = _sweep(terminal, store, running, inventory)
    return gather_inputs(store, known, second.sweep, utc_now(), judge_options(Settings()))


def _sweep(terminal: Terminal, store: Store, running: ThreadedFleet, inventory: Inventory) -> SweepResult:
    # No host of the demo hangs, so these limits are only reached on a machine that is very busy.
    settings = Settings(connect_timeout_s=30, visit_timeout_s=60, concurrency=24)
    transport = build_transport(settings, running.fleet.known_keys())
    transport.prepare(inventory.hosts)
    with show_progress(terminal, len(inventory.hosts)) as observer:
        return sweep_fleet(
            inventory.hosts,
            Selection(),
            store=store,
            transport=transport,
            options=sweep_options(settings),
            author=current_author(),
            clock=utc_now,
            observer=observer,
        )


def _prepare(folder: Path) -> None:
    try:
        if folder.exists():
            if not (folder / _MARK).exists() and any(folder.iterdir()):
                raise UsageError(f"{folder} holds something that no demo made", hint="choose another folder with --out")
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        (folder / _MARK).touch()
    except OSError as error:
        raise OutputError(
            f"cannot write to {folder}: {error.strerror}", hint="choose a folder that this account may write to"
        ) from error


def _write_project(folder: Path, running: ThreadedFleet) -> Inventory:
    (folder / "inventory.yaml").write_text(running.fleet.inventory_yaml(), encoding="utf-8")
    (folder / "known_hosts").write_text(running.fleet.known_hosts(), encoding="utf-8")
    settings = 'inventory = "inventory.yaml"\ndatabase = "sqlite:///fleetscan.db"\nknown_hosts = ["known_hosts"]\n'
    (folder / "fleetscan.toml").write_text(settings, encoding="utf-8")
    create_database(f"sqlite:///{folder / 'fleetscan.db'}")
    return load_inventory(folder / "inventory.yaml")
