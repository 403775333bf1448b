"""The fields of a case that a condition can name. The guide is made from this."""

from collections.abc import Mapping

from fleetscan.analyse.rules.words import Field, FieldType

_T, _N, _B, _L = FieldType.TEXT, FieldType.NUMBER, FieldType.TRUTH, FieldType.TEXTS

FIELDS: Mapping[str, Field] = {
    field.name: field
    for field in (
        Field("kind", _T, "`job`, `unit`, `linger`, `stamp`, …", lambda f: f.case.subject.key.kind.value),
        Field("name", _T, "name of the subject: timer, unit, account, path", lambda f: f.case.subject.key.name),
        Field("names", _L, "real names of its units", lambda f: tuple(f.case.subject.unit_names), show="units"),
        Field("stems", _L, "names without suffix", lambda f: f.of_subject.stems),
        Field("scope", _T, "`system`, `global-user` or `user`", lambda f: f.of_subject.scope),
        Field("run_as", _T, "account that it runs as", lambda f: f.case.subject.run_as, show="runs as"),
        Field("as_root", _B, "root runs it", lambda f: f.of_subject.as_root),
        Field("summary", _T, "what it does, in one phrase", lambda f: f.case.subject.summary),
        Field("descriptions", _L, "`Description=` of its units", lambda f: f.case.subject.descriptions,
              show="description"),
        Field("borrowed", _L, "descriptions of well-known software under a name that it does not have",
              lambda f: f.of_subject.borrowed, show="description of well-known software"),
        Field("transient", _B, "made through the manager's API", lambda f: f.case.subject.transient),
        Field("generated", _B, "written by a generator", lambda f: f.case.subject.generated),
        Field("protective", _B, "updates the host or watches over it", lambda f: f.of_subject.is_protective),
        Field("runs", _B, "enabled or loaded: it would run by itself", lambda f: f.of_subject.is_active_by_itself),
        Field("enabled", _T, "what systemd says: `enabled`, `disabled`, …", lambda f: f.case.subject.state.enabled),
        Field("active", _T, "`active`, `inactive` or `failed`", lambda f: f.case.subject.state.active),
        Field("masked", _L, "units that are masked", lambda f: tuple(f.case.subject.masked), show="masked"),
        Field("only_masks", _B, "nothing is left of it but masks", lambda f: f.of_subject.only_masks),
        Field(
            "interval_s", _N, "shortest time between two runs", lambda f: f.of_subject.interval_s,
            show="seconds between runs",
        ),
        Field("never", _B, "a timer that nothing makes elapse", lambda f: f.of_subject.is_never),
        Field("retarget", _T, "what a timer starts when not its namesake", lambda f: f.of_subject.retarget,
              show="starts"),
        Field("size", _N, "bytes of its unit files", lambda f: f.of_subject.size_bytes),
        Field("unreadable", _L, "files that were not read", lambda f: f.case.subject.unreadable),
        Field("provenance", _T, "who put it there: `package, verified`, `package, modified`, `no package`, `unknown`",
              lambda f: f.case.provenance.value, of_subject=False),
        Field("systemd", _N, "version of systemd", lambda f: f.case.setting.systemd_version, of_subject=False),
        Field("imitates", _L, "packages' units that its names are made to be taken for", lambda f: f.imitated,
              of_subject=False, show="looks like"),
        Field("vendor_name", _B, "a package's unit has its name", lambda f: f.bears_vendor_name, of_subject=False),
        Field("compared", _B, "there was a baseline or enough other hosts", lambda f: f.case.compared,
              of_subject=False),
        Field("drift", _L, "kinds of differences in more than bytes", lambda f: f.drift_kinds, of_subject=False),
        Field("raw_only", _B, "only bytes differ",
              lambda f: bool(f.case.drift) and all(i.raw_only for i in f.case.drift), of_subject=False),
        Field("lost", _B, "it ran by itself and does not any more", lambda f: f.is_lost, of_subject=False),
        Field("slower", _N, "how many times rarer it runs than expected", lambda f: f.slower, of_subject=False,
              show="times rarer"),
        Field("hosts", _N, "hosts of the fleet with this form", lambda f: f.case.hosts, of_subject=False),
        Field("share", _N, "share of comparable hosts with this form", lambda f: f.case.prevalence.share,
              of_subject=False),
        Field("comparable", _N, "comparable hosts", lambda f: f.case.prevalence.of_hosts, of_subject=False),
        Field("seen", _N, "comparable hosts with it in any form", lambda f: f.case.seen.count, of_subject=False),
        Field("state_before", _T, "state that was expected",
              lambda f: next((i.state_before for i in f.case.drift if i.state_before), ""), of_subject=False),
        Field("state_after", _T, "state that was found",
              lambda f: next((i.state_after for i in f.case.drift if i.state_after), ""),
              of_subject=False, show="state"),
    )
}  # fmt: skip
