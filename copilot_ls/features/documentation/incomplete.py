"""What docstrings leave unsaid: a milder matter than what they say wrongly. Pure.

Only asked for by name (``--incomplete``): nobody has to describe everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from copilot_ls.features.documentation.account import own_parameters
from copilot_ls.features.documentation.docstring import ItemKind, ParsedDocstring, parse_docstring
from copilot_ls.features.documentation.reading import Definition, DocumentedFile
from copilot_ls.features.documentation.write import MODULE, Writer
from indexer.model import Symbol, SymbolKind
from indexer.syntax.behaviour import Behaviour
from indexer.syntax.docstring import DocstringStyle

_NO_VALUES = frozenset({None, "None", "NoReturn", "Never", "typing.NoReturn"})


class GapRule(StrEnum):
    """What can be unsaid."""

    NO_DOCSTRING = "no-docstring"
    NO_PARAMETERS = "no-parameters"
    NO_RESULT = "no-result"
    NO_ERRORS = "no-errors"


@dataclass(frozen=True, slots=True)
class Gap:
    """Something unsaid; ``line`` (0-based) is that of the definition."""

    path: str
    line: int
    symbol: str
    rule: GapRule
    message: str


def find_gaps(file: DocumentedFile, writer: Writer) -> list[Gap]:
    """What the public definitions of a file leave unsaid.

    Sections are only missed where the docstring has sections at all.
    """
    found: list[Gap] = []
    for name in writer.missing():
        definition = None if name == MODULE else file.definition(name)
        line = definition.symbol.line if definition else 0
        found.append(Gap(file.path, line, name, GapRule.NO_DOCSTRING, "it has no docstring"))
    for definition in file.definitions:
        symbol = definition.symbol
        is_function = symbol.kind in {SymbolKind.FUNCTION, SymbolKind.METHOD}
        if is_function and symbol.is_public and definition.body.docstring is not None:
            behaviour = writer.context.behaviours.get(symbol.qualified_name, Behaviour())
            found += [
                Gap(file.path, symbol.line, symbol.qualified_name, rule, message)
                for rule, message in _gaps(definition, behaviour)
            ]
    return sorted(found, key=lambda gap: (gap.line, gap.rule))


def _gaps(definition: Definition, behaviour: Behaviour) -> Iterator[tuple[GapRule, str]]:
    symbol, body = definition.symbol, definition.body
    if body.docstring is None:
        return
    parsed = parse_docstring(body.docstring.text)
    if parsed.style is DocstringStyle.PLAIN:
        return
    parameters = [each.name for each in own_parameters(symbol)]
    if parameters and not parsed.has_parameters:
        named = ", ".join(f"`{name}`" for name in parameters[:3])
        yield GapRule.NO_PARAMETERS, f"parameters are not described ({named})"
    if _gives_something(symbol, behaviour) and not _says_result(parsed):
        yield GapRule.NO_RESULT, "what it returns is not described"
    errors = {each.name.rpartition(".")[2] for each in behaviour.raises if not each.is_made}
    said = {n.rpartition(".")[2] for item in parsed.of(ItemKind.RAISES) for n in item.names}
    unsaid = [name for name in sorted(errors - said) if name not in parsed.text]
    if unsaid and not body.is_stub:
        named = ", ".join(f"`{name}`" for name in unsaid)
        yield GapRule.NO_ERRORS, f"it raises {named}, which is not said"


def _gives_something(symbol: Symbol, behaviour: Behaviour) -> bool:
    declared = symbol.signature.returns if symbol.signature else None
    if symbol.name == "__init__":
        return False
    values = any(each.kind != "none" for each in behaviour.returns)
    return values or bool(behaviour.yields) or declared not in _NO_VALUES


def _says_result(parsed: ParsedDocstring) -> bool:
    if parsed.of(ItemKind.RETURNS) or parsed.of(ItemKind.YIELDS):
        return True
    return parsed.summary.lower().startswith(("return", "yield", "get ", "gets ", "whether"))
