"""The two Debian releases that the demo fleet imitates, and how their systemd speaks."""

from dataclasses import dataclass

_FEATURES = "+PAM +AUDIT +SELINUX +APPARMOR +IMA +SMACK +SECCOMP +GCRYPT -GNUTLS +OPENSSL +ACL +BLKID +SYSVINIT"
_SEARCH_BEFORE_VENDOR = (
    "/etc/systemd/system.control",
    "/run/systemd/system.control",
    "/run/systemd/transient",
    "/run/systemd/generator.early",
    "/etc/systemd/system",
    "/etc/systemd/system.attached",
    "/run/systemd/system",
    "/run/systemd/system.attached",
    "/run/systemd/generator",
    "/usr/local/lib/systemd/system",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What differs between two releases.

    Attributes:
        vendor_dir: How the release's systemd spells the vendor directory (`/lib/…` before the merge was finished).
        says_left: Whether list-timers writes `3h left`, and aligns LEFT and PASSED to the left (systemd 253 and older).
    """

    codename: str
    version_id: str
    systemd: int
    package: str
    kernel: str
    vendor_dir: str
    says_left: bool

    @property
    def os_release(self) -> str:
        """Text of /etc/os-release."""
        return (
            f'PRETTY_NAME="Debian GNU/Linux {self.version_id} ({self.codename})"\nNAME="Debian GNU/Linux"\n'
            f'VERSION_ID="{self.version_id}"\nVERSION="{self.version_id} ({self.codename})"\n'
            f"VERSION_CODENAME={self.codename}\nID=debian\n"
        )

    @property
    def version_text(self) -> str:
        """Output of `systemctl --version`."""
        return f"systemd {self.systemd} ({self.package})\n{_FEATURES} default-hierarchy=unified\n"

    @property
    def unit_path(self) -> tuple[str, ...]:
        """The system manager's search path, highest precedence first."""
        vendor = (
            (self.vendor_dir,) if self.vendor_dir.startswith("/usr/") else (self.vendor_dir, f"/usr{self.vendor_dir}")
        )
        return (*_SEARCH_BEFORE_VENDOR, *vendor, "/run/systemd/generator.late")


BOOKWORM = Release(
    codename="bookworm",
    version_id="12",
    systemd=252,
    package="252.39-1~deb12u2",
    kernel="6.1.0-40-amd64",
    vendor_dir="/lib/systemd/system",
    says_left=True,
)
TRIXIE = Release(
    codename="trixie",
    version_id="13",
    systemd=257,
    package="257.13-1~deb13u1",
    kernel="6.12.48+deb13-amd64",
    vendor_dir="/usr/lib/systemd/system",
    says_left=False,
)
RELEASES = (BOOKWORM, TRIXIE)
