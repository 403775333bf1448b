from tests.unit.systemd.host_disk import SERVICE, HostDisk, values

UNIT = "/etc/systemd/system/a.service"


def test_an_environment_file_needs_an_absolute_path() -> None:
    lines = ("/etc/a", "-/etc/b", "relative", "-also/relative", "%h/c", "/etc/%p")
    text = SERVICE + "".join(f"EnvironmentFile={line}\n" for line in lines)
    unit = HostDisk().write(UNIT, text).resolve("a.service")
    assert values(unit, "Service", "EnvironmentFile") == ["/etc/a", "-/etc/b", "%h/c", "/etc/%p"]
    assert len(unit.problems) == 2


def test_a_reload_is_followed_by_nothing_before_259() -> None:
    text = SERVICE + "ExecReloadPost=/bin/x\n"
    for version, expected in ((257, []), (259, ["/bin/x"]), (0, ["/bin/x"])):
        unit = HostDisk(version).write(UNIT, text).resolve("a.service")
        assert values(unit, "Service", "ExecReloadPost") == expected
