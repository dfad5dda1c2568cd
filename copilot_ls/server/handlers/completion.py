"""``textDocument/completion``: the index's menu, with the suggestion for lack of ghost text."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from lsprotocol import types

from copilot_ls.server import items
from copilot_ls.server.protocol import Later
from copilot_ls.server.session import Offer, Session

if TYPE_CHECKING:
    from copilot_ls.features.menu import MenuItem
    from copilot_ls.server.documents import Snapshot

TRIGGER_CHARACTERS = (".", "(", "=", " ", ",", "[", "{", ":")
MENU_TRIGGER_CHARACTERS = (".", "(", ",")


def menu(session: Session, params: types.CompletionParams) -> Later[types.CompletionList]:
    """Answer a client that shows suggestions as ghost text: the menu holds what is known."""
    return partial(_menu, session.prepare_menu(params.text_document.uri, params.position))


def completion(session: Session, params: types.CompletionParams) -> Later[types.CompletionList]:
    """Answer a client without ghost text: its menu holds the suggestion as well."""
    uri, position = params.text_document.uri, params.position
    # The protocol calls a typed word "invoked" as well, so that nothing says the user asked.
    offer = session.prepare_completion(uri, position, invoked=False)
    return partial(_both, offer, session.prepare_menu(uri, position))


async def _menu(
    coming: Later[tuple[Snapshot, list[MenuItem]] | None],
) -> types.CompletionList:
    found = await coming()
    if found is None:
        return types.CompletionList(is_incomplete=False, items=[])
    snapshot, entries = found
    shown = [items.to_menu_item(entry, snapshot, rank) for rank, entry in enumerate(entries)]
    # Incomplete: what is ranked depends on the letters that are typed.
    return types.CompletionList(is_incomplete=True, items=shown)


async def _both(
    offer_coming: Later[Offer | None],
    menu_coming: Later[tuple[Snapshot, list[MenuItem]] | None],
) -> types.CompletionList:
    offer, found = await asyncio.gather(offer_coming(), _menu(menu_coming))
    suggestions = offer.completion.suggestions if offer else ()
    shown = [items.to_completion_item(s, offer.snapshot) for s in suggestions if offer]
    # Incomplete: the next key may deserve another suggestion.
    return types.CompletionList(is_incomplete=True, items=[*shown, *found.items])
