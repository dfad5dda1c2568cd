"""From the text of one file to its symbols, references, imports and syntax errors.

The one entry to the syntax package; pure, and safe for any text: nothing here recurses with the
depth of the code, and a parse that takes too long is given up.
It leaves to others which files count, and what a name refers to in other files.
"""

from __future__ import annotations

import time
from functools import cache
from importlib.resources import files

from tree_sitter import Language, Node, Parser, Query, QueryCursor, Tree

from indexer.model import ParsedFile, Problem, Span
from indexer.syntax.c import CPP, C, dialect_of
from indexer.syntax.csharp import CSHARP
from indexer.syntax.extraction import Extraction, Grammar
from indexer.syntax.go import GO
from indexer.syntax.java import JAVA
from indexer.syntax.javascript import JAVASCRIPT, TSX, TYPESCRIPT
from indexer.syntax.php import PHP
from indexer.syntax.python import PYTHON
from indexer.syntax.ruby import RUBY
from indexer.syntax.rust import RUST
from indexer.syntax.source import Source

# Processor time, so that a busy machine does not change what is indexed.
MAX_PARSE_SECONDS = 5.0
MAX_PROBLEMS = 3
# The time of a query grows with the square of an error's width, and explodes where nodes are
# nested more than 65,535 deep (both measured with tree-sitter 0.26); code comes near neither.
MAX_ERROR_WIDTH = 10_000
MAX_QUERY_DEPTH = 2_000

_GRAMMARS: dict[str, Grammar] = {
    "python": PYTHON,
    "javascript": JAVASCRIPT,
    "typescript": TYPESCRIPT,
    "tsx": TSX,
    "c": C,
    "cpp": CPP,
    "ruby": RUBY,
    "php": PHP,
    "go": GO,
    "java": JAVA,
    "rust": RUST,
    "csharp": CSHARP,
}

_EXTENSIONS: dict[str, str] = {
    "py": "python",
    "pyi": "python",
    "js": "javascript",
    "jsx": "javascript",
    "mjs": "javascript",
    "cjs": "javascript",
    "ts": "typescript",
    "mts": "typescript",
    "cts": "typescript",
    "tsx": "tsx",
    "c": "c",
    "h": "c",
    "cc": "cpp",
    "cpp": "cpp",
    "cxx": "cpp",
    "c++": "cpp",
    "hh": "cpp",
    "hpp": "cpp",
    "hxx": "cpp",
    "h++": "cpp",
    "ipp": "cpp",
    "tpp": "cpp",
    "inl": "cpp",
    "rb": "ruby",
    "rake": "ruby",
    "gemspec": "ruby",
    "php": "php",
    "phtml": "php",
    "go": "go",
    "java": "java",
    "rs": "rust",
    "cs": "csharp",
    "md": "markdown",
    "markdown": "markdown",
    "mdx": "markdown",
    "rst": "rst",
    "txt": "text",
    "adoc": "text",
    "toml": "toml",
    "yaml": "yaml",
    "yml": "yaml",
    "json": "json",
    "jsonc": "json",
    "ini": "ini",
    "cfg": "ini",
    "conf": "ini",
    "properties": "ini",
    "sql": "sql",
    "html": "html",
    "htm": "html",
    "jinja": "html",
    "jinja2": "html",
    "j2": "html",
    "vue": "html",
    "svelte": "html",
    "css": "css",
    "scss": "css",
    "less": "css",
    "sh": "shell",
    "bash": "shell",
    "zsh": "shell",
    "ps1": "shell",
    "graphql": "graphql",
    "gql": "graphql",
    "proto": "protobuf",
    "tf": "terraform",
    "dockerfile": "dockerfile",
    "mk": "makefile",
    "cmake": "cmake",
}
_FILE_NAMES: dict[str, str] = {
    "dockerfile": "dockerfile",
    "containerfile": "dockerfile",
    "makefile": "makefile",
    "gnumakefile": "makefile",
    "justfile": "makefile",
    "gemfile": "ruby",
    "rakefile": "ruby",
    "cmakelists.txt": "cmake",
    "readme": "text",
    "changelog": "text",
    "contributing": "text",
    "codeowners": "text",
    ".editorconfig": "ini",
}


def language_of(path: str) -> str | None:
    """The language of a file by its name alone, or None if files of its kind are not indexed."""
    name = path.rpartition("/")[2].lower()
    named = _FILE_NAMES.get(name)
    if named is not None:
        return named
    stem, _, extension = name.rpartition(".")
    return _EXTENSIONS.get(extension) if stem else None


def has_grammar(language: str) -> bool:
    """Whether ``parse`` finds symbols in this language; others are searched as plain text."""
    return language in _GRAMMARS


def parse(path: str, language: str, text: str) -> ParsedFile:
    """All that a file says of itself; what it cannot say becomes a problem, never an exception."""
    language = dialect_of(language, text)
    grammar = _GRAMMARS.get(language)
    if grammar is None:
        return ParsedFile(path, language)
    source = Source(text)
    tree = _tree(language, source)
    if tree is None:
        return ParsedFile(
            path,
            language,
            problems=(Problem(path, "too broken or too slow to parse; only its text is indexed"),),
        )
    root = tree.root_node
    captures = _captures(_query(language), root)
    extraction = Extraction(path, language, source)
    if grammar.prepare is not None:
        grammar.prepare(extraction, root, captures)
    extraction.walk(captures, grammar.handlers)
    return ParsedFile(
        path=path,
        language=language,
        symbols=tuple(extraction.symbols),
        references=tuple(extraction.references),
        imports=tuple(extraction.imports),
        exports=tuple(extraction.exports) if extraction.exports is not None else None,
        docstring=extraction.docstring,
        problems=_problems(path, language, root),
    )


def syntax_errors(language: str, text: str) -> list[Span]:
    """Where the text breaks the language's grammar, in source order; a missing token is empty.

    Empty for a language without a grammar and for a text that is too broken or slow to parse.
    """
    language = dialect_of(language, text)
    if language not in _GRAMMARS:
        return []
    source = Source(text)
    tree = _tree(language, source)
    if tree is None:
        return []
    broken = _broken(language, tree.root_node)
    return [source.span(node.start_byte, node.end_byte) for node in broken]


def _problems(path: str, language: str, root: Node) -> tuple[Problem, ...]:
    lines = dict.fromkeys(node.start_point[0] for node in _broken(language, root))
    return tuple(
        Problem(path, f"syntax error in line {line + 1}; the rest is indexed", line)
        for line in list(lines)[:MAX_PROBLEMS]
    )


def _broken(language: str, root: Node) -> list[Node]:
    if not root.has_error:
        return []
    captures = _captures(_error_query(language), root)
    return sorted(
        (node for nodes in captures.values() for node in nodes), key=lambda node: node.start_byte
    )


def _tree(language: str, source: Source) -> Tree | None:
    parser = Parser(_language(language))
    data = source.data
    deadline = time.thread_time() + MAX_PARSE_SECONDS

    def is_late(_offset: int, _has_error: bool) -> bool:
        return time.thread_time() > deadline

    try:
        tree = parser.parse(lambda offset, _point: data[offset:], progress_callback=is_late)
    except ValueError:
        return None
    return None if _is_hopeless(tree.root_node) else tree


def _is_hopeless(root: Node) -> bool:
    """Whether an error is so wide that no query of the tree would end in time."""
    waiting = [root] if root.has_error and root.end_byte > MAX_ERROR_WIDTH else []
    n_seen = 0
    while waiting:
        node = waiting.pop()
        if node.is_error and node.child_count > MAX_ERROR_WIDTH:
            return True
        n_seen += 1
        if n_seen > MAX_ERROR_WIDTH:
            return False
        waiting += [child for child in node.children if child.has_error]
    return False


def _captures(query: Query, root: Node) -> dict[str, list[Node]]:
    cursor = QueryCursor(query)
    cursor.set_max_start_depth(MAX_QUERY_DEPTH)
    return cursor.captures(root)


@cache
def _language(name: str) -> Language:
    return Language(_GRAMMARS[name].load())


@cache
def _query(name: str) -> Query:
    folder = files("indexer.syntax") / "queries"
    text = "\n".join(
        (folder / f"{each}.scm").read_text(encoding="utf-8") for each in _GRAMMARS[name].queries
    )
    return Query(_language(name), text)


@cache
def _error_query(name: str) -> Query:
    return Query(_language(name), "(ERROR) @error (MISSING) @missing")
