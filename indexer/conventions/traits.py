"""What one file does: its habits, counted. Pure, and linear in the length of the text.

Most of it follows from the parsed symbols, imports and uses; what those do not hold (quotes,
indentation, how errors are raised) is read off the text with its strings and comments blanked.
What the habits of many files amount to is left to ``mine``.
"""

from __future__ import annotations

import posixpath
import re
import sys
from bisect import bisect_right
from collections import Counter
from functools import lru_cache
from itertools import pairwise

from indexer.conventions.model import Trait
from indexer.conventions.notes import Notes
from indexer.conventions.statements import note_statements
from indexer.conventions.testing import note_tests
from indexer.model import (
    CALLABLE_KINDS,
    Docstring,
    Import,
    ParameterKind,
    ParsedFile,
    ReferenceKind,
    Symbol,
    SymbolKind,
)
from indexer.syntax.docstring import DocstringStyle, style_of
from indexer.syntax.parse import has_grammar

LINE_LIMITS = (79, 88, 100, 120)
SCRIPT_LANGUAGES = frozenset({"javascript", "typescript", "tsx"})
# The most frequent calls of one file; those it makes once say nothing.
_MAX_CALLS = 8
_MAX_INDENTED = 400
_MAX_COMMENT = 4_000
# A statement that begins further above its last name is not looked for.
_MAX_IMPORT_LINES = 60

_SNAKE = re.compile(r"_*[a-z][a-z0-9]*(?:_+[a-z0-9]+)+_*")
_CAMEL = re.compile(r"_*[a-z][a-z0-9]*[A-Z][a-zA-Z0-9]*_*")
_PASCAL = re.compile(r"_*[A-Z][a-zA-Z0-9]*_*")
_UPPER = re.compile(r"_*[A-Z][A-Z0-9]*(?:_+[A-Z0-9]+)*_*")
_KEBAB = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)+")
_ONE_WORD = re.compile(r"_*[a-z][a-z0-9]*_*")
_DUNDER = re.compile(r"__\w+__")
_PREDICATE = re.compile(
    r"_*(is|has|can|should|was|are|needs|supports|allows|contains|matches|use|include|enable)"
    r"(?=_|[A-Z]|$)"
)
_BOOLEAN = frozenset({"bool", "boolean", "Boolean", "TypeGuard", "TypeIs"})

# The most frequent verbs of documentation, to tell "Return" from "Returns".
_VERB = re.compile(
    r"(add|apply|build|calculate|call|check|clear|close|compute|convert|create|decode|delete"
    r"|determine|disable|display|enable|encode|execute|extract|fetch|find|format|generate|get"
    r"|give|handle|initiali[sz]e|insert|iterate|join|list|load|make|merge|open|parse|print"
    r"|process|provide|raise|read|register|remove|render|replace|represent|resolve|retrieve|return"
    r"|run|save|search|send|seriali[sz]e|set|show|sort|split|start|stop|store|tell|test|transform"
    r"|tr(?:y|ie)|update|use|validate|verif(?:y|ie)|wait|wrap|write|yield)(e?s)?\b",
    re.IGNORECASE,
)
_TAGS = re.compile(r"(?:^|\s)[@\\](?:param|returns?|throws|exception|tparam|arg)\b")
_MODIFIERS = re.compile(
    r"(?:\s|\b(?:export|default|declare|public|private|protected|static|final|abstract|async|const"
    r"|let|var|readonly|override|internal|sealed|partial|pub|unsafe|extern|inline)\b)*\Z"
)
_ESM = re.compile(r"^(?:import|export)\b", re.MULTILINE)
_COMMONJS = re.compile(r"\brequire\(|\bmodule\.exports\b|^exports\.", re.MULTILINE)
_LOOSE_END = re.compile(r"[\w)\]\"'`]$")
_CONTINUATIONS = frozenset(".?:&|+-*/=)]}<>(,{")
_IMPORT_STATEMENT = re.compile(r"[ \t]*(?:from|import)\b")
_TYPE_CHECKING = re.compile(r"^if (?:typing\.|t\.)?TYPE_CHECKING\b", re.MULTILINE)
_GET_LOGGER = re.compile(r"\b(?:[\w.]+\.)?(?:getLogger|get_logger|getChild)\([^()]*\)")
_NODE_MODULE = re.compile(
    r"(?:assert|child_process|crypto|events|fs|https?|os|path|stream|url|util|zlib)(?:/promises)?"
)
_SPELLINGS = (
    ("types.optional", "Optional[X]", re.compile(r"\bOptional\[")),
    ("types.optional", "X | None", re.compile(r"\|\s*None\b|\bNone\s*\|")),
    (
        "types.containers",
        "List[X]",
        re.compile(r"(?<![\w.])(?:typing\.|t\.)?(?:List|Dict|Set|Tuple|FrozenSet|Type)\["),
    ),
    ("types.containers", "list[X]", re.compile(r"(?<![\w.])(?:list|dict|set|tuple|frozenset)\[")),
)

_FUNCTIONS = frozenset({SymbolKind.FUNCTION, SymbolKind.METHOD})
_TYPES = frozenset({SymbolKind.CLASS, SymbolKind.INTERFACE, SymbolKind.ENUM, SymbolKind.TYPE_ALIAS})
_MEMBERS = frozenset({SymbolKind.FIELD, SymbolKind.METHOD, SymbolKind.PROPERTY})
_DOCUMENTED = {
    SymbolKind.CLASS: "docs.classes",
    SymbolKind.INTERFACE: "docs.classes",
    SymbolKind.ENUM: "docs.classes",
    SymbolKind.FUNCTION: "docs.functions",
    SymbolKind.METHOD: "docs.methods",
    SymbolKind.PROPERTY: "docs.methods",
}
_RECORD_DECORATORS = {
    "dataclass": "dataclass",
    "attr.s": "attrs",
    "attr.attrs": "attrs",
    "attrs.define": "attrs",
    "attrs.frozen": "attrs",
    "define": "attrs",
}
_RECORD_BASES = {
    "NamedTuple": "NamedTuple",
    "TypedDict": "TypedDict",
    "BaseModel": "pydantic BaseModel",
    "BaseSettings": "pydantic BaseSettings",
    "Struct": "msgspec Struct",
}


def traits_of(parsed: ParsedFile, text: str) -> tuple[Trait, ...]:
    """The habits of a file; ``text`` is what ``parsed`` was made from.

    Empty for a language without a grammar.
    """
    if not has_grammar(parsed.language):
        return ()
    notes = Notes(parsed, text)
    note_habits(notes)
    return notes.traits()


def note_habits(notes: Notes) -> None:
    """Note all that a file in a language with a grammar does."""
    parsed = notes.parsed
    _note_layout(notes)
    for symbol in parsed.symbols:
        _note_symbol(notes, symbol)
    _note_documentation(notes)
    _note_calls(notes)
    if parsed.language == "python":
        _note_python_imports(notes)
    elif parsed.language in SCRIPT_LANGUAGES:
        _note_script(notes)
    note_statements(notes)
    note_tests(notes)


@lru_cache(maxsize=16_384)
def naming_of(name: str) -> str:
    """The naming style of an identifier; empty for one small word or letter, which fits several."""
    name = name.strip("@$#&*?!:=").rpartition(".")[2]
    is_name = name.replace("-", "_").replace("$", "_").isidentifier() and len(name.strip("_")) > 1
    if not is_name or _ONE_WORD.fullmatch(name) or _DUNDER.fullmatch(name):
        return ""
    for style, pattern in (
        ("snake_case", _SNAKE),
        ("UPPER_CASE", _UPPER),
        ("PascalCase", _PASCAL),
        ("camelCase", _CAMEL),
        ("kebab-case", _KEBAB),
    ):
        if pattern.fullmatch(name):
            return style
    return "other"


# Text


def _note_layout(notes: Notes) -> None:
    parsed = notes.parsed
    lengths = sorted(map(len, notes.lines))
    margin = 1 if "\r\n" in notes.text[:1_000] else 0
    shortest = margin
    for limit in LINE_LIMITS:
        n = bisect_right(lengths, limit + margin) - bisect_right(lengths, shortest)
        if n:
            notes.add("layout.line length", str(limit), 0, n)
        shortest = limit + margin
    if n := len(lengths) - bisect_right(lengths, shortest):
        longest = max(range(len(notes.lines)), key=lambda number: len(notes.lines[number]))
        notes.add("layout.line length", "more", longest, n)
    if indentation := _indentation(notes.code):
        notes.add("layout.indentation", indentation, 0)
    if style := naming_of(posixpath.basename(parsed.path).partition(".")[0]):
        notes.add("naming.file", style, 0)
    if parsed.language in {"python", "ruby", "php", *SCRIPT_LANGUAGES}:
        for quote, name in (('"', "double"), ("'", "single")):
            if n := notes.quotes[quote]:
                notes.add("layout.quotes", name, 0, n)


def _indentation(code: str) -> str:
    """The most frequent step to the right among the first lines of code."""
    steps: Counter[str] = Counter()
    previous = 0
    for line in code.split("\n", _MAX_INDENTED)[:_MAX_INDENTED]:
        content = line.lstrip(" ")
        if content.startswith("\t"):
            steps["tabs"] += 1
        elif content and not content.isspace():
            indent = len(line) - len(content)
            if indent - previous in {2, 3, 4, 8}:
                steps[f"{indent - previous} spaces"] += 1
            previous = indent
    return max(steps, key=lambda step: steps[step], default="")


# Symbols


def _note_symbol(notes: Notes, symbol: Symbol) -> None:
    kind, line = symbol.kind, symbol.line
    is_test = symbol.name.startswith("test") and kind in _FUNCTIONS
    if not is_test and (named := naming_of_symbol(symbol)):
        sort, style = named
        notes.add(f"naming.{sort}", style, line)
    if not symbol.is_public and symbol.language not in {"python", "go"} and kind in _MEMBERS:
        form = "_name" if symbol.name.startswith("_") else "#name" if "#" in symbol.name else "name"
        notes.add("naming.private member", form, line)
    if not is_test:
        _note_signature(notes, symbol)
        _note_predicate(notes, symbol)
    for decorator in symbol.decorators:
        name = decorator.partition("(")[0].strip()
        notes.add("idioms.decorator", name, line)
        if record := _RECORD_DECORATORS.get(name.removeprefix("dataclasses.")):
            flags = [f for f in ("frozen", "slots", "kw_only") if f"{f}=True" in decorator]
            notes.add("idioms.record", record + (f"({', '.join(flags)})" if flags else ""), line)
    for base in symbol.bases:
        name = base.partition("[")[0].partition("<")[0].strip()
        if name and name != "object" and "=" not in name:
            notes.add("idioms.base class", name, line)
            record = _RECORD_BASES.get(name.rpartition(".")[2])
            if record and symbol.language == "python":
                notes.add("idioms.record", record, line)
    if kind in {SymbolKind.VARIABLE, SymbolKind.CONSTANT} and symbol.language == "python":
        made = _GET_LOGGER.search(symbol.stub)
        if made and not symbol.parent:
            notes.add("logging.logger", f"{symbol.name} = {made[0]}", line)


def naming_of_symbol(symbol: Symbol) -> tuple[str, str] | None:
    """What sort of thing a symbol is as far as names go, and how it is named; or nothing."""
    style = _style_of_name(symbol)
    if not style:
        return None
    is_constant = style == "UPPER_CASE" and symbol.kind is SymbolKind.FIELD
    return "class constant" if is_constant else symbol.kind.value.replace("_", " "), style


def _style_of_name(symbol: Symbol) -> str:
    """The naming style of a symbol; empty where it has no choice."""
    style = naming_of(symbol.name)
    is_constructor = symbol.name == symbol.parent.rpartition(".")[2]
    if symbol.kind is SymbolKind.MODULE or is_constructor:
        return ""
    if symbol.language == "go" and style in {"camelCase", "PascalCase"}:
        # The first letter tells public from private.
        return "MixedCaps"
    if symbol.kind in _TYPES and style == "UPPER_CASE" and "_" not in symbol.name:
        # ``SGD`` is one word of either style.
        return ""
    return style


def _note_predicate(notes: Notes, symbol: Symbol) -> None:
    is_called = symbol.kind in {*_FUNCTIONS, SymbolKind.PROPERTY}
    annotation = symbol.signature.returns if symbol.signature else symbol.annotation
    name = (annotation or "").strip("'\" ").partition("[")[0].rpartition(".")[2]
    if name in _BOOLEAN and not _DUNDER.fullmatch(symbol.name):
        match = _PREDICATE.match(symbol.name)
        where = "predicate" if is_called else "flag"
        notes.add(f"naming.{where}", f"{match[1]}…" if match else "no such prefix", symbol.line)


def _note_signature(notes: Notes, symbol: Symbol) -> None:
    signature, line = symbol.signature, symbol.line
    if signature is None or symbol.kind not in CALLABLE_KINDS:
        return
    is_typed = symbol.language in {"python", "typescript", "tsx"}
    who = "public" if symbol.is_public else "private"
    for index, parameter in enumerate(signature.parameters):
        if index == 0 and parameter.name in {"self", "cls", "this", "mcs"}:
            continue
        style = naming_of(parameter.name)
        if style and parameter.kind is not ParameterKind.VARIADIC_KEYWORD:
            notes.add("naming.parameter", style, line)
        if is_typed:
            choice = "annotated" if parameter.annotation else "bare"
            notes.add(f"types.parameters, {who}", choice, line)
    if is_typed and symbol.name not in {"__init__", "constructor"}:
        choice = "annotated" if signature.returns else "bare"
        notes.add(f"types.returns, {who}", choice, line)
    if symbol.language == "python":
        found = (signature.returns, *(each.annotation for each in signature.parameters))
        annotations = " ; ".join(filter(None, found))
        for kind, value, pattern in _SPELLINGS if annotations else ():
            if n := len(pattern.findall(annotations)):
                notes.add(kind, value, line, n)


# Documentation


def _note_documentation(notes: Notes) -> None:
    parsed = notes.parsed
    if parsed.language in {"python", "go", "rust"}:
        notes.add("docs.modules", "documented" if parsed.docstring else "undocumented", 0)
    for symbol in parsed.symbols:
        kind = _DOCUMENTED.get(symbol.kind)
        if kind is None:
            continue
        if symbol.is_public and not _DUNDER.fullmatch(symbol.name) and not _is_repeated(symbol):
            notes.add(kind, "documented" if symbol.docstring else "undocumented", symbol.line)
        if symbol.docstring and parsed.language != "python":
            notes.add("docs.comment", _comment_style(notes, symbol), symbol.line)
    for docstring in parsed.docstrings:
        _note_docstring(notes, docstring)


def _is_repeated(symbol: Symbol) -> bool:
    """Whether another definition of the same name carries the documentation."""
    return any(
        each.endswith(("overload", ".setter", ".deleter", "override")) for each in symbol.decorators
    )


def _note_docstring(notes: Notes, docstring: Docstring) -> None:
    text, line = docstring.text, docstring.line
    stripped = text.strip()
    if not stripped:
        return
    if docstring.kind is not SymbolKind.MODULE:
        style = style_of(text)
        is_plain = style is DocstringStyle.PLAIN
        notes.add("docs.sections", "without" if is_plain else "with", line)
        if not is_plain:
            notes.add("docs.style", style, line)
    first = stripped.partition("\n")[0].rstrip()
    if first != stripped:
        starts_late = text.lstrip(" \t").startswith(("\n", "\r"))
        notes.add("docs.summary", "second line" if starts_late else "first line", line)
    else:
        ends = "full stop" if first.endswith((".", "!", "?")) else "no full stop"
        notes.add("docs.one-liners end with", ends, line)
    verb = _VERB.match(first) if docstring.kind in _FUNCTIONS else None
    if verb:
        mood = "third person (Returns …)" if verb[2] else "imperative (Return …)"
        notes.add("docs.mood", mood, line)


def _comment_style(notes: Notes, symbol: Symbol) -> str:
    """The style of the comment that documents what follows it."""
    before = notes.text[max(0, symbol.span.start - _MAX_COMMENT) : symbol.span.start]
    if modifiers := _MODIFIERS.search(before):
        before = before[: modifiers.start()]
    opening = before.rfind("/*") if before.endswith("*/") else before.rfind("\n\n")
    comment = before[max(opening, 0) :]
    if "<summary>" in comment:
        return "XML (<summary>)"
    if _TAGS.search(comment):
        return "with tags (@param)"
    return "Markdown headings" if re.search(r"//[/!] # ", comment) else "prose"


# Imports


def _note_python_imports(notes: Notes) -> None:
    parsed = notes.parsed
    top: list[tuple[int, Import]] = []
    seen: set[tuple[int, str]] = set()
    has_future = False
    for entry in parsed.imports:
        if entry.module == "__future__":
            has_future = has_future or entry.name == "annotations"
            continue
        if entry.name == "*":
            notes.add("imports.star", f"from {'.' * entry.level}{entry.module}", entry.line)
        if not entry.name:
            used = f"{entry.module} as {entry.alias}" if entry.alias else entry.module
            notes.add("imports.name", used, entry.line)
        if (entry.level, entry.module) in seen:
            continue
        seen.add((entry.level, entry.module))
        form = "from module import name" if entry.name else "import module"
        notes.add("imports.form", form, entry.line)
        start = _statement_line(notes.lines, entry.line)
        is_top = notes.lines[start][:1] not in {" ", "\t"}
        place = "top of the file" if is_top else "inside functions or blocks"
        notes.add("imports.place", place, start)
        if is_top:
            top.append((start, entry))
    if seen and not parsed.path.endswith(".pyi"):
        notes.add("imports.future annotations", "yes" if has_future else "no", 0)
        guard = _TYPE_CHECKING.search(notes.text)
        line = notes.line_of(guard.start()) if guard else 0
        notes.add("imports.if TYPE_CHECKING", "yes" if guard else "no", line)
    if len(top) > 2:
        notes.add("imports.order", _order(top, notes.lines), top[0][0])


def _statement_line(lines: list[str], line: int) -> int:
    """Where the statement begins that imports a name in ``line``."""
    line = min(line, len(lines) - 1)
    for number in range(line, max(-1, line - _MAX_IMPORT_LINES), -1):
        if _IMPORT_STATEMENT.match(lines[number]):
            return number
    return line


def _order(top: list[tuple[int, Import]], lines: list[str]) -> str:
    ranks = sorted((line, _rank(entry)) for line, entry in top)
    kinds = [rank for _, rank in ranks]
    if kinds != sorted(kinds):
        return "no order of groups"
    for (line, rank), (below, other) in pairwise(ranks):
        if rank == 0 < other and all(each.strip() for each in lines[line:below]):
            return "standard library first"
    return "standard library first, blank line after it"


def _rank(entry: Import) -> int:
    if entry.level:
        return 2
    return 0 if entry.module.partition(".")[0] in sys.stdlib_module_names else 1


def _note_script(notes: Notes) -> None:
    parsed = notes.parsed
    for entry in parsed.imports:
        specifier = entry.module
        if specifier.startswith("."):
            extension = posixpath.splitext(specifier)[1]
            has_extension = extension in {".js", ".ts", ".mjs", ".cjs", ".jsx", ".tsx"}
            value = f"with {extension}" if has_extension else "without extension"
            notes.add("imports.relative paths", value, entry.line)
            notes.add("imports.own modules", "relative", entry.line)
        elif specifier.startswith(("@/", "~/", "#")):
            notes.add("imports.own modules", f"alias {specifier[0]}", entry.line)
        elif specifier.startswith("node:"):
            notes.add("imports.Node's modules", "node:fs", entry.line)
        elif _NODE_MODULE.fullmatch(specifier):
            notes.add("imports.Node's modules", "fs", entry.line)
    if _ESM.search(notes.code):
        notes.add("imports.system", "ES modules", 0)
    elif _COMMONJS.search(notes.code):
        notes.add("imports.system", "CommonJS", 0)
    if parsed.exports:
        form = "default export" if "default" in parsed.exports else "named exports only"
        notes.add("imports.exports", form, 0)
    _note_semicolons(notes)


def _note_semicolons(notes: Notes) -> None:
    n_with = n_without = 0
    for line, following in pairwise(notes.code.split("\n")):
        content = line.rstrip()
        if content.endswith(";"):
            n_with += 1
        elif _LOOSE_END.search(content):
            start = following.lstrip()[:1]
            n_without += bool(start) and start not in _CONTINUATIONS
    for value, n in (("yes", n_with), ("no", n_without)):
        if n:
            notes.add("layout.semicolons", value, 0, n)


# Uses


def _note_calls(notes: Notes) -> None:
    counts: Counter[str] = Counter()
    lines: dict[str, int] = {}
    for use in notes.parsed.references:
        if use.kind is ReferenceKind.CALL and (shape := _call_shape(use.name, use.receiver)):
            counts[shape] += 1
            lines.setdefault(shape, use.line)
    for shape, count in counts.most_common(_MAX_CALLS):
        if count > 1:
            notes.add("idioms.call", shape, lines[shape], count)


def _call_shape(name: str, receiver: str) -> str:
    if not receiver:
        return f"{name}()"
    if receiver.endswith("super()"):
        return f"super().{name}()"
    last = receiver.rpartition(".")[2]
    return f"{last}.{name}()" if last.isidentifier() and len(last) < 30 else ""
