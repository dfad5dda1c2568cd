"""What documentation names: files, links, modules, members, options of commands. Pure.

Held against the repository, and told only where it can be known: a name below a package of the
repository that is not there, a link to a file that is not there, an option of a command of the
project that nothing defines. Whatever might come from elsewhere is left alone.
"""

from __future__ import annotations

import difflib
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import unquote

from copilot_ls.features.documentation.reading import module_name
from indexer.conventions.testing import is_test_path
from indexer.model import ParsedFile, SymbolKind

_CODE_FILES = frozenset(
    {"py", "pyi", "md", "rst", "toml", "yaml", "yml", "json", "ts", "tsx", "js", "sh", "cfg", "ini"}
)
_FENCE = re.compile(r"^ {0,3}(?P<mark>`{3,}|~{3,})(?P<info>[^\n]*)$")
_LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\((?P<target>[^()\s]+)(?:\s+[\"'][^)]*)?\)")
_DEFINITION = re.compile(r"^ {0,3}\[[^\]]+\]:\s+(?P<target>\S+)")
_INLINE = re.compile(r"(?<!`)(?P<mark>`{1,2})(?P<code>[^`\n]+)(?P=mark)(?!`)")
_ROLE = re.compile(
    r":(?:py:)?(?:func|meth|class|mod|attr|exc|data|obj|const):`(?:[^`<]*<)?(?P<code>[~!.\w]+)>?`"
)
_DOTTED = re.compile(r"^[~!]?(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)(?:\(\.{0,3}\))?$")
_PATH = re.compile(r"^(?:\./)?(?P<path>[\w.-]+(?:/[\w.-]+)+\.(?P<ending>\w+))(?::\d+)?$")
_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*:|^//|^#|^/|^['\"]")
_VARIABLE = re.compile(r"[{}<>$*]|%7B|/(?:blob|tree|issues|pull|wiki|releases)/", re.IGNORECASE)
# What stands for a name of the reader's own.
_PLACEHOLDER = re.compile(
    r"(?:^|[/_.-])(?:my|your|foo|bar|baz|example|some|path/to|new|xyz)(?=[/_.-]|$)"
)
# Pages that speak of what once was.
_HISTORY = re.compile(
    r"(?:change|history|news|release|migrat|upgrad|whatsnew|roadmap|todo)", re.IGNORECASE
)
_PROGRAM_LINE = re.compile(r"^\s*(?:[$>%]\s+)?(?:(?:uv run|poetry run|pipx run|npx|sudo)\s+)?")
_OPTION = re.compile(r"(?<![\w-])(?P<option>--[a-z][\w-]*)")
_ANY_OPTION = re.compile(r"--[a-z][\w-]*")
_USUAL_OPTIONS = frozenset({"--help", "--version", "--install-completion", "--show-completion"})
_MAKES_OPTIONS = re.compile(r"\b(?:typer|click|argparse|optparse|docopt|fire|cyclopts|absl)\b")


class ReferenceRule(StrEnum):
    """What can be wrong with something that is named."""

    DEAD_LINK = "dead-link"
    DEAD_PATH = "dead-path"
    DEAD_NAME = "dead-name"
    UNKNOWN_OPTION = "unknown-option"


@dataclass(frozen=True, slots=True)
class DeadReference:
    """Something that is named and not there; ``line`` is 0-based."""

    path: str
    line: int
    rule: ReferenceRule
    name: str
    message: str


@dataclass(slots=True)
class _Module:
    """What can be reached through a module; ``is_open`` if that cannot all be known."""

    names: set[str] = field(default_factory=set)
    is_open: bool = False


@dataclass(slots=True)
class _Class:
    members: set[str] = field(default_factory=set)
    is_open: bool = False


class RepositoryNames:
    """All that a repository defines, as far as documentation names it.

    ``paths`` are all of its files; ``programs`` the commands that it installs.
    """

    def __init__(
        self,
        files: Iterable[tuple[ParsedFile, str]],
        paths: Iterable[str],
        programs: Iterable[str] = (),
    ) -> None:
        self.paths = set(paths)
        self.folders = {
            "/".join(parts[:n])
            for path in self.paths
            for parts in [path.split("/")]
            for n in range(1, len(parts))
        }
        self.programs = frozenset(programs)
        self.options = set(_USUAL_OPTIONS)
        self._modules: dict[str, _Module] = {}
        self._classes: dict[str, list[_Class]] = {}
        self._packages: set[str] = set()
        self._ends: dict[str, list[str]] = {}
        for path in self.paths:
            self._ends.setdefault(posixpath.basename(path), []).append(path)
        for parsed, text in files:
            self._add(parsed, text)

    def _add(self, parsed: ParsedFile, text: str) -> None:
        dotted = module_name(parsed.path, self.paths)
        if _MAKES_OPTIONS.search(text):
            self.options |= set(_ANY_OPTION.findall(text))
            for symbol in parsed.symbols:
                for each in symbol.signature.parameters if symbol.signature else ():
                    name = each.name.strip("_").replace("_", "-")
                    self.options |= {f"--{name}", f"--no-{name}"}
        module = self._modules.setdefault(dotted, _Module())
        n_above = parsed.path.count("/") - dotted.count(".")
        if "." in dotted and n_above <= 1 and not is_test_path(parsed.path):
            # The name of a single file, or of a folder deep inside, is that of many a variable too.
            self._packages.add(dotted.partition(".")[0])
        for entry in parsed.imports:
            module.names.add(entry.bound_name)
            module.is_open |= entry.name == "*"
        for symbol in parsed.symbols:
            if not symbol.parent:
                module.names.add(symbol.name)
                module.is_open |= symbol.name == "__getattr__"
            if symbol.kind in {SymbolKind.CLASS, SymbolKind.ENUM, SymbolKind.INTERFACE}:
                known = _Class(
                    is_open=bool(set(symbol.bases) - {"object"}) or bool(symbol.decorators)
                )
                known.members = {
                    each.name for each in parsed.symbols if each.parent == symbol.qualified_name
                }
                known.is_open |= "__getattr__" in known.members
                self._classes.setdefault(symbol.name, []).append(known)
        if "globals()" in text or "sys.modules" in text or "importlib" in text:
            module.is_open = True

    def problem_of_name(self, name: str) -> str:
        """Why a dotted name cannot be right, or the empty string."""
        parts = name.split(".")
        if parts[-1] in _CODE_FILES:
            return ""
        if parts[0] in self._packages:
            return self._problem_below(parts)
        if len(parts) == 2 and parts[0][:1].isupper():
            return self._problem_of_member(parts[0], parts[1])
        return ""

    def _problem_below(self, parts: list[str]) -> str:
        at = len(parts)
        while at and ".".join(parts[:at]) not in self._modules:
            at -= 1
        if at == len(parts) or at == 0:
            return ""
        module = self._modules[".".join(parts[:at])]
        rest = parts[at:]
        if rest[0] in module.names:
            is_class = rest[0][:1].isupper() and len(rest) == 2
            return self._problem_of_member(rest[0], rest[1]) if is_class else ""
        if module.is_open or (rest[0].startswith("__") and rest[0].endswith("__")):
            return ""
        where = ".".join(parts[:at])
        inner = "/".join(parts[: at + 1])
        if any(folder == inner or folder.endswith(f"/{inner}") for folder in self.folders):
            return ""
        near = difflib.get_close_matches(rest[0], module.names, n=1, cutoff=0.8)
        return f"`{where}` has no `{rest[0]}`" + (f"; is it `{near[0]}`?" if near else "")

    def _problem_of_member(self, owner: str, member: str) -> str:
        known = self._classes.get(owner, [])
        if len(known) != 1 or known[0].is_open or member in known[0].members:
            return ""
        is_foreign = member[0].isupper() and not any(m[:1].isupper() for m in known[0].members)
        if member.startswith("__") or is_foreign:
            # ``Range.Text`` is of another library that has a class of the same name.
            return ""
        near = difflib.get_close_matches(member, known[0].members, n=1, cutoff=0.8)
        return f"`{owner}` has no `{member}`" + (f"; is it `{near[0]}`?" if near else "")

    def problem_of_path(self, path: str, beside: str) -> str:
        """Why a path cannot be right, seen from the folder ``beside`` or anywhere above."""
        name = posixpath.basename(path)
        ends = self._ends.get(name, [])
        if any(each == path or each.endswith(f"/{path}") for each in ends):
            return ""
        if posixpath.normpath(posixpath.join(beside, path)) in self.paths:
            return ""
        if _PLACEHOLDER.search(path):
            return ""
        first = path.partition("/")[0]
        inside = {folder.rpartition("/")[2] for folder in self.folders}
        if first not in inside:
            return ""
        if len(ends) == 1:
            return f"there is no `{path}`; `{ends[0]}` has that name"
        # A file that nobody has yet may be one that a command makes.
        folder = posixpath.dirname(path)
        is_known = any(each == folder or each.endswith(f"/{folder}") for each in self.folders)
        return f"there is no `{path}`" if is_known and not ends else ""


def check_markdown(path: str, text: str, names: RepositoryNames) -> list[DeadReference]:
    """What a page in Markdown names that is not there."""
    found: list[DeadReference] = []
    fence = ""
    is_history = _HISTORY.search(posixpath.basename(path)) is not None
    beside = posixpath.dirname(path)
    for number, line in enumerate(text.split("\n")):
        match = _FENCE.match(line)
        if match is not None and (not fence or match["mark"].startswith(fence)):
            fence = "" if fence else match["mark"]
            continue
        if fence:
            found += _options(path, number, line, names)
            continue
        for target in _targets(line):
            if message := _problem_of_link(target, beside, names):
                rule = ReferenceRule.DEAD_LINK
                found.append(DeadReference(path, number, rule, target, message))
        if not is_history:
            found += _inline(path, number, line, beside, names)
    return found


def check_docstring_names(
    path: str, first_line: int, text: str, names: RepositoryNames
) -> list[DeadReference]:
    """What a docstring names that is not there; ``first_line`` is that of its opening quotes."""
    found: list[DeadReference] = []
    for number, line in enumerate(text.split("\n")):
        if line.lstrip().startswith((">>>", "...")):
            continue
        for match in _ROLE.finditer(line):
            name = match["code"].lstrip("~!.")
            if "." in name and (problem := names.problem_of_name(name)):
                rule = ReferenceRule.DEAD_NAME
                found.append(DeadReference(path, first_line + number, rule, name, problem))
        for match in _INLINE.finditer(_ROLE.sub("", line)):
            dotted = _DOTTED.match(match["code"])
            if dotted and (problem := names.problem_of_name(dotted["name"])):
                rule = ReferenceRule.DEAD_NAME
                found.append(
                    DeadReference(path, first_line + number, rule, dotted["name"], problem)
                )
    return found


def _targets(line: str) -> Iterator[str]:
    plain = _INLINE.sub("", line)
    for match in _LINK.finditer(plain):
        yield match["target"].strip("<>")
    if (definition := _DEFINITION.match(plain)) is not None:
        yield definition["target"].strip("<>")


def _problem_of_link(target: str, beside: str, names: RepositoryNames) -> str:
    if _SCHEME.match(target) or _VARIABLE.search(target):
        return ""
    path = unquote(re.split(r"[#?]", target, maxsplit=1)[0]).rstrip("/")
    ending = posixpath.splitext(path)[1].lower()
    # Without an ending, or as HTML, it may be a page that some generator makes.
    if not path or ending in {"", ".html", ".htm"}:
        return ""
    place = posixpath.normpath(posixpath.join(beside, path))
    if place.startswith("..") or place in names.paths or place in names.folders:
        return ""
    if posixpath.normpath(path) in names.paths:
        return f"there is no `{place}`; `{path}` is at the root of the repository"
    return f"there is no `{place}`"


def _inline(
    path: str, number: int, line: str, beside: str, names: RepositoryNames
) -> Iterator[DeadReference]:
    for match in _INLINE.finditer(line):
        code = match["code"].strip()
        dotted, place = _DOTTED.match(code), _PATH.match(code)
        if dotted is not None and (problem := names.problem_of_name(dotted["name"])):
            yield DeadReference(path, number, ReferenceRule.DEAD_NAME, dotted["name"], problem)
        elif place is not None and place["ending"] in _CODE_FILES:
            if problem := names.problem_of_path(place["path"], beside):
                yield DeadReference(path, number, ReferenceRule.DEAD_PATH, place["path"], problem)
        else:
            yield from _options(path, number, code, names)


def _options(path: str, number: int, line: str, names: RepositoryNames) -> Iterator[DeadReference]:
    """Options behind a command of the project that none of its code defines."""
    command = re.split(r"\s(?:\||&&|;|#|--\s)", line, maxsplit=1)[0]
    start = _PROGRAM_LINE.match(command)
    words = command[start.end() if start else 0 :].split()
    if not words or words[0] not in names.programs:
        return
    for match in _OPTION.finditer(command):
        option = match["option"]
        if option in names.options:
            continue
        near = difflib.get_close_matches(option, names.options, n=1, cutoff=0.75)
        hint = f"; is it `{near[0]}`?" if near else ""
        message = f"`{words[0]}` has no option `{option}`{hint}"
        yield DeadReference(path, number, ReferenceRule.UNKNOWN_OPTION, option, message)


def programs_in(pyproject: Mapping[str, object]) -> list[str]:
    """The commands that a ``pyproject.toml`` installs."""
    found: list[str] = []
    for table in ("project", "tool"):
        section = pyproject.get(table)
        if table == "tool" and isinstance(section, Mapping):
            section = section.get("poetry")
        if isinstance(section, Mapping) and isinstance(scripts := section.get("scripts"), Mapping):
            found += [str(name) for name in scripts]
    return found
