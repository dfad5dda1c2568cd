"""The editor at the other end: what it can do, and everything that we say to it unasked."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

from lsprotocol import types

from copilot_ls.server.protocol import ClientRefused, Protocol
from copilot_ls.server.status import Status

logger = logging.getLogger(__name__)

STATUS_NOTIFICATION = "copilot-ls/didChangeStatus"
CONFIGURATION_SECTION = "copilot-ls"
_CONFIRMATION_SECONDS = 600.0

# Neovim waits 200 ms after a key before it asks; waiting again would add to that.
_CLIENTS_THAT_DEBOUNCE = frozenset({"Neovim"})


class Client:
    """Speaks to the editor within the capabilities that it declared."""

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol
        self._capabilities = types.ClientCapabilities()
        self._cancels: dict[str | int, Callable[[], None]] = {}
        self._is_listening = False
        self.debounces = False

    def introduce(self, params: types.InitializeParams) -> None:
        """Take what the client says of itself."""
        self._capabilities = params.capabilities
        name = params.client_info.name if params.client_info else ""
        self.debounces = name in _CLIENTS_THAT_DEBOUNCE

    def start_listening(self) -> None:
        """From now on (``initialized``) the client may be sent anything."""
        self._is_listening = True

    @property
    def has_ghost_text(self) -> bool:
        document = self._capabilities.text_document
        return bool(document and document.inline_completion)

    @property
    def answers_configuration(self) -> bool:
        workspace = self._capabilities.workspace
        return bool(workspace and workspace.configuration)

    @property
    def pulls_diagnostics(self) -> bool:
        """Whether it asks for diagnostics, and can be told that asking again is worth it."""
        document, workspace = self._capabilities.text_document, self._capabilities.workspace
        again = workspace.diagnostics if workspace else None
        return bool(document and document.diagnostic and again and again.refresh_support)

    @property
    def shows_related_places(self) -> bool:
        document = self._capabilities.text_document
        pulled = document.diagnostic if document else None
        pushed = document.publish_diagnostics if document else None
        support = pulled if self.pulls_diagnostics else pushed
        return bool(support and support.related_information)

    @property
    def takes_versioned_edits(self) -> bool:
        workspace = self._capabilities.workspace
        support = workspace.workspace_edit if workspace else None
        return bool(support and support.document_changes)

    @property
    def confirms_edits(self) -> bool:
        """Whether it shows a change and asks before it makes it."""
        workspace = self._capabilities.workspace
        support = workspace.workspace_edit if workspace else None
        return bool(support and support.document_changes and support.change_annotation_support)

    @property
    def completes_code_actions(self) -> bool:
        """Whether it asks for the edit of a code action when somebody chose it."""
        document = self._capabilities.text_document
        action = document.code_action if document else None
        support = action.resolve_support if action else None
        return bool(support and "edit" in support.properties)

    def publish_diagnostics(
        self, uri: str, version: int | None, diagnostics: Sequence[types.Diagnostic]
    ) -> None:
        if self._is_listening:
            params = types.PublishDiagnosticsParams(uri, diagnostics, version)
            self._protocol.notify(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, params)

    async def refresh_diagnostics(self) -> None:
        """Ask the client to ask again."""
        try:
            await self._protocol.ask(types.WORKSPACE_DIAGNOSTIC_REFRESH, None)
        except ClientRefused as error:
            logger.info("The client does not ask for diagnostics again: %s", error)

    def publish_status(self, status: Status) -> None:
        if self._is_listening:
            self._protocol.notify(STATUS_NOTIFICATION, status.to_json())

    def log(self, severity: types.MessageType, message: str) -> None:
        if self._is_listening:
            self._protocol.notify(
                types.WINDOW_LOG_MESSAGE, types.LogMessageParams(type=severity, message=message)
            )

    async def configuration(self, scopes: Sequence[str | None]) -> list[object] | None:
        """Ask for our section, once for each scope; none if the client does not answer."""
        items = [
            types.ConfigurationItem(scope_uri=scope, section=CONFIGURATION_SECTION)
            for scope in scopes
        ]
        try:
            answer = await self._protocol.ask(
                types.WORKSPACE_CONFIGURATION, types.ConfigurationParams(items=items)
            )
        except ClientRefused as error:
            logger.info("No configuration from the client: %s", error)
            return None
        return answer if isinstance(answer, list) and len(answer) == len(items) else None

    @property
    def watches_files(self) -> bool:
        """Whether it can tell us of changes on disk."""
        workspace = self._capabilities.workspace
        watched = workspace.did_change_watched_files if workspace else None
        return bool(watched and watched.dynamic_registration)

    async def propose_edit(
        self,
        label: str,
        description: str,
        changes: Sequence[tuple[str, int | None, Sequence[types.TextEdit]]],
        *,
        confirm: bool = True,
    ) -> bool:
        """Hand a change to the editor, to be confirmed where it can ask; tells if it was made.

        ``changes`` are documents by URI and version (``None``: as it is on disk) with their edits.
        """
        workspace = self._capabilities.workspace or types.WorkspaceClientCapabilities()
        if not workspace.apply_edit:
            return False
        support = workspace.workspace_edit
        annotates = confirm and self.confirms_edits
        if support and support.document_changes:
            annotation = "copilot-ls"
            edit = types.WorkspaceEdit(
                document_changes=[
                    types.TextDocumentEdit(
                        text_document=types.OptionalVersionedTextDocumentIdentifier(
                            uri=uri, version=version
                        ),
                        edits=[
                            types.AnnotatedTextEdit(annotation, each.range, each.new_text)
                            if annotates
                            else each
                            for each in edits
                        ],
                    )
                    for uri, version, edits in changes
                ],
                change_annotations=_to_confirm(annotation, label, description)
                if annotates
                else None,
            )
        else:
            edit = types.WorkspaceEdit(changes={uri: list(edits) for uri, _, edits in changes})
        return await self._apply(label, edit)

    async def propose_file(self, label: str, description: str, uri: str, text: str) -> bool:
        """Hand a new file to the editor, to be confirmed; tells if it was made.

        An editor that cannot ask before it makes a file is not handed one.
        """
        workspace = self._capabilities.workspace or types.WorkspaceClientCapabilities()
        support = workspace.workspace_edit
        if not workspace.apply_edit or not support or not support.document_changes:
            return False
        if types.ResourceOperationKind.Create not in (support.resource_operations or ()):
            return False
        annotation = "copilot-ls" if support.change_annotation_support else None
        start = types.Position(0, 0)
        insertion = types.TextEdit(types.Range(start, start), text)
        edit = types.WorkspaceEdit(
            document_changes=[
                types.CreateFile(
                    uri,
                    options=types.CreateFileOptions(overwrite=False, ignore_if_exists=False),
                    annotation_id=annotation,
                ),
                types.TextDocumentEdit(
                    types.OptionalVersionedTextDocumentIdentifier(uri),
                    [
                        types.AnnotatedTextEdit(annotation, insertion.range, insertion.new_text)
                        if annotation
                        else insertion
                    ],
                ),
            ],
            change_annotations=_to_confirm(annotation, label, description) if annotation else None,
        )
        return await self._apply(label, edit)

    async def _apply(self, label: str, edit: types.WorkspaceEdit) -> bool:
        try:
            # People read a change before they confirm it.
            answer = await self._protocol.ask(
                types.WORKSPACE_APPLY_EDIT,
                types.ApplyWorkspaceEditParams(edit=edit, label=label),
                seconds=_CONFIRMATION_SECONDS,
            )
        except ClientRefused as error:
            logger.info("The client made no change: %s", error)
            return False
        return isinstance(answer, Mapping) and answer.get("applied") is True

    async def ask_user(self, question: str, choices: Sequence[str]) -> str:
        """Ask the user to choose; empty if nothing was chosen."""
        try:
            answer = await self._protocol.ask(
                types.WINDOW_SHOW_MESSAGE_REQUEST,
                types.ShowMessageRequestParams(
                    type=types.MessageType.Warning,
                    message=question,
                    actions=[types.MessageActionItem(title=choice) for choice in choices],
                ),
                seconds=_CONFIRMATION_SECONDS,
            )
        except ClientRefused as error:
            logger.info("The user was not asked: %s", error)
            return ""
        return str(answer.get("title", "")) if isinstance(answer, Mapping) else ""

    async def watch(self, globs: Sequence[str]) -> None:
        """Ask to be told of changed files and settings, as far as the client offers it."""
        workspace = self._capabilities.workspace or types.WorkspaceClientCapabilities()
        watched = workspace.did_change_watched_files
        configuration = workspace.did_change_configuration
        registrations = []
        if watched and watched.dynamic_registration:
            watchers = [types.FileSystemWatcher(glob_pattern=glob) for glob in globs]
            # No glob of files matches a folder, and of a deleted folder's files nothing is told.
            watchers.append(types.FileSystemWatcher("**/*", types.WatchKind.Delete))
            files = types.DidChangeWatchedFilesRegistrationOptions(watchers=watchers)
            registrations.append(
                types.Registration(
                    id="copilot-ls-files",
                    method=types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
                    register_options=files,
                )
            )
        if configuration and configuration.dynamic_registration:
            section = types.DidChangeConfigurationRegistrationOptions(section=CONFIGURATION_SECTION)
            registrations.append(
                types.Registration(
                    id="copilot-ls-configuration",
                    method=types.WORKSPACE_DID_CHANGE_CONFIGURATION,
                    register_options=section,
                )
            )
        if not registrations:
            return
        try:
            await self._protocol.ask(
                types.CLIENT_REGISTER_CAPABILITY,
                types.RegistrationParams(registrations=registrations),
            )
        except ClientRefused as error:
            logger.info("The client watches nothing for us: %s", error)

    @contextlib.asynccontextmanager
    async def progress_of_task(self, title: str) -> AsyncIterator[Callable[[str, float], None]]:
        """Show a progress bar while the body runs; cancelling it cancels the task that runs it.

        The body is given what tells how far it is: in words, and as a share of 1.
        """
        asked = asyncio.current_task()

        def cancel() -> None:
            if asked is not None:
                asked.cancel()

        progress = await self.begin_progress(title, cancel, is_task=True)

        def tell(what: str, share: float) -> None:
            if progress is not None:
                progress.report(int(100 * share), what)

        try:
            yield tell
        finally:
            if progress is not None:
                progress.end("")

    async def begin_progress(
        self, title: str, cancel: Callable[[], None], *, is_task: bool = False
    ) -> Progress | None:
        """Show a progress bar that can be cancelled, if the client has one.

        By its token a client can tell a task that the user asked for from work in the background.
        """
        window = self._capabilities.window
        if not (window and window.work_done_progress):
            return None
        token = f"copilot-ls-{'task-' if is_task else ''}{uuid.uuid4()}"
        try:
            await self._protocol.ask(
                types.WINDOW_WORK_DONE_PROGRESS_CREATE,
                types.WorkDoneProgressCreateParams(token=token),
            )
        except ClientRefused:
            return None
        self._cancels[token] = cancel
        progress = Progress(self._protocol, token, lambda: self._cancels.pop(token, None))
        progress.begin(title)
        return progress

    def cancel_progress(self, token: str | int) -> None:
        """The user closed a progress bar."""
        with contextlib.suppress(KeyError):
            self._cancels[token]()


class Progress:
    """One progress bar; repeats nothing that it has said."""

    def __init__(self, protocol: Protocol, token: str, on_end: Callable[[], object]) -> None:
        self._protocol = protocol
        self._token = token
        self._on_end = on_end
        self._shown = (-1, "")

    def begin(self, title: str) -> None:
        self._send(types.WorkDoneProgressBegin(title=title, cancellable=True, percentage=0))

    def report(self, percent: int, message: str) -> None:
        if (percent, message) != self._shown:
            self._shown = (percent, message)
            self._send(types.WorkDoneProgressReport(message=message, percentage=percent))

    def end(self, message: str) -> None:
        self._send(types.WorkDoneProgressEnd(message=message))
        self._on_end()

    def _send(
        self,
        value: types.WorkDoneProgressBegin
        | types.WorkDoneProgressReport
        | types.WorkDoneProgressEnd,
    ) -> None:
        self._protocol.notify(types.PROGRESS, types.ProgressParams(token=self._token, value=value))


class ClientLog(logging.Handler):
    """Shows the server's log in the editor's output panel, from whatever thread it comes."""

    _SEVERITIES = (
        (logging.ERROR, types.MessageType.Error),
        (logging.WARNING, types.MessageType.Warning),
        (logging.INFO, types.MessageType.Info),
    )

    def __init__(self, client: Client, loop: asyncio.AbstractEventLoop) -> None:
        # Never below INFO: lower levels may hold code, and describe messages like this one.
        super().__init__(logging.INFO)
        self._client = client
        self._loop = loop

    def emit(self, record: logging.LogRecord) -> None:
        severity = next(s for level, s in self._SEVERITIES if record.levelno >= level)
        message = record.getMessage()
        with contextlib.suppress(RuntimeError):  # the loop is closed: the session is over
            self._loop.call_soon_threadsafe(self._client.log, severity, message)


def _to_confirm(annotation: str, label: str, description: str) -> dict[str, types.ChangeAnnotation]:
    confirmed = types.ChangeAnnotation(
        label=label, needs_confirmation=True, description=description
    )
    return {annotation: confirmed}
