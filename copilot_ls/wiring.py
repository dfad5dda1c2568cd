"""The one place that opens an index and chooses an adapter; it holds no logic of its own.

The server, the command line and the evaluations get a :class:`Workspace` here and see ports.
Heavy libraries load when the first thing needs them, never when this module is imported.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import logging
import os
import re
import sys
import time
import urllib.parse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from copilot_ls import config, scanning
from copilot_ls.config import EngineName, Settings
from copilot_ls.documenting import Documenter
from copilot_ls.domain import Capabilities, Document
from copilot_ls.errors import ModelUnavailable, SandboxError, WorkspaceError
from copilot_ls.features.completion.completer import Completer
from copilot_ls.features.completion.writer import ModelSource
from copilot_ls.features.edit.editor import Editor
from copilot_ls.features.next_edit.follower import Follower
from copilot_ls.features.security.fixer import Fixer
from copilot_ls.features.security.live import LiveCheck
from copilot_ls.indexing import IndexReader
from indexer.model import (
    IndexOptions,
    UpdateProgress,
    UpdateReport,
)

if TYPE_CHECKING:
    from datetime import datetime

    from copilot_ls.models.catalog import CatalogEntry, FileSource
    from copilot_ls.models.progress import Report
    from copilot_ls.models.store import ModelStore
    from copilot_ls.ports import Model, Sandbox
    from copilot_ls.provenance.packages import Package
    from copilot_ls.provenance.store import OriginStore
    from copilot_ls.sandbox.consent import Consent
    from copilot_ls.scanners.dependencies.store import AdvisoryStore
    from indexer.exchange.shelf import Shelf
    from indexer.index import Index
    from indexer.ports import Embedder, VectorSource
    from indexer.store.chroma_server import ChromaServer
    from indexer.web import WebOptions

_log = logging.getLogger(__name__)
_RETRY_SECONDS = 3.0
# Longer prompts cost more time than they bring while typing.
_MAX_CONTEXT_TOKENS = 8_192


def cache_root() -> Path:
    """Return the user's cache folder: models and indexes; ``COPILOT_LS_CACHE`` names another."""
    if path := os.environ.get("COPILOT_LS_CACHE"):
        return Path(path)
    import platformdirs

    return Path(platformdirs.user_cache_dir("copilot-ls", appauthor=False))


def index_location(root: Path) -> Path:
    """Return where the index of ``root`` is kept: outside the repository, one folder each."""
    root = root.resolve()
    digest = hashlib.blake2b(os.fsencode(root), digest_size=6).hexdigest()
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", root.name) or "root"
    return cache_root() / "indexes" / f"{name[:40]}-{digest}"


def index_options(settings: Settings) -> IndexOptions:
    """Take what decides the content of an index from the settings."""
    return IndexOptions(
        max_file_bytes=settings.index.max_file_bytes,
        exclude=settings.index.exclude,
        vectors=settings.index.vectors,
    )


def open_index(root: Path, settings: Settings, *, location: Path | None = None) -> Index:
    """Open the index of ``root``; cheap, and possible whether or not it was ever built."""
    from indexer.index import Index

    root, location = root.resolve(), location or index_location(root)
    return Index.open(
        root,
        location,
        options=index_options(settings),
        embedder=open_embedder(settings),
        environment=settings.index.python_environment,
        sources=vector_sources(root, location, settings),
        server=chroma_server(root, settings),
    )


def vector_sources(root: Path, location: Path, settings: Settings) -> list[VectorSource]:
    """Name where vectors that others made are looked up."""
    place = settings.index.pull_from
    if not place or not settings.index.vectors:
        return []
    from indexer.exchange.shelf import FolderShelf, WebShelf
    from indexer.exchange.transfer import PublishedVectors

    shelf: Shelf
    if is_url(place):
        shelf = WebShelf(
            place.replace("{name}", urllib.parse.quote(root.name, safe="")),
            _web_options(settings, settings.index.pull_token_env),
        )
    else:
        shelf = FolderShelf(Path(place.replace("{name}", root.name)).expanduser())
    return [PublishedVectors(shelf, location / "fetched")]


def chroma_server(root: Path, settings: Settings) -> ChromaServer | None:
    """Describe the team's Chroma server, and what this repository is called there."""
    if not settings.index.chroma_url or not settings.index.vectors:
        return None
    from indexer.history import name_of_repository
    from indexer.store.chroma_server import ChromaServer

    return ChromaServer(
        url=settings.index.chroma_url,
        repository=name_of_repository(root),
        web=_web_options(settings, settings.index.chroma_token_env),
    )


def python_packages(root: Path, settings: Settings) -> tuple[str, str]:
    """Say where the packages are whose signatures are read, and how that was found."""
    from indexer.libraries import find_environment

    environment = find_environment(root, named=settings.index.python_environment)
    return ", ".join(map(str, environment.folders)), environment.reason


def open_embedder(settings: Settings) -> Embedder | None:
    """Choose what makes vectors; nothing if they are off or the local model is not here."""
    if not settings.index.vectors:
        return None
    if settings.index.embedder_url:
        from indexer.embed.http import HttpEmbedder, HttpEmbedderOptions

        return HttpEmbedder(
            HttpEmbedderOptions(
                base_url=settings.index.embedder_url,
                model=settings.index.embedder_model,
                api_key=_secret(settings.endpoint.api_key_env),
                proxy=settings.endpoint.proxy,
                ca_bundle=Path(bundle) if (bundle := settings.endpoint.ca_bundle) else None,
            )
        )
    folder = model_store().embedder_folder()
    if folder is None:
        return None
    from indexer.embed.onnx import OnnxEmbedder

    return OnnxEmbedder(folder)


def model_store() -> ModelStore:
    """Return the weights on this machine, shared by all projects."""
    from copilot_ls.models.catalog import USER_FILE_NAME, load_catalog
    from copilot_ls.models.store import ModelStore

    catalog = load_catalog(config.user_file().with_name(USER_FILE_NAME))
    return ModelStore(cache_root() / "models", catalog=catalog)


def add_model_file(path: Path, model_id: str) -> CatalogEntry:
    """Put a GGUF file of the user's into the user's catalogue.

    Raises:
        ConfigError: it is not a model that can be used.
    """
    from copilot_ls.models.catalog import USER_FILE_NAME, check_id
    from copilot_ls.models.gguf_file import describe_gguf
    from copilot_ls.models.user_files import save_entry

    check_id(model_id)
    entry = describe_gguf(path, model_id, model_store().catalog.fim_formats)
    save_entry(config.user_file().with_name(USER_FILE_NAME), entry)
    return entry


def model_file_source(path: Path) -> FileSource:
    """Name a file or folder on this machine as the place a model comes from."""
    from copilot_ls.models.catalog import FileSource

    return FileSource(path.expanduser().absolute())


def choose_model(model_id: str, purpose: str) -> Path:
    """Make a model the user's choice and return the settings file that now says so.

    Raises:
        ConfigError: there is no such model, it does not serve the purpose, or the file is broken.
    """
    from copilot_ls.models.catalog import Purpose
    from copilot_ls.models.user_files import choose_model as write_choice

    write_choice(config.user_file(), Purpose(purpose), model_id)
    return config.user_file()


def pack_model(
    model_id: str, out: Path, *, version: str, part_bytes: int, report: Report
) -> tuple[tuple[Path, ...], str]:
    """Write a model of the store as wheels; return them and the entry to paste elsewhere.

    Raises:
        ConfigError: there is no such model, or the numbers cannot work.
        DownloadError: it is not here, damaged, or the wheels cannot be written.
    """
    from copilot_ls.models.pack import pack
    from copilot_ls.models.user_files import entry_toml

    store = model_store()
    entry = store.vouched(store.catalog.find(model_id), report=report)
    packed = pack(
        entry,
        store.folder(model_id) / "source",
        out,
        version=version,
        part_bytes=part_bytes,
        report=report,
    )
    return packed.wheels, entry_toml(entry, packed.source)


def language_of(path: str) -> str:
    """Return the language of a file by its name; ``text`` if it is none that we know."""
    from indexer.syntax import parse

    return parse.language_of(path) or "text"


def is_indexed(name: str) -> bool:
    """Tell whether files of this name can be in an index."""
    from indexer.syntax import parse

    return parse.language_of(name) is not None


def indexed_globs() -> list[str]:
    """Return glob patterns of the files that an index can hold."""
    from indexer.syntax import parse

    return parse.file_globs()


def is_url(place: str) -> bool:
    """Tell an address from a folder."""
    return place.startswith(("https://", "http://"))


def is_loopback(url: str) -> bool:
    """Tell whether a URL stays on this machine."""
    from copilot_ls.models import openai

    return openai.is_loopback(url)


def source_files(root: Path, settings: Settings, *, ending: str) -> list[str]:
    """List the files of a project that count and whose name ends so, as the index does."""
    from indexer import scan

    found = scan.scan(root.resolve(), index_options(settings)).files
    return sorted(path for path in found if path.endswith(ending))


def read_document(root: Path, path: Path, settings: Settings) -> Document:
    """Read a file of the workspace as the editor would open it.

    Raises:
        WorkspaceError: it is outside the workspace, excluded, too large, or not text.
    """
    from indexer import scan
    from indexer.model import Skipped

    root, path = root.resolve(), path.parent.resolve() / path.name
    if not path.is_relative_to(root):
        raise WorkspaceError(
            f"{path} is outside {root}", remedy="name a file of the project, or run inside it"
        )
    relative = path.relative_to(root).as_posix()
    options = index_options(settings)
    reason = scan.is_excluded(root, relative, options)
    source = None if reason else scan.read_source(root, relative, options, as_it_is=True)
    if source is None or isinstance(source, Skipped):
        raise WorkspaceError(
            f"{relative} is left alone: {source.reason if source else reason}",
            remedy="`copilot-ls status --skipped` lists what is left out and why",
        )
    return Document(path.as_uri(), relative, language_of(relative), source.text)


def lines_reader(root: Path, settings: Settings) -> Callable[[str], Sequence[str]]:
    """Reads the lines of files by their path in the workspace; none of what is left alone."""

    @cache
    def lines_of(path: str) -> Sequence[str]:
        try:
            return read_document(root, root / path, settings).text.splitlines()
        except WorkspaceError:
            return ()

    return lines_of


def files_changed_since(root: Path, since: datetime) -> list[str] | None:
    """Name the files that commits after ``since`` changed; nothing if git cannot be asked."""
    from indexer import history

    return history.files_changed_since(root, since)


def lines_written_since(root: Path, path: str, since: datetime) -> set[int]:
    """Number the lines (from 0) of a file that were written after ``since``."""
    from indexer import history

    return history.lines_written_since(root, path, since)


def origin_store() -> OriginStore:
    """Return what is known of other people's code, shared by all projects."""
    from copilot_ls.provenance.store import OriginStore

    return OriginStore(cache_root() / "provenance" / "origins.sqlite")


def advisory_store() -> AdvisoryStore:
    """Return what is known of weaknesses of packages, shared by all projects."""
    from copilot_ls.scanners.dependencies.store import AdvisoryStore

    return AdvisoryStore(cache_root() / "advisories" / "advisories.sqlite")


def foreign_packages(root: Path) -> list[Package]:
    """List the packages installed for a project and those that are vendored in it."""
    from copilot_ls.provenance.packages import installed_packages, vendored_packages
    from indexer.libraries import find_environment

    environment = find_environment(root.resolve())
    return [*installed_packages(environment.folders), *vendored_packages(root.resolve())]


def consent() -> Consent:
    """Return what the user said about running the code of projects."""
    from copilot_ls.sandbox.consent import Consent

    return Consent(config.user_file().with_name("trusted-folders.json"))


def open_sandbox(
    root: Path, settings: Settings, *, allowed: bool = False, with_node: bool = False
) -> Sandbox:
    """Copy the project to a place where its code can run without harm.

    ``allowed`` is consent that was given just now, for this once. What runs there is the project's
    Python, or node.

    Raises:
        SandboxError: the user has not allowed it, it cannot be copied, or there is no node.
    """
    from copilot_ls.sandbox import node
    from copilot_ls.sandbox.interpreter import find_interpreter
    from copilot_ls.sandbox.process import ProcessSandbox

    if not allowed and not consent().is_given(root):
        raise SandboxError(
            f"running the code of {root} needs your consent",
            remedy="if you trust it, run `copilot-ls trust` there, once",
        )
    if not with_node:
        return ProcessSandbox(root, find_interpreter(root, settings.sandbox.python).path)
    program = node.find_node(root, settings.sandbox.node)
    packages = node.installed_packages(root)
    sandbox = ProcessSandbox(root, Path(sys.executable), readable=packages, program=program)
    node.link_packages(packages, root, sandbox.project)
    return sandbox


@dataclass(slots=True)
class Workspace:
    """One folder, with what works in it."""

    root: Path
    settings: Settings
    index: IndexReader
    completer: Completer
    editor: Editor
    follower: Follower
    security: LiveCheck | None
    documenter: Documenter
    fixer: Fixer | None
    chat_model: ModelSource

    def has_index(self) -> bool:
        """Tell whether an index was ever built here."""
        return any(index_location(self.root).glob("*.sqlite"))

    async def read(self, path: str) -> Document | None:
        """Read a file of the folder; nothing if it is left alone or gone."""
        try:
            return await asyncio.to_thread(
                read_document, self.root, self.root / path, self.settings
            )
        except WorkspaceError:
            return None

    def exclusion(self, path: str) -> str | None:
        """Say in words why a file is left alone, or nothing if it is not."""
        from indexer import scan

        reason = scan.is_excluded(self.root, path, index_options(self.settings))
        return None if reason is None else str(reason)

    def is_scanned(self, path: str) -> bool:
        """Tell whether a file that is left alone otherwise, a lock file, is one to scan."""
        return scanning.is_dependency_file(self.root, path, index_options(self.settings))

    async def update_index(
        self,
        paths: Sequence[str] | None,
        on_progress: Callable[[UpdateProgress], None],
    ) -> UpdateReport:
        """Bring the index up to date, without its vectors: see ``IndexReader.update``."""
        return await self.index.update(paths, on_progress)

    async def makes_vectors(self) -> bool:
        """Tell whether there is an embedder."""
        return await self.index.makes_vectors()

    async def make_vectors(self, on_progress: Callable[[UpdateProgress], None]) -> UpdateReport:
        """Embed what is new, in a process of its own."""
        return await self.index.make_vectors(on_progress)

    def is_saved(self, path: str, text: str) -> bool:
        """Tell whether a document is what the file holds."""
        from indexer import scan
        from indexer.model import Skipped

        options = index_options(self.settings)
        source = scan.read_source(self.root, path, options, as_it_is=True)
        return not isinstance(source, Skipped) and source.text == text

    def put_document(self, path: str, text: str) -> None:
        """Let an open document hide what the index holds of its file."""
        self.index.put_document(path, text)

    def drop_document(self, path: str) -> None:
        """Let what the index holds of a file count again."""
        self.index.drop_document(path)

    def watch(self, on_change: Callable[[Sequence[str] | None], None]) -> None:
        """Call ``on_change`` with what changes on disk; ``None`` means anything."""
        self.index.watch(on_change)

    def tell_of_lost_index(self, on_loss: Callable[[], None]) -> None:
        """Call ``on_loss`` when a question found no index that could answer it."""
        self.index.on_loss = on_loss

    async def aclose(self) -> None:
        await self.completer.aclose()
        if self.security is not None:
            await self.security.aclose()
        await self.index.aclose()


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """Which engine serves a model, and why; ``problem`` says what is missing, if anything is."""

    model: str
    engine: str
    reason: str
    problem: str = ""
    remedy: str = ""


class Engines:
    """The models of one process: opened when first asked for, shared by all its workspaces.

    Local engines run in a process that all of the user's editors share, see ``models.host``.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._models: dict[str, Model] = {}
        self._failure: tuple[float, ModelUnavailable] | None = None

    async def completion_model(self) -> Model | None:
        """Return the model for typing; nothing if models are switched off.

        Raises:
            ModelUnavailable: its weights are not here, or no engine can run it.
        """
        return self._model(self._settings.model.completion)

    async def chat_model(self) -> Model | None:
        """Return the model for slow tasks; see :meth:`completion_model`."""
        return self._model(self._settings.model.chat)

    def choice(self, model_id: str) -> EngineChoice:
        """Say which engine would run a model, and why, without starting it."""
        return _choose_engine(model_id, self._settings)

    async def aclose(self) -> None:
        """Let go of all engines."""
        models = list(self._models.values())
        self._models.clear()
        await asyncio.gather(*(model.aclose() for model in models))

    def _model(self, model_id: str) -> Model | None:
        if self._settings.model.engine is EngineName.OFF:
            return None
        if model_id in self._models:
            return self._models[model_id]
        # Whether weights have arrived since is looked up every few seconds, not at every key.
        if self._failure and time.monotonic() - self._failure[0] < _RETRY_SECONDS:
            raise self._failure[1]
        try:
            self._models[model_id] = _open_model(model_id, self._settings)
        except ModelUnavailable as error:
            self._failure = (time.monotonic(), error)
            raise
        return self._models[model_id]


def _choose_engine(model_id: str, settings: Settings) -> EngineChoice:
    asked = settings.model.engine
    if asked is EngineName.OFF:
        return EngineChoice(model_id, "off", "model.engine is off")
    if settings.is_served_elsewhere:
        if not settings.endpoint.url:
            remedy = f"set it in {config.user_file()}"
            return EngineChoice(model_id, "endpoint", "", "endpoint.url is not set", remedy)
        served = settings.endpoint.model or "the server's model"
        return EngineChoice(served, "endpoint", f"endpoint.url is {settings.endpoint.url}")

    from copilot_ls.models.choose import WeightForms, choose_engine, this_platform

    store = model_store()
    entry = store.catalog.find(model_id)
    source = store.source_file(entry)
    if source is None:
        remedy = f"run `copilot-ls model pull {model_id}`"
        return EngineChoice(model_id, str(asked), "", f"{model_id} is not on this machine", remedy)
    if asked is not EngineName.AUTO:
        return EngineChoice(model_id, str(asked), f"model.engine is {asked}")
    prepared = store.prepared_folder(entry)
    weights = WeightForms(
        openvino=prepared is not None and prepared.name == "openvino",
        gguf=source.suffix == ".gguf",
        safetensors=source.suffix == ".safetensors",
    )
    choice = choose_engine(this_platform(), installed_engines(), weights)
    if not choice.engine:
        return EngineChoice(model_id, "none", "", "no engine can run it", choice.reason)
    return EngineChoice(model_id, choice.engine, choice.reason)


def installed_engines() -> set[str]:
    """Name the local engines whose library is installed, without loading any."""
    modules = {"openvino": "openvino_genai", "llama_cpp": "xllamacpp", "transformers": "torch"}
    return {name for name, module in modules.items() if importlib.util.find_spec(module)}


def wants_preparation(settings: Settings, entry: CatalogEntry) -> bool:
    """Tell whether ``model pull`` should prepare a model: where its engine needs that."""
    from copilot_ls.models import choose
    from copilot_ls.models.catalog import Preparation

    if entry.preparation is not Preparation.OPENVINO:
        return True
    if settings.model.engine is not EngineName.AUTO:
        return settings.model.engine is EngineName.OPENVINO
    return choose.wants_preparation(choose.this_platform(), installed_engines())


def _open_model(model_id: str, settings: Settings) -> Model:
    if script := os.environ.get("COPILOT_LS_SCRIPT"):
        return _open_scripted(Path(script))
    choice = _choose_engine(model_id, settings)
    if choice.problem:
        raise ModelUnavailable(choice.problem, remedy=choice.remedy)
    if choice.engine == EngineName.ENDPOINT:
        return _open_endpoint(settings)
    from copilot_ls.models.engine import EngineOptions
    from copilot_ls.models.local import LocalModel

    store = model_store()
    entry = store.catalog.find(model_id)
    options = EngineOptions(
        device=settings.model.device,
        n_threads=settings.model.threads,
        context_tokens=min(entry.context_tokens, _MAX_CONTEXT_TOKENS),
        grace_s=settings.model.grace_seconds,
    )
    capabilities = Capabilities(
        model=entry.id,
        engine=choice.engine,
        context_tokens=options.context_tokens,
        fim=entry.fim,
        layout=entry.layout,
        has_chat=entry.has_chat,
        can_choose=choice.engine in {EngineName.OPENVINO, EngineName.LLAMA_CPP},
        can_judge=choice.engine in {EngineName.OPENVINO, EngineName.TRANSFORMERS},
    )
    return LocalModel(
        engine=choice.engine,
        model_dir=store.folder(entry.id),
        capabilities=capabilities,
        options=options,
        runtime_dir=cache_root() / "engines",
    )


def _open_endpoint(settings: Settings) -> Model:
    from copilot_ls.models.openai import EndpointApi, EndpointOptions, OpenAIModel

    endpoint = settings.endpoint
    options = EndpointOptions(
        url=endpoint.url,
        api=EndpointApi(endpoint.api),
        model=endpoint.model,
        api_key=_secret(endpoint.api_key_env),
        timeout_s=endpoint.timeout_seconds,
        proxy=endpoint.proxy,
        ca_bundle=endpoint.ca_bundle,
    )
    catalog = model_store().catalog
    entry = catalog.entries.get(endpoint.catalog_id) or catalog.like(endpoint.model)
    return OpenAIModel(
        options, fim=entry.fim if entry else None, layout=entry.layout if entry else None
    )


def _web_options(settings: Settings, token_variable: str) -> WebOptions:
    from indexer.web import WebOptions

    bundle = settings.index.ca_bundle
    return WebOptions(
        token=_secret(token_variable),
        proxy=settings.index.proxy,
        ca_bundle=Path(bundle).expanduser() if bundle else None,
    )


def _secret(variable: str) -> str:
    return os.environ.get(variable, "") if variable else ""


def _open_scripted(script: Path) -> Model:
    """Open what a test wrote: a file answers in this process, a folder in an engine process."""
    from copilot_ls.models.scripted import Script, ScriptedModel

    fim = model_store().catalog.fim_formats["qwen"]
    if script.is_file():
        return ScriptedModel(Script.from_json(script.read_text(encoding="utf-8")), fim=fim)
    from copilot_ls.models.engine import EngineOptions
    from copilot_ls.models.local import LocalModel

    return LocalModel(
        engine="scripted",
        model_dir=script,
        capabilities=Capabilities("scripted", "scripted", 4_096, fim=fim, has_chat=True),
        options=EngineOptions(grace_s=0.0),
        runtime_dir=cache_root() / "engines",
    )


def open_workspace(root: Path, settings: Settings, engines: Engines) -> Workspace:
    """Join the features to their adapters for one folder; opens nothing heavy yet."""
    from copilot_ls.provenance.reader import OriginReader

    root = root.resolve()
    index = IndexReader(root, settings, partial(open_index, root, settings), cache_root())
    completer = Completer(
        model=engines.completion_model,
        index=index,
        options=settings.completion,
        repository=root.name,
        checks=scanning.suggestion_checks(settings, wait=False),
        provenance=OriginReader(origin_store()),
        provenance_options=settings.provenance,
    )
    editor = Editor(engines.chat_model, index, scanning.suggestion_checks(settings, wait=True))
    security = scanning.live_check(root, settings, advisory_store())
    documenter = Documenter(root, settings, engines.chat_model)
    fixer = Fixer(editor, security) if security else None
    return Workspace(
        root,
        settings,
        index,
        completer,
        editor,
        Follower(index),
        security,
        documenter,
        fixer,
        engines.chat_model,
    )
