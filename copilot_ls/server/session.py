"""Everything the server remembers between two messages, and the only place that changes it.

A session has documents, folders with their workspaces, the layers of settings, and one engine
owner shared by all folders. Handlers ask it; it speaks to the editor through ``Client`` and
``StatusBoard`` and knows no message of the protocol.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections import Counter
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from copilot_ls import config
from copilot_ls.config import Layer, SettingProblem, Settings, Trust
from copilot_ls.domain import Completion, CompletionRequest, Document, Outcome
from copilot_ls.errors import CopilotError, ModelError
from copilot_ls.features.next_edit.follow import NextEdit
from copilot_ls.server import convert
from copilot_ls.server.client import Client
from copilot_ls.server.convert import Encoding
from copilot_ls.server.diagnostics import Diagnostics
from copilot_ls.server.documents import OpenDocument, Snapshot, split_lines
from copilot_ls.server.folder import Folder
from copilot_ls.server.guard import Guard
from copilot_ls.server.protocol import Later
from copilot_ls.server.status import Source, StatusBoard
from indexer.errors import IndexerError
from indexer.model import Span

if TYPE_CHECKING:
    from copilot_ls.features.menu import MenuItem
    from copilot_ls.wiring import Engines

logger = logging.getLogger(__name__)
MAX_BUFFER_CHARS = 2_000_000
IGNORE_FILES = frozenset({".gitignore", ".copilotignore"})
SETTINGS_FILES = frozenset({config.WORKSPACE_FILE, "pyproject.toml"})
NAMED_FILES = IGNORE_FILES | SETTINGS_FILES


@dataclass(slots=True)
class Opened:
    """An open document, the folder it belongs to, and the work that is on for it.

    There is no folder yet while the session waits for the client's settings. ``followed`` is the
    version whose changes have been followed everywhere; ``is_being_followed`` while places are
    left that were found.
    """

    document: OpenDocument
    folder: Folder | None = None
    exclusion: asyncio.Task[str] | None = None
    completion: asyncio.Task[Completion] | None = None
    followed: Document | None = None
    is_being_followed: bool = False
    cursor: int | None = None

    def is_known(self) -> bool:
        """Tell whether this document was looked at and may be used."""
        exclusion = self.exclusion
        is_done = exclusion is not None and exclusion.done() and not exclusion.cancelled()
        return is_done and exclusion is not None and not exclusion.result()


@dataclass(frozen=True, slots=True)
class Offer:
    """A completion for one version of a document."""

    snapshot: Snapshot
    completion: Completion


@dataclass(slots=True)
class _EditorSettings:
    """What the editor said: once at the start, later for all, and for single folders."""

    initial: Mapping[str, object] = field(default_factory=dict)
    pushed: Mapping[str, object] = field(default_factory=dict)
    by_folder: dict[str | None, Mapping[str, object]] = field(default_factory=dict)

    def layers(self, uri: str | None) -> list[Layer]:
        values = self.by_folder.get(uri, self.by_folder.get(None, self.pushed))
        return [
            Layer("editor (initializationOptions)", Trust.EDITOR, self.initial),
            Layer("editor", Trust.EDITOR, values),
        ]


class Session:
    """One client from ``initialize`` to ``exit``."""

    def __init__(
        self,
        client: Client,
        board: StatusBoard,
        guard: Guard,
        overrides: Layer,
    ) -> None:
        self.client = client
        self.board = board
        self.encoding = Encoding.Utf16
        self._guard = guard
        self._overrides = overrides
        self._editor = _EditorSettings()
        self._roots: dict[str, Path] = {}
        self._folders: dict[Path, Folder] = {}
        self._n_folders = 0
        self._documents: dict[str, Opened] = {}
        self._focus = ""
        self._engines: Engines | None = None
        self._engine_settings: Settings | None = None
        self._has_begun = asyncio.Event()
        self._is_closed = False
        self._told: set[SettingProblem] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._waking: asyncio.TimerHandle | None = None
        self.diagnostics = Diagnostics(
            client, board, guard, find=self.opened, opened=lambda: [*self._documents]
        )

    # -- start and end

    def introduce(self, params: types.InitializeParams) -> None:
        """Take what the client says before anything may be sent to it."""
        self.client.introduce(params)
        self.encoding = convert.choose_encoding(params.capabilities)
        if isinstance(params.initialization_options, Mapping):
            self._editor.initial = _section(params.initialization_options)
        folders = params.workspace_folders
        if folders is None and (uri := params.root_uri):
            folders = [types.WorkspaceFolder(uri=uri, name="")]
        self._add_roots(folders or [])

    async def begin(self) -> None:
        """Open the folders and warm up the model, once the client is ready to listen."""
        self.client.start_listening()
        self.board.facts.is_loading = True
        self.board.announce()
        try:
            await self._pull_configuration()
            self._open_folders()
        finally:
            # Whoever waits to be answered must not wait for ever.
            self._has_begun.set()
            self.board.facts.is_loading = False
            self._spawn_warm_up()
        await self._watch()

    async def _watch(self) -> None:
        from copilot_ls import wiring

        await self.client.watch(
            [*wiring.indexed_globs(), *(f"**/{name}" for name in sorted(NAMED_FILES))]
        )

    async def aclose(self) -> None:
        """Stop everything; the engine and the indexing process learn that we are gone."""
        if self._is_closed:
            return
        self._is_closed = True
        self.diagnostics.aclose()
        if self._waking is not None:
            self._waking.cancel()
        for task in self._tasks:
            task.cancel()
        for opened in self._documents.values():
            _cancel(opened.completion, opened.exclusion)
        closings: list[Coroutine[Any, Any, None]] = [
            folder.aclose() for folder in self._folders.values()
        ]
        if self._engines is not None:
            closings.append(self._engines.aclose())
        for result in await asyncio.gather(*closings, return_exceptions=True):
            if isinstance(result, Exception):
                self._guard.note_unexpected("closing", result)

    # -- documents

    def open(self, item: types.TextDocumentItem) -> None:
        if (known := self._documents.get(item.uri)) is not None:
            _cancel(known.completion, known.exclusion)
        opened = Opened(OpenDocument(item, path="", encoding=self.encoding))
        opened.followed = opened.document.snapshot().document
        self._documents[item.uri] = opened
        if self._has_begun.is_set():
            self._settle(opened)
        self.focus(item.uri)

    def change(
        self, uri: str, changes: Sequence[types.TextDocumentContentChangeEvent], version: int
    ) -> None:
        if (opened := self._documents.get(uri)) is None:
            return
        opened.document.change(changes, version=version)
        self.diagnostics.changed(uri)
        if opened.is_known():
            self._show_to_index(opened)
        completer = opened.folder.workspace.completer if opened.folder else None
        if completer is not None and completer.is_writing_in(uri):
            completer.changed(opened.document.snapshot().document)

    def close(self, uri: str) -> None:
        if (opened := self._documents.pop(uri, None)) is not None:
            _cancel(opened.completion, opened.exclusion)
            if opened.folder is not None:
                self.diagnostics.closed(uri, opened.folder.workspace.security)
                opened.folder.workspace.completer.forget(uri)
                opened.folder.workspace.drop_document(opened.document.path)
        if self._focus == uri:
            self.focus("")

    def save(self, uri: str) -> None:
        """Bring the index up to date with a file; the rules of exclusion may have changed."""
        self.note_changed_files([uri])

    def focus(self, uri: str) -> None:
        """Tell in the status whether there are suggestions in the document now looked at."""
        self._focus = uri
        self.board.facts.inactive_reason = ""
        opened = self._documents.get(uri)
        exclusion = opened.exclusion if opened else None
        if exclusion is not None and exclusion.done() and not exclusion.cancelled():
            self.board.facts.inactive_reason = exclusion.result()
        self.board.refresh()
        if opened is not None and opened.folder is not None and opened.cursor is not None:
            reading = partial(self._read_ahead, opened, opened.folder)
            self._spawn("reading a document", reading)

    # -- completions

    def prepare_completion(
        self,
        uri: str,
        position: types.Position,
        *,
        invoked: bool,
        selected: types.SelectedCompletionInfo | None = None,
    ) -> Later[Offer | None]:
        """Take the snapshot now; what is returned answers later, with nothing if it went stale.

        The request before this one, for the same document, is cancelled.
        """
        opened = self._documents.get(uri)
        if opened is None:
            return _nothing
        _cancel(opened.completion)
        snapshot = opened.document.snapshot()
        offset = snapshot.offset(position)
        if selected is not None:
            if "\n" in selected.text or selected.range.start.line != selected.range.end.line:
                return _nothing
            start = snapshot.offset(selected.range.start)
            end = max(start, snapshot.offset(selected.range.end))
            snapshot = snapshot.with_text(Span(start, end), selected.text)
            offset = start + len(selected.text)
        opened.cursor = offset
        request = CompletionRequest(
            snapshot.document, offset, invoked=invoked, client_debounces=self.client.debounces
        )
        return partial(self._complete, opened, snapshot, request)

    def prepare_menu(
        self, uri: str, position: types.Position
    ) -> Later[tuple[Snapshot, list[MenuItem]] | None]:
        """Take the snapshot now; what is returned finds later what can stand there."""
        opened = self._documents.get(uri)
        if opened is None:
            return _nothing
        snapshot = opened.document.snapshot()
        return partial(self._find_menu, opened, snapshot, snapshot.offset(position))

    async def _find_menu(
        self, opened: Opened, snapshot: Snapshot, offset: int
    ) -> tuple[Snapshot, list[MenuItem]] | None:
        await self._has_begun.wait()
        folder = opened.folder
        if folder is None or folder.uri is None:
            return None
        settings = folder.workspace.settings
        reason: str = await asyncio.shield(opened.exclusion) if opened.exclusion else ""
        if reason or not (settings.menu.enabled and settings.index.enabled):
            return None
        from copilot_ls.features.menu import menu_items

        document = replace(snapshot.document, path=opened.document.path)
        return snapshot, await menu_items(folder.workspace.index, document, offset)

    async def _complete(
        self, opened: Opened, snapshot: Snapshot, request: CompletionRequest
    ) -> Offer | None:
        await self._has_begun.wait()
        if (folder := opened.folder) is None:
            return None
        document = replace(request.document, path=opened.document.path)
        request = replace(request, document=document)
        work = asyncio.create_task(_complete_unless_excluded(opened.exclusion, folder, request))
        # A failure of work that nobody waits for any more is nobody's.
        work.add_done_callback(lambda task: task.cancelled() or task.exception())
        _cancel(opened.completion)
        opened.completion = work
        try:
            # Waiting, unlike awaiting, tells a superseded request from one that the client
            # cancelled.
            await asyncio.wait([work])
        except asyncio.CancelledError:
            work.cancel()
            raise
        if work.cancelled():
            return None
        completion = work.result()
        self._note_outcome(document.uri, completion)
        if (
            self._documents.get(document.uri) is not opened
            or opened.document.version != document.version
        ):
            return None
        return Offer(snapshot, _with_folder(completion, folder))

    def _note_outcome(self, uri: str, completion: Completion) -> None:
        match completion.outcome:
            case Outcome.MODEL_FAILED:
                self.board.report_trouble(Source.MODEL, completion.reason)
            case Outcome.NO_MODEL:
                if self._focus == uri:
                    self.board.facts.inactive_reason = completion.reason
                    self.board.refresh()
            case Outcome.SHOWN | Outcome.EMPTY if completion.model:
                self.board.clear_trouble(Source.MODEL)

    def note_accepted(self, suggestion_id: str) -> None:
        if (folder := self._folder_of_suggestion(suggestion_id)) is not None:
            folder.workspace.completer.accepted(_own_id(suggestion_id))

    def note_partly_accepted(self, suggestion_id: str, n_units: int) -> None:
        """The user took the first ``n_units`` (of UTF-16) of a suggestion."""
        if (folder := self._folder_of_suggestion(suggestion_id)) is not None:
            completer, own_id = folder.workspace.completer, _own_id(suggestion_id)
            if completion := completer.explain(own_id):
                text = next((s.text for s in completion.suggestions if s.id == own_id), "")
                # The client was given lines that end in "\n".
                shown = text.replace("\r\n", "\n")
                taken = shown[: convert.to_column(shown, n_units, Encoding.Utf16)]
                n_added = taken.count("\n") if shown != text else 0
                completer.partly_accepted(own_id, len(taken) + n_added)

    def note_rejected(self, suggestion_id: str) -> None:
        if (folder := self._folder_of_suggestion(suggestion_id)) is not None:
            folder.workspace.completer.rejected(_own_id(suggestion_id))

    def note_shown(self, suggestion_id: str) -> None:
        if (folder := self._folder_of_suggestion(suggestion_id)) is not None:
            folder.workspace.completer.shown(_own_id(suggestion_id))

    def explain(self, suggestion_id: str) -> Completion | None:
        """Return the story of a suggestion, or of the latest one near the focused document."""
        if suggestion_id:
            folder = self._folder_of_suggestion(suggestion_id)
            completer = folder.workspace.completer if folder else None
            return completer.explain(_own_id(suggestion_id)) if completer else None
        opened = self._documents.get(self._focus)
        if opened is None or opened.folder is None:
            return None
        return opened.folder.workspace.completer.explain("")

    def statistics(self) -> dict[str, float]:
        """Add up what the completers of all folders count."""
        total: Counter[str] = Counter()
        for folder in self._folders.values():
            total.update(folder.workspace.completer.statistics)
        return dict(total)

    def snooze(self, minutes: float) -> None:
        """Pause, and resume by itself."""
        self.pause(paused=True)
        until = dt.datetime.now().astimezone() + dt.timedelta(minutes=minutes)
        self.board.facts.snoozed_until = f"{until:%H:%M}"
        self.board.refresh()
        resume = partial(self.pause, paused=False)
        self._waking = asyncio.get_running_loop().call_later(60 * minutes, resume)

    def pause(self, *, paused: bool) -> None:
        if self._waking is not None:
            self._waking.cancel()
            self._waking = None
        self.board.facts.snoozed_until = ""
        self.board.facts.is_paused = paused
        for folder in self._folders.values():
            folder.workspace.completer.is_paused = paused
            folder.pause(paused=paused)
        self.board.refresh()

    # -- edits

    def opened(self, uri: str) -> Opened | None:
        """Return an open document with its folder."""
        return self._documents.get(uri)

    async def folder_of(self, opened: Opened) -> Folder | None:
        """Return the folder of a document, once the session has folders."""
        await self._has_begun.wait()
        return opened.folder

    async def next_edits(self, uri: str) -> list[tuple[NextEdit, Snapshot, int | None]]:
        """Find what a change in a document asks of other places; if nothing, one in another.

        The place that was changed last may be in front: what it follows is elsewhere, and not done.
        """
        opened = self._documents.get(uri)
        if opened is None or (folder := await self.folder_of(opened)) is None:
            return []
        others = [each for each in self._documents.values() if each.folder is folder]
        for changed in (opened, *(each for each in others if each is not opened)):
            if found := await self._next_edits(changed, folder):
                return found
        return []

    async def _next_edits(
        self, opened: Opened, folder: Folder
    ) -> list[tuple[NextEdit, Snapshot, int | None]]:
        """What one document asks for; buffers count before files."""
        snapshot = opened.document.snapshot()
        if opened.followed is None or opened.followed.text == snapshot.document.text:
            opened.followed = snapshot.document
            return []
        buffers = self.buffers(folder)
        places: dict[str, tuple[Snapshot, int | None]] = {
            snapshot.document.path: (snapshot, snapshot.document.version)
        }

        async def read(path: str) -> Document | None:
            if path in buffers:
                places[path] = (buffers[path], buffers[path].document.version)
            else:
                document = await folder.workspace.read(path)
                if document is None:
                    return None
                lines = tuple(split_lines(document.text))
                places[path] = (Snapshot(document, lines, self.encoding), None)
            return places[path][0].document

        before = replace(opened.followed, path=snapshot.document.path)
        found = await folder.workspace.follower.next_edits(before, snapshot.document, read)
        # Nothing was found yet where the index does not know a new file; that is asked again.
        if opened.is_being_followed and not found:
            opened.followed = snapshot.document
        opened.is_being_followed = bool(found)
        return [(entry, *places[entry.path]) for entry in found]

    async def workspace_folders(self) -> list[Folder]:
        """Return the folders that the editor opened as such, once they are known."""
        await self._has_begun.wait()
        return [folder for folder in self._folders.values() if folder.uri is not None]

    def buffers(self, folder: Folder) -> dict[str, Snapshot]:
        """Return the open documents of a folder by their paths in it."""
        return {
            opened.document.path: opened.document.snapshot()
            for opened in self._documents.values()
            if opened.folder is folder
        }

    # -- index

    def reindex(self) -> None:
        """Bring the index of every folder up to date."""
        for folder in self._folders.values():
            folder.request_update(None, at_once=True)

    def note_watched_files(self, events: Sequence[types.FileEvent]) -> None:
        """Take what the editor watches for us; of a deleted folder it tells only the folder."""
        from copilot_ls import wiring

        def matters(event: types.FileEvent) -> bool:
            name = PurePosixPath(convert.to_path(event.uri) or "")
            may_be_folder = event.type is types.FileChangeType.Deleted and not name.suffix
            return may_be_folder or name.name in NAMED_FILES or wiring.is_indexed(name.name)

        self.note_changed_files([event.uri for event in events if matters(event)])

    def note_changed_files(self, uris: Sequence[str]) -> None:
        """Files changed on disk, by whomever."""
        changed: dict[int, tuple[Folder, list[str]]] = {}
        for uri in uris:
            if (path := convert.to_path(uri)) is None:
                continue
            if path.name in SETTINGS_FILES:
                self._apply_settings()
            folder = self._folder_of(path)
            if folder is None or (relative := folder.relative(path)) is None:
                continue
            changed.setdefault(folder.number, (folder, []))[1].append(relative)
        for folder, paths in changed.values():
            rules_changed = any(PurePosixPath(path).name in IGNORE_FILES for path in paths)
            if rules_changed:
                for opened in self._documents.values():
                    if opened.folder is folder:
                        self._examine(opened, folder)
            folder.request_update(None if rules_changed else paths)

    # -- folders and settings

    def change_folders(
        self, added: Sequence[types.WorkspaceFolder], removed: Sequence[types.WorkspaceFolder]
    ) -> Later[None]:
        for folder in removed:
            self._roots.pop(folder.uri, None)
        self._add_roots(added)
        return self._reconfigure

    def push_configuration(self, settings: object) -> Later[None]:
        """The editor's settings changed; some clients send them, some want to be asked."""
        if isinstance(settings, Mapping):
            self._editor.pushed = _section(settings)
        return self._reconfigure

    async def _reconfigure(self) -> None:
        """Ask for the settings again and open or close what they and the folders demand."""
        await self._pull_configuration()
        self._apply_settings()

    async def _pull_configuration(self) -> None:
        if not self.client.answers_configuration:
            return
        scopes: list[str | None] = [None, *self._roots]
        answers = await self.client.configuration(scopes)
        if answers is not None:
            self._editor.by_folder = {
                scope: answer if isinstance(answer, Mapping) else {}
                for scope, answer in zip(scopes, answers, strict=True)
            }

    def _settings(self, root: Path | None, uri: str | None) -> Settings:
        layers, problems = config.read_layers(root)
        layers += [*self._editor.layers(uri), self._overrides]
        settings, more = config.merge(layers)
        for problem in [*problems, *more]:
            if problem not in self._told:
                self._told.add(problem)
                logger.warning("Setting ignored: %s", problem)
        return settings

    def _apply_settings(self) -> None:
        """Reopen the folders whose settings changed, and the engines if theirs did."""
        settings = self._settings(None, None)
        engines_changed = self._engine_settings is not None and (
            (settings.model, settings.endpoint)
            != (self._engine_settings.model, self._engine_settings.endpoint)
        )
        if engines_changed and self._engines is not None:
            self._spawn("closing engines", self._engines.aclose)
            self._engines = None
            self.board.clear_trouble(Source.MODEL)
        for location, folder in list(self._folders.items()):
            if folder.uri is None:
                root, wanted = None, location not in self._roots.values()
            else:
                root, wanted = location, self._roots.get(folder.uri) == location
            if (
                engines_changed
                or not wanted
                or self._folder_settings(root, folder.uri) != folder.workspace.settings
            ):
                del self._folders[location]
                for opened in self._documents.values():
                    if opened.folder is folder:
                        _cancel(opened.completion)
                self._spawn("closing a folder", folder.aclose)
        self._open_folders()
        self.diagnostics.refresh()
        if engines_changed:
            self._spawn_warm_up()

    def _folder_settings(self, root: Path | None, uri: str | None) -> Settings:
        settings = self._settings(root, uri)
        if root is None:
            # A file on its own: there is no repository to ask.
            settings = replace(
                settings,
                completion=replace(settings.completion, context=False),
                index=replace(settings.index, enabled=False),
            )
        return settings

    def _open_folders(self) -> None:
        for uri, location in self._roots.items():
            if location not in self._folders:
                self._open_folder(location, uri).begin()
        for opened in self._documents.values():
            self._settle(opened)

    def _open_folder(self, location: Path, uri: str | None) -> Folder:
        settings = self._folder_settings(location if uri else None, uri)
        # The completer and its kin load here, after ``initialize`` has been answered.
        from copilot_ls import wiring

        if self._engines is None:
            self._engine_settings = self._settings(None, None)
            self._engines = wiring.Engines(self._engine_settings)
            if "log.level" in self._engine_settings.sources:
                logging.getLogger("copilot_ls").setLevel(self._engine_settings.log.level.upper())
        workspace = wiring.open_workspace(location, settings, self._engines)
        workspace.completer.is_paused = self.board.facts.is_paused
        self._n_folders += 1
        folder = Folder(
            self._n_folders,
            location,
            uri,
            workspace,
            client=self.client,
            board=self.board,
            guard=self._guard,
        )
        folder.pause(paused=self.board.facts.is_paused)
        self._folders[location] = folder
        return folder

    def _add_roots(self, folders: Sequence[types.WorkspaceFolder]) -> None:
        for folder in folders:
            path = convert.to_path(folder.uri)
            if path is not None and path.is_dir():
                self._roots[folder.uri] = path
            else:
                logger.warning("%s is not a folder on this machine; left out", folder.uri)

    def _settle(self, opened: Opened) -> None:
        """Give a document to the folder that it belongs to now."""
        folder, path = self._place(opened.document.uri)
        if folder is not opened.folder:
            if opened.folder is not None:
                opened.folder.workspace.drop_document(opened.document.path)
            opened.folder = folder
            opened.document.move(path)
            self._examine(opened, folder)
            self.diagnostics.opened(opened.document.uri)
            self._spawn("reading a document", partial(self._read_ahead, opened, folder))

    async def _read_ahead(self, opened: Opened, folder: Folder) -> None:
        """Let a document be read before the first request in it, unless it is left alone."""
        reason: str = await asyncio.shield(opened.exclusion) if opened.exclusion else ""
        if reason:
            return
        document = opened.document.snapshot().document
        offset = opened.cursor
        if offset is not None and offset > len(document.text):
            offset = None
        await folder.workspace.completer.warm(document, offset)

    def _place(self, uri: str) -> tuple[Folder, str]:
        """Return the folder that a document belongs to, and its path there."""
        path = convert.to_path(uri)
        if path is not None and (folder := self._folder_of(path)) is not None:
            return folder, folder.relative(path) or ""
        if path is None:
            # What was never saved belongs to what is worked on, if that is one folder.
            opened = [folder for folder in self._folders.values() if folder.uri is not None]
            if len(opened) == 1:
                return opened[0], ""
        location = path.parent if path is not None else Path.cwd()
        folder = self._folders.get(location) or self._open_folder(location, None)
        return folder, path.name if path is not None else ""

    def _folder_of(self, path: Path) -> Folder | None:
        """Return the innermost workspace folder that holds ``path``, by its name or its links."""
        for candidate in (path, Path(path).resolve()):
            holders = [
                folder
                for folder in self._folders.values()
                if folder.uri is not None and folder.relative(candidate) is not None
            ]
            if holders:
                return max(holders, key=lambda folder: len(folder.location.parts))
        return None

    def _folder_of_suggestion(self, suggestion_id: str) -> Folder | None:
        number = suggestion_id.partition("-")[0]
        return next((f for f in self._folders.values() if str(f.number) == number), None)

    # -- work beside the handlers

    def _examine(self, opened: Opened, folder: Folder) -> None:
        """Find out, off the loop, whether a document is one that we leave alone."""
        _cancel(opened.exclusion)
        document = opened.document
        workspace = folder.workspace

        async def find_reason() -> str:
            if len(document.snapshot().document.text) > MAX_BUFFER_CHARS:
                return f"the document has more than {MAX_BUFFER_CHARS:,} characters"
            if not document.path:
                return ""
            try:
                return await asyncio.to_thread(workspace.exclusion, document.path) or ""
            # What cannot be judged is not sent anywhere.
            except (CopilotError, IndexerError, OSError) as error:
                return str(error)
            except Exception as error:
                self._guard.note_unexpected("looking at a document", error)
                return "it could not be examined (the log says where)"

        def tell(_: asyncio.Task[str]) -> None:
            if self._focus == document.uri:
                self.focus(document.uri)
            if self._documents.get(document.uri) is not opened or not document.path:
                return
            if opened.is_known():
                self._spawn("comparing a document", partial(self._show_if_unsaved, opened, folder))
            else:
                workspace.drop_document(document.path)

        opened.exclusion = asyncio.create_task(find_reason())
        opened.exclusion.add_done_callback(tell)

    async def _show_if_unsaved(self, opened: Opened, folder: Folder) -> None:
        """Editors also open what was left unsaved the last time."""
        document = opened.document.snapshot().document
        if not await asyncio.to_thread(folder.workspace.is_saved, document.path, document.text):
            self._show_to_index(opened)

    def _show_to_index(self, opened: Opened) -> None:
        """Let the index answer from what is typed, not from what is stored of the file."""
        is_open = self._documents.get(opened.document.uri) is opened
        if is_open and opened.folder is not None and opened.document.path:
            document = opened.document.snapshot().document
            opened.folder.workspace.put_document(document.path, document.text)

    def _spawn_warm_up(self) -> None:
        """Load the model before it is needed, and say so."""
        if self._engines is not None:
            self.board.facts.model_is_loading = True
            self._spawn("warm-up", partial(self._warm_up, self._engines))
        self.board.refresh()

    async def _warm_up(self, engines: Engines) -> None:
        try:
            model = await engines.completion_model()
            if model is not None:
                await model.capabilities()
            self.board.clear_trouble(Source.MODEL)
        except ModelError as error:
            self.board.report_trouble(Source.MODEL, str(error))
        finally:
            self.board.facts.model_is_loading = False
            self.board.refresh()

    def _spawn(self, name: str, work: Later[None]) -> None:
        task = self._guard.spawn(name, work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _complete_unless_excluded(
    exclusion: asyncio.Task[str] | None, folder: Folder, request: CompletionRequest
) -> Completion:
    if exclusion is not None and (reason := await asyncio.shield(exclusion)):
        return Completion(Outcome.EXCLUDED, reason=reason)
    return await folder.workspace.completer.complete(request)


async def _nothing() -> None:
    return None


def _cancel(*tasks: asyncio.Task[Any] | None) -> None:
    for task in tasks:
        if task is not None:
            task.cancel()


def _section(values: Mapping[str, object]) -> Mapping[str, object]:
    """Return our part of settings that may or may not be wrapped in our name."""
    inner = values.get("copilot-ls", values)
    return inner if isinstance(inner, Mapping) else {}


def _with_folder(completion: Completion, folder: Folder) -> Completion:
    suggestions = tuple(
        replace(suggestion, id=f"{folder.number}-{suggestion.id}")
        for suggestion in completion.suggestions
    )
    return replace(completion, suggestions=suggestions)


def _own_id(suggestion_id: str) -> str:
    return suggestion_id.partition("-")[2]
