from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.analyse.provenance import managed_by, provenance_of
from fleetscan.model.finding import Provenance
from fleetscan.model.ids import user_scope
from fleetscan.model.origin import Origin
from fleetscan.model.program import Presence, Verification
from fleetscan.model.subject import Piece, PieceRole
from fleetscan.model.unit import Directive
from tests.model_data import ETC, job, lingering
from tests.piece_data import USR, file_piece, packaged

STOCK = job(folder=USR)
UNOWNED = Verification.UNOWNED


def test_a_job_whose_files_all_verify_is_a_packages() -> None:
    assert provenance_of(packaged(STOCK)) is Provenance.VERIFIED


@pytest.mark.parametrize("path", [f"{USR}/backup.timer", f"{USR}/backup.service", "/usr/bin/backup"])
@pytest.mark.parametrize(
    ("verification", "expected"),
    [
        (Verification.UNOWNED, Provenance.UNOWNED),
        (Verification.CHANGED, Provenance.MODIFIED),
        (Verification.CONFIGURATION, Provenance.MODIFIED),
        (Verification.OWNED, Provenance.UNKNOWN),
        (Verification.UNKNOWN, Provenance.UNKNOWN),
    ],
)
def test_one_file_decides_for_all(path: str, verification: Verification, expected: Provenance) -> None:
    assert provenance_of(packaged(STOCK, marks={path: verification})) is expected


def test_a_single_drop_in_by_hand_makes_the_job_nobodys() -> None:
    path = f"{ETC}/backup.service.d/10.conf"
    hooked = job(folder=USR, drop_ins={path: "Nice=5"})
    assert provenance_of(packaged(hooked, marks={path: UNOWNED})) is Provenance.UNOWNED


def test_a_changed_file_of_a_package_weighs_more_than_one_of_nobody() -> None:
    marks = {"/usr/bin/backup": Verification.CHANGED, f"{USR}/backup.timer": UNOWNED}
    assert provenance_of(packaged(STOCK, marks=marks)) is Provenance.MODIFIED


def test_a_script_that_nobody_owns_counts_like_a_unit() -> None:
    script = file_piece(PieceRole.SCRIPT, "/opt/run.sh", verification=UNOWNED)
    assert provenance_of(packaged(STOCK, extra=[script])) is Provenance.UNOWNED


@pytest.mark.parametrize("role", [PieceRole.ENVIRONMENT, PieceRole.SCRIPT])
def test_what_is_named_and_not_there_says_nothing(role: PieceRole) -> None:
    absent = Piece(role=role, path="/etc/default/backup", presence=Presence.ABSENT)
    assert provenance_of(packaged(STOCK, extra=[absent])) is Provenance.VERIFIED


def test_what_could_not_be_read_leaves_it_unknown() -> None:
    unread = Piece(role=PieceRole.EXECUTABLE, path="/usr/bin/backup", presence=Presence.UNREAD)
    assert provenance_of(packaged(STOCK, extra=[unread])) is Provenance.UNKNOWN


def test_a_unit_that_is_only_in_memory_is_not_its_shells_package() -> None:
    shell = packaged(job(exec_start="/bin/sh -c x", folder=USR))
    recalled = Directive("Service", "ExecStart", "/bin/sh -c x", Origin("systemctl show", 0))
    in_memory = replace(shell, directives=(*shell.directives, (shell.unit_names[1], recalled)))
    assert provenance_of(in_memory) is Provenance.UNKNOWN
    only_payload = tuple(piece for piece in shell.pieces if piece.is_payload)
    assert provenance_of(replace(shell, sources=(), directives=(), pieces=only_payload)) is Provenance.UNKNOWN


def test_commands_without_a_known_program_are_nobodys_word() -> None:
    subject = packaged(STOCK)
    units = tuple(piece for piece in subject.pieces if not piece.is_payload)
    assert provenance_of(replace(subject, pieces=units)) is Provenance.UNKNOWN


def test_what_was_not_asked_about_in_run_belongs_to_no_package() -> None:
    folder = "/run/systemd/transient"
    transient = job("evil", folder=folder)
    marks = {f"{folder}/evil.{kind}": Verification.UNKNOWN for kind in ("timer", "service")}
    assert provenance_of(packaged(transient, marks=marks)) is Provenance.UNOWNED


def test_what_lies_in_a_home_belongs_to_no_package() -> None:
    folder = "/home/ada/.config/systemd/user"
    own = job(scope=user_scope("ada"), folder=folder)
    marks = {f"{folder}/backup.{kind}": Verification.UNKNOWN for kind in ("timer", "service")}
    assert provenance_of(packaged(own, marks=marks)) is Provenance.UNOWNED
    vendor = job(scope=user_scope("ada"), folder="/usr/lib/systemd/user")
    marks = {f"/usr/lib/systemd/user/backup.{kind}": Verification.UNKNOWN for kind in ("timer", "service")}
    assert provenance_of(packaged(vendor, marks=marks)) is Provenance.UNKNOWN


def test_a_packages_unit_under_another_name_is_not_vouched_for() -> None:
    def linked(name: str, target: str) -> Piece:
        return file_piece(PieceRole.FRAGMENT, f"{ETC}/{name}", real_path=f"{USR}/{target}")

    subject = packaged(job(folder=ETC), extra=[linked("backup.service", "debug-shell.service")])
    assert provenance_of(subject) is Provenance.UNKNOWN
    same = packaged(job(folder=ETC), extra=[linked("backup.service", "backup.service")])
    assert provenance_of(same) is Provenance.VERIFIED
    instance = packaged(job("dump@main", folder=ETC), extra=[linked("dump@main.timer", "dump@.timer")])
    assert provenance_of(instance) is Provenance.VERIFIED


def test_what_has_no_file_is_unknown() -> None:
    assert provenance_of(lingering("ada")) is Provenance.UNKNOWN


@given(st.lists(st.sampled_from(list(Verification)), min_size=3, max_size=3))
def test_only_verified_files_make_it_verified_in_any_order(marks: list[Verification]) -> None:
    paths = (f"{USR}/backup.timer", f"{USR}/backup.service", "/usr/bin/backup")
    subject = packaged(STOCK, marks=dict(zip(paths, marks, strict=True)))
    found = provenance_of(subject)
    assert (found is Provenance.VERIFIED) == (set(marks) == {Verification.VERIFIED})
    assert provenance_of(replace(subject, pieces=subject.pieces[::-1])) is found


@pytest.mark.parametrize(
    ("line", "tool"),
    [
        ("# Ansible managed: do not edit", "Ansible"),
        ("# ansible_managed", "Ansible"),
        ("# This file is managed by Puppet. Changes will be lost.", "Puppet"),
        ("; Dynamically generated by Chef for node-1", "Chef"),
        ("  # managed by SaltStack", "Salt"),
        ("# Maintained by CFEngine", "CFEngine"),
        ("# Created by cloud-init on instance boot automatically", "cloud-init"),
        ("# Deployed with Terraform", "Terraform"),
    ],
)
def test_configuration_management_is_named_by_its_own_words(line: str, tool: str) -> None:
    assert managed_by(f"#!/bin/sh\n{line}\n[Unit]\n".encode()) == tool


@pytest.mark.parametrize(
    "text",
    [
        b"[Unit]\nDescription=managed by Puppet\n",
        b"# the chef is generated by nobody\n",
        b"# puppetry managed by hand\n",
        b"#" * 9000 + b"\n# Ansible managed\n",
        b"\xff\xfe\0\r",
        b"",
    ],
    ids=["setting", "no claim", "part of a word", "far down", "bytes", "empty"],
)
def test_no_management_is_named_without_such_a_comment(text: bytes) -> None:
    assert managed_by(text) is None


def test_of_several_tools_the_first_is_named() -> None:
    assert managed_by(b"# created by cloud-init, managed by Ansible\n") == "cloud-init"
