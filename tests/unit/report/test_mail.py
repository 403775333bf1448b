"""Who gets a mail, and what it looks like on the wire."""

import email
from dataclasses import replace
from email.policy import default

import pytest

from fleetscan.errors import MailError
from fleetscan.model.host import Owner
from fleetscan.model.ids import HostName
from fleetscan.model.outcome import Outcome
from fleetscan.report.digest import OwnerDigest, build_digests
from fleetscan.report.inputs import ItemKey
from fleetscan.report.mail import MAX_BYTES, MailOptions, render_mail
from tests.report_data import PARTIAL, intruder, make_hosts, make_inputs, make_quiet_inputs

OPTIONS = MailOptions(sender="Fleet Security <fleetscan@example.org>", reply_to="security@example.org")


def digests() -> dict[str, OwnerDigest]:
    return {digest.owner.name: digest for digest in build_digests(make_inputs())}


def test_the_subject_says_count_worst_and_hosts() -> None:
    subjects = {name: digest.subject for name, digest in digests().items()}
    assert subjects == {
        "Anna Weber": "[fleetscan] 1 known (1 low) on your hosts: web-010",
        "Boris Petrov": "[fleetscan] 3 new (1 critical) on your hosts: web-017, web-021; 1 not read",
        "Clara Lindqvist": "[fleetscan] 1 new (1 high) on your hosts: db-03; 1 not read",
    }


def test_a_long_subject_is_cut_by_whole_host_names() -> None:
    inputs = make_inputs()
    drifts = tuple(
        replace(d, items=(replace(intruder(), host=d.host),)) if d.host.startswith("web") else d for d in inputs.drifts
    )
    fresh = frozenset(ItemKey.of(item) for drift in drifts for item in drift.items)
    subject = next(
        d.subject
        for d in build_digests(replace(inputs, drifts=drifts, findings=(), new_items=fresh))
        if "11 new" in d.subject
    )
    assert subject == "[fleetscan] 11 new (11 critical) on your hosts: web-011, web-012, web-013 and 8 more; 1 not read"


def test_nobody_is_written_to_after_a_quiet_night() -> None:
    assert build_digests(make_quiet_inputs()) == ()


@pytest.mark.parametrize(
    ("outcome", "before", "mails"),
    [
        (Outcome.UNREACHABLE, Outcome.COMPLETE, 1),
        (Outcome.UNREACHABLE, Outcome.UNREACHABLE, 1),
        (Outcome.PARTIAL, Outcome.COMPLETE, 1),
        (Outcome.PARTIAL, Outcome.PARTIAL, 0),
    ],
)
def test_an_unread_host_calls_its_owner_and_a_lasting_partial_one_does_not(
    outcome: Outcome, before: Outcome, mails: int
) -> None:
    inputs = make_quiet_inputs()
    visits = tuple(replace(v, outcome=outcome) if v.host == PARTIAL else v for v in inputs.visits)
    outcomes = {**dict.fromkeys(make_hosts(), Outcome.COMPLETE), PARTIAL: before}
    assert len(build_digests(replace(inputs, visits=visits, previous_outcomes=outcomes))) == mails


def test_info_alone_writes_to_nobody() -> None:
    inputs = make_inputs()
    only_info = tuple(
        replace(drift, items=tuple(item for item in drift.items if item.severity == 0)) for drift in inputs.drifts
    )
    names = {digest.owner.name for digest in build_digests(replace(inputs, drifts=only_info, findings=()))}
    assert "Anna Weber" not in names


def test_the_mail_has_text_and_html_of_equal_worth() -> None:
    message = render_mail(digests()["Boris Petrov"], OPTIONS)
    parsed = email.message_from_bytes(message.as_bytes(), policy=default)
    assert parsed.get_content_type() == "multipart/alternative"
    plain, html = (part.get_content() for part in parsed.iter_parts())
    for text in (plain, html):
        assert "web-017 runs /var/tmp/.x/upd as root every minute" in text
        assert "sudo systemctl disable --now -- systemd-netmon.timer" in text
        assert "no route to host" in text
        assert "1 of 12" in text


def test_styles_are_inlined_and_dark_mode_stays_a_block() -> None:
    html = list(render_mail(digests()["Boris Petrov"], OPTIONS).iter_parts())[1].get_content()
    assert 'class="sentence" style="' in html
    assert html.count("<style>") == 1
    assert "prefers-color-scheme: dark" in html
    assert "<link" not in html
    assert "<img" not in html


def test_the_headers_say_that_a_machine_wrote_it() -> None:
    message = render_mail(digests()["Clara Lindqvist"], OPTIONS)
    assert message["To"] == "Clara Lindqvist <clara@example.org>"
    assert message["Reply-To"] == "security@example.org"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Id"] == "fleetscan digests <fleetscan.example.org>"
    assert str(message["Date"]) == "Tue, 24 Nov 2026 02:42:00 +0000"


def test_the_same_digest_gives_the_same_bytes_and_another_owner_another_id() -> None:
    first, again = (render_mail(digests()["Clara Lindqvist"], OPTIONS) for _ in range(2))
    assert first.as_bytes() == again.as_bytes()
    assert render_mail(digests()["Boris Petrov"], OPTIONS)["Message-ID"] != first["Message-ID"]


def test_a_flood_of_drift_fits_and_says_what_is_left_out() -> None:
    inputs = make_inputs()
    item = intruder()
    flood = tuple(
        replace(item, subject=replace(item.subject, key=replace(item.subject.key, name=f"x{n}.timer")))
        for n in range(500)
    )
    drifts = tuple(replace(d, items=flood) if d.host == item.host else d for d in inputs.drifts)
    loud = replace(inputs, drifts=drifts, findings=(), new_items=frozenset(map(ItemKey.of, flood)))
    digest = next(d for d in build_digests(loud) if d.owner.name == "Boris Petrov")
    message = render_mail(digest, OPTIONS)
    assert len(message.as_bytes()) <= MAX_BYTES
    assert "more in the report" in next(message.iter_parts()).get_content()
    assert digest.subject.startswith("[fleetscan] 500 new (500 critical) on your hosts: web-017")


@pytest.mark.parametrize(
    "address", ["", "nobody", "a b@x.org", "x@y.org\r\nBcc: all@z.org", "a@b@c", "<x@y.org>, z@y.org"]
)
def test_an_owner_without_a_proper_address_is_a_mail_error(address: str) -> None:
    digest = replace(digests()["Clara Lindqvist"], owner=Owner("Clara", address))
    with pytest.raises(MailError) as caught:
        render_mail(digest, OPTIONS)
    assert "inventory" in caught.value.hint


def test_an_owners_name_cannot_inject_a_header() -> None:
    digest = replace(digests()["Clara Lindqvist"], owner=Owner("Clara\r\nBcc: all@z.org", "clara@example.org"))
    message = render_mail(digest, OPTIONS)
    assert "Bcc" not in message
    assert not any(line.startswith(b"Bcc") for line in message.as_bytes().splitlines())


def test_a_subject_cannot_inject_a_header() -> None:
    inputs = make_inputs()
    name = HostName("web\r\nBcc: all@z.org")
    hosts = {(name if key == "web-017" else key): host for key, host in inputs.hosts.items()}
    item = replace(intruder(), host=name)
    drifts = tuple(replace(d, host=name, items=(item,)) if d.host == "web-017" else d for d in inputs.drifts)
    visits = tuple(replace(v, host=name) if v.host == "web-017" else v for v in inputs.visits)
    evil = replace(inputs, hosts=hosts, drifts=drifts, visits=visits, new_items=frozenset({ItemKey.of(item)}))
    digest = next(d for d in build_digests(evil) if d.owner.name == "Boris Petrov")
    assert "\r" not in digest.subject
    assert "Bcc" not in render_mail(digest, OPTIONS)
