"""Which packages a requirement or lock file names, in which versions, and where. Pure.

Each reader walks the text itself, because a finding needs a place; what it does not understand it
passes over. Nothing is resolved: a version that stands nowhere is not guessed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from indexer.model import Span

PYPI, NPM, GO, CRATES, MAVEN = "PyPI", "npm", "Go", "crates.io", "Maven"
# Lock files of big projects have some megabytes.
MAX_BYTES = 32_000_000
_EXACT = re.compile(r"(?P<operator>={2,3})\s*(?P<version>[^\s,;*]+)$")
_NPM_EXACT = re.compile(r"=?v?(\d+\.\d+\.\d+(?:[-+][\w.+-]+)?)")


@dataclass(frozen=True, slots=True)
class Pin:
    """A package that a file names; ``version`` is empty where the file leaves it open.

    ``version_span`` is there if a person wrote the version and may change it: not in a lock
    file, and not beside a hash.
    """

    ecosystem: str
    name: str
    version: str
    span: Span
    version_span: Span | None = None


def reads(path: str) -> bool:
    """Tell whether a file of this name is understood."""
    return _reader(path) is not None


def is_lock_file(path: str) -> bool:
    """Tell whether a program writes the file: nobody corrects it by hand."""
    reader = _reader(path)
    return reader is not None and reader not in {_requirements, _go_mod, _pom, _package_json}


def comment_mark(path: str) -> str:
    """Return how a comment begins in such a file; empty where a person should write none."""
    reader = _reader(path)
    return "#" if reader is _requirements else "//" if reader is _go_mod else ""


def read(path: str, text: str) -> list[Pin]:
    """Read the packages that a file names, in its order; about 10 ms for 1,000 packages.

    Raises:
        ValueError: it is torn, or something else than its name says.
    """
    reader = _reader(path)
    if reader is None:
        return []
    try:
        return [*reader(text)]
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


_Reader = Callable[[str], Iterator[Pin]]


def _reader(path: str) -> _Reader | None:
    folder, _, name = path.lower().rpartition("/")
    if name in _READERS:
        return _READERS[name]
    if not name.endswith((".txt", ".in")):
        return None
    is_named = re.search(r"(?:^|[-_.])(?:requirements?|constraints?)(?:[-_.]|$)", name)
    return _requirements if is_named or folder.rpartition("/")[2] == "requirements" else None


# Python.


def _requirements(text: str) -> Iterator[Pin]:
    from packaging.requirements import InvalidRequirement, Requirement

    for start, line in _logical_lines(text):
        # Options stand at the beginning of a line, or with blanks before them at its end.
        code = re.split(r"\s#|\s--?[a-z]", line, maxsplit=1)[0]
        stripped = code.strip().rstrip("\\").rstrip()
        if not stripped or stripped[0] in "#-./":
            continue
        try:
            requirement = Requirement(stripped)
        except InvalidRequirement:
            continue
        if requirement.url:
            continue
        begin = start + len(code) - len(code.lstrip())
        span = Span(begin, begin + len(stripped))
        version, version_span = "", None
        exact = [each for each in requirement.specifier if each.operator in {"==", "==="}]
        if len(exact) == 1 and len(requirement.specifier) == 1:
            match = _EXACT.search(stripped.partition(";")[0].rstrip())
            if match is not None:
                version = match["version"]
                place = Span(begin + match.start("version"), begin + match.end("version"))
                version_span = None if "--hash" in line else place
        yield Pin(PYPI, requirement.name, version, span, version_span)


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with those that a backslash joins to them."""
    for match in re.finditer(r"(?:[^\n]*\\\r?\n)*[^\n]*", text):
        if match[0].strip():
            yield match.start(), match[0]


_TOML_TABLE = re.compile(r"^\[\[packages?\]\][ \t]*\r?$", re.MULTILINE)
_TOML_ENTRY = re.compile(r'^(name|version|source)[ \t]*=[ \t]*(?:"([^"\n]*)"|(.+))', re.MULTILINE)
_POETRY_LOCAL = re.compile(r'^\[package\.source\]\s+type = "(?!legacy)', re.MULTILINE)
_NEXT_TABLE = re.compile(r"^\[", re.MULTILINE)


def _toml_packages(ecosystem: str, text: str) -> Iterator[Pin]:
    """``[[package]]`` tables, which all lock files in TOML have; local packages are left out."""
    for table in _TOML_TABLE.finditer(text):
        following = _NEXT_TABLE.search(text, table.end())
        end = following.start() if following else len(text)
        entries = {match[1]: match for match in _TOML_ENTRY.finditer(text, table.end(), end)}
        name, version, source = (entries.get(key) for key in ("name", "version", "source"))
        if name is None or version is None or not name[2] or not version[2]:
            continue
        if ecosystem == CRATES and source is None:
            continue
        after = text.find("\n[[", table.end())
        if _POETRY_LOCAL.search(text, table.end(), after if after >= 0 else len(text)):
            continue
        if source is not None and re.search(r"virtual|editable|directory|path|git\b", source[0]):
            continue
        yield Pin(ecosystem, name[2], version[2], Span(name.start(), name.end()))


def _python_lock(text: str) -> Iterator[Pin]:
    return _toml_packages(PYPI, text)


def _cargo_lock(text: str) -> Iterator[Pin]:
    return _toml_packages(CRATES, text)


def _pipfile_lock(text: str) -> Iterator[Pin]:
    content = _object(json.loads(text))
    places = _Keys(text)
    for group, packages in content.items():
        if group == "_meta":
            continue
        for name, entry in _object(packages).items():
            span = places.next(name)
            version = _text(_object(entry), "version")
            if version.startswith("=="):
                yield Pin(PYPI, name, version.lstrip("="), span)


# JavaScript.


def _package_lock(text: str) -> Iterator[Pin]:
    content = _object(json.loads(text))
    places = _Keys(text)
    packages = content.get("packages")
    if isinstance(packages, dict):
        for key, value in packages.items():
            entry = _object(value)
            span = places.next(key)
            folder, mark, alias = key.rpartition("node_modules/")
            version = _text(entry, "version")
            if mark and version and not entry.get("link"):
                yield Pin(NPM, _text(entry, "name") or alias, version, span)
            del folder
        return
    yield from _nested_dependencies(content, places)


def _nested_dependencies(content: Mapping[str, object], places: _Keys) -> Iterator[Pin]:
    for name, value in _object(content.get("dependencies")).items():
        entry = _object(value)
        span = places.next(name)
        version = _text(entry, "version")
        alias = re.fullmatch(r"npm:(@?[^@]+)@(.+)", version)
        if alias:
            yield Pin(NPM, alias[1], alias[2], span)
        elif version[:1].isdigit():
            yield Pin(NPM, name, version, span)
        yield from _nested_dependencies(entry, places)


def _package_json(text: str) -> Iterator[Pin]:
    content = _object(json.loads(text))
    for group in ("dependencies", "devDependencies", "optionalDependencies"):
        begin = re.search(rf'"{group}"\s*:\s*\{{', text)
        if begin is None:
            continue
        for name, wanted in _object(content.get(group)).items():
            pattern = rf'"{re.escape(name)}"\s*:\s*"(?P<wanted>[^"]*)"'
            match = re.compile(pattern).search(text, begin.end())
            if match is None or not isinstance(wanted, str) or ":" in wanted or "/" in wanted:
                continue
            exact = _NPM_EXACT.fullmatch(wanted)
            span = Span(match.start(), match.end())
            if exact is None:
                yield Pin(NPM, name, "", span)
            else:
                start = match.start("wanted") + exact.start(1)
                place = Span(start, start + len(exact[1]))
                yield Pin(NPM, name, exact[1], span, place)


_YARN_ENTRY = re.compile(
    r"^(?P<key>\"?[^\s#][^\n]*?):[ \t]*\r?\n(?P<body>(?:[ \t]+[^\n]*\n?)+)", re.MULTILINE
)
_YARN_VERSION = re.compile(r'^[ ]{2}version:?[ ]"?([^"\s]+)"?', re.MULTILINE)
_YARN_RESOLUTION = re.compile(r'^[ ]{2}resolution:[ ]"(@?[^@"]+)@([a-z]+):', re.MULTILINE)


def _yarn_lock(text: str) -> Iterator[Pin]:
    for entry in _YARN_ENTRY.finditer(text):
        version = _YARN_VERSION.search(entry["body"])
        if version is None:
            continue
        resolution = _YARN_RESOLUTION.search(entry["body"])
        if resolution is not None and resolution[2] != "npm":
            continue
        first = entry["key"].split(",")[0].strip().strip('"')
        match = re.match(r"(@?[^@]+)@(?:npm:(@?[^@]+)@)?", first)
        if match is None:
            continue
        name = resolution[1] if resolution else match[2] or match[1]
        yield Pin(NPM, name, version[1], Span(entry.start("key"), entry.end("key")))


_PNPM_SECTION = re.compile(
    r"^packages:[ \t]*\r?\n(?P<body>(?:[ \t]+[^\n]*\n?|\r?\n)*)", re.MULTILINE
)
_PNPM_KEY = re.compile(
    r"^[ ]{2}(?P<key>(?P<quote>['\"]?)/?(?P<name>@?[^@/\s'\"]+(?:/[^@/\s'\"]+)?)"
    r"[@/](?P<version>\d[^\s:()_'\"]*)[^\n]*?(?P=quote)):[ \t]*\r?$",
    re.MULTILINE,
)


def _pnpm_lock(text: str) -> Iterator[Pin]:
    section = _PNPM_SECTION.search(text)
    if section is None:
        return
    for key in _PNPM_KEY.finditer(text, section.start("body"), section.end("body")):
        yield Pin(NPM, key["name"], key["version"], Span(key.start("key"), key.end("key")))


# Go and Java.


_GO_LINE = re.compile(
    r"^[ \t]*(?P<require>require[ \t]+)?(?P<name>[\w.-]+\.[\w.-]+(?:/[\w.~-]+)*)[ \t]+"
    r"v(?P<version>\d[\w.+-]*)[ \t]*(?://.*)?\r?$",
    re.MULTILINE,
)
_GO_BLOCK = re.compile(
    r"^(?P<word>require|exclude|retract|tool|replace)[ \t]*\((?P<body>[^)]*)\)", re.MULTILINE
)
_GO_REPLACED = re.compile(
    r"^[ \t]*(?:replace[ \t]+)?(?P<name>\S+)(?:[ \t]+v\S+)?[ \t]+=>[ \t]+(?P<by>\S+)"
    r"(?:[ \t]+v(?P<version>\S+))?",
    re.MULTILINE,
)


def _go_mod(text: str) -> Iterator[Pin]:
    replaced = {match["name"] for match in _GO_REPLACED.finditer(text)}
    blocks = [*_GO_BLOCK.finditer(text)]
    for line in _GO_LINE.finditer(text):
        inside = next((each for each in blocks if each.start() < line.start() < each.end()), None)
        is_required = inside["word"] == "require" if inside else bool(line["require"])
        if is_required and line["name"] not in replaced:
            span = Span(line.start("name"), line.end("version"))
            yield Pin(GO, line["name"], line["version"], span)
    for match in _GO_REPLACED.finditer(text):
        if match["version"]:
            span = Span(match.start("by"), match.end("version"))
            yield Pin(GO, match["by"], match["version"], span)


_XML_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_XML_DEPENDENCY = re.compile(r"<(dependency|plugin|parent)>(?P<body>.*?)</\1>", re.DOTALL)
_XML_PROPERTIES = re.compile(r"<properties>(.*?)</properties>", re.DOTALL)
_XML_PROPERTY = re.compile(r"<([\w.-]+)>\s*([^<]*?)\s*</\1>")


def _pom(text: str) -> Iterator[Pin]:
    text = _XML_COMMENT.sub(lambda match: re.sub(r"[^\r\n]", " ", match[0]), text)
    properties = {
        match[1]: match
        for section in _XML_PROPERTIES.finditer(text)
        for match in _XML_PROPERTY.finditer(text, section.start(1), section.end(1))
    }
    for dependency in _XML_DEPENDENCY.finditer(text):
        start, end = dependency.span("body")
        entries = {match[1]: match for match in _XML_PROPERTY.finditer(text, start, end)}
        group, artifact, wanted = (entries.get(key) for key in ("groupId", "artifactId", "version"))
        if group is None or artifact is None or wanted is None:
            continue
        reference = re.fullmatch(r"\$\{([\w.-]+)\}", wanted[2])
        stated = properties.get(reference[1]) if reference else wanted
        if stated is None or not stated[2] or stated[2][0] in "[($":
            continue
        place = Span(stated.start(2), stated.end(2))
        yield Pin(
            MAVEN, f"{group[2]}:{artifact[2]}", stated[2], Span(group.start(), wanted.end()), place
        )


def _gradle_lock(text: str) -> Iterator[Pin]:
    for match in re.finditer(r"^([\w.-]+:[\w.-]+):([\w.+-]+)=", text, re.MULTILINE):
        yield Pin(MAVEN, match[1], match[2], Span(match.start(), match.end(2)))


class _Keys:
    """Finds the keys of objects in the text of a JSON file, asked in the order of the file."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0

    def next(self, key: str) -> Span:
        quoted = json.dumps(key, ensure_ascii=False)
        pattern = re.compile(re.escape(quoted) + r"\s*:\s*\{")
        match = pattern.search(self._text, self._position)
        if match is None:
            return Span(self._position, self._position)
        self._position = match.end()
        return Span(match.start(), match.start() + len(quoted))


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _text(entry: Mapping[str, object], key: str) -> str:
    value = entry.get(key)
    return value if isinstance(value, str) else ""


_READERS: Mapping[str, _Reader] = {
    "poetry.lock": _python_lock,
    "uv.lock": _python_lock,
    "pdm.lock": _python_lock,
    "pylock.toml": _python_lock,
    "pipfile.lock": _pipfile_lock,
    "package-lock.json": _package_lock,
    "npm-shrinkwrap.json": _package_lock,
    "package.json": _package_json,
    "yarn.lock": _yarn_lock,
    "pnpm-lock.yaml": _pnpm_lock,
    "go.mod": _go_mod,
    "cargo.lock": _cargo_lock,
    "pom.xml": _pom,
    "gradle.lockfile": _gradle_lock,
}
