"""A Python file as its documentation sees it: definitions beside their docstrings. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from copilot_ls.features.documentation.glossary import Glossary, build_glossary
from copilot_ls.features.documentation.layout import Sample, samples_of
from indexer.conventions.testing import is_test_path
from indexer.model import ParsedFile, Symbol
from indexer.syntax import parse
from indexer.syntax.bodies import Body, read_bodies
from indexer.syntax.tree import SyntaxTree, read_tree


@dataclass(frozen=True, slots=True)
class Definition:
    """A function or class, and what its text says of itself."""

    symbol: Symbol
    body: Body


@dataclass(frozen=True, slots=True)
class DocumentedFile:
    """One file. ``definitions`` are in source order, ``symbols`` by qualified name.

    ``by_name`` has the definition of each qualified name; of several the last that is no overload.
    """

    path: str
    text: str
    tree: SyntaxTree
    parsed: ParsedFile
    definitions: tuple[Definition, ...]
    symbols: Mapping[str, Symbol]
    by_name: Mapping[str, Definition]

    def samples(self) -> list[Sample]:
        """Its docstrings as evidence of how they are written."""
        return list(samples_of((each.body for each in self.definitions), self.parsed.symbols))

    def definition(self, name: str) -> Definition | None:
        return self.by_name.get(name)

    def members(self, qualified_name: str) -> list[Symbol]:
        return [each for each in self.parsed.symbols if each.parent == qualified_name]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What other files of the repository show.

    ``documents_modules`` is true if most of them have a docstring of their own.
    """

    samples: tuple[Sample, ...] = ()
    glossary: Glossary = field(default_factory=Glossary)
    documents_modules: bool = True


def is_overload(symbol: Symbol) -> bool:
    """Whether a definition only declares one more way to call."""
    return any(name.rpartition(".")[2] == "overload" for name in symbol.decorators)


def read_file(path: str, text: str) -> DocumentedFile | None:
    """Read a file; nothing if it is too broken to be read at all."""
    tree = read_tree("python", text)
    if tree is None:
        return None
    parsed = parse.parse_tree(path, tree, with_uses=False)
    bodies = {(body.name, body.line): body for body in read_bodies(tree)}
    definitions = tuple(
        Definition(symbol, bodies[symbol.name, symbol.line])
        for symbol in parsed.symbols
        if (symbol.name, symbol.line) in bodies
    )
    symbols = {symbol.qualified_name: symbol for symbol in parsed.symbols}
    by_name = {
        each.symbol.qualified_name: each for each in definitions if not is_overload(each.symbol)
    }
    return DocumentedFile(path, text, tree, parsed, definitions, symbols, by_name)


def read_neighbours(files: Iterable[tuple[str, str]]) -> Neighbours:
    """Read what files (path and text) show; those without docstrings cost next to nothing."""
    read: list[DocumentedFile] = []
    for path, text in files:
        # Tests take parameters that nobody describes.
        if is_test_path(path) or ('"""' not in text and "'''" not in text):
            continue
        if (file := read_file(path, text)) is not None:
            read.append(file)
    return join_neighbours(read)


def join_neighbours(files: Sequence[DocumentedFile]) -> Neighbours:
    return Neighbours(
        samples=tuple(sample for file in files for sample in file.samples()),
        glossary=build_glossary(
            (file.path, ((each.symbol, each.body) for each in file.definitions)) for file in files
        ),
        documents_modules=2 * sum(bool(file.parsed.docstring) for file in files) >= len(files),
    )


def module_name(path: str, paths: set[str]) -> str:
    """The name under which a file is imported: below its outermost package among ``paths``."""
    parts = path.removesuffix(".pyi").removesuffix(".py").split("/")
    start = len(parts) - 1
    while start > 0 and "/".join([*parts[:start], "__init__.py"]) in paths:
        start -= 1
    kept = parts[start:-1] if parts[-1] == "__init__" else parts[start:]
    return ".".join(kept) or parts[-1]
