"""An owner sees their hosts and nobody else's."""

from dataclasses import replace

import pytest

from fleetscan.model.finding import EvidenceLine, Finding
from fleetscan.model.host import Owner
from fleetscan.model.ids import SYSTEM, HostName
from fleetscan.model.subject import Subject, SubjectKey, SubjectKind
from fleetscan.report.digest import build_digests
from fleetscan.report.html import render_report
from fleetscan.report.inputs import ReportInputs, list_owners, narrow_inputs
from fleetscan.report.mail import MailOptions, render_mail
from fleetscan.report.view import build_report_view, narrow_view, owner_path
from tests.report_data import ANNA, BORIS, CLARA, make_host, make_inputs

OPTIONS = MailOptions(sender="fleetscan@example.org")


@pytest.mark.parametrize("owner", [ANNA, BORIS, CLARA])
def test_no_other_owners_host_is_anywhere_in_an_owners_page_or_mail(owner: Owner) -> None:
    inputs = with_gossip(make_inputs())
    foreign = [str(name) for name, host in inputs.hosts.items() if host.owner != owner]
    texts = [render_report(narrow_view(inputs, owner))]
    texts += [
        part.get_content()
        for digest in build_digests(inputs)
        if digest.owner == owner
        for part in render_mail(digest, OPTIONS).walk()
        if part.get_content_maintype() == "text"
    ]
    assert len(texts) == 3
    for text in texts:
        assert [name for name in foreign if name in text] == []


def with_gossip(inputs: ReportInputs) -> ReportInputs:
    """Let every failure and gap speak of hosts of all owners, as a jump host in a message does."""
    words = "jump host web-017.example.org:22 said no; see db-03, web-009 and 'web-021'."
    visits = tuple(replace(visit, reason=words, evidence=(words,), hint=words) for visit in inputs.visits)
    drifts = tuple(replace(drift, not_compared=(words,)) for drift in inputs.drifts)
    clones = tuple(clone_of_all(inputs, HostName(name)) for name in ("web-010", "web-020", "db-04"))
    return replace(inputs, visits=visits, drifts=drifts, findings=(*inputs.findings, *clones))


def clone_of_all(inputs: ReportInputs, host: HostName) -> Finding:
    """Build a finding that names other owners' hosts: they have the same machine-id."""
    others = "web-009, web-017, web-021 and db-03"
    hit = replace(inputs.findings[0].leading, evidence=(EvidenceLine(f"also on {others}"),))
    subject = Subject(
        key=SubjectKey(SubjectKind.IDENTITY, SYSTEM, "machine-id"),
        fingerprint=inputs.findings[0].subject.fingerprint,
        summary=f"has the machine-id of {others}",
    )
    sentence = f"{host} has the machine-id of {others}"
    return replace(inputs.findings[0], host=host, subject=subject, drift=(), hits=(hit,), sentence=sentence)


def test_the_narrowed_numbers_are_those_of_the_owner() -> None:
    view = narrow_view(make_inputs(), CLARA)
    assert view.total_hosts == 10
    assert view.verdict.headline == "New drift on 1 of 10 hosts: 1 high"
    assert [baseline.cohort for baseline in view.baselines] == ["db/debian-13"]
    assert view.owners == ()


def test_prevalence_stays_that_of_the_fleet() -> None:
    assert narrow_view(make_inputs(), BORIS).news[0].prevalence.text == "1 of 12"


def test_every_owner_has_a_page_of_their_own() -> None:
    view = build_report_view(make_inputs())
    assert {page.path for page in view.pages} == {row.href for row in view.owners}
    assert len({page.path for page in view.pages}) == 3


@pytest.mark.parametrize("email", ["../../etc/passwd@x", "a/b@x.org", "\u202e@x", "", "x" * 300 + "@y.org"])
def test_an_owners_page_never_leaves_its_folder(email: str) -> None:
    path = owner_path(Owner("x", email))
    assert path.startswith("owners/")
    assert path.count("/") == 1
    assert len(path) < 80


def test_two_names_with_one_address_are_one_reader() -> None:
    inputs = make_inputs()
    twin = replace(make_host("web-099", Owner("B. Petrov", "Boris@Example.org"), "web"))
    both = replace(inputs, hosts={**inputs.hosts, HostName("web-099"): twin})
    assert [owner.name for owner in list_owners(both)] == ["Anna Weber", "Boris Petrov", "Clara Lindqvist"]
    assert HostName("web-099") in narrow_inputs(both, BORIS).hosts
