"""What is a test, how it is written, and where the tests of a file stand. Pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence

from indexer.conventions.notes import Notes
from indexer.model import ParsedFile, ReferenceKind, Symbol, SymbolKind

# The kind of trait that tells which fixtures a file's tests ask for.
FIXTURE = "tests.fixture"

_TEST_NAME = re.compile(
    r"^(?:test_.*|.*_tests?|tests?|conftest)\.pyi?$|_test\.go$"
    r"|[.-](?:test|spec|e2e|bench|test-d)\.[cm]?[jt]sx?$|(?:_spec|_test)\.rb$|^test_.*\.rb$"
    r"|(?:Tests?|IT|TestCase|Spec)\.(?:java|cs|php)$|(?:_test|_unittest|\.test)\.(?:cc|cpp|cxx|c)$"
    r"|^tests?\.rs$|_test\.rs$"
)
_TEST_FOLDER = re.compile(
    r"^(?:tests?|__tests__|specs?|testing|testdata|[jt]s_tests)$|[a-z.](?:Tests?|Specs?)$|[._-]tests?$"
)
_AFFIX = re.compile(r"^tests?_|[_.-](?:tests?|spec|e2e|test-d)$|(?:Tests?|Spec|IT|TestCase)$")
_PYTHON_AFFIX = re.compile(r"^tests?_|_tests?$")
_SCRIPT = frozenset({"javascript", "typescript", "tsx"})
_SCRIPT_FRAMEWORKS = {
    "vitest": "vitest",
    "@jest/globals": "jest",
    "node:test": "node:test",
    "mocha": "mocha",
    "ava": "ava",
    "tap": "tap",
    "@playwright/test": "playwright",
    "bun:test": "bun",
    "uvu": "uvu",
}
_IMPORTED_FRAMEWORKS = (
    ("org.junit.jupiter", "JUnit 5"),
    ("org.junit", "JUnit 4"),
    ("org.testng", "TestNG"),
    ("Xunit", "xUnit"),
    ("NUnit.Framework", "NUnit"),
    ("Microsoft.VisualStudio.TestTools", "MSTest"),
    ("PHPUnit", "PHPUnit"),
    ("gtest/", "GoogleTest"),
    ("catch2/", "Catch2"),
    ("minitest", "minitest"),
    ("rspec", "RSpec"),
)
_MOCKS = frozenset({"monkeypatch", "mocker", "vi", "jest", "sinon"})
_FUNCTIONS = frozenset({SymbolKind.FUNCTION, SymbolKind.METHOD})


def is_test_path(path: str, helpers: frozenset[str] = frozenset()) -> bool:
    """Whether a file is a test or serves tests, by its name and folders.

    ``helpers`` are folders named like tests that hold none, see :func:`test_helpers`.
    """
    folder, _, name = path.rpartition("/")
    if _TEST_NAME.search(name):
        return True
    parts = folder.split("/")
    return any(
        _TEST_FOLDER.search(part) and "/".join(parts[: index + 1]) not in helpers
        for index, part in enumerate(parts)
    )


def test_helpers(paths: Iterable[str]) -> frozenset[str]:
    """Packages named ``test`` or ``testing`` without a single test: they help others to test."""
    known = set(paths)
    packages: dict[str, bool] = {}
    for path in known:
        folder, _, name = path.rpartition("/")
        is_test = name != "conftest.py" and bool(_TEST_NAME.search(name))
        parts = folder.split("/")
        for index in range(1, len(parts)):
            outer, place = "/".join(parts[:index]), "/".join(parts[: index + 1])
            is_inner = f"{outer}/__init__.py" in known and f"{place}/__init__.py" in known
            if parts[index] in {"test", "testing"} and is_inner:
                packages[place] = packages.get(place, False) or is_test
    return frozenset(place for place, has_tests in packages.items() if not has_tests)


def note_tests(notes: Notes) -> None:
    """Note the framework of a test file, and how its tests are formed, checked and mocked."""
    parsed = notes.parsed
    # Rust keeps its unit tests in the file that they test.
    if not is_test_path(parsed.path) and parsed.language != "rust":
        return
    if framework := _framework_of(parsed):
        notes.add("tests.framework", framework, 0)
    if pattern := file_pattern(parsed.path):
        notes.add("tests.name of files", pattern, 0)
    if parsed.language == "python":
        for symbol in parsed.symbols:
            _note_python_test(notes, symbol)
    for use in parsed.references:
        if use.kind is not ReferenceKind.CALL:
            continue
        name, receiver, line = use.name, use.receiver, use.line
        if receiver in {"self", "cls"} and name.startswith("assert"):
            notes.add("tests.assertion", "self.assertEqual(…)", line)
        elif name == "expect" and not receiver:
            notes.add("tests.assertion", "expect(…)", line)
        elif receiver == "assert" and parsed.language in {*_SCRIPT, "go"}:
            notes.add("tests.assertion", "assert.equal(…)", line)
        elif receiver == "require" and parsed.language == "go":
            notes.add("tests.assertion", "require.Equal(…)", line)
        elif receiver in {"t", "b", "tb"} and name in {"Error", "Errorf", "Fatal", "Fatalf"}:
            notes.add("tests.assertion", "t.Errorf, t.Fatalf", line)
        if receiver in _MOCKS:
            notes.add("tests.mocks", receiver, line)
        elif parsed.language != "python":
            continue
        elif name in {"Mock", "MagicMock", "AsyncMock", "patch"} or receiver.endswith("patch"):
            notes.add("tests.mocks", "unittest.mock", line)
        elif _expects_error(name, receiver):
            notes.add("tests.errors", f"{receiver}.{name}" if receiver else name, line)


def file_pattern(path: str) -> str:
    """The pattern of a test file's name, ``test_*.py``; empty for a file that only helps tests."""
    name = path.rpartition("/")[2]
    if not _TEST_NAME.search(name) or name.startswith("conftest."):
        return ""
    stem, _ = posixpath.splitext(name)
    core = _tested_stem(path)
    return name if core in {"", stem} else name.replace(core, "*", 1)


def place_of(test: str, sources: Mapping[str, Sequence[str]]) -> str:
    """Where a test file stands, in words, as seen from the file that it tests; empty: unknown.

    ``sources`` are the files that are no tests, by their names without endings.
    """
    stem = _tested_stem(test)
    source = _source_of(test, sources.get(stem, ()))
    in_name = ""
    if not source and "_" in stem:
        # ``test_syntax_python`` for ``syntax/python``.
        outer, _, inner = stem.rpartition("_")
        inside = [p for p in sources.get(inner, ()) if _folder(p).endswith(outer)]
        source = _source_of(test, inside)
        in_name = ", the source's folder in its name"
    if not source:
        return ""
    folder, here = _folder(test), _folder(source)
    if folder == here:
        return f"beside the source{in_name}"
    outer, _, last = folder.rpartition("/")
    if outer == here and _TEST_FOLDER.search(last):
        return f"in {last}/ beside the source{in_name}"
    root, inner = _split_at_tests(folder)
    if not root:
        return f"elsewhere{in_name}"
    if not inner:
        return f"flat in {root}/{in_name}"
    is_mirrored = here == inner or here.endswith(f"/{inner}")
    return f"in {root}/, {'folders as in the source' if is_mirrored else 'other folders'}{in_name}"


def _source_of(test: str, candidates: Iterable[str]) -> str:
    fitting = [path for path in candidates if _ending(path) == _ending(test)]
    return max(fitting, key=lambda path: (_n_shared(path, test), -len(path)), default="")


def _tested_stem(path: str) -> str:
    """The name of a test file without what makes it one: ``orders`` of ``test_orders.py``."""
    stem, ending = posixpath.splitext(posixpath.basename(path))
    return (_PYTHON_AFFIX if ending == ".py" else _AFFIX).sub("", stem)


def _split_at_tests(folder: str) -> tuple[str, str]:
    """``tests/unit/shop`` → ``tests/unit`` and ``shop``; kinds of tests belong to the root."""
    parts = folder.split("/")
    for index, part in enumerate(parts):
        if _TEST_FOLDER.search(part):
            stop = index + 1
            while stop < len(parts) and parts[stop] in {"unit", "integration", "functional", "e2e"}:
                stop += 1
            return "/".join(parts[:stop]), "/".join(parts[stop:])
    return "", folder


def _n_shared(path: str, test: str) -> int:
    mine = [part for part in _folder(test).split("/") if not _TEST_FOLDER.search(part)]
    return len(set(_folder(path).split("/")) & set(mine))


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _ending(path: str) -> str:
    ending = path.rpartition(".")[2]
    return {"tsx": "ts", "jsx": "js", "mjs": "js", "cjs": "js", "mts": "ts", "js": "ts"}.get(
        ending, ending
    )


def _framework_of(parsed: ParsedFile) -> str:
    if parsed.language == "python":
        return _python_framework(parsed)
    modules = [entry.module for entry in parsed.imports]
    if parsed.language in _SCRIPT:
        for module in modules:
            if found := _SCRIPT_FRAMEWORKS.get(module):
                return found
        receivers = {use.receiver for use in parsed.references if use.receiver in _MOCKS}
        called = {
            use.name
            for use in parsed.references
            if not use.receiver and use.name in {"describe", "it", "test", "expect"}
        }
        if not called:
            return ""
        for receiver, framework in (("jest", "jest"), ("vi", "vitest")):
            if receiver in receivers:
                return framework
        return "global describe/it"
    if parsed.language == "go":
        if not parsed.path.endswith("_test.go"):
            return ""
        return "testing, testify" if any("testify" in m for m in modules) else "testing"
    if parsed.language == "rust":
        attributes = {each for symbol in parsed.symbols for each in symbol.decorators}
        return next((f"#[{each}]" for each in ("test", "tokio::test") if each in attributes), "")
    if parsed.path.endswith("_spec.rb"):
        return "RSpec"
    for start, framework in _IMPORTED_FRAMEWORKS:
        if any(module.startswith(start) for module in modules):
            return framework
    return ""


def _python_framework(parsed: ParsedFile) -> str:
    cases = {
        base.rpartition(".")[2]
        for symbol in parsed.symbols
        if symbol.kind is SymbolKind.CLASS
        for base in symbol.bases
        if base.endswith("TestCase")
    }
    if cases:
        return "unittest.TestCase" if cases == {"TestCase"} else "subclasses of TestCase"
    has_tests = any(
        symbol.name.startswith("test") and symbol.kind in _FUNCTIONS for symbol in parsed.symbols
    )
    uses_pytest = any(entry.module.partition(".")[0] == "pytest" for entry in parsed.imports)
    return "pytest" if has_tests or uses_pytest else ""


def _note_python_test(notes: Notes, symbol: Symbol) -> None:
    is_fixture = any("fixture" in each.partition("(")[0] for each in symbol.decorators)
    is_test = symbol.name.startswith("test")
    if symbol.kind not in _FUNCTIONS or not (is_test or is_fixture):
        return
    line = symbol.line
    for parameter in symbol.signature.parameters if symbol.signature else ():
        if parameter.name != "self":
            notes.add(FIXTURE, parameter.name, line)
    if not is_test:
        return
    form = "functions" if symbol.kind is SymbolKind.FUNCTION else "methods of classes"
    notes.add("tests.form", form, line)
    is_parametrized = any("parametrize" in decorator for decorator in symbol.decorators)
    notes.add("tests.cases", "parametrized" if is_parametrized else "one case each", line)


def _expects_error(name: str, receiver: str) -> bool:
    if receiver == "self":
        return name.startswith(("assertRaises", "assertWarns"))
    return name in {"raises", "warns"} and receiver in {"pytest", ""}
