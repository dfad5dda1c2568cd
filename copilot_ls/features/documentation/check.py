"""Every docstring of a file held against its code. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from copilot_ls.features.documentation.drift import (
    Drift,
    check_class,
    check_function,
    check_record,
)
from copilot_ls.features.documentation.jsdoc import LANGUAGES, check_script
from copilot_ls.features.documentation.reading import DocumentedFile, read_file
from indexer.model import Symbol, SymbolKind
from indexer.syntax.bodies import Body


@dataclass(frozen=True, slots=True)
class DocFinding:
    """A drift with its place: ``line`` is 0-based in the file, ``symbol`` a qualified name.

    ``first`` and ``last`` are the lines of the whole definition.
    """

    path: str
    line: int
    symbol: str
    drift: Drift
    first: int = 0
    last: int = 0


# Without any of these no docstring says anything that could be wrong; most files need no parse.
_TELLING = re.compile(
    r"\b(?:Args|Arguments|Params|Parameters|Attributes|Returns?|Yields?|Keyword Arg\w*)[ \t:]*$"
    r"|\b(?:Returns?|Yields?): |[:@](?:param|arg|key|return|rtype|yield|ytype|ivar|var|type)|>>>",
    re.MULTILINE,
)
_RECORD_DECORATORS = frozenset({"dataclass", "define", "frozen", "mutable", "attrs"})
_RECORD_BASES = frozenset({"BaseModel", "NamedTuple", "TypedDict", "Struct"})


def is_checked(language: str) -> bool:
    """Whether documentation in this language is held against its code."""
    return language == "python" or language in LANGUAGES


def check_text(path: str, language: str, text: str) -> list[DocFinding]:
    """What the documentation inside a file says wrongly, whatever the file's language."""
    if language == "python":
        return check_python(path, text)
    if language not in LANGUAGES:
        return []
    return sorted(
        (
            DocFinding(
                path,
                line + drift.line,
                symbol.qualified_name,
                drift,
                symbol.line,
                symbol.end_line,
            )
            for symbol, line, drift in check_script(path, language, text)
        ),
        key=lambda finding: (finding.line, finding.drift.name),
    )


def check_python(path: str, text: str) -> list[DocFinding]:
    """What the docstrings of a Python file say wrongly, by line; a broken file says nothing."""
    if _TELLING.search(text) is None:
        return []
    file = read_file(path, text)
    return [] if file is None else check_file(file)


def check_file(file: DocumentedFile) -> list[DocFinding]:
    """The same of a file that was read already."""
    members: dict[str, list[str]] = {}
    fields: dict[str, list[Symbol]] = {}
    for symbol in file.parsed.symbols:
        members.setdefault(symbol.parent, []).append(symbol.name)
        # ``x: int`` in the body of the class; what is set in a method has no such stub.
        is_declared = symbol.stub.startswith(f"{symbol.name}:") and "ClassVar" not in symbol.stub
        if symbol.kind is SymbolKind.FIELD and symbol.is_public and is_declared:
            fields.setdefault(symbol.parent, []).append(symbol)
    found: list[DocFinding] = []
    for each in file.definitions:
        symbol, body = each.symbol, each.body
        if body.docstring is None:
            continue
        first = file.text.count("\n", 0, body.docstring.span.start)
        found += [
            DocFinding(
                file.path,
                first + drift.line,
                symbol.qualified_name,
                drift,
                symbol.line,
                symbol.end_line,
            )
            for drift in _drifts(symbol, body, file.symbols, members, fields)
        ]
    return sorted(found, key=lambda finding: (finding.line, finding.drift.name))


def _drifts(
    symbol: Symbol,
    body: Body,
    by_name: Mapping[str, Symbol],
    members: Mapping[str, list[str]],
    fields: Mapping[str, list[Symbol]],
) -> list[Drift]:
    if symbol.kind is not SymbolKind.CLASS:
        return check_function(symbol, body)
    own = members.get(symbol.qualified_name, [])
    if "__call__" in own or "__new__" in own:
        # Such a docstring may describe the call of an instance.
        return []
    constructor = by_name.get(f"{symbol.qualified_name}.__init__")
    if constructor is None and _is_record(symbol):
        return check_record(body, fields.get(symbol.qualified_name, []), own)
    return check_class(body, constructor, own)


def _is_record(symbol: Symbol) -> bool:
    """Whether the fields of a class make its constructor, and no others do."""
    names = {name.partition("(")[0].rpartition(".")[2] for name in symbol.decorators}
    bases = {base.partition("[")[0].rpartition(".")[2] for base in symbol.bases}
    if names & _RECORD_DECORATORS:
        return bases <= {"object", "Generic", "Protocol"}
    return bool(bases) and bases <= _RECORD_BASES
