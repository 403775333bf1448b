"""How far each area of a host was read."""

from fleetscan.analyse.readings import Extent, Reading, read_areas
from fleetscan.model.coverage import Area, Coverage, ReadStatus
from fleetscan.model.ids import user_scope
from tests.model_data import gap, partial


def reading_of(area: Area, coverage: Coverage) -> Reading:
    return next(reading for reading in read_areas(coverage) if reading.area is area)


def test_without_a_gap_every_area_is_read() -> None:
    readings = read_areas(Coverage())
    assert [reading.area for reading in readings] == list(Area)
    assert {(reading.extent, reading.reason) for reading in readings} == {(Extent.READ, "")}


def test_a_gap_for_everyone_and_everywhere_takes_the_whole_area() -> None:
    assert reading_of(Area.LOADED, partial(gap(Area.LOADED, scope=None))).extent is Extent.NOTHING


def test_a_gap_of_one_place_or_one_account_takes_a_part() -> None:
    for given in (gap(Area.FILES, "/root"), gap(Area.FILES, scope=user_scope("bob"))):
        coverage = partial(given)
        assert reading_of(Area.FILES, coverage).extent is Extent.PART
        assert reading_of(Area.LOADED, coverage).extent is Extent.READ


def test_one_fact_that_is_missing_does_not_take_the_others() -> None:
    assert reading_of(Area.FACTS, partial(gap(Area.FACTS, scope=None))).extent is Extent.PART


def test_the_reason_names_the_first_places_and_counts_the_others() -> None:
    coverage = partial(*(gap(Area.FILES, f"/home/u{number}") for number in range(4)))
    reason = reading_of(Area.FILES, coverage).reason
    assert reason.startswith("/home/u0, /home/u1 and 2 more: ")
    assert ReadStatus.DENIED.value in reason


def test_only_areas_of_evidence_are_supplementary() -> None:
    assert {r.area for r in read_areas(Coverage()) if r.is_supplementary} == {
        Area.PACKAGES,
        Area.ATTRIBUTES,
        Area.PROCESSES,
        Area.JOURNAL,
        Area.AUDIT,
        Area.GRANTS,
        Area.ACCOUNTS,
    }
