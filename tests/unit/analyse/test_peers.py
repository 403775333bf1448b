from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from fleetscan.analyse.census import Census, Member
from fleetscan.analyse.compare import diff_cohort
from fleetscan.analyse.peers import PeerOptions, Peers
from fleetscan.analyse.visibility import find_gap_in_files, find_gap_in_state, find_hiding_gap
from fleetscan.model.coverage import Area, Coverage
from fleetscan.model.drift import DriftKind
from fleetscan.model.ids import HostName, Sha256
from fleetscan.model.subject import Subject, SubjectKey
from tests.model_data import WEB, fleet, gap, job, loose_unit, member, partial, read_stored

APT = job("apt-daily")
BACKUP = job("backup")
OPTIONS = PeerOptions()


def kinds(members: list[Member], host: str) -> list[DriftKind]:
    drift = next(d for d in diff_cohort(WEB, members, None, read_stored) if d.host == host)
    return [item.kind for item in drift.items]


def test_a_thing_on_half_of_the_peers_is_normal_and_on_fewer_is_added() -> None:
    have, lack = fleet(5, APT, BACKUP, prefix="have"), fleet(5, APT, prefix="lack")
    assert kinds([*have, *lack, member("odd", APT, BACKUP)], "odd") == []
    assert kinds([*have[1:], *lack, member("odd", APT, BACKUP)], "odd") == [DriftKind.ADDED]


def test_a_thing_on_nine_of_ten_peers_is_missed_and_on_fewer_is_not() -> None:
    have, lack = fleet(9, APT, BACKUP, prefix="have"), fleet(1, APT, prefix="lack")
    assert kinds([*have, *lack, member("odd", APT)], "odd") == [DriftKind.REMOVED]
    assert kinds([*have[1:], *lack, member("odd", APT)], "odd") == []


def test_a_form_differs_only_from_a_clear_majority() -> None:
    one, two = fleet(8, BACKUP, prefix="one"), fleet(2, job("backup", exec_start="/opt/b"), prefix="two")
    odd = member("odd", job("backup", exec_start="/opt/x"))
    assert kinds([*one, *two, odd], "odd") == [DriftKind.CHANGED]
    assert kinds([*one[1:], *two, odd], "odd") == []


def test_a_split_of_states_does_not_hide_a_changed_command() -> None:
    stopped = job("backup", enabled="disabled", active="inactive")
    odd = member("odd", job("backup", exec_start="/opt/x"))
    members = [*fleet(5, BACKUP, prefix="on"), *fleet(5, stopped, prefix="off"), odd]
    assert kinds(members, "odd") == [DriftKind.CHANGED]


def test_a_compromised_host_does_not_vouch_for_itself() -> None:
    assert kinds([*fleet(3, APT), member("odd", APT, BACKUP)], "odd") == [DriftKind.ADDED]


def test_hosts_that_could_not_be_read_are_no_witnesses() -> None:
    blind = [member(f"blind-{n}", coverage=partial(gap(Area.FILES))) for n in range(50)]
    members = [*fleet(9, APT, BACKUP), *blind, member("odd", APT)]
    assert kinds(members, "odd") == [DriftKind.REMOVED]
    drift = next(d for d in diff_cohort(WEB, members, None, read_stored) if d.host == "odd")
    assert str(drift.items[0].prevalence) == "9 of 9"


def test_a_subject_that_fewer_than_two_peers_could_show_is_not_compared() -> None:
    blind = [member(f"blind-{n}", APT, coverage=partial(gap(Area.FILES))) for n in range(5)]
    drift = diff_cohort(WEB, [member("a", APT, loose_unit()), member("b", APT), *blind], None, read_stored)[0]
    assert drift.items == ()
    assert drift.not_compared == ("agent.service: too few other hosts could have shown it",)


STATES = st.lists(
    st.tuples(
        st.lists(
            st.builds(
                job,
                st.sampled_from(["aa", "bb", "cc"]),
                exec_start=st.sampled_from(["/usr/bin/a", "/opt/b"]),
                enabled=st.sampled_from(["enabled", "disabled"]),
                comment=st.sampled_from(["", "x"]),
                unreadable=st.sampled_from([(), (), ("/etc/systemd/system/aa.timer",)]),
            ),
            max_size=3,
            unique_by=lambda subject: subject.key,
        ),
        st.sampled_from([None, None, None, Area.FILES, Area.LOADED, Area.STAMPS]),
    ),
    min_size=1,
    max_size=9,
)


def majority(digests: list[Sha256]) -> set[Sha256] | None:
    counts = Counter(digests)
    for digest, count in counts.items():
        if len(digests) >= OPTIONS.min_peers and count / len(digests) >= OPTIONS.majority_share:
            return {digest}
    return None


def could_show(peer: Member, key: SubjectKey, forms: list[Subject]) -> bool:
    return any(s.key == key for s in peer.subjects) or find_hiding_gap(peer.coverage, key, forms) is None


def check_norm(peers: list[Member], key: SubjectKey, forms: list[Subject], own: Member, census: Peers) -> None:
    """Compute the norm of one subject from the peers alone and compare it with the one from shared counts."""
    expectation = census.expect_for(own.host)
    assert expectation is not None
    found = [(p, s) for p in peers for s in p.subjects if s.key == key]
    of_hosts = sum(could_show(peer, key, forms) for peer in peers)
    prevalence = expectation.others.prevalence(key)
    assert (prevalence.count, prevalence.of_hosts) == (len(found), of_hosts)
    norm = expectation.norm(key)
    if of_hosts < OPTIONS.min_peers or len(found) / of_hosts < OPTIONS.normal_share:
        assert norm is None
        return
    assert norm is not None
    is_sure = any(s.key == key and find_gap_in_files(own.coverage, s) is None for s in own.subjects)
    heard = [(p, s) for p, s in found if not is_sure or find_gap_in_files(p.coverage, s) is None]
    readable = [s for _p, s in heard if not s.unreadable]
    known = [s for p, s in found if find_gap_in_state(p.coverage, s.key.scope) is None]
    known_of_heard = [s for p, s in heard if find_gap_in_state(p.coverage, s.key.scope) is None]
    complete = Counter((s.fingerprint.meaning, s.fingerprint.state) for s in known if not s.unreadable)
    assert norm.meanings == majority([s.fingerprint.meaning for s in readable])
    assert norm.states == majority([s.fingerprint.state for s in known])
    assert norm.required == (len(found) / of_hosts >= OPTIONS.required_share and bool(complete))
    shown = {(v.subject.fingerprint.meaning, v.subject.fingerprint.state): v.prevalence.count for v in norm.variants}
    assert shown == dict(complete)
    for mine in (s for s in own.subjects if s.key == key and not s.unreadable):
        meaning = mine.fingerprint.meaning
        raws = [s.fingerprint.raw for s in known_of_heard if not s.unreadable and s.fingerprint.meaning == meaning]
        if find_gap_in_state(own.coverage, key.scope) is None:
            assert norm.raws.get(meaning) == majority(raws)


@given(STATES)
def test_shared_counts_equal_leaving_each_host_out_by_brute_force(
    states: list[tuple[list[Subject], Area | None]],
) -> None:
    members = [
        member(f"h{n}", *subjects, coverage=partial(gap(area)) if area else Coverage())
        for n, (subjects, area) in enumerate(states)
    ]
    peers = Peers(Census.of(members))
    everything = [s for m in members for s in m.subjects]
    for own in members:
        others = [m for m in members if m is not own]
        if len(others) < OPTIONS.min_peers:
            assert peers.expect_for(own.host) is None
            continue
        for key in {s.key for s in everything}:
            check_norm(others, key, [s for s in everything if s.key == key], own, peers)


@given(STATES, st.randoms(use_true_random=False))
def test_a_comparison_does_not_depend_on_the_order_of_hosts(
    states: list[tuple[list[Subject], Area | None]], random: Random
) -> None:
    members = [
        member(f"h{n}", *subjects, coverage=partial(gap(area)) if area else Coverage())
        for n, (subjects, area) in enumerate(states)
    ]
    shuffled = list(members)
    random.shuffle(shuffled)
    assert diff_cohort(WEB, shuffled, None, read_stored) == diff_cohort(WEB, members, None, read_stored)


def test_equal_tuples_need_not_be_the_same_object() -> None:
    members = [Member(HostName(f"h{n}"), (job("aa"), job("bb")), Coverage()) for n in range(4)]
    assert len(Census.of(members).groups) == 1
