"""What a visit could read, area by area."""

from dataclasses import dataclass
from enum import StrEnum

from fleetscan.model.coverage import SUPPLEMENTARY, Area, Coverage, Gap

_PLACES_TOLD = 2


class Extent(StrEnum):
    """How much of an area was read."""

    READ = "read"
    PART = "in part"
    NOTHING = "not read"


@dataclass(frozen=True, slots=True)
class Reading:
    """One area of one host.

    Attributes:
        gaps: What was not read of it.
    """

    area: Area
    extent: Extent
    gaps: tuple[Gap, ...] = ()

    @property
    def is_supplementary(self) -> bool:
        """Whether the area only adds evidence: what is missing of it leaves a host complete."""
        return self.area in SUPPLEMENTARY

    @property
    def reason(self) -> str:
        """Why it was not read, in one phrase with the first places; empty when it was."""
        if not self.gaps:
            return ""
        first = self.gaps[0]
        places = list(dict.fromkeys(gap.path for gap in self.gaps if gap.path))
        more = f" and {len(places) - _PLACES_TOLD} more" if len(places) > _PLACES_TOLD else ""
        where = f"{', '.join(places[:_PLACES_TOLD])}{more}: " if places else ""
        return f"{where}{first.status.value}" + (f" ({first.reason})" if first.reason else "")


def read_areas(coverage: Coverage) -> tuple[Reading, ...]:
    """Give how far each area was read, in the order of `Area`."""
    return tuple(_read_area(area, coverage) for area in Area)


def _read_area(area: Area, coverage: Coverage) -> Reading:
    gaps = tuple(gap for gap in coverage.gaps if gap.area is area)
    if not gaps:
        return Reading(area, Extent.READ)
    whole = any(gap.path is None and gap.scope is None for gap in gaps)
    # Facts are many small things: one that is missing does not take the others with it.
    return Reading(area, Extent.NOTHING if whole and area is not Area.FACTS else Extent.PART, gaps)
