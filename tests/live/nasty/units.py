"""Nasty pairs of timer and service, drawn from a seed."""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.control import BuildContext
from hypothesis.internal.conjecture.data import ConjectureData

from tests.live.nasty import words

Values = st.SearchStrategy[bytes]

FOLDER = "/run/systemd/system"
_TIMER_KEYS: Mapping[bytes, Values] = {
    b"OnCalendar": words.CALENDARS,
    b"OnBootSec": words.SPANS,
    b"OnActiveSec": words.SPANS,
    b"OnStartupSec": words.SPANS,
    b"OnUnitActiveSec": words.SPANS,
    b"OnUnitInactiveSec": words.SPANS,
    b"Unit": words.UNIT_NAMES,
    b"AccuracySec": words.SPANS,
    b"RandomizedDelaySec": words.SPANS,
    b"RandomizedOffsetSec": words.SPANS,
    b"Persistent": words.BOOLEANS,
    b"WakeSystem": words.BOOLEANS,
    b"RemainAfterElapse": words.BOOLEANS,
    b"FixedRandomDelay": words.BOOLEANS,
    b"DeferReactivation": words.BOOLEANS,
    b"OnClockChange": words.BOOLEANS,
    b"OnTimezoneChange": words.BOOLEANS,
}
_SERVICE_KEYS: Mapping[bytes, Values] = {
    b"ExecStart": words.COMMANDS,
    b"ExecStartPre": words.COMMANDS,
    b"ExecStartPost": words.COMMANDS,
    b"ExecCondition": words.COMMANDS,
    b"ExecStop": words.COMMANDS,
    b"ExecStopPost": words.COMMANDS,
    b"ExecReload": words.COMMANDS,
    b"User": words.USERS,
    b"Type": words.TYPES,
    b"Restart": words.RESTARTS,
    b"RemainAfterExit": words.BOOLEANS,
    b"DynamicUser": words.BOOLEANS,
}
_UNIT_KEYS: Mapping[bytes, Values] = {b"Description": words.TEXTS, b"RefuseManualStart": words.BOOLEANS}
_ODD_KEYS = (
    b"execstart",
    b"ONCALENDAR",
    b"X-Foo",
    b"Nonsense",
    b"Exec Start",
    b"\x0cExecStart",
    b"",
    b"#x",
    b"On\xc3\xa9",
)
_HEADERS: Mapping[str, Sequence[bytes]] = {
    "timer": (b"[Timer]", b"[timer]", b"[Unit]", b"[Install]", b"[Service]", b"[Timer] ", b"[ Timer ]", b"[X-Timer]"),
    "service": (b"[Service]", b"[service]", b"[Unit]", b"[Install]", b"[Timer]", b"[Service]\t", b"[Service ]", b"[X]"),
}
_BAD_HEADERS = (b"[Service", b"[]", b"[Ser'vice]", b"[Timer]]", b"[Timer] # x", b"[Tim\x01er]", b"[[Timer]]", b"[X\\y]")
_NOISE = (
    b"", b"", b"   ", b"\t", b"# comment", b"; comment", b"  # indented", b"# ends in backslash\\", b"; so \\",
    b"\x0c# no", b"# bytes \xff\xfe", b"no equals sign", b"[Unit]", b"# \xe2\x80\xa8ExecStart=/bin/evil", b"=value",
    b"\\", b"\x0b", b".include /run/systemd/system/nothing", b".include", b".includes=1", b"X-Foo=bar", b"#", b";",
    b"key", b"\xc2\xa0",
)  # fmt: skip
_INDENTS = (b"", b"", b"", b"", b"", b"", b" ", b"\t", b"  ", b"\x0c", b"\x0b", b"\t ")
_EQUALS = (b"=", b"=", b"=", b"=", b" = ", b"= ", b" =", b"\t=\t", b"==", b"=\x0c", b"\x0b=")
_ENDS = (b"\n", b"\n", b"\n", b"\r\n", b"\r", b"\0", b"\n\0", b"\r\n\0", b"\n\r", b"\r\0")
_FOLDS = (
    b"\\\n", b"\\\n# inside\n", b"\\\n ; inside \\\n", b"\\\n\n", b" \\\n\t", b"\\\r\n", b"\\\r", b"\\\0", b"\\\\\n",
    b"\\\\\\\n", b"\\ \n", b"\\\n   \n", b"\\\n[Timer]\n", b"\\\n\x0c#x\n",
)  # fmt: skip
_DIRT = (
    b"\r", b"\0", b"\n", b"\x0c", b"\x0b", b"\\", b"\xef\xbb\xbf", b"\xff", b"\xc3", b"\xe2\x80\xa8", b'"', b"'", b"%",
    b"=", b"[", b"]", b" ", b"#", b";", b"\\\n", b"\n\n", b"\r\n", b"\x85", b"\x1a", b"$", b"\xed\xa0\x80",
)  # fmt: skip
_INSTANCES = ("a", r"a\x2db", "x-y", "a@b", "a:b_c.d", r"home-\xc3\xa9", "1", r"a\x5cb")
# Words that are not UTF-8 cannot be said on the bus. Asked for one, the manager of 247 even loses its connection, and
# whoever asks it for anything waits until his time is up.
_WHOLE_LETTER = re.compile(rb"(?<!\\)\\xc3\\xa9")
_BREAKS_THE_BUS = re.compile(rb"\\(?:x[89A-Fa-f][0-9A-Fa-f]|[23][0-7]{2}|u[dD][89A-Fa-f])")
_MIB = 1024 * 1024
_LONG = (_MIB - 40, _MIB - 14, _MIB - 13, _MIB - 12, _MIB - 11, _MIB - 10, _MIB, _MIB + 1)


@dataclass(frozen=True, slots=True)
class NastyCase:
    """One timer and one service, as bytes.

    Attributes:
        number: Makes the names unique on a host.
        instance: Both are instances of templates when this is not empty.
        files: `timer`, `service`, `timer.d/NAME` and `service.d/NAME`, with `words.STEM` for the stem in their bytes.
    """

    number: int
    instance: str
    files: tuple[tuple[str, bytes], ...]

    @property
    def stem(self) -> str:
        return f"nasty{self.number:07d}"

    @property
    def timer(self) -> str:
        return self._name(self.instance, "timer")

    @property
    def service(self) -> str:
        return self._name(self.instance, "service")

    def paths(self) -> dict[str, bytes]:
        """Give the files as they are planted, by path relative to the unit directory."""
        planted = {}
        for place, data in self.files:
            kind, dot, rest = place.partition(".")
            planted[self._name("", kind) + dot + rest] = data.replace(words.STEM, self.stem.encode())
        return planted

    def _name(self, instance: str, kind: str) -> str:
        return f"{self.stem}@{instance}.{kind}" if self.instance else f"{self.stem}.{kind}"


def draw_cases(base_seed: int, count: int, batch: int) -> list[NastyCase]:
    """Draw the cases of one batch: the same ones for the same three numbers.

    Hypothesis' own loop would ask a host for each case alone, which costs a reload of the manager and a start of every
    program on the way; with a body that only collects it gives more than half of its cases as near copies of others,
    because it looks for failures that never come. So the strategies are drawn from directly, each case from a random
    number generator of its own. What fails is shrunk by `shrink`, in batches as well.
    """
    strategy = cases()
    source = random.Random(f"{base_seed} {batch}")  # noqa: S311 - repeatable is what this has to be
    drawn: list[NastyCase] = []
    while len(drawn) < count:
        data = ConjectureData(random=random.Random(source.random()))  # noqa: S311 - the same
        with BuildContext(data, is_final=False, wrapped_test=draw_cases):
            case = NastyCase(batch * 1000 + len(drawn), *data.draw(strategy))
        if not any(_BREAKS_THE_BUS.search(_WHOLE_LETTER.sub(b"", text)) for _place, text in case.files):
            drawn.append(case)
    return drawn


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, tuple[tuple[str, bytes], ...]]:
    """A whole case but for its number."""
    instance = draw(st.sampled_from((*("",) * 16, *_INSTANCES)))
    files = [("timer", draw(texts("timer"))), ("service", draw(texts("service")))]
    drop_ins = draw(st.sampled_from(_DROP_INS))
    files += [(place, draw(texts(place.partition(".")[0], is_drop_in=True))) for place in drop_ins]
    return instance, tuple(files)


_DROP_INS: Sequence[tuple[str, ...]] = (
    (), (), (), ("timer.d/a.conf", ), ("service.d/a.conf", ), ("service.d/a.conf", "service.d/b.conf"),
    ("timer.d/10.conf", "timer.d/9.conf", "service.d/a.conf"), ("service.d/.a.conf", ), ("service.d/a.conf~", ),
)  # fmt: skip


@st.composite
def texts(draw: st.DrawFn, kind: str, *, is_drop_in: bool = False) -> bytes:
    """The bytes of one file. Most begin well, so that there is a unit to compare."""
    end = draw(st.sampled_from(_ENDS))
    lines = [] if is_drop_in or draw(st.integers(0, 9)) == 0 else list(_SOUND[kind])
    for line in draw(st.lists(_LINES[kind], min_size=0 if lines else 1, max_size=7)):
        lines.insert(len(lines) if draw(st.booleans()) else 0, line) if line[:1] == b"[" else lines.append(line)
    if is_drop_in:
        lines.insert(0, _HEADERS[kind][0])
    text = end.join(lines) + draw(st.sampled_from((end, end, end, b"", b"\\", b"\\" + end, b"\0", b" ")))
    for dirt in draw(st.sampled_from((0, 0, 0, 1, 2))) * [None]:
        del dirt
        position = draw(st.integers(0, len(text)))
        text = text[:position] + draw(st.sampled_from(_DIRT)) + text[position + draw(st.sampled_from((0, 0, 1))) :]
    if draw(st.integers(0, 19)) == 0:
        text = b"\xef\xbb\xbf" + text
    return text


@st.composite
def assignments(draw: st.DrawFn, keys: Mapping[bytes, Values]) -> bytes:
    """One assignment; now and then folded over several lines."""
    key = draw(st.sampled_from(tuple(keys)))
    value = draw(keys[key])
    if draw(st.integers(0, 24)) == 0:
        key = draw(st.sampled_from(_ODD_KEYS))
    line = draw(st.sampled_from(_INDENTS)) + key + draw(st.sampled_from(_EQUALS)) + value
    if draw(st.integers(0, 7)) == 0:
        position = draw(st.integers(0, len(line)))
        line = line[:position] + draw(st.sampled_from(_FOLDS)) + line[position:]
    return line


def _lines(kind: str, keys: Mapping[bytes, Values]) -> st.SearchStrategy[bytes]:
    own = assignments(keys)
    return st.integers(0, 999).flatmap(
        lambda dice: (
            own
            if dice < 700
            else st.sampled_from(_NOISE)
            if dice < 830
            else st.sampled_from(_HEADERS[kind])
            if dice < 920
            else st.sampled_from(_BAD_HEADERS)
            if dice < 935
            else assignments(_UNIT_KEYS).map(lambda line: b"[Unit]\n" + line + b"\n" + _HEADERS[kind][0])
            if dice < 998
            else st.sampled_from(_LONG).map(lambda size: b"X-Long=" + b"x" * size)
        )
    )


_LINES = {"timer": _lines("timer", _TIMER_KEYS), "service": _lines("service", _SERVICE_KEYS)}
_SOUND: Mapping[str, Sequence[bytes]] = {
    "timer": (b"[Timer]", b"OnCalendar=daily"),
    "service": (b"[Service]", b"Type=oneshot", b"ExecStart=/bin/true one"),
}


def pick_seed(text: str) -> int:
    """Read a seed from the environment's words: a number, or `random`."""
    return random.SystemRandom().randrange(1_000_000) if text == "random" else int(text)
