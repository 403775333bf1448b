"""M1026: who else than root may start or edit units."""

from dataclasses import replace

import pytest

from fleetscan.analyse.controls.privileges import (
    check_edit,
    check_everything,
    check_groups,
    check_polkit,
    check_start,
)
from fleetscan.model.control import ControlStatus
from fleetscan.model.coverage import Area
from fleetscan.model.grant import Reach
from fleetscan.model.ids import user_scope
from fleetscan.model.snapshot import Artifact, ArtifactKind
from tests.control_data import BACKUP, UNITS, artifact, folder, link, state, sudo_rule, unit_file
from tests.model_data import gap

RULES = "/etc/polkit-1/rules.d/10-units.rules"


def polkit(verified: str, rights: str = "root:root 0644") -> Artifact:
    more = {"verified": verified} if verified else {}
    file = artifact(
        ArtifactKind.GRANT, RULES, rights=rights, by="polkit", source=RULES, allows="systemd1", reaches="polkit"
    )
    return replace(file, properties=tuple(sorted((*file.properties, *more.items()))))


@pytest.mark.parametrize("reach", [Reach.RUN, Reach.SYSTEMCTL], ids=str)
def test_a_line_of_sudoers_that_starts_units_fails_with_its_place(reach: Reach) -> None:
    result = check_start(state(sudo_rule("deploy", reach.value)))
    assert result.status is ControlStatus.FAIL
    (line,) = result.evidence
    assert (line.path, line.line) == ("/etc/sudoers.d/local", 3)
    assert line.text.startswith(f"deploy: {reach.value}, with a password")


def test_a_line_of_sudoers_that_edits_units_fails() -> None:
    edits = state(sudo_rule("deploy", Reach.EDIT.value))
    assert check_edit(edits).status is ControlStatus.FAIL
    assert check_start(edits).status is check_everything(edits).status is ControlStatus.PASS


@pytest.mark.parametrize("reach", [Reach.ALL, Reach.SHELL, Reach.ESCAPE], ids=str)
def test_who_becomes_root_without_a_password_fails(reach: Reach) -> None:
    assert check_everything(state(sudo_rule("deploy", reach.value, nopasswd="yes"))).status is ControlStatus.FAIL
    assert check_everything(state(sudo_rule("deploy", reach.value))).status is ControlStatus.PASS


@pytest.mark.parametrize("who", ["ALL", "ALL,!bob", "%users"])
def test_what_everybody_may_fails_with_a_password_too(who: str) -> None:
    assert check_everything(state(sudo_rule(who, Reach.ALL.value))).status is ControlStatus.FAIL


def test_roots_own_line_is_nobody_elses() -> None:
    own = state(sudo_rule("root", Reach.RUN.value, nopasswd="yes"), sudo_rule("root", Reach.EDIT.value))
    assert check_start(own).status is check_edit(own).status is check_everything(own).status is ControlStatus.PASS


def test_members_of_a_group_are_named() -> None:
    result = check_everything(state(sudo_rule("%wheel", Reach.ALL.value, nopasswd="yes", members="ana ben")))
    assert "%wheel (members: ana ben)" in result.evidence[0].text


def test_an_unread_polkit_file_says_nothing_about_sudo() -> None:
    evidence = state(gaps=[gap(Area.GRANTS, "/etc/polkit-1/rules.d", scope=None)])
    assert check_start(evidence).status is ControlStatus.PASS
    assert check_polkit(evidence).status is ControlStatus.NOT_READABLE


def test_an_unread_sudoers_file_says_nothing_about_polkit() -> None:
    evidence = state(gaps=[gap(Area.GRANTS, "/etc/sudoers", scope=None)])
    assert check_start(evidence).status is ControlStatus.NOT_READABLE
    assert check_polkit(evidence).status is ControlStatus.PASS


@pytest.mark.parametrize(
    ("verified", "status"),
    [
        ("verified", ControlStatus.PASS),
        ("owned", ControlStatus.PASS),
        ("unowned", ControlStatus.FAIL),
        ("changed", ControlStatus.FAIL),
        ("changed configuration", ControlStatus.FAIL),
        ("unknown", ControlStatus.NOT_READABLE),
        ("", ControlStatus.NOT_READABLE),
    ],
    ids=str,
)
def test_a_polkit_file_is_what_its_package_installed(verified: str, status: ControlStatus) -> None:
    assert check_polkit(state(polkit(verified))).status is status


def test_a_polkit_file_that_others_may_write_fails() -> None:
    assert check_polkit(state(polkit("verified", "root:polkitd 0664"))).status is ControlStatus.FAIL


@pytest.mark.parametrize(
    "there",
    [
        folder(UNITS, "root:staff 0775"),
        unit_file(f"{UNITS}/x.service", "root:ops 0664"),
        artifact(ArtifactKind.GENERATOR, "/etc/systemd/system-generators/x", rights="root:dev 0775"),
        replace(sudo_rule("%sudo", "all commands"), group="adm", mode=0o460),
    ],
    ids=lambda there: there.kind.value,
)
def test_what_a_group_may_write_fails(there: Artifact) -> None:
    result = check_groups(state(there))
    assert result.status is ControlStatus.FAIL
    assert there.name in result.evidence[0].text


def test_a_program_behind_a_group_writable_directory_fails_and_one_of_an_owner_does_not() -> None:
    def behind(door: str) -> ControlStatus:
        pieces = tuple(replace(piece, exposed=(door,)) for piece in BACKUP.pieces if piece.is_payload)
        return check_groups(state(subjects=[replace(BACKUP, pieces=pieces)])).status

    assert behind("/opt/my app root:deploy 0775") is ControlStatus.FAIL
    assert behind("/opt/my app deploy:deploy 0755") is ControlStatus.PASS
    assert behind("/opt/app root:domain users 0775") is ControlStatus.FAIL
    for odd in ("text of no door", "/opt/app root:deploy 0999", "/opt/app root:deploy \u0667\u0667\u0667"):
        assert behind(odd) is ControlStatus.PASS


@pytest.mark.parametrize(
    "there",
    [
        link(f"{UNITS}/x.timer", "backup.timer", rights="root:ops 0777"),
        folder("/run", "root:ops 1775"),
        folder(UNITS, "root:root 0775"),
        unit_file("/home/bob/.config/systemd/user/x.timer", "bob:bob 0664", user_scope("bob")),
    ],
    ids=lambda there: f"{there.kind.value} of {there.group}",
)
def test_roots_group_the_users_own_group_and_links_are_no_fault(there: Artifact) -> None:
    assert check_groups(state(there)).status is ControlStatus.PASS


def test_what_leads_to_units_alone_is_not_taken_for_root() -> None:
    narrow = [sudo_rule("deploy", reach, nopasswd="yes") for reach in ("systemctl", "edits units")]
    result = check_everything(state(*narrow))
    assert result.status is ControlStatus.PASS
    assert [line.text.partition(":")[0] for line in result.evidence] == ["%sudo"]


def test_a_rule_whose_line_is_not_told_names_its_file() -> None:
    rule = sudo_rule("deploy", "systemctl")
    odd = replace(rule, properties=tuple((n, "/etc/sudoers.d/x:y" if n == "source" else v) for n, v in rule.properties))
    (line,) = check_start(state(odd)).evidence
    assert (line.path, line.line) == ("/etc/sudoers.d/x:y", 0)
