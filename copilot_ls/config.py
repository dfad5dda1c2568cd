"""Settings: one tree, several layers, three levels of trust.

Later layers win: defaults < user file < workspace file < editor < command line.
:func:`merge` is pure; :func:`read_layers` reads the files.
A cloned repository is hostile input, and editors mix a folder's own settings into what they
send; therefore settings that name hosts, programs or files of models are taken from the user's
own file and the command line alone, and ignored with a problem elsewhere.
"""

from __future__ import annotations

import dataclasses
import os
import tomllib
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Any, Literal

from copilot_ls.features.completion.options import CompletionOptions
from copilot_ls.features.completion.provenance import ProvenanceOptions
from copilot_ls.features.documentation.options import DocumentationOptions
from copilot_ls.features.menu import MenuOptions
from copilot_ls.features.security.options import SecurityOptions
from copilot_ls.features.tests.options import TestOptions

WORKSPACE_FILE = ".copilot-ls.toml"


class Trust(IntEnum):
    """How far the origin of a setting is trusted; a higher level may set all of the lower."""

    WORKSPACE = 1
    EDITOR = 2
    USER = 3


def _setting(default: Any, doc: str, *, trust: Trust = Trust.WORKSPACE) -> Any:
    return field(default=default, metadata={"doc": doc, "trust": trust})


class EngineName(StrEnum):
    """The engines that a user can ask for."""

    AUTO = "auto"
    OPENVINO = "openvino"
    LLAMA_CPP = "llama_cpp"
    TRANSFORMERS = "transformers"
    ENDPOINT = "endpoint"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Which model answers, and where it runs."""

    completion: str = _setting(
        "qwen2.5-coder-0.5b-instruct",
        "Catalogue id of the model for completions while typing.",
        trust=Trust.EDITOR,
    )
    chat: str = _setting(
        "qwen2.5-coder-1.5b-instruct",
        "Catalogue id of the model for slow tasks.",
        trust=Trust.EDITOR,
    )
    engine: EngineName = _setting(
        EngineName.AUTO,
        "Engine that runs the model; `auto` chooses by platform and weights, `off` uses none.",
        trust=Trust.EDITOR,
    )
    device: str = _setting(
        "AUTO", "Device of the local engine: `AUTO`, `CPU` or `GPU`.", trust=Trust.EDITOR
    )
    threads: int = _setting(0, "Threads of the local engine; 0 lets it choose.", trust=Trust.EDITOR)
    grace_seconds: float = _setting(
        30.0,
        "How long an engine process stays after its last user left.",
        trust=Trust.EDITOR,
    )


@dataclass(frozen=True, slots=True)
class EndpointSettings:
    """An OpenAI-compatible server, used when `model.engine` is `endpoint` or a URL is set."""

    url: str = _setting(
        "", "Base URL of the server, such as `http://127.0.0.1:8080/v1`.", trust=Trust.USER
    )
    api: Literal["completions", "infill", "chat"] = _setting(
        "completions",
        "Which request the server gets: `/v1/completions` with a raw fill-in-the-middle prompt, "
        "llama.cpp's `/infill`, or `/v1/chat/completions`.",
        trust=Trust.USER,
    )
    model: str = _setting("", "Model name the server expects; empty asks it.", trust=Trust.USER)
    catalog_id: str = _setting(
        "",
        "Catalogue id whose prompt format the server's model has; empty matches by model name.",
        trust=Trust.USER,
    )
    api_key_env: str = _setting(
        "", "Name of the environment variable that holds the server's key.", trust=Trust.USER
    )
    timeout_seconds: float = _setting(20.0, "How long to wait for the server.", trust=Trust.USER)
    proxy: str = _setting("", "Proxy for the server; empty uses none.", trust=Trust.USER)
    ca_bundle: str = _setting(
        "", "File with the certificate authorities to trust.", trust=Trust.USER
    )


@dataclass(frozen=True, slots=True)
class IndexSettings:
    """What of the repository is indexed."""

    enabled: bool = _setting(True, "Index the workspace and use it in prompts.")
    max_file_bytes: int = _setting(1_000_000, "Larger files are skipped.")
    exclude: tuple[str, ...] = _setting(
        (), "Patterns (as in `.gitignore`) of files that are never read; adds to `.copilotignore`."
    )
    vectors: bool = _setting(
        True, "Make embeddings for searches in plain words, in the background."
    )
    embedder_url: str = _setting(
        "",
        "Base URL of an OpenAI-compatible embeddings server; empty uses the local model.",
        trust=Trust.USER,
    )
    embedder_model: str = _setting("", "Model name for that server.", trust=Trust.USER)
    python_environment: str = _setting(
        "",
        "Folder of the virtual environment with the project's packages, whose signatures are read; "
        "empty takes the active one, or a `.venv` inside the project.",
        trust=Trust.USER,
    )
    pull_from: str = _setting(
        "",
        "Folder or address where `copilot-ls index --publish` put vectors; `{name}` stands for the "
        "name of the project's folder. What lies there is not embedded again here.",
        trust=Trust.USER,
    )
    pull_token_env: str = _setting(
        "",
        "Name of the environment variable that holds the token for `index.pull_from`.",
        trust=Trust.USER,
    )
    chroma_url: str = _setting(
        "",
        "Address of a Chroma server that a team shares, such as `https://chroma.example.org`; "
        "empty keeps the vectors here.",
        trust=Trust.USER,
    )
    chroma_token_env: str = _setting(
        "",
        "Name of the environment variable that holds the token for `index.chroma_url`.",
        trust=Trust.USER,
    )
    ca_bundle: str = _setting(
        "",
        "File with the certificate authorities to trust for `index.pull_from` and "
        "`index.chroma_url`.",
        trust=Trust.USER,
    )
    proxy: str = _setting("", "Proxy for both; empty uses none.", trust=Trust.USER)


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """How a project's own code is run, once the user allowed it."""

    python: str = _setting(
        "",
        "The project's Python interpreter; empty looks for an environment in the project.",
        trust=Trust.USER,
    )
    node: str = _setting(
        "",
        "The node that runs JavaScript and TypeScript; empty takes the one on PATH.",
        trust=Trust.USER,
    )
    memory_mb: int = _setting(2_048, "Memory that the project's code may use.", trust=Trust.USER)


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What the server writes to its log."""

    level: Literal["debug", "info", "warning", "error"] = _setting(
        "info", "Least severity that is logged; code text appears only in `debug`."
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting; ``sources`` tells which layer set what is not a default."""

    model: ModelSettings = ModelSettings()
    endpoint: EndpointSettings = EndpointSettings()
    completion: CompletionOptions = CompletionOptions()
    menu: MenuOptions = MenuOptions()
    index: IndexSettings = IndexSettings()
    security: SecurityOptions = SecurityOptions()
    provenance: ProvenanceOptions = ProvenanceOptions()
    tests: TestOptions = TestOptions()
    docs: DocumentationOptions = DocumentationOptions()
    sandbox: SandboxSettings = SandboxSettings()
    log: LogSettings = LogSettings()
    sources: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def is_served_elsewhere(self) -> bool:
        """Whether models are those behind ``endpoint.url``, not of this machine's engines."""
        engine = self.model.engine
        is_named = engine is EngineName.AUTO and bool(self.endpoint.url)
        return is_named or engine is EngineName.ENDPOINT


@dataclass(frozen=True, slots=True)
class Layer:
    """Values from one place, as nested mappings (``{"model": {"engine": "off"}}``)."""

    name: str
    trust: Trust
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class SettingProblem:
    """A value that was ignored, and why; the rest of its layer counts."""

    layer: str
    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.layer}: {self.key}: {self.message}" if self.key else self.message


@dataclass(frozen=True, slots=True)
class SettingDescription:
    """One setting as the configuration page shows it."""

    key: str
    type_name: str
    default: object
    doc: str
    trust: Trust


def merge(layers: Sequence[Layer]) -> tuple[Settings, list[SettingProblem]]:
    """Lay ``layers`` over the defaults, later ones winning."""
    descriptions = _leaves()
    values: dict[str, object] = {}
    sources: dict[str, str] = {}
    problems: list[SettingProblem] = []
    for layer in layers:
        for key, value in _flatten(layer.values):
            if key not in descriptions:
                problems.append(SettingProblem(layer.name, key, _unknown(key, descriptions)))
                continue
            hint, trust, _ = descriptions[key]
            if layer.trust < trust:
                problems.append(SettingProblem(layer.name, key, _untrusted(layer, trust)))
                continue
            try:
                values[key] = _coerce(value, hint)
            except ValueError as error:
                problems.append(SettingProblem(layer.name, key, str(error)))
                continue
            sources[key] = layer.name
    groups: dict[str, Any] = {}
    for group in dataclasses.fields(Settings):
        if group.name == "sources":
            continue
        prefix = f"{group.name}."
        changes = {k.removeprefix(prefix): v for k, v in values.items() if k.startswith(prefix)}
        groups[group.name] = dataclasses.replace(group.default, **changes)  # type: ignore[type-var]
    return Settings(**groups, sources=sources), problems


def describe() -> list[SettingDescription]:
    """List every setting, in order, for the configuration page and the editors' manifests."""
    defaults = Settings()
    return [
        SettingDescription(
            key=key,
            type_name=_type_name(hint),
            default=getattr(getattr(defaults, key.partition(".")[0]), key.partition(".")[2]),
            doc=doc,
            trust=trust,
        )
        for key, (hint, trust, doc) in _leaves().items()
    ]


def user_file() -> Path:
    """Where the user's own settings stand; ``COPILOT_LS_CONFIG`` names another file."""
    if path := os.environ.get("COPILOT_LS_CONFIG"):
        return Path(path)
    import platformdirs

    return Path(platformdirs.user_config_dir("copilot-ls", appauthor=False)) / "config.toml"


def read_layers(root: Path | None) -> tuple[list[Layer], list[SettingProblem]]:
    """Read the user's file and the files of the workspace ``root``.

    A file that is missing is no problem; one that cannot be read or parsed is.
    """
    layers: list[Layer] = []
    problems: list[SettingProblem] = []
    places: list[tuple[Path, str, Trust, tuple[str, ...]]] = [
        (user_file(), "user file", Trust.USER, ())
    ]
    if root is not None:
        places += [
            (root / "pyproject.toml", "pyproject.toml", Trust.WORKSPACE, ("tool", "copilot-ls")),
            (root / WORKSPACE_FILE, WORKSPACE_FILE, Trust.WORKSPACE, ()),
        ]
    for path, name, trust, table in places:
        try:
            values: object = tomllib.loads(_read_small(path))
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            # A pyproject.toml that other tools complain about as well is not ours to report.
            if not table:
                problems.append(SettingProblem(name, "", f"{path}: cannot be read: {error}"))
            continue
        for part in table:
            values = values.get(part, {}) if isinstance(values, Mapping) else {}
        if isinstance(values, Mapping) and values:
            layers.append(Layer(name, trust, values))
    return layers, problems


def parse_assignments(assignments: Sequence[str]) -> Layer:
    """Turn ``key=value`` words of the command line into a layer; values are TOML or plain text.

    Raises:
        ValueError: a word has no ``=``.
    """
    values: dict[str, object] = {}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals:
            raise ValueError(f"'{assignment}' is not of the form key=value")
        try:
            value: object = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            value = text
        values[key.strip()] = value
    return Layer("command line", Trust.USER, values)


def _read_small(path: Path) -> str:
    """Read a settings file, refusing what cannot be one (a device, or megabytes)."""
    if path.exists() and (not path.is_file() or path.stat().st_size > 1_000_000):
        raise ValueError("not a settings file")
    return path.read_text(encoding="utf-8-sig")


def _leaves() -> dict[str, tuple[Any, Trust, str]]:
    leaves: dict[str, tuple[Any, Trust, str]] = {}
    for group in dataclasses.fields(Settings):
        if group.name == "sources":
            continue
        cls: Any = type(group.default)
        hints = typing.get_type_hints(cls)
        for leaf in dataclasses.fields(cls):
            trust = leaf.metadata.get("trust", Trust.WORKSPACE)
            leaves[f"{group.name}.{leaf.name}"] = (hints[leaf.name], trust, leaf.metadata["doc"])
    return leaves


def _flatten(values: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in values.items():
        name = f"{prefix}{str(key).replace('-', '_')}"
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{name}.")
        elif value is not None:
            yield name, value


def _coerce(value: object, hint: Any) -> object:
    origin = typing.get_origin(hint)
    if origin is Literal or (isinstance(hint, type) and issubclass(hint, StrEnum)):
        allowed = [str(member) for member in (typing.get_args(hint) or hint)]
        if value not in allowed:
            raise ValueError(f"'{value}' is not one of {', '.join(allowed)}")
        return hint(value) if isinstance(hint, type) else value
    if origin is tuple:
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise ValueError("must be a list of texts")
        return tuple(value)
    if hint is bool and isinstance(value, bool):
        return value
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        return _not_negative(float(value))
    if hint is int and isinstance(value, int) and not isinstance(value, bool):
        return _not_negative(value)
    if hint is str and isinstance(value, str):
        return value
    raise ValueError(f"must be {_type_name(hint)}, not {type(value).__name__}")


def _not_negative(value: float) -> float:
    if not 0 <= value < 1e12:
        raise ValueError("must be zero or a sensible positive number")
    return value


def _type_name(hint: Any) -> str:
    if typing.get_origin(hint) is tuple:
        return "list of texts"
    if typing.get_origin(hint) is Literal:
        return " | ".join(f"`{member}`" for member in typing.get_args(hint))
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return " | ".join(f"`{member}`" for member in hint)
    names = {str: "text", int: "whole number", float: "number", bool: "true or false"}
    return names.get(hint, str(hint)) if not isinstance(hint, types.UnionType) else str(hint)


def _unknown(key: str, known: Mapping[str, object]) -> str:
    import difflib

    near = difflib.get_close_matches(key, known, n=1)
    return "unknown setting" + (f"; did you mean {near[0]}?" if near else "")


def _untrusted(layer: Layer, needed: Trust) -> str:
    place = "the user file or the command line"
    if needed is Trust.EDITOR:
        place = "the editor's settings, the user file or the command line"
    return f"ignored: a {layer.trust.name.lower()} may not set this; set it in {place}"
