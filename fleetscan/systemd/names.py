"""Unit names and the paths of unit files, as systemd compares them."""

import posixpath
import re
from collections.abc import Mapping

UNIT_TYPES = frozenset(
    {
        "automount",
        "device",
        "mount",
        "path",
        "scope",
        "service",
        "slice",
        "socket",
        "swap",
        "target",
        "timer",
    }
)
_ALIASING_TYPES = frozenset({"device", "path", "service", "socket", "target", "timer"})

MAX_UNIT_NAME = 255
"""Characters of the longest valid name (UNIT_NAME_MAX counts the final NUL)."""

_STEM = re.compile(r"[A-Za-z0-9:_.\\@-]+\Z")
_ESCAPE = re.compile(rb"\\x([0-9A-Fa-f]{2})")
SPECIFIER = re.compile(r"%(.)", re.DOTALL)
TEMPLATE_SPECIFIERS = frozenset("pPjJ%")
"""Specifiers that have one value for all instances of a template."""

# systemd 219 took the pid, later versions the D-Bus id, a random id, or pid and inode.
_INVENTED = re.compile(
    r"run-(?:[0-9]+|u[0-9]+(?:-s[0-9]+)?|r[0-9a-f]{32}|p[0-9]+-i[0-9]+)\.(mount|path|scope|service|socket|timer)\Z"
)

_MOVED_TO_USR = re.compile(r"/(?:bin|sbin|lib|lib32|lib64|libx32)(?=/|\Z)")


def is_unit_name(name: str) -> bool:
    """Tell whether systemd would load a file of this name: plain unit, template or instance.

    Source: systemd.unit(5), "Description"; unit_name_is_valid().
    """
    if len(name) > MAX_UNIT_NAME or unit_type(name) is None:
        return False
    stem = name.rpartition(".")[0]
    return bool(stem) and not stem.startswith("@") and _STEM.match(stem) is not None


def unit_type(name: str) -> str | None:
    """Give the type that a name's suffix says (`timer`), None when it is none of systemd's."""
    suffix = name.rpartition(".")[2]
    return suffix if suffix in UNIT_TYPES and "." in name else None


def stem_of(name: str) -> str:
    """Give a name without its type suffix."""
    return name.rpartition(".")[0]


def split_instance(name: str) -> tuple[str | None, str | None]:
    """Split a name at its first `@`.

    Returns:
        `("foo@.timer", "bar")` for an instance, `("foo@.timer", None)` for the template itself and `(None, None)` for
        a plain unit.
    """
    stem, _, suffix = name.rpartition(".")
    prefix, at, instance = stem.partition("@")
    if not at:
        return None, None
    return f"{prefix}@.{suffix}", instance or None


def is_template(name: str) -> bool:
    """Tell whether a name is a template's (`foo@.timer`), which is never started itself."""
    return stem_of(name).endswith("@") and split_instance(name)[1] is None


def instantiate(template: str, instance: str) -> str:
    """Put an instance into a template's name."""
    prefix, _, suffix = template.rpartition(".")
    return f"{prefix}{instance}.{suffix}"


def prefix_names(name: str) -> tuple[str, ...]:
    """Give the names that stand for a whole family: `foo-bar-baz.service` → `foo-bar-.service`, `foo-.service`.

    Returns:
        Longest first. Those of an instance keep its instance (`foo-@x.service`), those of a template lose the `@`;
        this is what systemd does.

    Source: systemd.unit(5) on drop-ins for prefixes; unit_file_find_dirs().
    """
    _template, instance = split_instance(name)
    stem, _, suffix = name.rpartition(".")
    rest = f"@{instance}.{suffix}" if instance else f".{suffix}"
    prefix = stem.partition("@")[0]
    found = []
    while (shorter := _shorten_prefix(prefix)) is not None:
        prefix = shorter
        found.append(prefix + rest)
    return tuple(found)


def _shorten_prefix(prefix: str) -> str | None:
    cut = prefix.rfind("-")
    if cut > 0 and cut == len(prefix) - 1:
        prefix = prefix[:cut]
        cut = prefix.rfind("-")
    return prefix[: cut + 1] if cut > 0 else None


def normal_transient(name: str) -> str | None:
    """Give the common form of a name that systemd made up (`run-*.timer`), None for a name that somebody chose."""
    match = _INVENTED.match(name)
    return f"run-*.{match[1]}" if match else None


def may_alias(name: str, target: str) -> bool:
    """Tell whether a link called `name` may stand for the unit `target`: same type, and the instance fits.

    Source: unit_validate_alias_symlink_and_warn().
    """
    if not (is_unit_name(name) and is_unit_name(target)):
        return False
    if unit_type(name) != unit_type(target) or unit_type(name) not in _ALIASING_TYPES:
        return False
    template, instance = split_instance(name)
    target_template, target_instance = split_instance(target)
    if (template is None) != (target_template is None):
        return False
    # An instance may point to a template of any name; two instances must be the same one.
    return instance == target_instance or (instance is not None and target_instance is None)


def resolve_template(target: str, name: str) -> str:
    """Give the instance that a reference to a template means: that of the unit itself, else the unit's own stem.

    `Unit=copy@.service` in `nightly.timer` starts `copy@nightly.service`. References from templates stay as they are.

    Source: resolve_template() of unit.c.
    """
    if not is_template(target) or is_template(name):
        return target
    return instantiate(target, split_instance(name)[1] or stem_of(name))


def unescape_unit_name(text: str) -> str:
    r"""Undo the escaping of unit names: `-` is `/`, `\x2d` is the byte. Bytes that are not UTF-8 become surrogates."""
    slashes = text.replace("-", "/")
    if "\\x" not in slashes:
        return slashes
    # surrogatepass: a name that was never valid may hold anything, and this must not raise
    raw = slashes.encode("utf-8", "surrogatepass")
    return _ESCAPE.sub(lambda m: bytes([int(m[1], 16)]), raw).decode("utf-8", "surrogateescape")


def expand_specifiers(text: str, name: str) -> str:
    """Replace the specifiers that depend on nothing but the unit's name: `%n %N %p %P %i %I %j %J %f %%`.

    All others (`%H`, `%m`, `%h`) differ by machine or user and stay as text.

    Source: systemd.unit(5), "Specifiers".
    """
    if "%" not in text:
        return text
    values = name_specifiers(name)
    return SPECIFIER.sub(lambda m: values.get(m[1], m[0]), text)


def name_specifiers(name: str) -> Mapping[str, str]:
    """Give the values of the specifiers that depend on nothing but the unit's name, by their letters.

    Source: systemd.unit(5), "Specifiers".
    """
    stem = stem_of(name)
    prefix, _, instance = stem.partition("@")
    last = prefix.rpartition("-")[2]
    return {
        "n": name,
        "N": stem,
        "p": prefix,
        "P": unescape_unit_name(prefix),
        "i": instance,
        "I": unescape_unit_name(instance),
        "j": last,
        "J": unescape_unit_name(last),
        "f": "/" + unescape_unit_name(instance or prefix).lstrip("/"),
        "%": "%",
    }


def canonical_path(path: str, *, merged_usr: bool) -> str:
    """Give the one spelling of an absolute path: no `.`, `..` or `//`, and `/usr/lib` for `/lib` on merged-/usr hosts.

    `..` is taken away by text: a directory on the way that is itself a link is not known here.
    """
    if not path.startswith("/"):
        return path
    normal = "/" + posixpath.normpath(path).lstrip("/")
    return "/usr" + normal if merged_usr and _MOVED_TO_USR.match(normal) else normal
