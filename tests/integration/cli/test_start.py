"""The first minutes: init, settings, inventory, and what the program says of itself."""

import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import jsonschema
import pytest

from fleetscan.config import setting_table
from fleetscan.config.table import SettingInfo
from fleetscan.errors import StoreError
from fleetscan.export.records import SCHEMAS
from fleetscan.probe.script import load_probe
from tests.integration.cli.console import Console, assert_one_clear_line

_HEAVY = ("sqlalchemy", "alembic", "asyncssh", "jinja2", "pydantic", "uvloop", "yaml")
_SPECIAL = {
    "inventory": "other.yaml",
    "database": "sqlite:///other.db",
    "known_hosts": "/etc/ssh/ssh_known_hosts",
    "ciphers": "aes256-gcm@openssh.com",
    "cohort": "zone",
    "approvers": "2",
    "fail_on": "critical",
    "min_prevalence": "0.75",
    "report_dir": "elsewhere",
    "log_level": "error",
    "log_format": "json",
    "color": "never",
    "locale": "en",
    "max_output_bytes": "1048576",
    "smtp.security": "tls",
    "smtp.password": "env:MAIL_PASSWORD",
    "smtp.sender": "fleet@example.org",
    "smtp.ca_file": "/etc/ssl/ca.pem",
    "smtp.list_domain": "lists.example.org",
    "smtp.report_url": "https://example.org/report",
    "smtp.host": "mail.example.org",
    "smtp.user": "fleet",
}


def test_init_writes_three_files_that_work_together(console: Console) -> None:
    answer = console("init", "site")
    assert answer.code == 0
    assert sorted(p.name for p in (console.folder / "site").iterdir()) == [
        "fleetscan.db",
        "fleetscan.toml",
        "inventory.yaml",
    ]
    site = Console(console.folder / "site")
    assert site("db", "status").code == 0
    assert site("inventory", "check").code == 0
    assert "next: edit inventory.yaml" in answer.err
    assert answer.out == ""


@pytest.mark.parametrize("name", ["fleetscan.toml", "inventory.yaml", "fleetscan.db"])
def test_init_refuses_to_overwrite_any_of_them_and_writes_nothing(console: Console, name: str) -> None:
    (console.folder / name).write_text("")
    answer = console("init")
    assert answer.code == 2
    assert_one_clear_line(answer, name)
    assert [p.name for p in console.folder.iterdir()] == [name]
    assert (console.folder / name).read_bytes() == b""


def test_init_leaves_nothing_half_written_when_the_database_cannot_be_made(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(url: str) -> None:
        raise StoreError(f"no space left for {url}", hint="free some")

    monkeypatch.setattr("fleetscan.operations.initialise.create_database", full)
    answer = console("init", "site")
    assert answer.code == 4
    assert_one_clear_line(answer, "no space left")
    assert not (console.folder / "site").exists() or list((console.folder / "site").iterdir()) == []


def test_init_in_a_place_that_is_a_file_says_so(console: Console) -> None:
    (console.folder / "site").write_text("")
    answer = console("init", "site")
    assert answer.code == 4
    assert_one_clear_line(answer, "cannot write to site")


def test_init_with_broken_settings_writes_nothing(console: Console) -> None:
    answer = console("--concurrency", "many", "init", "site")
    assert answer.code == 2
    assert not (console.folder / "site").exists()


def test_config_show_names_the_layer_that_won(project: Console) -> None:
    (project.folder / "fleetscan.toml").write_text("concurrency = 3\nhandshakes = 4\nvisit_timeout_s = 5\n")
    answer = project(
        "--concurrency",
        "30",
        "config",
        "show",
        "--format",
        "json",
        env={"FLEETSCAN_CONCURRENCY": "20", "FLEETSCAN_HANDSHAKES": "40"},
    )
    origin = {item["name"]: (item["value"], item["origin"]) for item in answer.items}
    assert origin["concurrency"] == ("30", "--concurrency")
    assert origin["handshakes"][0] == "40"
    assert "FLEETSCAN_HANDSHAKES" in origin["handshakes"][1]
    assert origin["visit_timeout_s"][0] == "5"
    assert "fleetscan.toml" in origin["visit_timeout_s"][1]
    assert origin["fail_on"] == ('"medium"', "default")


@pytest.mark.parametrize("info", setting_table(), ids=lambda info: info.name)
def test_every_setting_has_a_flag_of_the_program(console: Console, info: SettingInfo) -> None:
    name, flag = info.name, info.flag
    answer = console(flag, _SPECIAL.get(name, "17"), "config", "show", "--format", "json")
    assert answer.code == 0, answer.err
    setting = next(item for item in answer.items if item["name"] == name)
    assert setting["origin"] == flag
    assert setting["flag"] == flag


def test_a_wrong_setting_is_refused_with_its_origin(project: Console) -> None:
    answer = project("config", "show", env={"FLEETSCAN_FAIL_ON": "terrible"})
    assert answer.code == 2
    assert "FLEETSCAN_FAIL_ON" in answer.err
    assert "terrible" in answer.err
    assert "Traceback" not in answer.err


def test_an_unknown_option_or_command_is_a_usage_error(console: Console) -> None:
    assert console("--colour", "config", "show").code == 2
    assert console("conquer").code == 2
    assert console("baseline", "show", "x").code == 2


def test_inventory_check_counts_and_list_resolves(project: Console) -> None:
    (project.folder / "inventory.yaml").write_text(
        "owners: {ops: {name: Ops, email: ops@example.org}}\n"
        "defaults: {owner: ops, user: scan}\n"
        "groups: {web: {}, db: {port: 2222}}\n"
        "hosts:\n  'web[1:3].example.org': {groups: [web]}\n  db.example.org: {groups: [db]}\n"
    )
    answer = project("inventory", "check")
    assert (answer.code, answer.out) == (0, "inventory.yaml: 4 hosts, 2 groups, 1 owner\n")
    assert [h["name"] for h in project.read("inventory", "list", "--group", "web", "--exclude", "web2*")] == [
        "web1.example.org",
        "web3.example.org",
    ]
    assert project.read("inventory", "list", "--limit", "db.example.org")[0]["port"] == 2222


def test_a_faulty_inventory_is_told_line_by_line_before_any_packet(project: Console) -> None:
    (project.folder / "inventory.yaml").write_text("hosts:\n  a: {prot: 22}\n  b: {port: 99999}\n")
    for command in (["inventory", "check"], ["sweep"], ["hosts", "enroll"]):
        answer = project(*command)
        assert answer.code == 2
        assert "inventory.yaml:2" in answer.err
        assert "inventory.yaml:3" in answer.err
        assert "Traceback" not in answer.err


@pytest.mark.parametrize("kind", ["missing", "folder", "bytes"])
def test_an_unreadable_inventory_is_one_clear_line(project: Console, kind: str) -> None:
    path = project.folder / "inventory.yaml"
    path.unlink()
    if kind == "folder":
        path.mkdir()
    elif kind == "bytes":
        path.write_bytes(b"hosts:\n  a\xff\x00: {}\n")
    answer = project("sweep")
    assert answer.code == 2
    assert_one_clear_line(answer, "inventory.yaml")


def test_a_selection_that_matches_nothing_is_a_usage_error(project: Console) -> None:
    answer = project("sweep", "--limit", "nobody")
    assert answer.code == 2
    assert_one_clear_line(answer, "nobody")


def test_probe_show_prints_exactly_what_runs(console: Console) -> None:
    answer = console("probe", "show")
    probe = load_probe()
    assert answer.out.encode() == probe.text
    assert hashlib.sha256(answer.out.encode()).hexdigest() in answer.err


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_is_a_valid_schema(console: Console, name: str) -> None:
    schema = json.loads(console("schema", name).out)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["title"] == f"fleetscan.{name}/1"


def test_schema_without_a_name_lists_them_and_a_wrong_name_is_refused(console: Console) -> None:
    assert console("schema").out.split() == sorted(SCHEMAS)
    answer = console("schema", "nonsense")
    assert answer.code == 2
    assert_one_clear_line(answer, "nonsense", "drift")


def test_quiet_leaves_nothing_but_data_and_errors(project: Console) -> None:
    assert project("--quiet", "probe", "show").err == ""
    assert project("--quiet", "sweeps", "list").err == ""
    assert project("--quiet", "show", "nobody").err.startswith("error: ")


def test_no_color_and_the_variable_win_over_a_terminal(project: Console) -> None:
    def coloured(*words: str, **env: str) -> bool:
        return "\x1b[36m" in project(*words, "config", "show", env=env).out

    assert coloured("--color", "always")
    assert not coloured("--color", "always", "--no-color")
    assert not coloured()
    assert not coloured(NO_COLOR="1", FORCE_COLOR="1")


def test_a_missing_database_says_how_to_make_one(console: Console) -> None:
    (console.folder / "inventory.yaml").write_text("hosts: {}\n")
    for command in (["sweeps", "list"], ["baseline", "list"], ["timers"]):
        answer = console(*command)
        assert answer.code == 4
        assert_one_clear_line(answer, "there is no database", "fleetscan init")
    assert not (console.folder / "fleetscan.db").exists()


def test_a_database_of_an_unknown_version_is_refused_and_not_touched(project: Console) -> None:
    with closing(sqlite3.connect(project.folder / "fleetscan.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = 'from-the-future'")
    before = (project.folder / "fleetscan.db").read_bytes()
    answer = project("sweeps", "list")
    assert answer.code == 4
    assert_one_clear_line(answer, "from-the-future")
    assert project("db", "upgrade").code == 4
    assert project("db", "status").code == 4
    assert (project.folder / "fleetscan.db").read_bytes() == before


def test_a_reader_that_goes_away_ends_the_program_quietly_and_not_with_a_verdict(project: Console) -> None:
    for words in (["probe", "show"], ["config", "show"], ["config", "show", "--format", "json"], ["schema"]):
        reading, writing = os.pipe()
        os.close(reading)
        with subprocess.Popen(
            [sys.executable, "-m", "fleetscan", *words],
            cwd=project.folder,
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            os.close(writing)
            _, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (141, ""), words


def test_help_loads_no_stage(console: Console) -> None:
    script = (
        "import sys; sys.argv = ['fleetscan', '--help']\n"
        "from fleetscan.cli import main\n"
        "try: main()\n"
        "finally: print('LOADED', *sorted({name.partition('.')[0] for name in sys.modules}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=console.folder, capture_output=True, text=True, check=True
    )
    assert "Usage" in done.stdout
    loaded = done.stdout.partition("LOADED")[2].split()
    assert "typer" in loaded
    assert [name for name in _HEAVY if name in loaded] == []


def _break(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*words: object, **more: object) -> None:
        raise RuntimeError("this should not happen\x1b[31m")

    monkeypatch.setattr("fleetscan.store.sweeps.SweepStore.list_sweeps", broken)


def test_a_bug_is_one_line_and_with_verbose_a_traceback(project: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    _break(monkeypatch)
    answer = project("sweeps", "list")
    assert answer.code == 4
    assert "internal error: RuntimeError: this should not happen\\x1b[31m" in answer.err
    assert "Traceback" not in answer.err
    assert "--verbose" in answer.err
    answer = project("--verbose", "sweeps", "list")
    assert answer.code == 4
    assert "Traceback" in answer.err


def test_an_expected_error_has_no_traceback_even_with_verbose(project: Console) -> None:
    answer = project("--verbose", "show", "nobody")
    assert answer.code == 2
    assert_one_clear_line(answer, "nobody")


def test_a_named_settings_file_that_is_missing_is_an_error(console: Console) -> None:
    answer = console("--config", "none.toml", "config", "show")
    assert answer.code == 2
    assert_one_clear_line(answer, "none.toml")


def test_commands_work_from_another_folder_with_config(
    project: Console, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = Console(tmp_path_factory.mktemp("elsewhere"))
    assert elsewhere("--config", str(project.folder / "fleetscan.toml"), "sweeps", "list").code in (0, 4)
    config = project.folder / "fleetscan.toml"
    config.write_text('database = "sqlite:///fleetscan.db"\ninventory = "inventory.yaml"\n')
    assert elsewhere("--config", str(config), "sweeps", "list").code == 0
    assert Path(elsewhere.folder).exists()
    assert list(elsewhere.folder.iterdir()) == []
