"""The nouns of the indexer: plain immutable data, shared by all who ask it questions.

Positions are code-point offsets or 0-based line numbers.
Paths are POSIX-style and relative to the root of the indexed folder.
Nothing here does input or output.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range ``[start, end)`` of code-point offsets in one text."""

    start: int
    end: int

    def __contains__(self, offset: object) -> bool:
        return isinstance(offset, int) and self.start <= offset < self.end

    def __len__(self) -> int:
        return self.end - self.start


class SymbolKind(StrEnum):
    """What a symbol is, in words shared by all languages."""

    MODULE = "module"
    CLASS = "class"
    INTERFACE = "interface"
    ENUM = "enum"
    ENUM_MEMBER = "enum_member"
    TYPE_ALIAS = "type_alias"
    FUNCTION = "function"
    METHOD = "method"
    PROPERTY = "property"
    FIELD = "field"
    CONSTANT = "constant"
    VARIABLE = "variable"


CALLABLE_KINDS = frozenset({SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.CLASS})
CONTAINER_KINDS = frozenset(
    {SymbolKind.CLASS, SymbolKind.INTERFACE, SymbolKind.ENUM, SymbolKind.MODULE}
)


class ParameterKind(StrEnum):
    """How an argument reaches a parameter; the five kinds of Python cover all our languages."""

    POSITIONAL_ONLY = "positional_only"
    POSITIONAL_OR_KEYWORD = "positional_or_keyword"
    VARIADIC_POSITIONAL = "variadic_positional"
    KEYWORD_ONLY = "keyword_only"
    VARIADIC_KEYWORD = "variadic_keyword"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One declared parameter; ``annotation`` and ``default`` are source text.

    ``optional`` is true if a call may leave it out (a default, or ``name?`` in TypeScript).
    """

    name: str
    kind: ParameterKind = ParameterKind.POSITIONAL_OR_KEYWORD
    annotation: str | None = None
    default: str | None = None
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Signature:
    """The parameters of a callable as declared (``self`` included) and its return type as text.

    ``inferred`` is what it plainly returns, if nothing is declared (``Order`` of ``return
    Order(…)``); of a context manager, ``Iterator[Order]``.
    """

    parameters: tuple[Parameter, ...] = ()
    returns: str | None = None
    inferred: str | None = None

    @property
    def result(self) -> str | None:
        """What it returns, declared or inferred."""
        return self.returns or self.inferred


@dataclass(frozen=True, slots=True)
class Symbol:
    """A named definition.

    ``qualified_name`` is relative to the file: ``Order.total`` for a method.
    ``stub`` is the declaration on one line as a reader would write it, without body:
    ``def total(self, *, tax: float = 0.0) -> Money``.
    ``annotation`` is the declared (or plainly inferred, ``x = Order(...)``) type of a field,
    variable or property.
    ``is_certain`` says of a field or variable that nothing else is ever assigned to it in its
    file: the annotation is declared, or all assignments agree on it, or there is only one.
    ``docstring`` is cut to its first paragraph.
    """

    path: str
    language: str
    name: str
    qualified_name: str
    kind: SymbolKind
    span: Span
    line: int
    end_line: int
    stub: str
    signature: Signature | None = None
    annotation: str | None = None
    docstring: str = ""
    decorators: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    is_async: bool = False
    is_public: bool = True
    is_deprecated: bool = False
    is_certain: bool = False

    @property
    def parent(self) -> str:
        """The qualified name of the enclosing symbol, or the empty string at module level."""
        return self.qualified_name.rpartition(".")[0]


class ReferenceKind(StrEnum):
    """How a name is used; ``ASSIGNMENT`` sets an attribute of something else than ``self``."""

    CALL = "call"
    ATTRIBUTE = "attribute"
    ASSIGNMENT = "assignment"
    BASE = "base"
    DECORATOR = "decorator"
    ANNOTATION = "annotation"


@dataclass(frozen=True, slots=True)
class Reference:
    """One use of a name.

    ``name`` is the last part (``total`` in ``order.total()``), ``receiver`` the source text
    before it (``order``), empty for a plain name.
    ``n_arguments`` counts positional arguments of a call; ``has_unpacking`` is true if a
    ``*args`` or ``**kwargs`` hides how many there really are.
    ``container`` is the qualified name of the symbol the use stands in.
    """

    path: str
    name: str
    kind: ReferenceKind
    span: Span
    line: int
    receiver: str = ""
    container: str = ""
    n_arguments: int = 0
    keywords: tuple[str, ...] = ()
    has_unpacking: bool = False


@dataclass(frozen=True, slots=True)
class Import:
    """One imported name as the source says it.

    ``from ..shop import Order as O`` → ``module="shop"``, ``level=2``, ``name="Order"``,
    ``alias="O"``. ``import shop.orders`` → ``module="shop.orders"``, ``name=""``.
    A star import has ``name="*"``. JavaScript keeps the specifier in ``module``
    (``"./orders"``), a default import has ``name="default"``, a namespace import ``name="*"``
    with an alias.
    """

    path: str
    module: str
    line: int
    name: str = ""
    alias: str = ""
    level: int = 0

    @property
    def bound_name(self) -> str:
        """The name this import puts into scope (empty for a star import)."""
        if self.alias:
            return self.alias
        if self.name == "*":
            return ""
        return self.name or self.module.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a file as it is searched: a function, a method, a class head, or a window of text.

    ``id`` is stable while path, name and ordinal stay; ``text_hash`` identifies the embedded
    text, so that a function that moves is never embedded again.
    """

    id: str
    path: str
    qualified_name: str
    kind: str
    span: Span
    line: int
    end_line: int
    header: str
    text: str
    text_hash: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that a file or an update could not do, said to the user; never an exception."""

    path: str
    message: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Docstring:
    """A whole docstring as written, without its quotes; ``line`` is that of the definition.

    ``kind`` and ``qualified_name`` are those of what it documents: the module's has no name.
    """

    qualified_name: str
    kind: SymbolKind
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """All that one file says of itself.

    ``docstrings`` are whole where the language has them as strings (Python); of comments in
    other languages only each symbol's first paragraph is kept.
    """

    path: str
    language: str
    symbols: tuple[Symbol, ...] = ()
    references: tuple[Reference, ...] = ()
    imports: tuple[Import, ...] = ()
    exports: tuple[str, ...] | None = None
    docstring: str = ""
    docstrings: tuple[Docstring, ...] = ()
    problems: tuple[Problem, ...] = ()


class SkipReason(StrEnum):
    """Why a file is not in the index; shown by ``copilot-ls status --skipped``."""

    IGNORED = "ignored by .copilotignore or settings"
    SECRETS = "may hold secrets"
    BINARY = "binary"
    TOO_LARGE = "too large"
    GENERATED = "generated, minified or vendored"
    GENERATED_CODE = "generated; only its definitions are indexed"
    UNREADABLE = "unreadable"
    HARMFUL = "ends the process that reads it"
    OUTSIDE = "link that leaves the workspace"
    NOT_A_FILE = "not a regular file"


@dataclass(frozen=True, slots=True)
class FileStamp:
    """What tells one version of a file from another without reading it, and by content."""

    path: str
    size: int
    modified_ns: int
    content_hash: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was seen and left out."""

    path: str
    reason: SkipReason
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Masked:
    """A secret that was replaced before anything saw it; ``kind`` says what, never the secret."""

    path: str
    line: int
    kind: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What an update has to do, computed from two lists of stamps alone."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.changed or self.removed)


@dataclass(frozen=True, slots=True)
class IndexOptions:
    """What decides the content of an index; hashed into it, so that a change rebuilds it.

    ``max_file_bytes`` above which a file is skipped, ``exclude`` extra ``.gitignore``-style
    patterns, ``vectors`` whether embeddings are made at all.
    """

    max_file_bytes: int = 1_000_000
    exclude: tuple[str, ...] = ()
    vectors: bool = True


class IndexState(StrEnum):
    """Whether the stored index can answer; decided by one function when it is opened."""

    MISSING = "missing"
    READY = "ready"
    OPTIONS_CHANGED = "options_changed"
    SCHEMA_CHANGED = "schema_changed"
    CORRUPT = "corrupt"


class UpdatePhase(StrEnum):
    """The stages of an update, in order, as a progress bar names them."""

    SCAN = "scanning"
    PARSE = "parsing"
    WRITE = "writing"
    FETCH = "fetching vectors"
    EMBED = "embedding"


@dataclass(frozen=True, slots=True)
class UpdateProgress:
    """One step of progress; ``total`` is 0 while it is unknown."""

    phase: UpdatePhase
    done: int
    total: int
    path: str = ""


@dataclass(frozen=True, slots=True)
class UpdateReport:
    """What an update did; ``seconds`` by phase."""

    plan: Plan
    n_files: int = 0
    n_symbols: int = 0
    n_chunks: int = 0
    n_embedded: int = 0
    n_taken_over: int = 0
    skipped: tuple[Skipped, ...] = ()
    problems: tuple[Problem, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """The state of an index in figures. ``store_bytes`` is its size on disk."""

    root: str
    location: str
    state: IndexState
    n_files: int = 0
    n_symbols: int = 0
    n_references: int = 0
    n_chunks: int = 0
    n_vectors: int = 0
    n_masked: int = 0
    store_bytes: int = 0
    languages: Mapping[str, int] = field(default_factory=dict)
    embedder: str = ""
    vectors: str = ""
    writer: str = ""
    updated_at: float = 0.0


class SearchMode(StrEnum):
    """What kind of question a query is."""

    COMPLETION = "completion"
    NL = "nl"
    USAGE = "usage"
    RELATED = "related"


@dataclass(frozen=True, slots=True)
class Query:
    """A question to the index.

    ``NL``: ``text`` is what a person typed (words of a purpose, or an identifier).
    ``COMPLETION``: ``text`` is the whole open document (it shadows the stored file), ``offset``
    the cursor in it, ``path`` its path; the answer is the symbols defined elsewhere that the
    cursor is likely to need, best first.
    ``USAGE``: ``text`` names a symbol; the answer is real calls of it, the best examples first.
    ``path`` is a file that counts as it is stored, though it is open and has changed. With
    ``before``, it counts as holding that, though it was saved since, and the symbol is of it.
    ``RELATED``: ``text`` is the path of a file; the answer is its tests and its companions.
    ``without`` names signals to leave out, to measure what they are worth.
    """

    text: str
    mode: SearchMode = SearchMode.NL
    path: str = ""
    offset: int = 0
    limit: int = 10
    without: tuple[str, ...] = ()
    before: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """An answer that explains itself: ``signals`` holds the value each signal gave it, ``ranks``
    its place (from 1) in the order of that signal alone.

    ``text`` is the declaration of a symbol as its user writes it, or the text of a chunk;
    ``symbol`` is absent for a window of plain text. If hits are ``closed``, nothing but the closed
    ones can stand at the cursor: they are all members of its receiver, or all names of a module.
    """

    path: str
    line: int
    end_line: int
    title: str
    score: float
    signals: Mapping[str, float] = field(default_factory=dict)
    ranks: Mapping[str, int] = field(default_factory=dict)
    symbol: Symbol | None = None
    text: str = ""
    is_closed: bool = False
