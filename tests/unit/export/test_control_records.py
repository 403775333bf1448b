"""Records of the checklist: counts by control, and evidence by host."""

from fleetscan.analyse.controls.checklist import CONTROLS
from fleetscan.export.control_records import build_control_records, build_host_control_records
from fleetscan.model.control import ControlResult, ControlStatus, HostControls
from fleetscan.model.finding import EvidenceLine
from fleetscan.model.ids import HostName

FIRST, SECOND = CONTROLS[:2]


def host(name: str, *statuses: ControlStatus) -> HostControls:
    evidence = (EvidenceLine("because", "/etc/x", 3),)
    results = tuple(
        ControlResult(control=control, status=status, evidence=evidence, more=1)
        for control, status in zip((FIRST, SECOND), statuses, strict=True)
    )
    return HostControls(host=HostName(name), results=results)


HOSTS = (
    host("web2", ControlStatus.FAIL, ControlStatus.PASS),
    host("web1", ControlStatus.FAIL, ControlStatus.NOT_READABLE),
    host("web3", ControlStatus.PASS, ControlStatus.PASS),
)


def test_a_control_is_counted_over_all_hosts_with_the_denominator() -> None:
    first, second = build_control_records(4, (FIRST, SECOND), HOSTS)
    assert (first.passed, first.failed, first.not_readable, first.of_hosts) == (1, 2, 0, 3)
    assert (first.failing, first.unread) == (("web1", "web2"), ())
    assert (second.passed, second.failed, second.not_readable, second.unread) == (2, 0, 1, ("web1",))
    assert (first.sweep, first.id, first.attack) == (4, FIRST.id, "T1053.006")


def test_a_control_without_any_host_is_still_listed() -> None:
    (record,) = build_control_records(4, (FIRST,), ())
    assert (record.passed, record.failed, record.not_readable, record.of_hosts) == (0, 0, 0, 0)


def test_each_control_of_each_host_has_its_evidence() -> None:
    records = build_host_control_records(4, HOSTS)
    assert [(r.host, r.id, r.status) for r in records[:2]] == [("web2", FIRST.id, "fail"), ("web2", SECOND.id, "pass")]
    assert (records[0].evidence[0].path, records[0].evidence[0].line, records[0].more) == ("/etc/x", 3, 1)
