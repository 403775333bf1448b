"""Findings in ArcSight's Common Event Format, one line each, for syslog."""

from fleetscan.export.outgoing import OutgoingFinding, epoch_ms, fit_text

SEVERITIES = {"critical": 10, "high": 8, "medium": 5, "low": 3, "info": 1}
"""Of CEF and LEEF, 0 to 10."""
_MAX_VALUE_CHARS = 800


def render_cef(news: OutgoingFinding, *, version: str, max_bytes: int) -> str:
    r"""Write one event. What does not fit into the length is left out, the least telling first and field by field.

    Args:
        news: The finding.
        version: Of this program.
        max_bytes: Of the whole line in UTF-8; the header and the ids always stand.

    Source:
        ArcSight Common Event Format, "Character Encoding": in the header backslash and pipe are escaped, in values
        backslash and equals sign, and line ends are written as `\n`; ours are spelled out before.
    """
    record = news.fitted.record
    title = record.hits[0].title if record.hits else record.rule
    header = ("fleetscan", "fleetscan", version, record.rule, title, str(SEVERITIES[record.severity]))
    line = "|".join(["CEF:0", *(_escape_header(fit_text(part, 200)) for part in header)]) + "|"
    pairs = (
        ("rt", str(epoch_ms(news.at))),
        ("externalId", record.id),
        ("dvchost", fit_text(record.host, 253)),
        ("act", news.occasion.value),
        ("cat", record.technique),
        ("msg", fit_text(record.sentence, _MAX_VALUE_CHARS)),
        ("cs1Label", "attack"),
        ("cs1", ",".join(record.attack)),
        ("cs2Label", "unit"),
        ("cs2", fit_text(record.name, _MAX_VALUE_CHARS)),
        ("cs3Label", "scope"),
        ("cs3", fit_text(record.scope, _MAX_VALUE_CHARS)),
        ("filePath", fit_text(record.paths[0] if record.paths else "", _MAX_VALUE_CHARS)),
        ("cs4Label", "provenance"),
        ("cs4", record.provenance),
        ("cs5Label", "prevalence"),
        ("cs5", f"{record.prevalence_count} of {record.prevalence_of_hosts}"),
        ("cn1Label", "sweep"),
        ("cn1", str(record.sweep)),
        ("fileHash", record.content),
        ("cs6Label", "cohort"),
        ("cs6", fit_text(record.cohort, _MAX_VALUE_CHARS)),
        ("duser", fit_text(record.owner_email, 200)),
    )
    return line + " ".join(_fill(pairs, max_bytes - len(line.encode())))


def _fill(pairs: tuple[tuple[str, str], ...], room: int) -> list[str]:
    """Take values as long as there is room; a label is only taken with its value."""
    taken: list[str] = []
    label = ""
    for key, value in pairs:
        if key.endswith("Label"):
            label = f"{key}={value} "
            continue
        entry = f"{label}{key}={_escape_value(value)}"
        label = ""
        size = len(entry.encode()) + 1
        if value and (size <= room or not taken):
            taken.append(entry)
            room -= size
    return taken


def _escape_header(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|")


def _escape_value(text: str) -> str:
    return text.replace("\\", "\\\\").replace("=", "\\=")
