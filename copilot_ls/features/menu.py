"""The ordinary completion menu, from the index alone: what can stand at the cursor, no model.

Members behind a dot whose receiver is known, keyword arguments inside a call whose callee is
known, names behind ``from x import``, and the repository's names with the import that they need.
Where nothing is known for sure the menu is empty: guesses are for ghost text.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from copilot_ls.domain import Document, Edit
from copilot_ls.ports import CodeIndex
from indexer.model import Hit, Import, ParameterKind, Query, SearchMode, Span, SymbolKind
from indexer.resolve.names import Found, Names
from indexer.resolve.outline import Repository

_MAX_ITEMS = 50
_MIN_WORD = 2
_MAX_CALL_CHARS = 2_000
_WORD = re.compile(r"[^\W\d]\w*\Z")
_FROM_IMPORT = re.compile(r"\s*from\s+[\w.]+\s+import\s+\(?[\w\s,]*\Z")
_IMPORT_LINE = re.compile(r"^(?:from|import)\s.*$", re.MULTILINE)
_HEAD = re.compile(r"(?:#[^\n]*\n|\s*\n)*(?:[rR]?(\"\"\"|''')(?s:.*?)\1[^\n]*\n)?")
_CALLEE = re.compile(r"[^\W\d]\w*\Z")
_KEYWORD_KINDS = frozenset({ParameterKind.POSITIONAL_OR_KEYWORD, ParameterKind.KEYWORD_ONLY})


@dataclass(frozen=True, slots=True)
class MenuOptions:
    """Whether there is a menu."""

    enabled: bool = field(
        default=True,
        metadata={
            "doc": "Offer the repository's members, keyword arguments and names in the editor's "
            "completion menu. Switch it off where another language server offers the same."
        },
    )


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One entry: replace ``span`` by ``text``; ``edits`` come on top, such as a missing import."""

    label: str
    kind: SymbolKind
    text: str
    span: Span
    detail: str = ""
    documentation: str = ""
    edits: tuple[Edit, ...] = ()


async def menu_items(index: CodeIndex, document: Document, offset: int) -> list[MenuItem]:
    """Return what can stand at ``offset``, best first; a search or two, some milliseconds.

    Raises:
        IndexerError: the index cannot be read.
    """
    left = document.text[document.text.rfind("\n", 0, offset) + 1 : offset]
    word = _WORD.search(left)
    typed = word[0] if word else ""
    span = Span(offset - len(typed), offset)
    hits = await index.search(
        Query(document.text, SearchMode.COMPLETION, document.path, offset, _MAX_ITEMS)
    )
    if left[: len(left) - len(typed)].rstrip().endswith("."):
        return [_item(hit, span) for hit in hits if "receiver" in hit.signals]
    if _FROM_IMPORT.match(left):
        return [_item(hit, span) for hit in hits if hit.symbol and not hit.symbol.parent]
    keywords = await _keywords(index, document, span)
    if len(typed) < _MIN_WORD:
        return keywords
    names = [hit for hit in hits if hit.symbol and not hit.symbol.parent and hit.symbol.is_public]
    lines = await index.consult(partial(_imports_of, names, document))
    return [*keywords, *(_item(hit, span, lines.get(number)) for number, hit in enumerate(names))]


async def _keywords(index: CodeIndex, document: Document, span: Span) -> list[MenuItem]:
    """Return the keyword arguments that a call around the cursor still takes."""
    call = _call_around(document.text, span.start)
    if call is None:
        return []
    opening, name, arguments = call
    if not re.search(r"(?:\A|,)\s*\Z", arguments):
        return []
    hits = await index.search(
        Query(document.text, SearchMode.COMPLETION, document.path, opening, _MAX_ITEMS)
    )
    settled = {"receiver", "imported"}
    for hit in hits:
        symbol = hit.symbol
        if symbol is not None and symbol.name == name and settled & hit.signals.keys():
            given = set(re.findall(r"(\w+)\s*=(?!=)", arguments))
            typed = document.text[span.start : span.end]
            return [
                MenuItem(f"{keyword}=", SymbolKind.VARIABLE, f"{keyword}=", span, hit.text)
                for keyword in await index.consult(partial(_parameters_of, hit))
                if keyword not in given and keyword.startswith(typed)
            ]
    return []


def _call_around(text: str, end: int) -> tuple[int, str, str] | None:
    """Return where the innermost open call opens, the callee's last name, and its arguments."""
    depth = 0
    for position in range(end - 1, max(-1, end - _MAX_CALL_CHARS), -1):
        char = text[position]
        if char in ")]}":
            depth += 1
        elif char in "([{" and depth:
            depth -= 1
        elif char in "[{":
            return None
        elif char == "(":
            callee = _CALLEE.search(text, max(0, position - 120), position)
            return (position, callee[0], text[position + 1 : end]) if callee else None
    return None


def _parameters_of(hit: Hit, repository: Repository) -> list[str]:
    """Name what can be given by keyword to a function, method or constructor."""
    symbol = hit.symbol
    if symbol is not None and symbol.kind is SymbolKind.CLASS:
        outline = repository.outline(symbol.path)
        symbol = outline.member(symbol.qualified_name, "__init__") if outline else None
    if symbol is None or symbol.signature is None:
        return []
    parameters = symbol.signature.parameters
    if symbol.parent and parameters and parameters[0].name in {"self", "cls"}:
        parameters = parameters[1:]
    return [parameter.name for parameter in parameters if parameter.kind in _KEYWORD_KINDS]


def _imports_of(hits: Sequence[Hit], document: Document, repository: Repository) -> dict[int, Edit]:
    """Return the edits that import what a Python document does not have yet, by place in hits."""
    if document.language != "python":
        return {}
    names = Names(repository, surroundings=repository)
    found = {}
    at = _import_offset(document.text)
    newline = "\r\n" if "\r\n" in document.text[:4_000] else "\n"
    for number, hit in enumerate(hits):
        symbol = hit.symbol
        if symbol is None or _is_bound(document.text, symbol.name):
            continue
        module = _module_of(names, document.path, hit)
        if module:
            line = f"from {module} import {symbol.name}{newline}"
            found[number] = Edit(Span(at, at), line)
    return found


def _module_of(names: Names, path: str, hit: Hit) -> str:
    """Return the name by which ``path`` imports the module of a hit, if that is sure."""
    symbol = hit.symbol
    if symbol is None:
        return ""
    parts = posixpath.splitext(hit.path)[0].removesuffix("/__init__").split("/")
    for start in range(len(parts)):
        module = ".".join(parts[start:])
        if all(part.isidentifier() for part in parts[start:]):
            target = names.resolve_import(Import(path, module, 0, name=symbol.name))
            if isinstance(target, Found) and target.path == hit.path:
                return module
    return ""


def _is_bound(text: str, name: str) -> bool:
    return (
        re.search(rf"^(?:from|import)\b[^#\n]*\b{re.escape(name)}\b", text, re.MULTILINE)
        is not None
    )


def _import_offset(text: str) -> int:
    """Return where a new import goes: behind the last one, else behind the file's head."""
    lines = list(_IMPORT_LINE.finditer(text))
    if not lines:
        head = _HEAD.match(text)
        return head.end() if head else 0
    last = lines[-1]
    end = last.end()
    if last[0].count("(") > last[0].count(")"):
        end = text.find(")", end)
    line_end = text.find("\n", end)
    return len(text) if line_end < 0 or end < 0 else line_end + 1


def _item(hit: Hit, span: Span, edit: Edit | None = None) -> MenuItem:
    symbol = hit.symbol
    name = symbol.name if symbol else hit.title
    return MenuItem(
        label=name,
        kind=symbol.kind if symbol else SymbolKind.VARIABLE,
        text=name,
        span=span,
        detail=hit.text.partition("\n")[0],
        documentation=symbol.docstring if symbol else "",
        edits=(edit,) if edit else (),
    )
