"""How tests are written in a JavaScript project, told by its package.json and its tests. Pure."""

from __future__ import annotations

import json
import posixpath
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

_ENDING = r"\.[cm]?[jt]sx?$"
_TEST = re.compile(
    r"(?:^|/)(?:__tests__/(?:.*/)?[^/]+|tests?/(?:.*/)?[^/]+|[^/]+[.-](?:test|spec)|test-[^/]+)"
    + _ENDING
)
_MARK = re.compile(r"[.-](?P<mark>test|spec)" + _ENDING)
_IMPORT = re.compile(r"""(?:from|require\(|import)\s*['"]([^'"]+)['"]""")
_STATEMENT = re.compile(
    r"^[ \t]*(?:import|const|let|var|return|throw)\b[^\n]*[\w)\]'\"`](;?)$", re.MULTILINE
)
_DEEPER = re.compile(r"^([ \t]*)\S[^\n]*[{(\[]\n\1([ \t]+)(?=\S)", re.MULTILINE)
_FOLDERS = ("__tests__", "test", "tests")


class Framework(StrEnum):
    """What runs the tests."""

    NODE = "node:test"
    VITEST = "vitest"
    JEST = "jest"


@dataclass(frozen=True, slots=True)
class Package:
    """What a package.json says; ``folder`` is where it stands, empty at the top."""

    folder: str = ""
    name: str = ""
    type: str = ""
    dependencies: frozenset[str] = frozenset()
    test_script: str = ""


@dataclass(frozen=True, slots=True)
class Style:
    """How new tests look: ``test`` is ``test`` or ``it``; ``extension`` ends imports of modules.

    ``is_global`` if the framework's functions need no import.
    """

    framework: Framework
    quote: str = "'"
    end: str = ";"
    unit: str = "  "
    test: str = "test"
    is_global: bool = False
    is_module: bool = True
    extension: str | None = None


def package_of(folder: str, text: str) -> Package:
    """Read a package.json; one that is broken says nothing."""
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        return Package(folder)
    names: set[str] = set()
    for key in ("dependencies", "devDependencies", "peerDependencies"):
        part = values.get(key)
        names |= set(part) if isinstance(part, dict) else set()
    scripts = values.get("scripts")
    script = scripts.get("test", "") if isinstance(scripts, dict) else ""
    name, kind = str(values.get("name", "")), str(values.get("type", ""))
    return Package(folder, name, kind, frozenset(names), str(script))


def is_test(path: str) -> bool:
    """Whether a file is named like tests, or lies where tests lie."""
    return bool(_TEST.search(path))


def framework_of(package: Package, tests: Collection[str]) -> tuple[Framework, str]:
    """What a project's tests run with, and the name of what they run with if we know it not."""
    imports = Counter(name for text in tests for name in set(_IMPORT.findall(text)))
    for framework, names in (
        (Framework.VITEST, {"vitest"}),
        (Framework.JEST, {"@jest/globals"}),
        (Framework.NODE, {"node:test"}),
    ):
        if any(imports[name] for name in names):
            return framework, ""
    for word in ("vitest", "jest"):
        if word in package.dependencies or re.search(rf"\b{word}\b", package.test_script):
            return Framework(word), ""
    others = ("mocha", "ava", "tape", "tap", "uvu", "jasmine", "qunit")
    other = next((name for name in others if name in package.dependencies), "")
    return Framework.NODE, other


def style_of(
    framework: Framework,
    text: str,
    tests: Collection[str],
    *,
    is_module: bool,
    extension: str,
    others: Collection[str] = (),
) -> Style:
    """The look of new tests: as the tests that are there, or as the module itself.

    ``extension`` is what node needs at the end of an import; with others, imports end as those of
    the tests do, else as those of ``others``, modules of the same package.
    """
    own = list(tests) or [text]
    all_text = "\n".join(own)
    quote = "'" if all_text.count("'") >= all_text.count('"') else '"'
    ends = [match[1] for match in _STATEMENT.finditer(all_text)]
    n_it = len(re.findall(r"^\s*it\(", all_text, re.MULTILINE))
    n_test = len(re.findall(r"^\s*test\(", all_text, re.MULTILINE))
    uses_globals = bool(tests) and "expect(" in all_text and "vitest" not in all_text
    return Style(
        framework,
        quote=quote,
        end=";" if 2 * sum(map(len, ends)) >= len(ends) else "",
        unit=_unit_of(all_text),
        test="it" if n_it > n_test else "test",
        is_global=(framework is Framework.JEST and "@jest/globals" not in all_text)
        or (framework is Framework.VITEST and uses_globals),
        is_module=is_module,
        extension=(
            extension
            if framework is Framework.NODE
            else _extension_in([tests, [text, *others]], extension)
        ),
    )


def place_of_tests(path: str, paths: Collection[str], extension: str) -> str:
    """Where new tests of the module at ``path`` belong; the name is free.

    ``paths`` are the project's files. Beside the module, or in a folder for tests, as the
    neighbours have it.
    """
    module = PurePosixPath(path)
    stem = module.name.removesuffix(module.suffix)
    tests = [PurePosixPath(each) for each in paths if is_test(each)]
    marks = Counter(found["mark"] if (found := _MARK.search(each.name)) else "" for each in tests)
    folder = _folder(module, tests, paths)
    is_apart = PurePosixPath(folder).name in _FOLDERS and marks and not marks.most_common(1)[0][0]
    mark = "" if is_apart else f".{(marks and marks.most_common(1)[0][0]) or 'test'}"
    inside = "" if folder in {"", "."} else f"{folder}/"
    taken = set(paths)
    number = 0
    while True:
        more = ("", ".generated")[number] if number < 2 else f".generated-{number}"
        name = f"{inside}{stem}{more}{mark}{extension}"
        if name not in taken:
            return name
        number += 1


def specifier_of(test: str, module: str, extension: str | None) -> str:
    """How a test names the module that it imports."""
    relative = posixpath.relpath(module, posixpath.dirname(test) or ".")
    relative = relative if relative.startswith("..") else f"./{relative}"
    stem = re.sub(_ENDING, "", relative)
    return stem + (extension or "")


def relative_imports(path: str, text: str) -> Iterator[str]:
    """The files, without ending, that a module imports from its own project."""
    for name in _IMPORT.findall(text):
        if name.startswith("."):
            joined = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
            yield re.sub(_ENDING, "", joined)


def nearest(folders: Mapping[str, Package], path: str) -> Package:
    """The package that a file belongs to."""
    for folder in PurePosixPath(path).parents:
        name = "" if folder.as_posix() == "." else folder.as_posix()
        if name in folders:
            return folders[name]
    return Package()


def _folder(module: PurePosixPath, tests: list[PurePosixPath], paths: Collection[str]) -> str:
    known = {re.sub(_ENDING, "", each) for each in paths if not is_test(each)}
    beside: Counter[str] = Counter()
    for each in tests:
        stem = _MARK.sub("", each.name)
        if each.parent.name == "__tests__" and f"{each.parent.parent / stem}" in known:
            beside["__tests__"] += 1
        elif f"{each.parent / stem}" in known:
            beside["here"] += 1
        else:
            beside[each.parent.as_posix()] += 1
    if not beside:
        top = {PurePosixPath(each).parts[0] for each in paths if "/" in each}
        return next((name for name in ("test", "tests") if name in top), module.parent.as_posix())
    most = beside.most_common(1)[0][0]
    if most == "here":
        return module.parent.as_posix()
    return (module.parent / most).as_posix() if most == "__tests__" else most


def _unit_of(text: str) -> str:
    indents = Counter(match[2] for match in _DEEPER.finditer(text))
    found = indents.most_common(1)
    unit = found[0][0] if found else "  "
    return "\t" if unit.startswith("\t") else unit if unit in {"  ", "    "} else "  "


def _extension_in(sources: Sequence[Collection[str]], own: str) -> str | None:
    """How relative imports end, in the first of some lists of texts that have any."""
    for texts in sources:
        names = [name for text in texts for name in _IMPORT.findall(text) if name.startswith(".")]
        endings = Counter(found[0] if (found := re.search(_ENDING, name)) else "" for name in names)
        if endings:
            return endings.most_common(1)[0][0] or None
    return None if own in {".ts", ".mts", ".cts"} else own
