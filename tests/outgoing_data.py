"""Findings as they go to other programs, with anything in the fields that a host controls."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import strategies as st

from fleetscan.export.finding_records import EvidenceRecord, FindingRecord, HitRecord
from fleetscan.export.outgoing import Occasion, OutgoingFinding

SEEN_AT = datetime(2026, 3, 1, 2, 5, tzinfo=UTC)
HOSTILE_TEXTS = {
    "newline": "a\nb\r\nc\x0b\x85\u2028d",
    "pipes": "a|b\\|c=d=e",
    "quotes": "\"'`</script><b onmouseover=x>{{ 7*7 }}{% raw %}[x](http://evil.example)",
    "bidi": "\u202egpj.exe\u2066\u200b",
    "nul": "a\x00b\x1b[2J\x07",
    "surrogate": "a\udc80\udcffb",
    "tab": "a\tdvchost=other\tsev=1",
    "formula": "=cmd|' /C calc'!A0",
    "syslog": "\n<0>1 2026-01-01T00:00:00Z evil su - - - root",
    "long": "x" * 1_000_000 + "|\n",
    "empty": "",
}
ANY_TEXT = st.one_of(st.sampled_from(sorted(HOSTILE_TEXTS.values())), st.text(st.characters(), max_size=60))


def record(text: str = "plain", **changes: object) -> FindingRecord:
    """A finding with one text in every field that a host controls."""
    made = FindingRecord(
        id="0123456789abcdef",
        sweep=12,
        host="web-1",
        owner_email="owner@example.org",
        cohort=f"web × {text} 12",
        severity="high",
        state="new",
        seen=True,
        technique="payload",
        techniques=("payload", "drop-in"),
        rule="FS-004",
        rules=("FS-004",),
        attack=("T1053.006", "T1036"),
        drift=("added",),
        subject="job",
        scope=f"user:{text}",
        name=text,
        units=(text, f"{text}.service"),
        paths=(f"/etc/systemd/system/{text}", text),
        sentence=f"web-1: {text} runs {text}",
        provenance="no package",
        prevalence_count=1,
        prevalence_of_hosts=412,
        why=(f"on 1 of 412 hosts: {text}",),
        hits=(
            HitRecord(
                rule="FS-004",
                title="Runs from a folder that anybody may write",
                severity="critical",
                technique="payload",
                attack=("T1053.006",),
                evidence=(EvidenceRecord(text=text, path=f"/etc/{text}", line=3),),
            ),
        ),
        explained_by=(text,),
        suppressed_by=None,
        content="c" * 64,
        first_seen_at=SEEN_AT,
        last_seen_at=SEEN_AT,
        fixed_at=None,
        acknowledged_by="",
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # the fields of a record, by name


def news(text: str = "plain", occasion: Occasion = Occasion.NEW, **changes: object) -> OutgoingFinding:
    return OutgoingFinding(occasion=occasion, at=SEEN_AT, record=record(text, **changes))
