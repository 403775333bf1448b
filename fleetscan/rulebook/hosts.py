"""A small host in a few words, as tests of rules write it."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from fleetscan.model.program import Verification
from fleetscan.model.snapshot import ArtifactKind

_CLOSED = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class FileEntry(BaseModel):
    """One file, when it is more than a text."""

    model_config = _CLOSED

    text: str = ""
    """Its content."""
    base64: str = ""
    """Its content, where text cannot say it."""
    link: str = ""
    """Makes it a symbolic link to this."""
    size: int | None = None
    """Bytes that it seems to have."""
    owner: str = "root"
    """User that owns it."""
    group: str = "root"
    """Group that owns it."""
    mode: Annotated[str, Field(pattern=r"^[0-7]{3,4}$")] = "0644"
    """Permission bits, octal."""
    package: Verification | None = None
    """What the package database says; by default `verified` below `/usr` but `/usr/local`, else `unowned`."""
    real_path: str = ""
    """Of programs: where its links end."""
    exposed: tuple[str, ...] = ()
    """Of programs: what others may write, `/opt/app deploy:deploy 0775`."""
    absent: bool = False
    """Of programs: it is not there."""
    properties: dict[str, str] = {}
    """`attributes`, `acl`, `selinux`; of environment files the settings."""
    scope: str = ""
    """`system`, `global-user` or `user:NAME`, where the path does not tell."""


class ThingEntry(BaseModel):
    """A piece of evidence that is no unit file: a linger file, a stamp, a mount, a generator, a grant, …."""

    model_config = _CLOSED

    kind: ArtifactKind
    """Its kind."""
    name: str
    """Its path or name."""
    scope: str = "system"
    """Whose it is."""
    owner: str = "root"
    """User that owns it."""
    group: str = "root"
    """Group that owns it."""
    mode: Annotated[str, Field(pattern=r"^[0-7]{3,4}$")] = "0755"
    """Permission bits, octal."""
    target: str = ""
    """Text of a link."""
    text: str = ""
    """Content of a file."""
    properties: dict[str, str] = {}
    """What the probe tells of it."""


class AccountEntry(BaseModel):
    """An account."""

    model_config = _CLOSED

    name: str
    """Its name."""
    uid: int | None = None
    """Its number."""
    login: bool | None = None
    """Whether its shell lets it log in."""
    locked: bool | None = None
    """Whether its password is locked."""
    expired: bool | None = None
    """Whether it has expired."""


class ProcessEntry(BaseModel):
    """A process of a unit."""

    model_config = _CLOSED

    unit: str
    """The unit."""
    executable: str
    """What `/proc/PID/exe` says."""
    command: str = ""
    """Its command line."""


class TraceEntry(BaseModel):
    """A record of a log of something that ran through systemd-run."""

    model_config = _CLOSED

    unit: str = ""
    """The transient unit."""
    command: str = ""
    """Its command line."""
    user: str = "root"
    """Who asked for it."""


class HostEntry(BaseModel):
    """A host in a few words."""

    model_config = _CLOSED

    unit: str = "sample"
    """Name of `timer` and `service`, without suffix."""
    dir: str = "/etc/systemd/system"
    """Where they lie."""
    timer: str = ""
    """Text of a timer."""
    service: str = ""
    """Text of its service."""
    enabled: bool = True
    """Whether a link in `timers.target.wants` enables the timer, and systemd has it in memory."""
    files: dict[str, str | FileEntry] = {}
    """Further unit files, drop-ins and links by path; a text that begins with `-> ` is a link."""
    programs: dict[str, str | FileEntry] = {}
    """What is run or read, by path; what is not named here is there, and a package's below `/usr`."""
    states: dict[str, str] = {}
    """What `systemctl list-unit-files` says, by unit."""
    memory: dict[str, dict[str, str]] = {}
    """What `systemctl show` says, by unit."""
    things: tuple[ThingEntry, ...] = ()
    """Further evidence."""
    accounts: tuple[AccountEntry, ...] = ()
    """Accounts."""
    environment: dict[str, str] = {}
    """Environment of the system manager."""
    unit_path: tuple[str, ...] = ()
    """Search path of the system manager; empty for the usual one."""
    kernel_arguments: tuple[str, ...] = ()
    """Arguments of the kernel that start units."""
    vendor_names: tuple[str, ...] = ()
    """Units, without suffix, that packages own on other hosts."""
    processes: tuple[ProcessEntry, ...] = ()
    """Odd processes."""
    traces: tuple[TraceEntry, ...] = ()
    """What logs tell of."""
    os: Literal["debian"] = "debian"
    """Operating system; decides nothing but the cohort."""
    systemd: Annotated[int, Field(ge=0, le=999)] = 252
    """Version of systemd."""
