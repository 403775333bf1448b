"""Drop-ins: every level that systemd reads, the same file names on several of them, masks, and things that are none."""

from tests.live.oracle.seed import ELSEWHERE, LOCAL, RUNTIME, SYSTEM, Link, Seed, mark, service, timer

_CONTROL = "/etc/systemd/system.control"

DROP_INS: Seed = {
    f"{SYSTEM}/od-in-one.service": service("ExecStart=/bin/echo fragment"),
    f"{SYSTEM}/od-in-one.service.d/10.conf": mark("etc-name"),
    f"{RUNTIME}/od-in-one.service.d/10.conf": mark("run-name"),
    f"{LOCAL}/od-in-one.service.d/12.conf": mark("local-name"),
    f"{_CONTROL}/od-in-one.service.d/50-control.conf": mark("control"),
    f"{SYSTEM}/od-in-.service.d/10.conf": mark("etc-prefix"),
    f"{SYSTEM}/od-in-.service.d/12.conf": mark("etc-prefix"),  # a higher directory beats the longer name
    f"{LOCAL}/od-in-.service.d/14.conf": mark("local-prefix"),
    f"{SYSTEM}/od-.service.d/14.conf": mark("etc-short"),
    f"{SYSTEM}/od-.service.d/16.conf": mark("etc-short"),
    f"{RUNTIME}/od-.service.d/18.conf": mark("run-short"),
    f"{SYSTEM}/service.d/16.conf": mark("etc-type"),
    f"{SYSTEM}/service.d/90-oracle.conf": mark("etc-type"),
    f"{RUNTIME}/service.d/91-oracle.conf": mark("run-type"),
    f"{LOCAL}/service.d/92-oracle.conf": mark("local-type"),
    f"{SYSTEM}/timer.d/90-oracle.conf": mark("etc-timer"),
    f"{SYSTEM}/socket.d/90-oracle.conf": mark("etc-socket"),
    f"{SYSTEM}/target.d/90-oracle.conf": mark("etc-target"),
    # masks
    f"{SYSTEM}/od-in-one.service.d/91-oracle.conf": Link("/dev/null"),
    f"{SYSTEM}/od-in-one.service.d/92-oracle.conf": b"",
    f"{LOCAL}/od-in-one.service.d/18.conf": Link("/dev/null"),
    # what is not one
    f"{SYSTEM}/od-in-one.service.d/.hidden.conf": mark("hidden"),
    f"{SYSTEM}/od-in-one.service.d/20.conf~": mark("backup"),
    f"{SYSTEM}/od-in-one.service.d/20.confx": mark("suffix"),
    f"{SYSTEM}/od-in-one.service.d/20.CONF": mark("case"),
    f"{SYSTEM}/od-in-one.service.d/21.conf/inner.conf": mark("folder"),
    f"{SYSTEM}/od-in-one.service.d/22-dangling.conf": Link("nowhere.conf"),
    f"{SYSTEM}/od-in-one.service.d/.conf": mark("only-suffix"),
    # order is that of bytes
    f"{SYSTEM}/od-order.service": service(),
    f"{SYSTEM}/od-order.service.d/Z.conf": mark("upper"),
    f"{SYSTEM}/od-order.service.d/a.conf": mark("lower"),
    f"{SYSTEM}/od-order.service.d/_.conf": mark("underscore"),
    f"{SYSTEM}/od-order.service.d/10-x.conf": mark("ten"),
    f"{SYSTEM}/od-order.service.d/9-x.conf": mark("nine"),
    f"{SYSTEM}/od-order.service.d/ü.conf": mark("umlaut"),
    f"{SYSTEM}/od-order.service.d/a b.conf": mark("space"),
    f"{SYSTEM}/od-order.service.d/a\\x20b.conf": mark("escape"),
    # links
    f"{ELSEWHERE}/drop.conf": mark("outside"),
    f"{SYSTEM}/od-linked.service": service(),
    f"{SYSTEM}/od-linked.service.d/10.conf": Link(f"{ELSEWHERE}/drop.conf"),
    f"{SYSTEM}/od-linked.service.d/20.conf": Link("../od-in-one.service.d/10.conf"),
    f"{ELSEWHERE}/folder.d/30.conf": mark("outside-folder"),
    f"{SYSTEM}/od-folder.service": service(),
    f"{SYSTEM}/od-folder.service.d": Link("od-order.service.d"),
    f"{SYSTEM}/od-out.service": service(),
    f"{SYSTEM}/od-out.service.d": Link(f"{ELSEWHERE}/folder.d"),
    # nothing to change
    f"{SYSTEM}/od-inert.service.d/10.conf": service(),
    f"{SYSTEM}/od-trail-.service": service(),
    f"{SYSTEM}/od-trail-.service.d/10.conf": mark("both"),
    f"{SYSTEM}/od-trail-er.service": service(),
    f"{SYSTEM}/od--double.service": service(),
    f"{SYSTEM}/od--.service.d/10.conf": mark("double"),
    f"{SYSTEM}/od-bad.service": service("ExecStart=/bin/echo good", "User=deploy"),
    f"{SYSTEM}/od-bad.service.d/10.conf": b"[Service]\nExecStartPre=/bin/echo\nExecStartPost=/bin/echo \xff\nUser=x\n",
    f"{SYSTEM}/od-bad.service.d/20.conf": b"[Service]\nExecStop=/bin/echo later\n",
    # what they do
    f"{SYSTEM}/od-reset.service": service(
        "Type=oneshot", "ExecStart=/bin/echo one", "ExecStartPre=/bin/echo pre", "User=a"
    ),
    f"{SYSTEM}/od-reset.service.d/10.conf": service("ExecStart=", "ExecStart=/bin/echo two", "User="),
    f"{SYSTEM}/od-reset.service.d/20.conf": service("ExecStart=/bin/echo three", "User=deploy"),
    f"{SYSTEM}/od-clock.service": service(),
    f"{SYSTEM}/od-clock.timer": timer("OnCalendar=2090-01-01", "OnBootSec=5y", "Unit=od-order.service"),
    f"{SYSTEM}/od-clock.timer.d/10.conf": timer("OnBootSec="),
    f"{SYSTEM}/od-clock.timer.d/20.conf": timer("OnCalendar=2092-01-01 12:00", "Unit=od-clock.service"),
    f"{SYSTEM}/od-clock.timer.d/30.conf": timer("OnUnitActiveSec=400w", "OnCalendar=2093-01-01"),
}
