from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetscan.analyse.census import Census
from fleetscan.analyse.cohorts import CohortRule, Dimension, Ladder, choose_levels, cohort_of, hosts_of, ladder
from fleetscan.analyse.sentence import say_removed
from fleetscan.analyse.vantage import Vantage
from fleetscan.model.baseline import Cohort
from fleetscan.model.host import Connection, Host, Owner
from fleetscan.model.ids import HostName
from fleetscan.model.snapshot import HostFacts
from tests.model_data import fleet as fleet_of_members
from tests.model_data import job

DEFAULT = CohortRule()
GROUP, ZONE, OS, VERSION = Dimension.GROUP, Dimension.ZONE, Dimension.OS_ID, Dimension.OS_VERSION_ID


def host(
    name: str = "web-1", *groups: str, zone: str = "dmz", owner: str = "ops", tags: frozenset[str] = frozenset()
) -> Host:
    return Host(
        name=HostName(name),
        address="192.0.2.1",
        connection=Connection(user="scan"),
        owner=Owner(owner, "ops@example.org"),
        groups=groups or ("web", "linux"),
        zone=zone,
        tags=tags,
    )


def facts(os_id: str = "debian", version: str = "12") -> HostFacts:
    return HostFacts(os_id=os_id, os_version_id=version)


def texts(rule: CohortRule = DEFAULT, of: Host | None = None, said: HostFacts | None = None) -> list[str]:
    return [str(cohort) for cohort in ladder(of or host(), said or facts(), rule)]


def test_a_ladder_leads_from_the_hosts_like_to_the_whole_fleet() -> None:
    assert texts() == ["web/debian-12", "web/debian-*", "web/*", "*"]
    assert texts(said=facts("", "")) == ["web/unknown-rolling", "web/unknown-*", "web/*", "*"]


@pytest.mark.parametrize(
    ("dimensions", "expected"),
    [
        ((GROUP, ZONE, OS, VERSION), ["web+dmz/debian-12", "web+dmz/debian-*", "web+dmz/*", "web+*/*", "*"]),
        ((GROUP, OS), ["web/debian-*", "web/*", "*"]),
        ((OS, VERSION, GROUP), ["web/debian-12", "*/debian-12", "*/debian-*", "*"]),
        ((Dimension.OWNER,), ["ops/*", "*"]),
        ((Dimension.TAGS, GROUP), ["pci,prod+web/*", "pci,prod+*/*", "*"]),
        ((), ["*"]),
    ],
    ids=["with zone", "without version", "system first", "owner", "tags", "nothing"],
)
def test_a_rule_says_what_is_dropped_first(dimensions: tuple[Dimension, ...], expected: list[str]) -> None:
    assert texts(CohortRule(dimensions), host(tags=frozenset({"prod", "pci"}))) == expected


@pytest.mark.parametrize("dimensions", [(VERSION,), (VERSION, OS), (GROUP, GROUP)])
def test_a_rule_that_makes_no_sense_is_refused(dimensions: tuple[Dimension, ...]) -> None:
    with pytest.raises(ValueError, match=r"cohorts"):
        CohortRule(dimensions)


def test_a_host_in_several_groups_has_one_role_by_declared_order() -> None:
    assert str(cohort_of(host("x", "db", "web"), facts())) == "db/debian-12"


def test_no_host_calls_itself_the_whole_fleet() -> None:
    assert cohort_of(host(), facts("*", "*")) == Cohort("web", "", "")
    assert cohort_of(host(), facts("debian", "*")) != ladder(host(), facts(), DEFAULT)[1]


def fleet(**counts: int) -> dict[HostName, Ladder]:
    """Build ladders of hosts, `web_debian_12=3` of each kind."""
    ladders = {}
    for kind, count in counts.items():
        group, os_id, version = kind.split("_")
        for number in range(count):
            name = HostName(f"{kind}-{number}")
            ladders[name] = ladder(host(name, group), facts(os_id, version), DEFAULT)
    return ladders


def level_of(ladders: dict[HostName, Ladder], kind: str) -> tuple[str, str]:
    level = choose_levels(ladders)[HostName(f"{kind}-0")]
    return str(level.cohort), level.reason


def test_enough_hosts_are_compared_among_themselves() -> None:
    assert level_of(fleet(web_debian_12=5, web_debian_13=50), "web_debian_12") == ("web/debian-12", "")


def test_a_tiny_cohort_is_compared_with_the_next_wider_one_and_says_so() -> None:
    ladders = fleet(web_debian_12=3, web_debian_13=9, db_debian_12=90)
    assert level_of(ladders, "web_debian_12") == (
        "web/debian-*",
        "web/debian-12 has only 3 hosts; compared with web/debian-* (12 hosts)",
    )
    assert level_of(ladders, "web_debian_13") == ("web/debian-13", "")


def test_levels_that_gain_too_little_are_passed_over() -> None:
    ladders = fleet(web_debian_12=1, web_debian_13=1, web_fedora_43=2, db_debian_12=4)
    assert level_of(ladders, "web_debian_12") == ("*", "web/debian-12 has only 1 host; compared with * (8 hosts)")


def test_a_fleet_too_small_for_any_cohort_is_compared_in_the_widest_that_gains_hosts() -> None:
    assert level_of(fleet(web_debian_12=1, web_debian_13=1, web_debian_11=1), "web_debian_12") == (
        "web/debian-*",
        "web/debian-12 has only 1 host; compared with web/debian-* (3 hosts)",
    )
    assert level_of(fleet(web_debian_12=3), "web_debian_12") == (
        "web/debian-12",
        "web/debian-12 has only 3 hosts, and no wider cohort has more",
    )


def test_a_wide_cohort_has_all_its_hosts_also_those_compared_in_narrower_ones() -> None:
    ladders = fleet(web_debian_12=1, web_debian_13=5, db_debian_12=1)
    wide = choose_levels(ladders)[HostName("web_debian_12-0")].cohort
    assert len(hosts_of(wide, ladders)) == 6


def test_sentences_about_the_whole_fleet_name_no_group() -> None:
    everyone = ladder(host(), facts(), DEFAULT)[-1]
    counted = Vantage(Census.of(fleet_of_members(9, job())))
    assert say_removed(HostName("web-1"), everyone, job(), counted).endswith("; 9 of 9 other hosts have it")


FLEETS = st.dictionaries(
    st.sampled_from(["web_debian_12", "web_debian_13", "web_fedora_43", "db_debian_12", "db_fedora_43"]),
    st.integers(1, 7),
    max_size=5,
)


@given(FLEETS, st.integers(1, 9), st.randoms(use_true_random=False))
def test_levels_do_not_depend_on_the_order_of_hosts(counts: dict[str, int], least: int, random: Random) -> None:
    ladders = fleet(**counts)
    shuffled = dict(random.sample(list(ladders.items()), len(ladders)))
    assert choose_levels(shuffled, least) == choose_levels(ladders, least)


@given(FLEETS, st.integers(1, 9))
def test_a_level_is_the_narrowest_that_is_large_enough(counts: dict[str, int], least: int) -> None:
    ladders = fleet(**counts)
    for name, level in choose_levels(ladders, least).items():
        rungs = ladders[name]
        sizes = [len(hosts_of(cohort, ladders)) for cohort in rungs]
        chosen = rungs.index(level.cohort)
        assert all(size < least for size in sizes[:chosen])
        assert sizes[chosen] >= least or sizes[chosen] == max(sizes)
        assert bool(level.reason) == (chosen > 0 or sizes[chosen] < least)
