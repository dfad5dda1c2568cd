"""Docstrings for definitions that have none, from the code alone; checked before they are shown.

What is written is read again: the file must parse as before, every parameter must be named, and
the check must have nothing to say. What does not pass is not proposed. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from copilot_ls.domain import Edit, edited
from copilot_ls.features.documentation.account import Account, Context, own_parameters
from copilot_ls.features.documentation.check import check_file
from copilot_ls.features.documentation.describe import (
    describe_class,
    describe_function,
    describe_module,
)
from copilot_ls.features.documentation.docstring import ItemKind, parse_docstring
from copilot_ls.features.documentation.glossary import Glossary, build_glossary
from copilot_ls.features.documentation.layout import Layout, learn_layout
from copilot_ls.features.documentation.options import DocumentationOptions
from copilot_ls.features.documentation.reading import (
    Definition,
    DocumentedFile,
    Neighbours,
    is_overload,
    read_file,
)
from copilot_ls.features.documentation.render import render
from copilot_ls.features.documentation.repair import repair
from indexer.model import Span, Symbol, SymbolKind
from indexer.syntax.behaviour import Behaviour, docstring_place, read_behaviour
from indexer.syntax.docstring import DocstringStyle
from indexer.syntax.tree import errors_in

MODULE = "<module>"
_LITERAL = re.compile(r"[rRuUbB]{0,2}[\"']")
_FUNCTIONS = frozenset({SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.PROPERTY})
_CLASSES = frozenset({SymbolKind.CLASS, SymbolKind.ENUM, SymbolKind.INTERFACE})


@dataclass(frozen=True, slots=True)
class DocProposal:
    """A change of one docstring. ``line`` (0-based) is that of the definition.

    ``docstring`` is the new literal; ``problem`` says why there is no ``edit``.
    """

    path: str
    symbol: str
    line: int
    reason: str
    edit: Edit | None = None
    docstring: str = ""
    problem: str = ""


class Writer:
    """Writes docstrings for one file."""

    def __init__(
        self, file: DocumentedFile, neighbours: Neighbours, options: DocumentationOptions
    ) -> None:
        self.file = file
        self._documents_modules = neighbours.documents_modules
        own = [(each.symbol, each.body) for each in file.definitions]
        samples = file.samples()
        self._layouts = {
            is_public: learn_layout(
                samples,
                neighbours.samples,
                is_public=is_public,
                style=options.chosen_style,
                width=options.width,
            )
            for is_public in (True, False)
        }
        self.context = Context(
            glossary=_joined(build_glossary([(file.path, own)]), neighbours.glossary),
            symbols=file.symbols,
            behaviours=_Behaviours(file),
            mark=self._layouts[True].mark,
        )

    def layout(self, symbol: Symbol | None = None) -> Layout:
        """How the docstring of a definition, or of the module, is laid out."""
        return self._layouts[symbol is None or symbol.is_public or symbol.name == "__init__"]

    def missing(self) -> list[str]:
        """The public definitions that have no docstring and should have one, in source order."""
        is_silent = not self.file.parsed.docstring and bool(self.file.definitions)
        return [MODULE] * (is_silent and self._documents_modules) + [
            each.symbol.qualified_name for each in self.file.definitions if self._is_wanted(each)
        ]

    def write(self, name: str, account: Account | None = None) -> DocProposal:
        """Write the docstring of a definition by its qualified name, or of the module.

        ``account`` says something else than the code alone does, see ``prose``.
        """
        if name == MODULE:
            return self._module()
        definition = self.file.definition(name)
        if definition is None:
            return DocProposal(self.file.path, name, 0, "missing", problem="there is no such name")
        symbol, body = definition.symbol, definition.body
        proposal = DocProposal(self.file.path, name, symbol.line, "missing")
        if body.docstring is not None:
            return replace(proposal, problem="it has a docstring already")
        place = docstring_place(self.file.tree, body.span)
        if place is None:
            return replace(proposal, problem="its body cannot be read")
        literal = render(account or self.account(definition), self.layout(symbol), place.indent)
        ends = "\r\n" if place.after.startswith("\r") else "\n"
        text = f"{place.before}{place.indent}{literal}".replace("\n", ends)
        edit = Edit(place.span, text + place.after)
        problem = self._problem(definition, edit)
        if problem:
            return replace(proposal, problem=problem)
        return replace(proposal, edit=edit, docstring=literal)

    def repair(self, name: str) -> DocProposal:
        """Put right what the docstring of a definition says wrongly."""
        definition = self.file.definition(name)
        if definition is None:
            return DocProposal(self.file.path, name, 0, "", problem="there is no such name")
        symbol, docstring = definition.symbol, definition.body.docstring
        drifts = [each.drift for each in check_file(self.file) if each.symbol == name]
        rules = ", ".join(dict.fromkeys(drift.rule for drift in drifts))
        proposal = DocProposal(self.file.path, name, symbol.line, rules)
        if docstring is None or not drifts:
            return replace(proposal, problem="nothing is wrong with it")
        account = self.account(definition)
        if symbol.kind in _CLASSES:
            constructor = self.file.definition(f"{name}.__init__")
            account = account if constructor is None else self.account(constructor)
        edit = repair(docstring, drifts, account, self.layout(symbol))
        if edit is None:
            return replace(proposal, problem="it cannot be repaired line by line")
        after = edited(self.file.text, edit)
        again = read_file(self.file.path, after)
        left = [] if again is None else [e for e in check_file(again) if e.symbol == name]
        if again is None or len(errors_in(again.tree)) > len(errors_in(self.file.tree)):
            return replace(proposal, problem="the file would not parse")
        if len(left) >= len(drifts):
            return replace(proposal, problem=left[0].drift.message)
        return replace(proposal, edit=edit, docstring=edit.text)

    def account(self, definition: Definition) -> Account:
        """What is to be said of a definition."""
        symbol = definition.symbol
        if symbol.kind in _CLASSES:
            return self._class(symbol)
        return describe_function(
            symbol, self.context.behaviours.get(symbol.qualified_name, Behaviour()), self.context
        )

    def _class(self, symbol: Symbol) -> Account:
        constructor = self.file.definition(f"{symbol.qualified_name}.__init__")
        if constructor is None:
            fields = [] if symbol.kind is SymbolKind.ENUM else list(self._fields(symbol))
            return describe_class(symbol, fields, None, self.context)
        described = constructor.body.docstring is not None or self.layout().in_constructor
        account = None if described else self.account(constructor)
        return describe_class(symbol, [], account, self.context)

    def _fields(self, symbol: Symbol) -> Iterator[Symbol]:
        """What is declared in the body of a class, its methods left out."""
        members = self.file.members(symbol.qualified_name)
        methods = [each.span for each in members if each.kind in _FUNCTIONS]
        for member in members:
            is_inside = any(span.start <= member.span.start < span.end for span in methods)
            if member.kind is SymbolKind.FIELD and member.is_public and not is_inside:
                yield member

    def _module(self) -> DocProposal:
        file = self.file
        proposal = DocProposal(file.path, MODULE, 0, "missing")
        if file.parsed.docstring:
            return replace(proposal, problem="it has a docstring already")
        account = describe_module(file.path, file.parsed.symbols, self.context)
        literal = render(account, self.layout(), "")
        at = _after_head(file.text)
        if _LITERAL.match(file.text, at):
            return replace(proposal, problem="it has a docstring already, if an empty one")
        following = file.text[at : at + 1]
        gap = "\n" if following in {"\n", "\r", ""} else "\n\n"
        edit = Edit(Span(at, at), f"{literal}{gap}")
        after = edited(file.text, edit)
        again = read_file(file.path, after)
        if again is None or not again.parsed.docstring:
            return replace(proposal, problem="it would not be read as the module's docstring")
        return replace(proposal, edit=edit, docstring=literal)

    def _is_wanted(self, definition: Definition) -> bool:
        symbol = definition.symbol
        if definition.body.docstring is not None or is_overload(symbol):
            return False
        if self.file.definition(symbol.qualified_name) is not definition:
            # Another one of the same name speaks for it.
            return False
        parents = symbol.qualified_name.split(".")[:-1]
        scopes = [".".join(parents[: n + 1]) for n in range(len(parents))]
        if any(
            (scope := self.file.symbols.get(name)) is None
            or scope.kind not in _CLASSES
            or not scope.is_public
            for name in scopes
        ):
            return False
        if symbol.name == "__init__":
            if not own_parameters(symbol):
                return False
            owner = self.file.definition(symbol.parent)
            return self.layout().in_constructor and not (
                owner and owner.body.docstring and _has_parameters(owner.body.docstring.text)
            )
        if symbol.name.startswith("__"):
            return False
        inherits = any("override" in name for name in symbol.decorators)
        is_setter = any(name.endswith((".setter", ".deleter")) for name in symbol.decorators)
        return symbol.is_public and not inherits and not is_setter and not self._overrides(symbol)

    def _overrides(self, symbol: Symbol) -> bool:
        owner = self.file.symbols.get(symbol.parent)
        if owner is None or owner.kind not in _CLASSES:
            return False
        return any(
            (same := self.file.definition(f"{base}.{symbol.name}")) is not None
            and same.body.docstring is not None
            for base in owner.bases
        )

    def _problem(self, definition: Definition, edit: Edit) -> str:
        """What speaks against a change, or the empty string."""
        file, symbol = self.file, definition.symbol
        after = edited(file.text, edit)
        again = read_file(file.path, after)
        if again is None or len(errors_in(again.tree)) > len(errors_in(file.tree)):
            return "the file would not parse"
        found = again.definition(symbol.qualified_name)
        if found is None or found.body.docstring is None:
            return "it would not be read as a docstring"
        wrong = [each for each in check_file(again) if each.symbol == symbol.qualified_name]
        if wrong:
            return wrong[0].drift.message
        if symbol.kind in _FUNCTIONS and self.layout(symbol).style is not DocstringStyle.PLAIN:
            parsed = parse_docstring(found.body.docstring.text)
            named = {name for item in parsed.of(ItemKind.PARAMETER) for name in item.names}
            unnamed = [each.name for each in own_parameters(symbol) if each.name not in named]
            if unnamed and parsed.has_parameters:
                return f"parameter `{unnamed[0]}` would not be named"
        return ""


class _Behaviours(Mapping[str, Behaviour]):
    """What the functions of a file do, by qualified name; read when somebody asks."""

    def __init__(self, file: DocumentedFile) -> None:
        self.file = file
        self._read: dict[str, Behaviour] = {}

    def __getitem__(self, name: str) -> Behaviour:
        if name not in self._read:
            definition = self.file.definition(name)
            if definition is None:
                raise KeyError(name)
            self._read[name] = read_behaviour(self.file.tree, definition.body.span)
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(each.symbol.qualified_name for each in self.file.definitions))

    def __len__(self) -> int:
        return len(list(iter(self)))


def _joined(own: Glossary, others: Glossary) -> Glossary:
    names = own.entries.keys() | others.entries.keys()
    return Glossary(
        {name: (*own.entries.get(name, ()), *others.entries.get(name, ())) for name in names}
    )


def _has_parameters(docstring: str) -> bool:
    return parse_docstring(docstring).has_parameters


def _after_head(text: str) -> int:
    """Behind the lines that must come first: a ``#!``, an encoding, a licence in comments."""
    at = 0
    for line in text.splitlines(keepends=True):
        if not line.startswith("#"):
            break
        at += len(line)
    blank = re.match(r"(?:[ \t]*\r?\n)*", text[at:])
    return at + (blank.end() if blank and at else 0)
