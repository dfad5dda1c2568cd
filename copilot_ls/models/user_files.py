"""Edits the user's own TOML files and keeps everything else in them as it was, comments too."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, MutableMapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from copilot_ls.errors import ConfigError
from copilot_ls.models.catalog import CatalogEntry, Purpose, Source, entry_table

if TYPE_CHECKING:
    from tomlkit import TOMLDocument


def choose_model(settings_file: Path, purpose: Purpose, model_id: str) -> None:
    """Make ``model_id`` the user's choice for ``purpose`` (completion or chat).

    Raises:
        ConfigError: the file is not TOML, or cannot be written.
    """

    def change(document: TOMLDocument) -> None:
        _subtable(document, "model", settings_file)[str(purpose)] = model_id

    _edit(settings_file, change)


def save_entry(catalog_file: Path, entry: CatalogEntry) -> None:
    """Put an entry into the user's catalogue, replacing one with the same id.

    Raises:
        ConfigError: the file is not TOML, or cannot be written.
    """

    def change(document: TOMLDocument) -> None:
        _subtable(document, "models", catalog_file)[entry.id] = entry_table(entry)

    _edit(catalog_file, change)


def entry_toml(entry: CatalogEntry, source: Source) -> str:
    """Write an entry with ``source`` as its only source, ready to be pasted into a catalogue."""
    import tomlkit

    return tomlkit.dumps({"models": {entry.id: entry_table(replace(entry, sources=(source,)))}})


def _edit(path: Path, change: Callable[[TOMLDocument], None]) -> None:
    import tomlkit
    from tomlkit.exceptions import ParseError

    try:
        text = path.read_text("utf-8-sig") if path.exists() else ""
        document = tomlkit.parse(text)
        change(document)
        path.parent.mkdir(parents=True, exist_ok=True)
        # A link to a file under version control stays a link.
        target = path.resolve()
        with tempfile.NamedTemporaryFile(
            "w", dir=target.parent, prefix=f".{path.name}.", delete=False, encoding="utf-8"
        ) as file:
            file.write(tomlkit.dumps(document))
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            Path(file.name).chmod(target.stat().st_mode & 0o777)
        Path(file.name).replace(target)
    except (ParseError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} is not valid TOML: {' '.join(str(error).split())}",
            remedy="correct it, then run this again",
        ) from error
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written: {error.strerror or error}", remedy="check permissions"
        ) from error


def _subtable(document: TOMLDocument, name: str, path: Path) -> MutableMapping[str, object]:
    import tomlkit

    if name not in document:
        document.add(name, tomlkit.table())
    table = document[name]
    if not isinstance(table, MutableMapping):
        raise ConfigError(
            f"{path}: '{name}' is not a table", remedy=f"make it [{name}], then run this again"
        )
    return table
