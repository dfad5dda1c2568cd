"""How versions of one ecosystem are ordered; ``univers`` knows the ecosystems' own rules."""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol, Self

from copilot_ls.scanners.dependencies.manifests import CRATES, GO, MAVEN, NPM, PYPI

ECOSYSTEMS = (PYPI, NPM, GO, CRATES, MAVEN)
_MAX_CHARS = 200


class Version(Protocol):
    """What can be compared with its like."""

    def __lt__(self, other: Self, /) -> bool: ...
    def __le__(self, other: Self, /) -> bool: ...


@lru_cache(maxsize=20_000)
def version_of(ecosystem: str, text: str) -> Version | None:
    """Read a version; nothing if the ecosystem is unknown or has no such versions."""
    from univers import versions

    kinds = {
        PYPI: versions.PypiVersion,
        NPM: versions.SemverVersion,
        CRATES: versions.SemverVersion,
        GO: versions.SemverVersion,
        MAVEN: versions.MavenVersion,
    }
    kind = kinds.get(ecosystem)
    if kind is None or not text or len(text) > _MAX_CHARS:
        return None
    if ecosystem == GO:
        # `+incompatible` says something of the module, not of the version.
        text = text.removeprefix("v").removesuffix("+incompatible")
    try:
        version: Version = kind(text)
    except (versions.InvalidVersion, ValueError, TypeError):
        return None
    return version


def package_of(ecosystem: str, name: str) -> str:
    """Spell a package as all of its names are spelt, so that two of them can be compared."""
    if ecosystem == PYPI:
        from packaging.utils import canonicalize_name

        return canonicalize_name(name)
    return name
