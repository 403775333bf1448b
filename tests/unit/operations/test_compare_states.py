"""What is said of two states that could not be compared."""

from fleetscan.model.coverage import Area, Coverage
from fleetscan.model.subject import Subject
from fleetscan.operations.compare_states import Side, diff_sides
from tests.model_data import gap, job, partial, read_stored

UNREAD = job("backup", exec_start="/opt/other", unreadable=("/etc/systemd/system/backup.timer",))


def side(name: str, *subjects: Subject, coverage: Coverage | None = None) -> Side:
    return Side(name, subjects, coverage or Coverage())


def test_notes_speak_of_the_other_state_and_not_of_an_expected_form_or_of_other_hosts() -> None:
    assert diff_sides(side("a", UNREAD), side("b", job("backup")), read_stored) == (
        (),
        ("backup.timer: in the other state it, or its package, could not be read",),
    )
    blind = partial(gap(Area.FILES))
    assert diff_sides(side("a", coverage=blind), side("b", job("backup")), read_stored) == (
        (),
        ("backup.timer: what was read of the other state does not prove that it lacks it",),
    )
