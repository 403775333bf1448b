"""Questions about paths outside the unit directories, answered by the published probe in real shells."""

import base64
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from fleetscan.demo.tree import HostTree, TreeFile
from fleetscan.model.coverage import ReadStatus
from fleetscan.model.digest import digest_bytes
from fleetscan.probe.contents import DONE
from fleetscan.probe.questions import (
    Question,
    find_scripts,
    parse_hash_answer,
    parse_nodes,
    parse_variables,
)
from fleetscan.systemd.path_walk import NodeKind
from tests.integration.probe.probe_runs import SENTINEL, Run, photograph, run_probe

NOBODY = 65534
SCRIPT = "#!/bin/sh\nexit 0\n"


def ask(shell: Sequence[str], root: Path, *questions: Question, more: bytes = b"") -> Run:
    return run_probe(shell, root, requests=b"".join(question.data for question in questions) + more + DONE)


def kinds(run: Run, question: Question) -> dict[str, NodeKind]:
    nodes = parse_nodes(question, run.section("stat"), SENTINEL)
    return {path: node.kind for path, (node, _record) in nodes.items()}


def test_components_are_told_without_following_links(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    tree.files["opt/a b/it's"] = TreeFile(SCRIPT)
    tree.links["opt/link"] = "/opt/a b/it's"
    tree.write(root)
    os.mkfifo(root / "opt/pipe")
    paths = ("/opt", "/opt/a b", "/opt/a b/it's", "/opt/link", "/opt/pipe", "/opt/none", "/opt/none/below")
    question = Question("stat", "-", paths)
    run = ask(shell, root, question)
    assert kinds(run, question) == {
        "/opt": NodeKind.DIRECTORY,
        "/opt/a b": NodeKind.DIRECTORY,
        "/opt/a b/it's": NodeKind.FILE,
        "/opt/link": NodeKind.LINK,
        "/opt/pipe": NodeKind.OTHER,
        "/opt/none": NodeKind.ABSENT,
        "/opt/none/below": NodeKind.ABSENT,
    }
    assert parse_nodes(question, run.section("stat"), SENTINEL)["/opt/link"][0].target == "/opt/a b/it's"


def test_nothing_is_looked_at_where_a_look_could_mount_something(
    shell: Sequence[str], tree: HostTree, root: Path
) -> None:
    mounts = tree.files["proc/self/mountinfo"].text
    tree.files["proc/self/mountinfo"] = TreeFile(f"{mounts}90 25 0:50 / /net rw - autofs auto rw\n")
    tree.files["net/tool"] = TreeFile(SCRIPT)
    tree.write(root)
    stat, digest = Question("stat", "-", ("/net", "/net/tool")), Question("hash", "-", ("/net/tool",))
    run = ask(shell, root, stat, digest)
    nodes = parse_nodes(stat, run.section("stat"), SENTINEL)
    assert {node.kind for node, _record in nodes.values()} == {NodeKind.AWAY}
    assert nodes["/net/tool"][0].target == "autofs"
    assert run.frames[-3].payload == b""  # hashes, marks, end


def test_files_are_hashed_and_scripts_marked(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    tree.files["opt/script"] = TreeFile(SCRIPT)
    tree.files["opt/back\\slash"] = TreeFile("plain\n")
    tree.files["opt/binary"] = TreeFile("\x00\x00ELF!#")
    tree.links["opt/link"] = "script"
    tree.write(root)
    os.mkfifo(root / "opt/pipe")
    question = Question(
        "hash", "-", ("/opt/script", "/opt/binary", "/opt/back\\slash", "/opt/link", "/opt/pipe", "/opt")
    )
    run = ask(shell, root, question)
    (frame,) = [frame for frame in run.frames if frame.section == "hashes" and frame.scope != "- 1"][-1:]
    hashed = parse_hash_answer(question, frame)
    assert {path: file.sha256 for path, file in hashed.items()} == {
        "/opt/script": digest_bytes(SCRIPT.encode()),
        "/opt/binary": digest_bytes(b"\x00\x00ELF!#"),
        "/opt/back\\slash": digest_bytes(b"plain\n"),
    }
    assert find_scripts(tuple(hashed.values()), run.section("marks")) == {hashed["/opt/script"].sha256}


@pytest.mark.parametrize(
    ("name", "file", "given"),
    [
        ("opt/tool", TreeFile(SCRIPT), True),
        ("opt/tool", TreeFile("echo hello\n", 0o755), True),
        ("opt/tool.py", TreeFile("print(1)\n", 0o600), True),
        ("opt/x.service", TreeFile("[Service]\n", 0o600), True),
        ("etc/shadow", TreeFile("root:$y$j9T$secret:1::::::\n", 0o600), False),
        ("etc/wireguard/wg0.conf", TreeFile("[Interface]\nPrivateKey = secret\n", 0o600), False),
        ("opt/app/10-limits.conf", TreeFile("# ours\n [Service]\nNice=5\n", 0o600), True),
        ("root/.ssh/id_ed25519", TreeFile("-----BEGIN OPENSSH PRIVATE KEY-----\n", 0o600), False),
    ],
)
def test_only_the_text_of_programs_leaves_the_host(
    shell: Sequence[str], tree: HostTree, root: Path, name: str, file: TreeFile, given: bool
) -> None:
    tree.files[name] = file
    tree.write(root)
    question = Question("hash", "-", (f"/{name}",))
    frames = [frame for frame in ask(shell, root, question).frames if frame.section == "hashes"]
    (hashed,) = parse_hash_answer(question, frames[-1]).values()
    run = ask(shell, root, question, more=f"fetch {hashed.number}\n".encode())
    assert run.contents() == ([file.text.encode()] if given else [b""])


def test_environment_files_give_names_and_only_what_steers_a_loader(
    shell: Sequence[str], tree: HostTree, root: Path
) -> None:
    tree.files["etc/default/x"] = TreeFile(
        "# PASSWORD=no\n  TOKEN = s3cret\nLD_PRELOAD=/tmp/x.so\nPATH=/tmp:/bin\nnot a variable\nDB_URL='postgres://u:p@h'\n"
    )
    tree.files["etc/default/empty"] = TreeFile("\n")
    tree.write(root)
    question = Question("variables", "-", ("/etc/default/x", "/etc/default/empty", "/etc/default/none"))
    run = ask(shell, root, question)
    assert parse_variables(question, run.section("variables"), SENTINEL) == {
        "/etc/default/x": (
            ("LD_PRELOAD", "/tmp/x.so"),
            ("PATH", "/tmp:/bin"),
            ("variables", "TOKEN LD_PRELOAD PATH DB_URL"),
        ),
        "/etc/default/empty": (("variables", ""),),
    }
    assert b"s3cret" not in b"".join(frame.payload for frame in run.frames)


@pytest.mark.parametrize("end", ["=", "==", "= ", "=\r"])
def test_a_key_in_base64_is_no_name_of_a_variable(shell: Sequence[str], tree: HostTree, root: Path, end: str) -> None:
    key = "oK56DE9Ue9zK76rAc8pBl6opphX1v36lm7cXXsQKrQM"
    tree.files["etc/wireguard/private.key"] = TreeFile(f"{key}{end}\nEMPTY=\nA_LONG_NAME_OF_A_VARIABLE=1\n", 0o600)
    tree.write(root)
    question = Question("variables", "-", ("/etc/wireguard/private.key",))
    run = ask(shell, root, question)
    (pairs,) = parse_variables(question, run.section("variables"), SENTINEL).values()
    assert pairs == (("variables", "EMPTY A_LONG_NAME_OF_A_VARIABLE"),)
    assert key.encode() not in run.section("variables").payload


def test_paths_that_could_be_options_are_not_looked_at(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    tree.write(root)
    before = photograph(root)
    asked = b"stat - 3\n-delete\n/etc\n\nhash - 1\n-exec\nvariables - 1\n-fprint\n"
    run = run_probe(shell, root, requests=asked + DONE)
    assert [run.section(name).payload for name in ("stat", "marks", "variables")] == [b"", b"", b""]
    assert photograph(root) == before
    assert run.status == 0


@pytest.mark.skipif(os.getuid() != 0, reason="only root can take the rights of another account")
def test_what_a_user_names_is_read_with_the_users_rights(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    tree.files["etc/secret.sh"] = TreeFile(SCRIPT, 0o600)
    tree.files["etc/public.sh"] = TreeFile(SCRIPT, 0o644)
    tree.write(root)
    (root / ".shim/setpriv").unlink()  # the real one
    paths = ("/etc/secret.sh", "/etc/public.sh")
    question = Question("hash", str(NOBODY), paths)
    run = run_probe(shell, root, requests=question.data + DONE)
    frames = [frame for frame in run.frames if frame.section == "hashes" and frame.scope.startswith(str(NOBODY))]
    assert list(parse_hash_answer(question, frames[0])) == ["/etc/public.sh"]
    assert frames[0].status in (ReadStatus.OK, ReadStatus.FAILED)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can take the rights of another account")
@pytest.mark.parametrize("uid", [NOBODY, 4711])
def test_a_user_cannot_trace_what_reads_with_the_users_rights(
    shell: Sequence[str], tree: HostTree, root: Path, uid: int
) -> None:
    # The kernel compares the tracer's group with the real, the effective and the saved one: here no group is all three.
    tree.files["opt/script"] = TreeFile(SCRIPT)
    tree.write(root)
    (root / "etc/passwd").write_text(f"{(root / 'etc/passwd').read_text()}odd:x:{uid}:{uid}::/:/bin/sh\n")
    (root / ".shim/setpriv").unlink()  # the real one
    witness = root / ".shim/find"
    witness.unlink()
    witness.write_text(
        '#!/bin/sh -p\n[ "$(/usr/bin/id -u)" = 0 ] && exec /usr/bin/find "$@"\n'
        "exec sed -n 's/^[UG]id:[[:blank:]]*//p' /proc/self/status\n"
    )
    witness.chmod(0o755)
    run = run_probe(shell, root, requests=Question("hash", str(uid), ("/opt/script",)).data + DONE)
    (frame,) = [frame for frame in run.frames if frame.section == "hashes" and frame.scope.startswith(str(uid))]
    uids, gids = (line.split() for line in frame.payload.decode().splitlines())
    assert set(uids) == {str(uid)}
    assert gids[0] not in gids[1:]
    assert set(gids[1:]) == {str(uid)}


@pytest.mark.skipif(os.getuid() != 0, reason="only root can take the rights of another account")
def test_what_reads_with_a_users_rights_holds_nothing_of_the_dialogue(
    shell: Sequence[str], tree: HostTree, root: Path
) -> None:
    tree.files["opt/script"] = TreeFile(SCRIPT)
    tree.write(root)
    (root / ".shim/setpriv").unlink()
    witness, said = root / ".shim/find", root / "said"
    witness.unlink()
    said.touch()
    said.chmod(0o666)
    quoted = "'" + str(said).replace("'", "'\\''") + "'"
    witness.write_text(
        '#!/bin/sh\nif [ "$(/usr/bin/id -u)" != 0 ]; then\n'
        f"if [ /dev/stdin -ef /dev/null ]; then echo nothing; else echo requests; fi >>{quoted}\nfi\n"
        'exec /usr/bin/find "$@"\n'
    )
    witness.chmod(0o755)
    asked = Question("hash", str(NOBODY), ("/opt/script",)).data
    first = run_probe(shell, root, requests=asked + DONE)
    hashes = next(frame for frame in first.frames if frame.scope.startswith(f"{NOBODY} "))
    number = hashes.scope.split(" ")[1]
    run = run_probe(shell, root, requests=asked + f"fetch {number}\n".encode() + DONE)
    assert run.contents() == [SCRIPT.encode()]
    assert set(said.read_text().split()) == {"nothing"}


def test_no_command_line_tells_the_sentinel(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    tree.write(root)
    witness, said = root / ".shim/awk", root / "said"
    witness.unlink(missing_ok=True)
    quoted = "'" + str(said).replace("'", "'\\''") + "'"
    witness.write_text(f'#!/bin/sh\nprintf \'%s\\n\' "$*" >>{quoted}\nexec /usr/bin/awk "$@"\n')
    witness.chmod(0o755)
    run_probe(shell, root)
    assert said.read_text()
    assert SENTINEL not in said.read_text()


def test_a_request_for_many_paths_is_answered_whole(shell: Sequence[str], tree: HostTree, root: Path) -> None:
    for number in range(400):
        tree.files[f"opt/many/{number:03}"] = TreeFile(f"{number}\n")
    tree.write(root)
    paths = tuple(f"/opt/many/{number:03}" for number in range(400))
    stat, digest = Question("stat", "-", paths), Question("hash", "-", paths)
    run = ask(shell, root, stat, digest)
    assert set(kinds(run, stat).values()) == {NodeKind.FILE}
    frames = [frame for frame in run.frames if frame.section == "hashes"]
    hashed = parse_hash_answer(digest, frames[-1])
    assert len(hashed) == 400
    number = hashed["/opt/many/123"].number
    again = ask(shell, root, digest, more=f"fetch {number}\n".encode())
    assert [base64.b64decode(frame.payload) for frame in again.frames if frame.section == "content"] == [b""]
