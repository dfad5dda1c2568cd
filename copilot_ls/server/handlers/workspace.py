"""Folders, settings and files that change, and progress bars that are closed."""

from __future__ import annotations

from lsprotocol import types

from copilot_ls.server.protocol import Later
from copilot_ls.server.session import Session


def did_change_configuration(
    session: Session, params: types.DidChangeConfigurationParams
) -> Later[None]:
    return session.push_configuration(params.settings)


def did_change_folders(
    session: Session, params: types.DidChangeWorkspaceFoldersParams
) -> Later[None]:
    return session.change_folders(params.event.added, params.event.removed)


def did_change_watched_files(session: Session, params: types.DidChangeWatchedFilesParams) -> None:
    session.note_watched_files(params.changes)


def did_cancel_progress(session: Session, params: types.WorkDoneProgressCancelParams) -> None:
    session.client.cancel_progress(params.token)
