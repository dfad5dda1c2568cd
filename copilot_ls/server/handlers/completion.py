"""``textDocument/completion``, for clients that have no ghost text: one item in their menu."""

from __future__ import annotations

from functools import partial

from lsprotocol import types

from copilot_ls.server import items
from copilot_ls.server.protocol import Later
from copilot_ls.server.session import Offer, Session

TRIGGER_CHARACTERS = (".", "(", "=", " ", ",", "[", "{", ":")


def completion(session: Session, params: types.CompletionParams) -> Later[types.CompletionList]:
    # The protocol calls a typed word "invoked" as well, so that nothing says the user asked.
    offer = session.prepare_completion(params.text_document.uri, params.position, invoked=False)
    return partial(_answer, offer)


async def _answer(coming: Later[Offer | None]) -> types.CompletionList:
    offer = await coming()
    suggestions = offer.completion.suggestions if offer else ()
    shown = [items.to_completion_item(s, offer.snapshot) for s in suggestions if offer]
    # Incomplete: the next key may deserve another suggestion.
    return types.CompletionList(is_incomplete=True, items=shown)
