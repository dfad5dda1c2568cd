"""Reads what a GGUF file says of itself, to make a catalogue entry of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from copilot_ls.domain import FimFormat
from copilot_ls.errors import ConfigError
from copilot_ls.models.catalog import (
    CatalogEntry,
    FileSource,
    ModelFile,
    Preparation,
    Purpose,
)

# What OpenVINO's reader of GGUF files builds, as its release notes list them.
_OPENVINO_ARCHITECTURES = frozenset({"llama", "qwen2", "qwen3"})
_LARGEST_PREPARED = 4.0


def describe_gguf(path: Path, model_id: str, fim_formats: Mapping[str, FimFormat]) -> CatalogEntry:
    """Make an entry called ``model_id`` from the file's own words.

    Raises:
        ConfigError: it is not a GGUF file, or of a kind that this product has no use for.
    """
    path = path.expanduser().absolute()
    remedy = "give the path of a whole .gguf file of a language model"
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}", remedy=remedy) from error
    if magic != b"GGUF":
        raise ConfigError(f"{path} is not a GGUF file", remedy=remedy)
    try:
        fields, parameters = _read(path)
    except (ValueError, KeyError, IndexError, OSError) as error:
        raise ConfigError(f"{path} is damaged: {error}", remedy=remedy) from error
    architecture = str(fields.get("general.architecture", ""))
    tokens = fields.get("tokenizer.ggml.tokens")
    fim = _match_fim(tokens if isinstance(tokens, list) else [], fim_formats)
    has_chat = "tokenizer.chat_template" in fields
    purposes = {Purpose.COMPLETION} if fim else set()
    if has_chat:
        purposes.add(Purpose.CHAT)
    if not purposes:
        raise ConfigError(
            f"{path} has neither fill-in-the-middle tokens nor a chat template",
            remedy="use a code model, or describe this one in models.toml",
        )
    context = fields.get(f"{architecture}.context_length", 0)
    can_prepare = architecture in _OPENVINO_ARCHITECTURES and parameters <= _LARGEST_PREPARED
    return CatalogEntry(
        id=model_id,
        family=str(fields.get("general.basename", architecture)),
        title=str(fields.get("general.name", path.stem)),
        publisher=str(fields.get("general.organization", "unknown")),
        licence=str(fields.get("general.license", "unknown")),
        parameters=round(parameters, 3),
        purposes=frozenset(purposes),
        files=(ModelFile(path.name, path.stat().st_size),),
        sources=(FileSource(path),),
        context_tokens=context if isinstance(context, int) and context else 4096,
        fim=fim,
        has_chat=has_chat,
        preparation=Preparation.OPENVINO if can_prepare else Preparation.NONE,
        note="from a file",
    )


def _read(path: Path) -> tuple[dict[str, object], float]:
    import gguf

    reader = gguf.GGUFReader(path)
    fields: dict[str, object] = {
        name: field.contents()
        for name, field in reader.fields.items()
        if name != "tokenizer.ggml.merges"
    }
    return fields, sum(int(tensor.n_elements) for tensor in reader.tensors) / 1e9


def _match_fim(tokens: list[object], formats: Mapping[str, FimFormat]) -> FimFormat | None:
    """Choose the format whose marks are all in the vocabulary, and most of its other tokens."""
    # SentencePiece writes the space before a word into the token.
    vocabulary = {
        token.replace("\u2581", " ").strip() for token in tokens if isinstance(token, str)
    }
    fitting = [
        fim
        for fim in formats.values()
        if {mark.strip() for mark in (fim.prefix, fim.suffix, fim.middle) if mark} <= vocabulary
    ]
    return max(
        fitting,
        key=lambda fim: sum(token.strip() in vocabulary for token in fim.special_tokens),
        default=None,
    )
