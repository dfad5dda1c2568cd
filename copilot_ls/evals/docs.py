"""``eval docs``: docstrings written anew, beside those that the maintainers wrote.

The docstring is taken out of its file first, and the file is left out of what the repository
shows otherwise. Whether ``pydoclint`` finds fault is asked of the program itself, if it is there.
"""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rapidfuzz import fuzz

from copilot_ls.domain import edited
from copilot_ls.errors import ConfigError
from copilot_ls.evals.cases import percentile
from copilot_ls.features.documentation.account import own_parameters
from copilot_ls.features.documentation.docstring import ItemKind, parse_docstring
from copilot_ls.features.documentation.options import DocumentationOptions
from copilot_ls.features.documentation.reading import (
    DocumentedFile,
    join_neighbours,
    read_file,
)
from copilot_ls.features.documentation.write import DocProposal, Writer
from indexer.conventions.testing import is_test_path
from indexer.syntax.docstring import DocstringStyle, style_of

# Type hints that are there or not: nothing that a docstring could change.
_OF_SIGNATURE = ("DOC106", "DOC107", "DOC108")
_STYLES = {"rest": DocstringStyle.SPHINX}
_LEFT_OUT = frozenset({".git", ".venv", "venv", "node_modules", "__pycache__", "build", "dist"})

WriteDocstring = Callable[[Writer, DocumentedFile, str], DocProposal]


@dataclass(frozen=True, slots=True)
class DocCase:
    """A function with the docstring of its maintainers."""

    id: str
    repo: str
    path: str
    qualname: str
    params: tuple[str, ...]
    raises: tuple[str, ...]
    style: DocstringStyle
    docstring: str


@dataclass(frozen=True, slots=True)
class Written:
    """What was written for a case, and what is to be said of it.

    ``named`` and ``errors`` are the parameters and errors that it names, ``declared`` and
    ``raised`` those of the code. ``is_annotated`` is true if the code declares what is returned.
    ``violations`` are pydoclint's.
    """

    case: DocCase
    proposal: DocProposal
    style: DocstringStyle
    named: frozenset[str]
    declared: frozenset[str]
    errors: frozenset[str]
    raised: frozenset[str]
    seconds: float
    after: str
    is_annotated: bool
    violations: tuple[str, ...] = ()


def read_doc_cases(file: Path) -> list[DocCase]:
    """Read JSON lines: ``repo``, ``path``, ``qualname``, ``params``, ``raises``, ``style``,
    ``docstring``.

    Raises:
        ConfigError: the file cannot be read, or a line is not of that shape.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error}", remedy="check --cases") from error
    cases: list[DocCase] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            style = str(row["style"])
            cases.append(
                DocCase(
                    id=str(row.get("id", number)),
                    repo=str(row["repo"]),
                    path=str(row["path"]),
                    qualname=str(row["qualname"]),
                    params=tuple(map(str, row["params"])),
                    raises=tuple(map(str, row["raises"])),
                    style=_STYLES.get(style) or DocstringStyle(style),
                    docstring=str(row["docstring"]),
                )
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ConfigError(
                f"{file}:{number} is no case: {error}", remedy="see docs/evaluation.md"
            ) from error
    return cases


def write_cases(
    cases: Sequence[DocCase],
    repositories: Path,
    write: WriteDocstring = lambda writer, _, name: writer.write(name),
    on_progress: Callable[[int], None] = lambda _: None,
) -> list[Written]:
    """Write the docstring of each case.

    Raises:
        ConfigError: a repository or a case's function is not there.
    """
    files: dict[str, dict[str, DocumentedFile]] = {}
    written: list[Written] = []
    for number, case in enumerate(cases):
        if case.repo not in files:
            files[case.repo] = dict(_read_repository(repositories / case.repo))
        written.append(_write(case, files[case.repo], write))
        on_progress(number + 1)
    return written


def _write(case: DocCase, files: dict[str, DocumentedFile], write: WriteDocstring) -> Written:
    original = files.get(case.path)
    definition = original.definition(case.qualname) if original else None
    if original is None or definition is None:
        raise ConfigError(
            f"there is no {case.qualname} in {case.repo}/{case.path}", remedy="check --repos"
        )
    text = without_docstring(original, case.qualname)
    file = read_file(case.path, text)
    if file is None:
        raise ConfigError(f"{case.repo}/{case.path} cannot be read", remedy="check --repos")
    neighbours = join_neighbours([each for path, each in files.items() if path != case.path])
    started = time.perf_counter()
    writer = Writer(file, neighbours, DocumentationOptions())
    proposal = write(writer, file, case.qualname)
    seconds = time.perf_counter() - started
    after = text
    if proposal.edit is not None:
        after = edited(text, proposal.edit)
    again = read_file(case.path, after)
    found = again.definition(case.qualname) if again else None
    content = found.body.docstring.text if found and found.body.docstring else ""
    parsed = parse_docstring(content)
    declared = frozenset(each.name for each in own_parameters(definition.symbol))
    named = {name for item in parsed.of(ItemKind.PARAMETER) for name in item.names}
    style = style_of(content)
    if style is DocstringStyle.PLAIN:
        # In prose a parameter is named where it stands as code.
        named = {name.lstrip("*") for name in re.findall(r"`+([*\w]+)`+", content)} & declared
    errors = {name for item in parsed.of(ItemKind.RAISES) for name in item.names}
    if style is DocstringStyle.PLAIN:
        errors = set(re.findall(r"[Rr]aises\s+`+([\w.]+)`+", content))
    return Written(
        case=case,
        proposal=proposal,
        style=style,
        named=frozenset(named),
        declared=declared,
        errors=frozenset(name.rpartition(".")[2] for name in errors),
        raised=raised_in(text, case.qualname),
        seconds=seconds,
        after=after,
        is_annotated=bool(definition.symbol.signature and definition.symbol.signature.returns),
    )


def without_docstring(file: DocumentedFile, qualname: str) -> str:
    """The text of a file without the docstring of one definition."""
    definition = file.definition(qualname)
    if definition is None or definition.body.docstring is None:
        return file.text
    span = definition.body.docstring.span
    start = file.text.rfind("\n", 0, span.start) + 1
    end = file.text.find("\n", span.end) + 1 or len(file.text)
    if definition.body.is_stub and not file.text[end : definition.body.span.end].strip():
        return f"{file.text[: span.start]}...{file.text[span.end :]}"
    return file.text[:start] + file.text[end:]


def raised_in(text: str, qualname: str) -> frozenset[str]:
    """The errors that stand in ``raise`` statements of a function, by Python's own grammar.

    Another way than the product's, so that the one can be held against the other.
    """
    node: ast.AST | None = ast.parse(text)
    for name in qualname.split("."):
        inner = ast.walk(node) if node is not None else iter(())
        node = next((each for each in inner if getattr(each, "name", None) == name), None)
    found: set[str] = set()
    waiting: list[ast.AST] = list(ast.iter_child_nodes(node)) if node is not None else []
    while waiting:
        each = waiting.pop()
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            continue
        if isinstance(each, ast.Raise) and each.exc is not None:
            value = each.exc.func if isinstance(each.exc, ast.Call) else each.exc
            found.add(ast.unparse(value).rpartition(".")[2])
        waiting += ast.iter_child_nodes(each)
    return frozenset(found)


def ask_pydoclint(written: Sequence[Written], program: str) -> list[Written]:
    """Add what pydoclint finds in each docstring; what it says of the signature does not count.

    Raises:
        ConfigError: the program cannot be run.
    """
    by_flags: dict[tuple[DocstringStyle, bool, bool], list[Written]] = {}
    for each in written:
        style: DocstringStyle = each.style
        if style is DocstringStyle.PLAIN:
            style = DocstringStyle.GOOGLE
        parsed = parse_docstring(each.proposal.docstring.strip("r\"'"))
        has_types = any(item.type_name for item in parsed.of(ItemKind.PARAMETER))
        # Where the code says no type, none can be held against it.
        flags = (style, has_types, has_types and each.is_annotated)
        by_flags.setdefault(flags, []).append(each)
    found: dict[str, tuple[str, ...]] = {}
    for (style, has_types, has_result), group in by_flags.items():
        found.update(_pydoclint(program, style, group, has_types=has_types, has_result=has_result))
    return [replace(each, violations=found.get(each.case.id, ())) for each in written]


def _pydoclint(
    program: str, style: str, group: Sequence[Written], *, has_types: bool, has_result: bool
) -> Iterable[tuple[str, tuple[str, ...]]]:
    with tempfile.TemporaryDirectory(prefix="copilot-ls-eval-") as folder:
        names: dict[str, Written] = {}
        for number, each in enumerate(group):
            name = f"case_{number}.py"
            (Path(folder) / name).write_text(each.after, encoding="utf-8")
            names[name] = each
        command = [
            program,
            f"--style={style}",
            f"--arg-type-hints-in-docstring={has_types}",
            f"--check-return-types={has_result}",
            f"--check-yield-types={has_result}",
            "--allow-init-docstring=True",
            "--show-filenames-in-every-violation-message=True",
            folder,
        ]
        try:
            run = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError as error:
            raise ConfigError(
                f"{program} cannot be run: {error}", remedy="check --pydoclint"
            ) from (error)
        output = run.stdout + run.stderr
        if run.returncode not in {0, 1}:
            raise ConfigError(f"{program} failed: {output[-300:]}", remedy="check --pydoclint")
        told: dict[str, list[str]] = {}
        for line in output.splitlines():
            match = re.match(r"^(?P<path>.+?):(?P<line>\d+):\s+(?P<rest>DOC\d+: .*)$", line)
            if match is None:
                continue
            asked = names.get(Path(match["path"]).name)
            if asked is None or match["rest"].startswith(_OF_SIGNATURE):
                continue
            if _is_about(match["rest"], asked.case.qualname):
                told.setdefault(asked.case.id, []).append(match["rest"])
        for each in group:
            yield each.case.id, tuple(told.get(each.case.id, ()))


def _is_about(message: str, qualname: str) -> bool:
    names = re.findall(r"`([\w.]+)`", message)
    return bool(names) and qualname.split(".")[-2:] == names[0].split(".")[-2:]


def find_pydoclint() -> str:
    """Where pydoclint is, or the empty string; it cannot live in one environment with us."""
    return shutil.which("pydoclint") or ""


def summarise(written: Sequence[Written], *, with_pydoclint: bool) -> dict[str, object]:
    """Return the figures, the most important first; shares are 0 to 1."""
    styles = sorted({each.case.style for each in written})
    return {
        **_figures(written, with_pydoclint=with_pydoclint),
        "seconds": {
            "p50": percentile([each.seconds for each in written], 50),
            "p95": percentile([each.seconds for each in written], 95),
        },
        "by": {
            "style": {
                str(style): _figures(
                    [each for each in written if each.case.style is style],
                    with_pydoclint=with_pydoclint,
                )
                for style in styles
            },
            "repo": {
                repo: _figures(
                    [each for each in written if each.case.repo == repo],
                    with_pydoclint=with_pydoclint,
                )
                for repo in sorted({each.case.repo for each in written})
            },
        },
    }


def _figures(written: Sequence[Written], *, with_pydoclint: bool) -> dict[str, object]:
    n = len(written)
    n_written = sum(each.proposal.edit is not None for each in written)
    return {
        "parameter_coverage": _share(
            (len(each.named & set(each.case.params)), len(each.case.params)) for each in written
        ),
        "parameter_precision": _share(
            (len(each.named & each.declared), len(each.named)) for each in written
        ),
        "raises_coverage": _share(
            (len(each.errors & set(each.case.raises)), len(each.case.raises)) for each in written
        ),
        "raises_precision": _share(
            (len(each.errors & each.raised), len(each.errors)) for each in written
        ),
        "style_match": _share((each.style is each.case.style, 1) for each in written),
        "pydoclint_clean": (
            _share((not each.violations and each.proposal.edit is not None, 1) for each in written)
            if with_pydoclint
            else None
        ),
        "similarity": sum(similarity(each) for each in written) / n if n else 0.0,
        "written": n_written,
        "n": n,
    }


def similarity(written: Written) -> float:
    """How alike the words are to the maintainers', 0 to 1, whatever their order."""
    ours = written.proposal.docstring.strip("r\"'")
    return fuzz.token_sort_ratio(ours, written.case.docstring) / 100


def _share(parts: Iterable[tuple[int, int]]) -> float:
    counted = list(parts)
    total = sum(n for _, n in counted)
    return sum(found for found, _ in counted) / total if total else 1.0


def _read_repository(root: Path) -> Iterable[tuple[str, DocumentedFile]]:
    if not root.is_dir():
        raise ConfigError(f"there is no {root}", remedy="check --repos")
    for file in sorted(root.rglob("*.py")):
        path = file.relative_to(root).as_posix()
        if _LEFT_OUT & set(path.split("/")) or is_test_path(path):
            continue
        try:
            with file.open(encoding="utf-8", newline="") as opened:
                text = opened.read()
        except (OSError, ValueError):
            continue
        if (read := read_file(path, text)) is not None:
            yield path, read
