"""What a fleet costs on disk: promises of the documentation, measured."""

from pathlib import Path

from sqlalchemy import func, select

from fleetscan.analyse.finding_life import decide_life
from fleetscan.model.ids import HostName
from fleetscan.store.schema import create_database
from fleetscan.store.store import open_store
from fleetscan.store.tables import FindingEventRow, FindingRow
from tests.finding_data import finding
from tests.stored_fleet import DAY, NOW, VENDOR, begin, file, snapshot

_HOSTS = 400
_SWEEPS = 8
_IMAGE = (*VENDOR, *(file(f"/usr/lib/systemd/system/{number}.service", b"%d" % number) for number in range(300)))


def test_an_unchanged_host_costs_at_most_250_bytes_a_sweep(tmp_path: Path) -> None:
    path = tmp_path / "fleet.db"
    create_database(f"sqlite:///{path}")
    sizes = []
    for number in range(_SWEEPS):
        # Opened anew, so that closing it moves the write-ahead log into the file.
        with open_store(f"sqlite:///{path}", clock=lambda: NOW) as store:
            sweep = begin(store, NOW + number * DAY)
            hosts = [HostName(f"host{host:05}.dc1.example.org") for host in range(_HOSTS)]
            outcomes = [snapshot(host, _IMAGE, at=NOW + number * DAY) for host in hosts]
            store.save_outcomes(sweep.id, outcomes)
        sizes.append(path.stat().st_size)
    per_visit = (sizes[-1] - sizes[0]) / (_HOSTS * (_SWEEPS - 1))
    assert 20 < per_visit <= 250, f"{per_visit:.0f} bytes"


def test_an_open_finding_costs_one_row_and_nothing_more_however_many_sweeps_see_it(tmp_path: Path) -> None:
    path = tmp_path / "fleet.db"
    create_database(f"sqlite:///{path}")
    many = [finding(HostName(f"host{number:05}.dc1.example.org")) for number in range(_HOSTS)]
    sizes = []
    for number in range(_SWEEPS):
        with open_store(f"sqlite:///{path}", clock=lambda: NOW) as store:
            at = NOW + number * DAY
            store.findings.record(begin(store, at).id, at, many, (), decide=decide_life)
            with store._database.read() as connection:
                counts = (select(func.count()).select_from(table) for table in (FindingRow, FindingEventRow))
                rows = [connection.execute(count).scalar() for count in counts]
        assert rows == [_HOSTS, 0]
        sizes.append(path.stat().st_size)
    assert max(sizes) - sizes[0] <= 64 * 1024, sizes
    assert sizes[0] / _HOSTS < 2048
