"""The errors that the indexer raises to its callers.

    IndexerError
      ├─ IndexLocked           another process is the writer
      ├─ IndexCorrupt          the store cannot be read and must be rebuilt
      ├─ EmbedderUnavailable   vectors cannot be made; lexical search still works
      ├─ ExchangeRefused       vectors that were made elsewhere cannot be used; they are made here
      ├─ ReadingTakesLong      libraries are still being read; asking again later helps
      ├─ PathRefused           a path that is not a readable folder inside the workspace
      └─ NotARepository        git cannot be asked about a folder, or not about that revision

Each carries a ``remedy``: one sentence that tells the user what to do.
A file that cannot be parsed is never an error: it becomes a problem in the update report.
"""

from __future__ import annotations


class IndexerError(Exception):
    """An expected failure of the indexer, with the remedy a user can apply."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} ({self.remedy})" if self.remedy else self.message


class IndexLocked(IndexerError):
    """Another process holds the writer's lock of this index."""


class IndexCorrupt(IndexerError):
    """The store failed its integrity check and could not be opened."""


class EmbedderUnavailable(IndexerError):
    """The embedding model is missing or its server does not answer."""


class ExchangeRefused(IndexerError):
    """Vectors that were made elsewhere cannot be fetched, or are not what they should be."""


class PathRefused(IndexerError):
    """The path is missing, unreadable or outside the workspace."""


class ReadingTakesLong(IndexerError):
    """A question needs more modules of libraries than may be read at once."""


class NotARepository(IndexerError):
    """Git is missing, distrusts the folder, or does not know what it was asked for."""
