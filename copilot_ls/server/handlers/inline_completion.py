"""``textDocument/inlineCompletion``: ghost text."""

from __future__ import annotations

from functools import partial

from lsprotocol import types

from copilot_ls.server import items
from copilot_ls.server.protocol import Later
from copilot_ls.server.session import Offer, Session


def inline_completion(
    session: Session, params: types.InlineCompletionParams
) -> Later[types.InlineCompletionList]:
    selected = params.context.selected_completion_info
    offer = session.prepare_completion(
        params.text_document.uri,
        params.position,
        invoked=params.context.trigger_kind is types.InlineCompletionTriggerKind.Invoked,
        selected=selected,
    )
    return partial(_answer, offer, selected)


async def _answer(
    coming: Later[Offer | None], selected: types.SelectedCompletionInfo | None
) -> types.InlineCompletionList:
    offer = await coming()
    if offer is None:
        return types.InlineCompletionList(items=[])
    return types.InlineCompletionList(
        items=[
            items.to_inline_item(suggestion, offer.snapshot, selected)
            for suggestion in offer.completion.suggestions
        ]
    )
