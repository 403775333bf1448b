"""On real Debian hosts the scanner and dpkg agree on every unit file and every program of a timer."""

import re
import secrets
from collections.abc import Iterable, Mapping

from fleetscan.model.ids import Sha256
from fleetscan.model.program import Verification
from fleetscan.model.snapshot import ArtifactKind
from fleetscan.probe.assemble import assemble_listing
from fleetscan.probe.contents import DONE
from fleetscan.probe.packages import PackageFacts, parse_packages
from fleetscan.probe.script import Terms, build_input, load_probe, remote_command
from fleetscan.probe.wire import FrameReader
from fleetscan.systemd.names import canonical_path
from tests.live.conftest import Lab

_PROGRAMS = r"""systemctl list-unit-files --type=timer --no-legend --plain | while read -r timer _; do
  systemctl show -p Unit --value "$timer" 2>/dev/null
done | sort -u | while read -r unit; do
  systemctl show -p ExecStart,ExecStartPre,ExecStop --value "$unit" 2>/dev/null
done | grep -o 'path=[^ ]*' | cut -d= -f2 | sort -u | while read -r path; do
  [ -f "$path" ] && readlink -f "$path"
done | sort -u"""
_EDITS = {
    "/usr/lib/systemd/system/man-db.timer": Verification.CHANGED,
    "/usr/sbin/logrotate": Verification.CHANGED,
    "/etc/logrotate.conf": Verification.CONFIGURATION,
}


def ask_probe(lab: Lab, host: str, programs: Iterable[str]) -> tuple[PackageFacts, set[str]]:
    """Ask the probe about programs and all unit files; give its word and the paths that were asked."""
    sentinel = secrets.token_hex(16)
    asked = [path.lstrip("/") for path in programs]
    request = f"packages {len(asked)}\n" + "".join(f"{path}\n" for path in asked)
    command = remote_command(sudo=False)
    done = lab.exec(
        host, "sh", "-c", command, stdin=build_input(load_probe(), sentinel, Terms()) + request.encode() + DONE
    )
    reader = FrameReader(sentinel, max_bytes=10**8)
    frames = reader.feed(done.stdout)
    (packages,) = [frame for frame in frames if frame.section == "packages"]
    listing = assemble_listing([frame for frame in frames if frame.section not in ("packages", "end")], sentinel)
    # files that grant something have a hash, but are not in the list of hashes: the scanner asks about them by name
    told = (a for a in listing.artifacts if a.sha256 and a.kind is not ArtifactKind.GRANT)
    digests: dict[str, Sha256 | None] = {a.name: a.sha256 for a in told}
    digests |= {f"/{path}": None for path in asked}
    return parse_packages(packages, digests, merged_usr=True), set(digests)


def ask_dpkg(lab: Lab, host: str, paths: Iterable[str]) -> tuple[dict[str, str], set[str]]:
    """Give owners as `dpkg -S` tells them, and the files that `dpkg --verify` finds changed."""
    spelled = [spelling for path in paths for spelling in (path, path.removeprefix("/usr"))]
    patterns = "\n".join(re.sub(r"([\\*?\[\]])", r"\\\1", path) for path in spelled)
    said = lab.exec(host, "xargs", "-d", "\\n", "dpkg", "-S", stdin=patterns.encode(), check=False).stdout.decode()
    owners = {}
    for line in said.splitlines():
        package, _, path = line.partition(": ")
        if not package.startswith("diversion "):
            owners[canonical_path(path, merged_usr=True)] = package.partition(":")[0]
    verified = lab.exec(host, "dpkg", "--verify", check=False).stdout.decode()
    return owners, {canonical_path(line.split()[-1], merged_usr=True) for line in verified.splitlines()}


def list_versions(lab: Lab, host: str) -> Mapping[str, str]:
    said = lab.exec(host, "dpkg-query", "-W", "-f", "${Package} ${Version}\n").stdout.decode()
    return dict(line.split(" ", 1) for line in said.splitlines())


def test_owners_versions_and_digests_are_what_dpkg_says_of_them(lab: Lab) -> None:
    for host in {host.suite: host.name for host in lab.hosts}.values():
        programs = {*lab.exec(host, "sh", "-c", _PROGRAMS).stdout.decode().split("\n")} - {""}
        facts, asked = ask_probe(lab, host, programs | {"/etc/logrotate.conf"})
        owners, changed = ask_dpkg(lab, host, asked)
        assert facts.gaps == ()
        assert len(programs) > 5
        assert len(owners) > 100
        assert {path: facts.owner(path)[0] for path in asked} == {path: owners.get(path, "") for path in asked}
        assert {p for p in asked if facts.owner(p)[1] is Verification.VERIFIED} == owners.keys() - changed
        versions = list_versions(lab, host)
        assert facts.versions == {package: versions[package] for package in set(owners.values())}


def test_a_changed_file_of_a_package_is_told_as_dpkg_tells_it(lab: Lab) -> None:
    for host in {host.suite: host.name for host in lab.hosts}.values():
        kept = {path: lab.exec(host, "cat", path).stdout for path in _EDITS}
        try:
            for path in _EDITS:
                lab.exec(host, "sh", "-c", f"echo '# changed' >>{path}")
            facts, asked = ask_probe(lab, host, _EDITS)
            _, changed = ask_dpkg(lab, host, asked)
            assert {path: facts.owner(path)[1] for path in _EDITS} == _EDITS
            assert changed >= _EDITS.keys()
        finally:
            for path, data in kept.items():
                lab.exec(host, "sh", "-c", f"cat >{path}", stdin=data)
        facts, _ = ask_probe(lab, host, _EDITS)
        assert {facts.owner(path)[1] for path in _EDITS} == {Verification.VERIFIED}
