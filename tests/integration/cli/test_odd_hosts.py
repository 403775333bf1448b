"""A fleet in which everything is wrong with some host: one sweep, one outcome each, no secret told."""

import asyncio
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncssh
import pytest
import yaml

from fleetscan.demo.server import HostServer
from tests.integration.cli.console import Answer, Console, Site, assert_one_clear_line, open_site
from tests.integration.ssh.test_faults import greets_and_is_silent, silent, speaks_http
from tests.ssh_servers import LOOPBACK, USER, free_port, make_key, serve, serve_raw

if TYPE_CHECKING:
    _Process = asyncssh.SSHServerProcess[bytes]

PASSWORD = "hunter2-Pa55w0rd"
PASSPHRASE = "correct-horse-9battery"
_ENV = {"FLEET_PASSWORD": PASSWORD, "FLEET_PASSPHRASE": PASSPHRASE}


async def is_restricted(process: "_Process") -> None:
    """A forced command: what was asked for is not run."""
    process.stdout.write(b"This account is for backups only.\n")
    process.exit(1)


async def floods(process: "_Process") -> None:
    while not process.channel.is_closing():
        process.stdout.write(b"y\n" * 32768)
        await process.stdout.drain()


async def falls_silent(process: "_Process") -> None:
    await process.stdin.read()
    await process.channel.wait_closed()


class _Servers:
    """Opens servers in the loop of a fleet."""

    def __init__(self, site: Site, stack: ExitStack) -> None:
        self._loop = site.running._loop
        self._stack = stack

    def open(self, context: AbstractAsyncContextManager[Any]) -> Any:  # noqa: ANN401 - whatever the server gives
        opened = self._run(context.__aenter__())
        self._stack.callback(lambda: self._run(context.__aexit__(None, None, None)))
        return opened

    def _run(self, work: Any) -> Any:  # noqa: ANN401 - likewise
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Answer]]:
    """Sweep hosts with all kinds of trouble."""
    with ExitStack() as stack:
        site = stack.enter_context(open_site(tmp_path_factory.mktemp("zoo"), enrolled=False))
        servers = _Servers(site, stack)
        tree = HostServer(site.fleet.tree_of("db-01"), "")
        key = site.console.folder / "client"
        key.write_bytes(make_key("client").export_private_key("openssh"))
        key.chmod(0o600)

        async def talks_before(process: "_Process") -> None:
            process.stdout.write(b"Welcome!\x1b]0;owned\x07 \xff\xfe You have mail.\n" * 20)
            await tree._handle(process)

        ports = {
            "refused": free_port(),
            "silent": servers.open(serve_raw(silent)),
            "banner": servers.open(serve_raw(greets_and_is_silent)),
            "http": servers.open(serve_raw(speaks_http)),
            "restricted": servers.open(serve(process=is_restricted)).port,
            "flood": servers.open(serve(process=floods)).port,
            "mute": servers.open(serve(process=falls_silent)).port,
            "motd": servers.open(serve(process=talks_before)).port,
            "password": servers.open(serve(client_keys=[], passwords={USER: PASSWORD}, process=tree._handle)).port,
            "wrong-key": servers.open(serve(client_keys=[make_key("another")])).port,
        }
        inventory = yaml.safe_load(site.fleet.inventory_yaml())
        inventory["owners"]["lab"] = {"name": "Lab", "email": "lab@example.org"}
        inventory["groups"]["odd"] = {"owner": "lab", "user": USER, "identity_file": str(key), "connect_timeout": 20}
        for name, port in ports.items():
            inventory["hosts"][name] = {"address": LOOPBACK, "port": port, "groups": ["odd"]}
        for name in ("silent", "banner"):
            inventory["hosts"][name]["connect_timeout"] = 0.5
        inventory["hosts"]["mute"]["visit_timeout"] = 3
        inventory["hosts"]["dns"] = {"address": "nowhere.invalid", "groups": ["odd"]}
        inventory["hosts"]["password"] |= {"identity_file": [], "password": "env:FLEET_PASSWORD"}
        inventory["groups"]["db"] |= {"identity_file": protect_key(site), "passphrase": "env:FLEET_PASSPHRASE"}
        (site.console.folder / "inventory.yaml").write_text(yaml.safe_dump(inventory))
        spoil_trees(site)
        _enroll(site, ports)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(socket, "getaddrinfo", _without_dns(socket.getaddrinfo))
            answer = site.console(
                "--verbose", "--log-level", "debug", "--max-output-bytes", "1048576", "sweep", env=_ENV
            )
        yield site, answer


def protect_key(site: Site) -> str:
    """Write the fleet's key once more, behind a passphrase."""
    path = site.console.folder / "protected"
    key = asyncssh.read_private_key(site.fleet.identity_file)
    path.write_bytes(key.export_private_key("openssh", PASSPHRASE))
    path.chmod(0o600)
    return str(path)


def spoil_trees(site: Site) -> None:
    """Let hosts have what no host should have."""
    (site.fleet.tree_of("db-02") / "run/systemd/system").rmdir()
    units = site.fleet.tree_of("web-01") / "etc/systemd/system"
    for name in ("odd.timer", "odd\udcff\u202e.timer"):
        (units / name).write_bytes(b"[Timer]\nOnCalendar=daily\nX-\xff=\x00\xfe\nDescription=\x1b]0;owned\x07\n")
    os.mkfifo(units / "pipe.timer")
    home = site.fleet.tree_of("web-02") / "home"
    for user in home.iterdir():
        shutil.rmtree(user)
        user.symlink_to(user)
        break


def _enroll(site: Site, ports: dict[str, int]) -> None:
    lines = site.fleet.known_hosts()
    host_key = make_key("host").export_public_key().decode().split()
    lines += "".join(f"[{LOOPBACK}]:{port} {host_key[0]} {host_key[1]}\n" for port in ports.values())
    (site.console.folder / "known_hosts").write_text(lines)
    (site.console.folder / "fleetscan.toml").write_text('known_hosts = ["known_hosts"]\n')


def _without_dns(resolve: Any) -> Any:  # noqa: ANN401 - socket's own signature
    def answer(host: object, *rest: object, **more: object) -> Any:  # noqa: ANN401 - likewise
        if host == "nowhere.invalid":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return resolve(host, *rest, **more)

    return answer


@pytest.fixture(scope="module")
def run(zoo: tuple[Site, Answer]) -> Console:
    return zoo[0].console


@pytest.fixture(scope="module")
def visits(run: Console) -> dict[str, dict[str, Any]]:
    return {visit["host"]: visit for visit in run.read("sweeps", "show")}


@pytest.mark.parametrize(
    ("host", "outcome", "words"),
    [
        ("refused", "unreachable", "connection refused"),
        ("dns", "unreachable", "nowhere.invalid cannot be resolved"),
        ("silent", "timeout", "no SSH banner"),
        ("banner", "timeout", "no key exchange"),
        ("http", "protocol error", "does not speak SSH"),
        ("restricted", "protocol error", "exit status 1"),
        ("flood", "protocol error", ""),
        ("mute", "timeout", "3"),
        ("wrong-key", "auth failed", USER),
        ("db-02", "no systemd", "systemd"),
    ],
)
def test_each_trouble_is_an_outcome_with_a_reason(
    visits: dict[str, dict[str, Any]], zoo: tuple[Site, Answer], host: str, outcome: str, words: str
) -> None:
    assert visits[host]["outcome"] == outcome
    assert visits[host]["reason"]
    assert words in visits[host]["reason"]
    assert f"{host}: {outcome}: {visits[host]['reason']}" in zoo[1].err


def test_every_host_has_one_outcome_and_the_good_ones_are_read(
    visits: dict[str, dict[str, Any]], zoo: tuple[Site, Answer]
) -> None:
    assert len(visits) == 12 + 11
    good = {*zoo[0].hosts, "motd", "password"} - {"db-02", "web-01", "web-02"}
    assert {host: visits[host]["outcome"] for host in good} == dict.fromkeys(good, "complete")


def test_odd_files_are_read_as_they_are_and_shown_harmlessly(
    run: Console, visits: dict[str, dict[str, Any]], zoo: tuple[Site, Answer]
) -> None:
    assert visits["web-01"]["outcome"] in ("complete", "partial")
    assert visits["web-02"]["outcome"] in ("complete", "partial")
    sweep = zoo[1]
    for text in (sweep.out, sweep.err, run("timers", "web-01").out, run("drift", "--diff").out):
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "\x00" not in text
    assert "odd.timer" in {timer["unit"] for timer in run.read("timers", "web-01")}
    assert run("report", "--out", "pages").code == 0
    assert "\u202e" not in (run.folder / "pages" / "index.html").read_text()


def test_the_exit_code_speaks_of_unread_hosts_or_drift_and_never_of_a_bug(zoo: tuple[Site, Answer]) -> None:
    assert zoo[1].code in (1, 3)
    assert "Traceback" not in zoo[1].err
    assert "internal error" not in zoo[1].err


def test_no_secret_is_told_anywhere(run: Console, zoo: tuple[Site, Answer]) -> None:
    run("mail", "--dry-run", "--out", "outbox")
    run("report", "--out", "pages")
    said = [zoo[1]]
    said += [
        run("--verbose", *words.split())
        for words in (
            "sweeps show --format json",
            "show password",
            "config show",
            "drift --diff",
            "drift --format json",
            "inventory list --format json",
            "timers password --format json",
        )
    ]
    secrets = [PASSWORD, PASSPHRASE, *_key_lines(zoo[0].fleet.identity_file), *_key_lines(run.folder / "client")]
    kept = [
        path.read_bytes()
        for path in run.folder.rglob("*")
        if path.is_file() and path.name not in ("client", "protected")
    ]
    assert len(kept) > 5
    for secret in secrets:
        assert not any(secret in answer.out + answer.err for answer in said)
        assert not any(secret.encode() in data for data in kept)


def _key_lines(path: Path) -> list[str]:
    """Give the lines of a private key that are its own; the first ones are the same for all keys."""
    return [line for line in path.read_text().splitlines()[2:] if not line.startswith("-----") and len(line) > 40]


@pytest.mark.parametrize(
    ("env", "change", "words"),
    [
        ({}, "", ["FLEET_PASSPHRASE", "is not set"]),
        ({"FLEET_PASSPHRASE": "wrong-" + PASSPHRASE}, "", ["protected", "passphrase"]),
        (_ENV, "protected:nothing-here", ["nothing-here"]),
    ],
)
def test_a_key_that_cannot_be_used_is_one_clear_line_before_any_packet(
    run: Console, env: dict[str, str], change: str, words: list[str]
) -> None:
    old, _, new = change.partition(":")
    inventory = (run.folder / "inventory.yaml").read_text()
    (run.folder / "other.yaml").write_text(inventory.replace(f"/{old}\n", f"/{new}\n") if change else inventory)
    before = run.read("sweeps", "list")
    answer = run("--inventory", "other.yaml", "sweep", "--limit", "db-01", env=env)
    assert answer.code == 2
    assert_one_clear_line(answer, *words)
    assert PASSPHRASE not in answer.err
    assert run.read("sweeps", "list") == before
