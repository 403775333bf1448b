"""What a real manager makes of nasty units."""

import io
import json
import re
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.live.conftest import Lab
from tests.live.nasty.units import FOLDER, NastyCase

Properties = Mapping[str, Any]
"""Of all interfaces of one unit, by D-Bus name; empty when the bus could not carry them."""

# One call a unit brings everything, with exact words (`systemctl show` prints command lines without quotes). Nothing is
# started: asking for a unit loads it and no more.
_ASK = f"""
cd {FOLDER} && tar -x || exit 1
trap 'cd {FOLDER} && rm -rf nasty[0-9]*; systemctl daemon-reload' EXIT
systemctl daemon-reload
for path; do
  busctl --timeout=3 --json=short call org.freedesktop.systemd1 "/org/freedesktop/systemd1/unit/$path" \\
    org.freedesktop.DBus.Properties GetAll s '' 2>/dev/null || echo null
done
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the manager says of one case's timer and service."""

    timer: Properties
    service: Properties


def ask_manager(lab: Lab, host: str, cases: Sequence[NastyCase]) -> list[Answer]:
    """Plant cases on a host, ask for their units, take them away; gives one answer a case, in their order."""
    paths = [_escape(name) for case in cases for name in (case.timer, case.service)]
    done = lab.exec(host, "sh", "-c", _ASK, "sh", *paths, stdin=_pack(cases))
    replies = [_read_reply(json.loads(line)) for line in done.stdout.splitlines()]
    assert len(replies) == len(paths), done.stderr
    return [Answer(timer, service) for timer, service in zip(replies[::2], replies[1::2], strict=True)]


def find_version(lab: Lab, host: str) -> int:
    """Give the major version of a host's systemd."""
    return int(lab.exec(host, "systemctl", "--version").stdout.split()[1])


def _pack(cases: Sequence[NastyCase]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for case in cases:
            for path, data in case.paths().items():
                entry = tarfile.TarInfo(path)
                entry.size = len(data)
                tar.addfile(entry, io.BytesIO(data))
    return packed.getvalue()


def _escape(name: str) -> str:
    """Escape a unit's name as in the paths of its D-Bus object; source: bus_label_escape()."""
    return re.sub(rb"[^A-Za-z0-9]", lambda m: b"_%02x" % m[0][0], name.encode()).decode()


def _read_reply(reply: Any) -> Properties:  # noqa: ANN401 - whatever busctl printed
    return {} if reply is None else {key: variant["data"] for key, variant in reply["data"][0].items()}
