"""Findings through the outbox to receivers: at least once, and never again after a receiver said yes."""

import json
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from fleetscan.analyse.finding_life import decide_life
from fleetscan.config.sinks import SinkSettings, parse_sinks
from fleetscan.errors import ConfigError
from fleetscan.model.drift import Severity
from fleetscan.model.finding import Finding
from fleetscan.model.host import Connection, Host, Owner, SecretRef
from fleetscan.model.ids import HostName
from fleetscan.operations.open_sinks import open_sink
from fleetscan.operations.send_findings import SinkRun, next_wait, preview_news, queue_news, send_news
from fleetscan.operations.sinks import Sink
from fleetscan.operations.track_findings import list_fixed
from fleetscan.report.inputs import ReportInputs
from fleetscan.store.deliveries import DeliveryState
from fleetscan.store.store import Store
from fleetscan.store.tables import DeliveryRow
from tests.finding_data import OTHER, finding
from tests.integration.sinks.receivers import HttpReceiver, Request, serve_syslog
from tests.outgoing_data import HOSTILE_TEXTS
from tests.stored_fleet import DAY, DB, NOW, WEB, snapshot, sweep_day

pytest_plugins = ("tests.databases",)

TOKEN = "s3cret-token-0123456789"
HOSTS = {
    name: Host(
        name=name, address="192.0.2.1", connection=Connection(user="scan"), owner=Owner("Web", "web@example.org")
    )
    for name in (WEB, DB)
}


class Post:
    """A store, its clock, and what happened to findings."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.at = NOW
        self.day = -1
        self.pauses: list[float] = []

    def clock(self) -> datetime:
        return self.at

    def sweep(self, *found: Finding, gone: tuple[Finding, ...] = ()) -> ReportInputs:
        """Sweep on the next day, and remember what was found."""
        self.day += 1
        self.at = NOW + self.day * DAY
        sweep = sweep_day(self.store, self.day, snapshot(at=self.at))
        absent = frozenset(one.id for one in gone)
        lives = self.store.findings.record(sweep.id, self.at, found, absent, decide=decide_life)
        return ReportInputs(
            sweep=sweep,
            previous=None,
            visits=self.store.visits.read_visits(sweep.id),
            drifts=(),
            hosts=HOSTS,
            generated_at=self.at,
            findings=tuple(replace(one, life=lives[one.id]) for one in found),
            fixed=list_fixed(self.store, [WEB, DB]),
        )

    def send(self, sink: Sink, inputs: ReportInputs | None = None, *, retry: bool = False) -> SinkRun:
        if inputs is not None:
            queue_news(self.store.deliveries, inputs, sink, self.clock)
        return send_news(self.store.deliveries, sink, self.clock, self.pauses.append, retry=retry)

    def counts(self) -> dict[DeliveryState, int]:
        [standing] = self.store.deliveries.standings()
        return {state: number for state, number in standing.counts.items() if number}


@pytest.fixture
def post(store: Store) -> Post:
    return Post(store)


def build(port: int, **changes: object) -> Sink:
    settings = {
        "name": "grc",
        "kind": "http",
        "url": f"http://127.0.0.1:{port}/api",
        "template": "securitm-findings.json.j2",
        "token": "env:GRC_TOKEN",
        "timeout_s": 5,
    }
    [made] = parse_sinks([{key: value for key, value in (settings | changes).items() if value is not None}])
    assert isinstance(made, SinkSettings)
    return open_sink(made, fetch)


def build_syslog(port: int) -> Sink:
    [made] = parse_sinks([{"name": "siem", "kind": "syslog", "host": "127.0.0.1", "port": port, "timeout_s": 5}])
    return open_sink(made, fetch)


def fetch(pointer: SecretRef) -> str:
    assert pointer.value == "GRC_TOKEN"
    return TOKEN


def told(receiver: HttpReceiver) -> list[tuple[str, str]]:
    """Give asset and status of everything that was taken."""
    return [
        (item["asset_name"], item["status"])
        for request in receiver.taken
        for item in json.loads(request.body)["vulnerabilities"]
    ]


def test_new_changed_fixed_and_returned_are_each_told_once(post: Post, receiver: HttpReceiver) -> None:
    sink = build(receiver.port, template="generic.json.j2")
    one = finding()
    changed = finding(content=OTHER)
    seen: list[tuple[Finding, ...]] = [(one,), (one,), (changed,), (), (), (changed,), (), (changed,)]
    for found in seen:
        inputs = post.sweep(*found, gone=() if found else (changed,))
        post.send(sink, inputs)
        post.send(sink, inputs)
    events = [event for request in receiver.taken for event in json.loads(request.body)["events"]]
    assert [event["occasion"] for event in events] == [
        "new", "changed", "fixed", "returned", "fixed", "returned",
    ]  # fmt: skip
    assert len({event["uid"] for event in events}) == 6
    assert events[0]["finding"]["host"] == "web1"
    assert receiver.taken[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert len({request.headers["Idempotency-Key"] for request in receiver.taken}) == 6


@pytest.mark.parametrize("manner", [500, "reset", "silent"])
def test_what_failed_is_tried_again_and_then_never_more(post: Post, receiver: HttpReceiver, manner: int | str) -> None:
    receiver.manners = [manner]
    sink = build(receiver.port, timeout_s=0.5)
    run = post.send(sink, post.sweep(finding()))
    assert (run.sent, run.failed, run.error) == (1, 0, "")
    assert post.pauses == [1.0]
    assert told(receiver) == [("web1", "open")]
    first, second = receiver.requests
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]


def test_a_receiver_that_is_down_gets_everything_later_in_order(post: Post, receiver: HttpReceiver) -> None:
    receiver.always = 503
    sink = build(receiver.port)
    inputs = post.sweep(finding(), finding(DB))
    run = post.send(sink, inputs)
    assert (run.sent, run.failed, len(receiver.requests)) == (0, 1, 3)
    assert "503" in run.error
    assert post.counts() == {DeliveryState.WAITING: 2}
    receiver.always = 200
    assert post.send(sink, inputs).sent == 1, "what was not tried needs not wait"
    post.at += next_wait(1)
    assert post.send(sink, inputs).sent == 1
    assert Counter(told(receiver)) == Counter([("web1", "open"), ("db1", "open")])
    assert post.counts() == {DeliveryState.SENT: 2}


def test_waiting_grows_and_ends_at_hours() -> None:
    waits = [next_wait(attempts) for attempts in (1, 2, 3, 9, 10_000)]
    assert waits == [timedelta(minutes=n) for n in (1, 2, 4, 256, 360)]


def test_a_person_may_retry_at_once(post: Post, receiver: HttpReceiver) -> None:
    receiver.always = 401
    sink = build(receiver.port)
    assert post.send(sink, post.sweep(finding())).failed == 1
    assert len(receiver.requests) == 1, "a wrong token is not tried three times"
    receiver.always = 200
    assert post.send(sink).sent == 0
    assert post.send(sink, retry=True).sent == 1


def test_one_finding_that_is_refused_does_not_keep_the_others(post: Post, receiver: HttpReceiver) -> None:
    def refuse(request: Request) -> int:
        return 422 if b"poison" in request.body else 200

    receiver.always = refuse
    sink = build(receiver.port, batch=50)
    names = [f"t{number}.timer" for number in range(9)]
    inputs = post.sweep(*(finding(name=name) for name in names), finding(name="poison.timer"))
    run = post.send(sink, inputs)
    assert (run.sent, run.refused, run.failed) == (9, 1, 0)
    assert post.counts() == {DeliveryState.SENT: 9, DeliveryState.REFUSED: 1}
    bodies = b"".join(request.body for request in receiver.taken)
    assert all(bodies.count(f"web1: {name} runs".encode()) == 1 for name in names)


def test_a_process_that_died_while_sending_loses_nothing(post: Post, receiver: HttpReceiver) -> None:
    class Killed(BaseException):
        pass

    def die(_: Request) -> int:
        return 500

    receiver.manners = [die]
    sink = build(receiver.port)
    queue_news(post.store.deliveries, post.sweep(finding()), sink, post.clock)

    def kill(_: float) -> None:
        raise Killed

    with pytest.raises(Killed):
        send_news(post.store.deliveries, sink, post.clock, kill)
    assert post.counts() == {DeliveryState.SENDING: 1}
    assert post.send(sink).sent == 0, "somebody may still be sending it"
    post.at += timedelta(hours=1)
    assert post.send(sink).sent == 1


def test_two_runs_at_once_share_the_work(post: Post, receiver: HttpReceiver) -> None:
    sink = build(receiver.port)
    inputs = post.sweep(*(finding(name=f"t{number}.timer") for number in range(4)))
    queue_news(post.store.deliveries, inputs, sink, post.clock)

    def meanwhile(_: Request) -> int:
        post.send(build(receiver.port))
        return 200

    receiver.manners = [meanwhile]
    post.send(sink)
    assert len(receiver.taken) == 4
    assert len({request.body for request in receiver.taken}) == 4


def test_severity_counts_until_a_receiver_was_told_and_fixed_is_for_those_who_know(
    post: Post, receiver: HttpReceiver
) -> None:
    sink = build(receiver.port, min_severity="high")
    loud, quiet = finding(name="a.timer"), finding(name="b.timer", severity=Severity.LOW)
    post.send(sink, post.sweep(loud, quiet))
    assert told(receiver) == [("web1", "open")]
    calmer = replace(loud, severity=Severity.LOW, content=OTHER)
    post.send(sink, post.sweep(calmer, quiet))
    post.send(sink, post.sweep(gone=(calmer, quiet)))
    assert told(receiver) == [("web1", "open"), ("web1", "open"), ("web1", "closed")]


def test_a_new_sink_hears_of_what_is_open_and_not_of_what_is_over(post: Post, receiver: HttpReceiver) -> None:
    old, still = finding(name="a.timer"), finding(name="b.timer")
    post.sweep(old, still)
    inputs = post.sweep(still, gone=(old,))
    assert post.send(build(receiver.port), inputs).sent == 1
    assert told(receiver) == [("web1", "open")]


def test_preview_shows_the_same_bodies_and_changes_nothing(post: Post, receiver: HttpReceiver) -> None:
    sink = build(receiver.port, batch=10)
    inputs = post.sweep(finding(), finding(DB))
    shown = preview_news(post.store.deliveries, inputs, sink)
    assert post.store.deliveries.standings() == ()
    assert receiver.requests == []
    post.send(sink, inputs)
    assert [request.body for request in receiver.taken] == list(shown)
    assert preview_news(post.store.deliveries, inputs, sink) == ()


@pytest.mark.parametrize("name", sorted(HOSTILE_TEXTS))
def test_hostile_findings_pass_the_outbox_and_arrive_as_json(post: Post, receiver: HttpReceiver, name: str) -> None:
    hostile = replace(finding(name=f"x{HOSTILE_TEXTS[name]}.timer"), sentence=HOSTILE_TEXTS[name])
    for template in ("generic.json.j2", "securitm-findings.json.j2", "slack.json.j2", "teams.json.j2"):
        sink = build(receiver.port, template=template, name=template.partition(".")[0])
        assert post.send(sink, post.sweep(hostile)).error == ""
    assert len(receiver.taken) == 4
    for request in receiver.taken:
        json.loads(request.body)
        assert len(request.body) < 100_000


def test_hosts_are_told_when_something_of_them_is_another(post: Post, receiver: HttpReceiver) -> None:
    sink = build(receiver.port, about="hosts", template="securitm-assets.json.j2")
    calm = post.sweep()
    post.send(sink, calm)
    post.send(sink, calm)
    post.send(sink, post.sweep())
    post.send(sink, post.sweep(finding()))
    post.send(sink, post.sweep(gone=(finding(),)))
    assets = [json.loads(request.body)["assets"][0] for request in receiver.taken]
    assert [(asset["name"], asset["open_findings"], asset["worst_severity"]) for asset in assets] == [
        ("web1", 0, ""),
        ("web1", 1, "high"),
        ("web1", 0, ""),
    ]
    assert assets[0]["os"] == "debian 12"


def test_splunk_gets_its_token_and_many_events_in_one_request(post: Post, receiver: HttpReceiver) -> None:
    sink = build(receiver.port, kind="hec", template=None, index="sec")
    run = post.send(sink, post.sweep(*(finding(name=f"t{number}.timer") for number in range(5))))
    assert run.sent == 5
    [request] = receiver.taken
    assert request.headers["Authorization"] == f"Splunk {TOKEN}"
    assert [json.loads(line)["index"] for line in request.body.splitlines()] == ["sec"] * 5


def test_syslog_that_was_torn_down_is_sent_again(post: Post) -> None:
    inputs = post.sweep(finding(), finding(DB))
    with serve_syslog(manner="reset") as server:
        sink = build_syslog(server.port)
        assert post.send(sink, inputs).failed == 2
    with serve_syslog() as server:
        sink = build_syslog(server.port)
        assert post.send(sink, retry=True).sent == 2
    assert len(server.messages) == 2


def test_no_secret_is_in_any_row_or_answer(post: Post, receiver: HttpReceiver) -> None:
    receiver.echo = True
    receiver.manners = [400, 401, 500, 500, 500]
    sink = build(receiver.port)
    inputs = post.sweep(finding(), finding(DB), finding(name="c.timer"))
    runs = [post.send(sink, inputs, retry=True) for _ in range(4)]
    with post.store._database.read() as connection:
        rows = connection.execute(select(DeliveryRow)).all()
    assert any(run.error for run in runs)
    assert TOKEN not in repr(rows) + repr(runs) + repr(post.store.deliveries.standings())


def test_a_secret_that_cannot_be_fetched_leaves_everything_waiting(post: Post, receiver: HttpReceiver) -> None:
    def fail(_: SecretRef) -> str:
        raise ConfigError("environment variable GRC_TOKEN is not set")

    [made] = parse_sinks([{"name": "grc", "kind": "hec", "url": f"http://127.0.0.1:{receiver.port}", "token": "env:X"}])
    run = post.send(open_sink(made, fail), post.sweep(finding()))
    assert (run.failed, run.error) == (1, "environment variable GRC_TOKEN is not set")
    assert receiver.requests == []


def test_news_of_another_version_is_refused_and_the_rest_goes_on(post: Post, receiver: HttpReceiver) -> None:
    sink = build(receiver.port, batch=10)
    queue_news(post.store.deliveries, post.sweep(finding(), finding(DB)), sink, post.clock)
    with post.store._database.write() as connection:
        first = connection.execute(select(DeliveryRow.id).order_by(DeliveryRow.id)).scalars().first()
        connection.execute(update(DeliveryRow).where(DeliveryRow.id == first).values(payload=b'{"v":9}'))
    run = post.send(sink)
    assert (run.sent, run.refused) == (1, 1)


def test_a_wrong_template_stops_its_sink_only_until_it_is_corrected(post: Post, receiver: HttpReceiver) -> None:
    inputs = post.sweep(finding())
    run = post.send(build(receiver.port, template="nosuch.j2"), inputs)
    assert "no template nosuch.j2" in run.error
    assert post.counts() == {DeliveryState.WAITING: 1}
    assert post.send(build(receiver.port), retry=True).sent == 1


def test_hosts_without_an_owner_are_told_too(post: Post, receiver: HttpReceiver) -> None:
    stranger = finding(HostName(WEB))
    inputs = replace(post.sweep(stranger), hosts={})
    assert post.send(build(receiver.port), inputs).sent == 1
