"""The languages of documents, of Semgrep and of ast-grep, which each name them differently."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dialect:
    """One language: what rules call it, what ast-grep calls it, and how its files end."""

    name: str
    ast_grep: str
    suffix: str


_JAVASCRIPT = Dialect("javascript", "tsx", ".js")
_TSX = Dialect("typescript", "tsx", ".tsx")

# By the ids of the indexer and those of editors.
_DIALECTS = {
    "python": Dialect("python", "python", ".py"),
    "javascript": _JAVASCRIPT,
    "javascriptreact": _JAVASCRIPT,
    "typescript": Dialect("typescript", "typescript", ".ts"),
    "typescriptreact": _TSX,
    "tsx": _TSX,
    "go": Dialect("go", "go", ".go"),
    "java": Dialect("java", "java", ".java"),
    "ruby": Dialect("ruby", "ruby", ".rb"),
    "php": Dialect("php", "php", ".php"),
    "rust": Dialect("rust", "rust", ".rs"),
    "c": Dialect("c", "c", ".c"),
    "cpp": Dialect("cpp", "cpp", ".cpp"),
    "csharp": Dialect("csharp", "csharp", ".cs"),
}
DIALECTS = tuple(dict.fromkeys(_DIALECTS.values()))


def dialect_of(language: str) -> Dialect | None:
    """Return how a document's language is called elsewhere; nothing if no rule can be for it."""
    return _DIALECTS.get(language)
