"""Every docstring of a file held against its code. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from copilot_ls.features.documentation.drift import Drift, check_class, check_function
from indexer.model import Symbol, SymbolKind
from indexer.syntax import parse
from indexer.syntax.bodies import Body, read_bodies
from indexer.syntax.tree import read_tree


@dataclass(frozen=True, slots=True)
class DocFinding:
    """A drift with its place: ``line`` is 0-based in the file, ``symbol`` a qualified name."""

    path: str
    line: int
    symbol: str
    drift: Drift


def check_python(path: str, text: str) -> list[DocFinding]:
    """What the docstrings of a Python file say wrongly, by line; a broken file says nothing."""
    if '"""' not in text and "'''" not in text:
        return []
    tree = read_tree("python", text)
    if tree is None:
        return []
    bodies = {(body.name, body.line): body for body in read_bodies(tree)}
    parsed = parse.parse_tree(path, tree)
    symbols = parsed.symbols
    by_name = {symbol.qualified_name: symbol for symbol in symbols}
    members: dict[str, list[str]] = {}
    for symbol in symbols:
        members.setdefault(symbol.parent, []).append(symbol.name)
    found: list[DocFinding] = []
    for symbol in symbols:
        body = bodies.get((symbol.name, symbol.line))
        if body is None or body.docstring is None:
            continue
        first = text.count("\n", 0, body.docstring.span.start)
        found += [
            DocFinding(path, first + drift.line, symbol.qualified_name, drift)
            for drift in _drifts(symbol, body, by_name, members)
        ]
    return sorted(found, key=lambda finding: (finding.line, finding.drift.name))


def _drifts(
    symbol: Symbol, body: Body, by_name: dict[str, Symbol], members: dict[str, list[str]]
) -> list[Drift]:
    if symbol.kind is not SymbolKind.CLASS:
        return check_function(symbol, body)
    own = members.get(symbol.qualified_name, [])
    if "__call__" in own or "__new__" in own:
        # Such a docstring may describe the call of an instance.
        return []
    return check_class(body, by_name.get(f"{symbol.qualified_name}.__init__"), own)
