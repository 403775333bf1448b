"""The real probe in real shells: it says everything, hangs on nothing, follows no link out, and writes nothing."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from fleetscan.demo.tree import HostTree, TreeFile
from fleetscan.model.coverage import Area, ReadStatus
from fleetscan.model.digest import digest_bytes
from fleetscan.model.ids import SYSTEM, Sha256
from fleetscan.model.snapshot import ArtifactKind
from fleetscan.probe.contents import DONE, parse_contents, plan_requests
from fleetscan.probe.times import parse_times
from tests.integration.probe.probe_runs import photograph, run_probe

ETC = "etc/systemd/system"
DEPLOYS = "home/deploy/.config/systemd/user"
SECTIONS = (
    "facts", "os-release", "manager", "timers-json", "users", "homes",
    "runtimes", "denied", "walk", "hashes", "activators", "around", "attributes", "mounts", "grants", "loaded",
    "unit-files", "processes", "journal", "audit-log", "audit-rules", "ready", "end",
)  # fmt: skip
TIMER = "[Timer]\nOnCalendar=daily\n"


def fetch_all(shell: Sequence[str], root: Path) -> dict[Sha256, bytes]:
    listing = run_probe(shell, root).listing
    requests = list(plan_requests(listing.offers, set(listing.offers)))
    run = run_probe(shell, root, requests=b"".join(request.line for request in requests) + DONE)
    answers = [frame for frame in run.frames if frame.section == "content"]
    fetched: dict[Sha256, bytes] = {}
    for request, answer in zip(requests, answers, strict=True):
        assert answer.scope == request.numbers
        fetched |= parse_contents(request, answer)
    assert fetched.keys() == listing.offers.keys()
    return fetched


def test_all_frames_arrive_whole_and_a_healthy_host_is_complete(
    shell: Sequence[str], tree: HostTree, root: Path
) -> None:
    tree.write(root)
    run = run_probe(shell, root)
    assert tuple(frame.section for frame in run.frames) == SECTIONS
    assert {frame.status for frame in run.frames} == {ReadStatus.OK}
    assert run.section("ready").payload.startswith(b"frames=%d\n" % (len(SECTIONS) - 2))
    assert (run.status, run.stderr) == (0, b"")
    assert parse_times(run.stray) is not None
    assert run.listing.gaps == ()


def test_what_lies_in_the_unit_directories_is_listed_as_it_is(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    tree.write(root)
    found = run_probe(shell, root).files
    for path, file in tree.files.items():
        if path.startswith((f"{ETC}/", "usr/lib/systemd/system/", "usr/lib/systemd/user/")):
            assert found[f"/{path}"].sha256 == digest_bytes(file.text.encode())
            assert found[f"/{path}"].mode == file.mode
    for path, target in tree.links.items():
        if path.startswith((f"{ETC}/", "usr/lib/systemd/")):
            assert found[f"/{path}"].target == target


def test_nothing_is_written(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    tree.files[f"{DEPLOYS}/a.timer"] = TreeFile(TIMER)
    tree.directories |= {"tmp", "run/user/1000/systemd/transient"}
    tree.write(root)
    before = photograph(root)
    run_probe(shell, root, requests=b"fetch 1 2 3\n" + DONE)
    assert photograph(root) == before


def test_a_fifo_hangs_nothing_and_is_no_unit(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    del tree.files["etc/machine-id"]
    del tree.links["etc/os-release"]
    tree.write(root)
    for path in (f"{ETC}/pipe.timer", "etc/machine-id", "etc/os-release"):
        os.mkfifo(root / path)
    run = run_probe(shell, root)
    assert run.files[f"/{ETC}/pipe.timer"].kind is ArtifactKind.SPECIAL
    assert {(gap.area, gap.reason) for gap in run.listing.gaps} == {
        (Area.FACTS, "machine-id could not be read"),
        (Area.FACTS, "os-release could not be read"),
    }


ODD_NAMES = (
    b"line\nend.timer",
    b"tab\tand space .timer",
    b"back\\slash\\n.timer",
    b"\xff\xfe not utf-8.timer",
    b"caf\xc3\xa9.timer",
    b"x\n012346 f 644 0 0 0 1 - - - forged.timer",
    b"-rf.timer",
    b"$(id) `id` ;.timer",
    b"star*.timer",
    b"carriage\r.timer",
)


def test_odd_names_survive_with_their_hashes_and_contents(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    tree.write(root)
    expected = {}
    for number, name in enumerate(ODD_NAMES):
        data = b"# %d\n" % number
        place = os.fsencode(root / ETC) + b"/" + name
        with open(place, "wb") as stream:  # noqa: PTH123 - bytes
            stream.write(data)
        expected[os.fsdecode(b"/" + ETC.encode() + b"/" + name)] = digest_bytes(data)
    run = run_probe(shell, root)
    found = run.files
    assert {name: found[name].sha256 for name in expected} == expected
    assert "/forged.timer" not in found
    assert run.listing.gaps == ()
    fetched = fetch_all(shell, root)
    assert set(expected.values()) <= fetched.keys()


@pytest.mark.parametrize("target", ["/x//y", "//", "a\n//b", "trailing/", " "])
def test_targets_of_links_survive(shell: Sequence[str], tree: HostTree, root: Path, target: str) -> None:
    tree.links[f"{ETC}/odd.timer"] = target
    tree.write(root)
    assert run_probe(shell, root).files[f"/{ETC}/odd.timer"].target == target


@pytest.mark.parametrize(
    "data", [b"NUL \0 here\n\0", b"\0", b"\r\n\r\n", b"no line end", b"\n\n\n", bytes(range(256)) * 400]
)
def test_all_bytes_of_a_unit_survive_the_fetch(shell: Sequence[str], tree: HostTree, root: Path, data: bytes) -> None:
    tree.write(root)
    (root / ETC / "bytes.timer").write_bytes(data)
    assert fetch_all(shell, root)[digest_bytes(data)] == data


def test_a_huge_unit_is_too_large(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    tree.write(root)
    (root / ETC / "huge.timer").write_bytes(b"#" * 5_000_000)
    listing = run_probe(shell, root).listing
    (gap,) = listing.gaps
    assert (gap.area, gap.scope, gap.status, gap.path) == (
        Area.CONTENT,
        SYSTEM,
        ReadStatus.OVERSIZE,
        f"/{ETC}/huge.timer",
    )


def test_an_output_cut_at_a_line_end_does_not_look_whole(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    text = "ID=debian\n" + "#" * (16384 - 13) + "\n0\n" + "VERSION_ID=12\n"
    assert text[:16384].endswith("\n0\n")
    tree.files["usr/lib/os-release"] = TreeFile(text)
    tree.write(root)
    run = run_probe(shell, root)
    assert run.section("os-release").status is ReadStatus.TRUNCATED
    assert [gap.area for gap in run.listing.gaps] == [Area.FACTS]


def test_nul_in_text_breaks_no_frame(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    tree.files["usr/lib/os-release"] = TreeFile("ID=debian\n" + "\0" * 20_000)
    tree.write(root)
    run = run_probe(shell, root)
    assert run.section("os-release").status is ReadStatus.TRUNCATED
    assert tuple(frame.section for frame in run.frames) == SECTIONS


@pytest.mark.parametrize("request_line", [b"fetch 99999\n", b"fetch 0\n"])
def test_an_unknown_number_gives_nothing_and_the_dialogue_goes_on(
    shell: Sequence[str], tree: HostTree, root: Path, request_line: bytes
) -> None:
    tree.write(root)
    run = run_probe(shell, root, requests=request_line + b"fetch 1\n" + DONE)
    assert [len(data) > 0 for data in run.contents()] == [False, True]
    assert (run.frames[-1].section, run.status) == ("end", 0)


@pytest.mark.parametrize(
    "requests",
    [b"", b"hello\n", b"fetch\n", b"fetch \n", b"fetch 1;id\n", b"stat - 1;id\n", b"stat\n",
     b"hash - \n", b"hash - 1 1\n", b"variables $(id) 1\n", b"packages x\n", b"stat 0 -1\n",
     b"fetch $(touch x)\n", b"fetch -1\n", b"fetch 1p;w x\n", b"\xff\n", b"\0\n", b"x" * 100_000 + b"\n"],
)  # fmt: skip
def test_other_requests_end_the_dialogue_politely(
    shell: Sequence[str], tree: HostTree, root: Path, requests: bytes
) -> None:
    tree.write(root)
    before = photograph(root)
    run = run_probe(shell, root, requests=requests + b"fetch 1\n" if requests else b"")
    assert run.contents() == []
    assert (run.frames[-1].section, run.status) == ("end", 0)
    assert photograph(root) == before


def test_a_host_without_a_running_systemd_says_so(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    tree.directories.discard("run/systemd/system")
    tree.write(root)
    run = run_probe(shell, root)
    assert b"\nbooted=0\n" in run.section("facts").payload
    assert not {"timers-json", "loaded", "unit-files"} & {frame.section for frame in run.frames}
    assert run.frames[-1].section == "end"


REMEMBERING = """#!/bin/sh
case " $* " in *" list-unit-files "*) printf '%s\\n' "$@" >>"${0%/*}/asked" ;; esac
exec "${0%/*}/systemctl-of-the-host" "$@"
"""


def test_states_are_asked_for_by_name_since_a_listing_of_all_unit_files_stalls_the_host(
    shell: Sequence[str], tree: HostTree, root: Path
) -> None:
    """Process 1 works out each state, 0.3 s for those of a stock host."""
    service = TreeFile("[Service]\nExecStart=/bin/true\n")
    tree.files[f"{ETC}/placed.service"] = tree.files[f"{ETC}/a\\x2db@.service"] = service
    tree.files[f"{ETC}/changed.service.d/x.conf"] = service
    tree.links[f"{ETC}/multi-user.target.wants/enabled-only.service"] = "/usr/lib/systemd/system/enabled-only.service"
    tree.files[".shim/systemctl-of-the-host"] = tree.files.pop(".shim/systemctl")
    tree.files[".shim/systemctl"] = TreeFile(REMEMBERING, 0o755)
    tree.write(root)
    assert run_probe(shell, root).section("unit-files").status is ReadStatus.OK
    calls = (root / ".shim/asked").read_text().split("list-unit-files\n--\n")[1:]
    assert all(call.startswith("*.timer\n") for call in calls)
    asked = set(calls[-1].splitlines())
    assert {"placed.service", "a\\x2db@.service", "changed.service", "logrotate.service"} <= asked
    assert "enabled-only.service" not in asked
    assert "systemd-journald.service" not in asked
