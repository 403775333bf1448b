"""Findings in IBM's Log Event Extended Format 2.0, one line each, for syslog to QRadar."""

from fleetscan.export.cef import SEVERITIES
from fleetscan.export.outgoing import OutgoingFinding, epoch_ms, fit_text

_MAX_VALUE_CHARS = 800


def render_leef(news: OutgoingFinding, *, version: str, max_bytes: int) -> str:
    """Write one event, values apart by tabs. What does not fit is left out, the least telling first.

    Args:
        news: The finding.
        version: Of this program.
        max_bytes: Of the whole line in UTF-8; the header and the first values always stand.

    Source:
        IBM, "LEEF overview": a header cannot hold a pipe and has no escape for it; a value ends at the delimiter that
        the header names, here the tab, which fitted text cannot hold. `sev` goes from 1 to 10.
    """
    record = news.fitted.record
    header = ("fleetscan", "fleetscan", version, record.rule, "x09")
    line = "|".join(["LEEF:2.0", *(fit_text(part, 200).replace("|", "/") for part in header)]) + "|"
    pairs = (
        ("devTime", str(epoch_ms(news.at))),
        ("cat", record.technique),
        ("sev", str(SEVERITIES[record.severity])),
        ("identHostName", fit_text(record.host, 253)),
        ("finding", record.id),
        ("occasion", news.occasion.value),
        ("msg", fit_text(record.sentence, _MAX_VALUE_CHARS)),
        ("attack", ",".join(record.attack)),
        ("unit", fit_text(record.name, _MAX_VALUE_CHARS)),
        ("scope", fit_text(record.scope, _MAX_VALUE_CHARS)),
        ("resource", fit_text(record.paths[0] if record.paths else "", _MAX_VALUE_CHARS)),
        ("severity", record.severity),
        ("provenance", record.provenance),
        ("prevalence", f"{record.prevalence_count} of {record.prevalence_of_hosts}"),
        ("sweep", str(record.sweep)),
        ("content", record.content),
        ("cohort", fit_text(record.cohort, _MAX_VALUE_CHARS)),
        ("owner", fit_text(record.owner_email, 200)),
    )
    room = max_bytes - len(line.encode())
    taken: list[str] = []
    for key, value in pairs:
        size = len(f"{key}={value}\t".encode())
        if value and (size <= room or not taken):
            taken.append(f"{key}={value}")
            room -= size
    return line + "\t".join(taken)
