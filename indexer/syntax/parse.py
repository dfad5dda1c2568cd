"""From the text of one file to its symbols, references, imports and syntax errors.

The one entry to the syntax package; pure, and safe for any text: nothing here recurses with the
depth of the code, and a parse that takes too long is given up.
It leaves to others which files count, and what a name refers to in other files.
"""

from __future__ import annotations

from indexer.model import ParsedFile, Problem, Span
from indexer.syntax.extraction import Extraction
from indexer.syntax.tree import (
    GRAMMARS,
    SyntaxTree,
    broken_nodes,
    captures,
    errors_in,
    query_of,
    read_tree,
)

MAX_PROBLEMS = 3

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


def file_globs() -> list[str]:
    """Glob patterns, for any depth, of the files that have a language."""
    extensions = ",".join(sorted(_EXTENSIONS))
    names = {each for name in _FILE_NAMES for each in (name, name.capitalize(), name.upper())}
    return [f"**/*.{{{extensions}}}", *(f"**/{name}" for name in sorted(names))]


def has_grammar(language: str) -> bool:
    """Whether ``parse`` finds symbols in this language; others are searched as plain text."""
    return language in GRAMMARS


def parse(path: str, language: str, text: str) -> ParsedFile:
    """All that a file says of itself; what it cannot say becomes a problem, never an exception."""
    if language not in GRAMMARS:
        return ParsedFile(path, language)
    tree = read_tree(language, text)
    if tree is None:
        problem = Problem(path, "too broken or too slow to parse; only its text is indexed")
        return ParsedFile(path, language, problems=(problem,))
    return parse_tree(path, tree)


def parse_tree(path: str, tree: SyntaxTree, *, with_uses: bool = True) -> ParsedFile:
    """All that the file of a tree says of itself; without its uses of names in half the time."""
    grammar = GRAMMARS[tree.language]
    found = captures(query_of(tree.language, with_uses=with_uses), tree.root)
    extraction = Extraction(path, tree.language, tree.source, with_uses=with_uses)
    handlers = grammar.handlers
    if not with_uses:
        handlers = {name: handlers[name] for name in handlers if name not in grammar.uses}
    if grammar.prepare is not None:
        grammar.prepare(extraction, tree.root, found)
    extraction.walk(found, handlers)
    return ParsedFile(
        path=path,
        language=tree.language,
        symbols=tuple(extraction.symbols),
        references=tuple(extraction.references),
        imports=tuple(extraction.imports),
        exports=tuple(extraction.exports) if extraction.exports is not None else None,
        docstring=extraction.docstring,
        docstrings=tuple(extraction.docstrings),
        problems=_problems(path, tree),
    )


def syntax_errors(language: str, text: str) -> list[Span]:
    """Where the text breaks the language's grammar, in source order; a missing token is empty.

    Empty for a language without a grammar and for a text that is too broken or slow to parse.
    """
    tree = read_tree(language, text)
    return [] if tree is None else errors_in(tree)


def _problems(path: str, tree: SyntaxTree) -> tuple[Problem, ...]:
    lines = dict.fromkeys(node.start_point[0] for node in broken_nodes(tree))
    return tuple(
        Problem(path, f"syntax error in line {line + 1}; the rest is indexed", line)
        for line in list(lines)[:MAX_PROBLEMS]
    )
