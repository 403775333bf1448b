"""Units of users: those that all share, and those of one account."""

from tests.live.oracle.seed import GLOBAL, GLOBAL_RUNTIME, HOME, HOME_DATA, Link, Seed, mark, service, timer

USERS: Seed = {
    f"{GLOBAL}/ug-shared.service": service("ExecStart=/bin/echo shared %u %h"),
    f"{GLOBAL}/ug-shared.timer": timer("OnCalendar=2090-01-01", "Persistent=true"),
    f"{GLOBAL}/timers.target.wants/ug-shared.timer": Link("../ug-shared.timer"),
    f"{GLOBAL}/ug-alias.timer": Link("ug-shared.timer"),
    f"{GLOBAL}/ug-hidden.service": service("ExecStart=/bin/echo global"),
    f"{HOME}/ug-hidden.service": service("ExecStart=/bin/echo own"),
    f"{GLOBAL}/ug-masked.service": service("ExecStart=/bin/echo global"),
    f"{HOME}/ug-masked.service": Link("/dev/null"),
    f"{GLOBAL_RUNTIME}/ug-runtime.service": service("ExecStart=/bin/echo runtime"),
    f"{GLOBAL}/ug-shared.service.d/10.conf": mark("global"),
    f"{HOME}/ug-shared.service.d/10.conf": mark("own"),
    f"{HOME_DATA}/ug-shared.service.d/20.conf": mark("data"),
    f"{HOME}/ug-shared.timer.d/10.conf": timer("OnCalendar=", "OnCalendar=2095-05-05"),
    f"{HOME}/service.d/90-oracle.conf": mark("own-type"),
    f"{GLOBAL}/service.d/90-oracle.conf": mark("global-type"),
    f"{GLOBAL}/service.d/91-oracle.conf": mark("global-type"),
    f"{HOME}/uo-own.service": service("ExecStart=%h/bin/run --at %t", "User=root"),
    f"{HOME}/uo-own.timer": timer("OnStartupSec=30y", "OnCalendar=2090-01-01 America/New_York"),
    f"{HOME}/timers.target.wants/uo-own.timer": Link(f"{HOME}/uo-own.timer"),
    f"{HOME}/uo-alias.service": Link("uo-own.service"),
    f"{HOME}/uo-tpl@.service": service("ExecStart=/bin/echo %i %I"),
    f"{HOME}/uo-tpl@.timer": timer(),
    f"{HOME}/timers.target.wants/uo-tpl@in-stance.timer": Link("../uo-tpl@.timer"),
    f"{HOME}/uo-empty.service": b"",
    f"{HOME}/uo-none.timer": timer("Persistent=yes"),
    f"{HOME}/uo-dash-one.service": service(),
    f"{HOME}/uo-dash-.service.d/10.conf": mark("prefix"),
    f"{HOME_DATA}/uo-data.service": service("ExecStart=/bin/echo data"),
    f"{HOME_DATA}/uo-data.timer": timer("OnBootSec=30y", "Unit=uo-own.service"),
    f"{HOME_DATA}/uo-own.service": service("ExecStart=/bin/echo lower"),
}

USER_INSTANCES = ("uo-tpl@in-stance.timer", "uo-tpl@in-stance.service", "uo-tpl@x\\x2dy.service", "uo-nowhere.service")
"""Names without a file of their own of which both sides are asked."""
