"""Suggestions as the editor gets them: ghost text, an item of its menu, or their story as JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING

from lsprotocol import types

from copilot_ls.checks.imports import import_edits
from copilot_ls.domain import Completion, Suggestion
from copilot_ls.server import convert
from copilot_ls.server.documents import Snapshot
from indexer.model import SymbolKind

if TYPE_CHECKING:
    from copilot_ls.features.menu import MenuItem

ACCEPT_COMMAND = "copilot-ls.accept"

_KINDS = {
    SymbolKind.MODULE: types.CompletionItemKind.Module,
    SymbolKind.CLASS: types.CompletionItemKind.Class,
    SymbolKind.INTERFACE: types.CompletionItemKind.Interface,
    SymbolKind.ENUM: types.CompletionItemKind.Enum,
    SymbolKind.ENUM_MEMBER: types.CompletionItemKind.EnumMember,
    SymbolKind.TYPE_ALIAS: types.CompletionItemKind.Class,
    SymbolKind.FUNCTION: types.CompletionItemKind.Function,
    SymbolKind.METHOD: types.CompletionItemKind.Method,
    SymbolKind.PROPERTY: types.CompletionItemKind.Property,
    SymbolKind.FIELD: types.CompletionItemKind.Field,
    SymbolKind.CONSTANT: types.CompletionItemKind.Constant,
}
_WORD_AT_END = re.compile(r"\w+\Z")


def to_inline_item(
    suggestion: Suggestion, snapshot: Snapshot, selected: types.SelectedCompletionInfo | None
) -> types.InlineCompletionItem:
    """Make ghost text of a suggestion for ``snapshot``.

    With ``selected``, the snapshot is the one in which the selected entry of the suggest
    widget was already inserted; the item then begins with that entry and replaces what it
    would replace, as the protocol demands.
    """
    target = snapshot.range(suggestion.span)
    text = _shown(suggestion)
    if selected is not None:
        grown = convert.to_character(selected.text, len(selected.text), snapshot.encoding) - (
            selected.range.end.character - selected.range.start.character
        )
        end = types.Position(target.end.line, target.end.character - grown)
        target = types.Range(start=selected.range.start, end=end)
        text = selected.text + text
    return types.InlineCompletionItem(
        insert_text=text, range=target, command=_accept(suggestion, snapshot)
    )


def to_completion_item(suggestion: Suggestion, snapshot: Snapshot) -> types.CompletionItem:
    """Offer a suggestion in the suggest widget of a client that has no ghost text.

    The edit begins at the word before the cursor, because widgets filter by that word and
    some drop an item whose filter text does not begin with it.
    """
    start = suggestion.span.start
    match = _WORD_AT_END.search(snapshot.document.text[max(start - 200, 0) : start])
    word = match.group() if match else ""
    target = snapshot.range(suggestion.span)
    target.start.character -= convert.to_character(word, len(word), snapshot.encoding)
    inserted = word + _shown(suggestion)
    first_line, _, rest = inserted.lstrip().partition("\n")
    return types.CompletionItem(
        label=f"{first_line.rstrip()} …" if rest else first_line,
        kind=types.CompletionItemKind.Text,
        detail="copilot-ls",
        documentation=types.MarkupContent(
            types.MarkupKind.Markdown,
            f"{_fence(inserted)}{snapshot.document.language}\n{inserted}\n{_fence(inserted)}",
        ),
        preselect=True,
        sort_text="\x20",
        filter_text=inserted.partition("\n")[0] or inserted,
        insert_text_format=types.InsertTextFormat.PlainText,
        insert_text_mode=types.InsertTextMode.AsIs,
        text_edit=types.TextEdit(range=target, new_text=inserted),
        additional_text_edits=[
            types.TextEdit(range=snapshot.range(edit.span), new_text=edit.text)
            for edit in import_edits(snapshot.document, suggestion.imports)
        ]
        or None,
        command=_accept(suggestion, snapshot),
    )


def to_menu_item(item: MenuItem, snapshot: Snapshot, rank: int) -> types.CompletionItem:
    """Make an entry of the ordinary menu; ``rank`` keeps the index's order."""
    return types.CompletionItem(
        label=item.label,
        kind=_KINDS.get(item.kind, types.CompletionItemKind.Variable),
        detail=item.detail or None,
        documentation=item.documentation or None,
        sort_text=f"{rank:04d}",
        filter_text=item.label,
        insert_text_format=types.InsertTextFormat.PlainText,
        text_edit=types.TextEdit(range=snapshot.range(item.span), new_text=item.text),
        additional_text_edits=[
            types.TextEdit(range=snapshot.range(edit.span), new_text=edit.text)
            for edit in item.edits
        ]
        or None,
    )


def to_explanation(suggestion_id: str, completion: Completion) -> dict[str, object]:
    """Say as JSON where a suggestion came from; holds the user's code, for the user alone."""
    return {
        "id": suggestion_id,
        **{_camel(f.name): _to_json(getattr(completion, f.name)) for f in fields(completion)},
    }


def _to_json(value: object) -> object:
    if is_dataclass(value):
        return {_camel(f.name): _to_json(getattr(value, f.name)) for f in fields(value)}
    match value:
        case Mapping():
            return {str(key): _to_json(item) for key, item in value.items()}
        case list() | tuple():
            return [_to_json(item) for item in value]
        case float():
            return round(value, 3)
        case _:
            return value


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


def _accept(suggestion: Suggestion, snapshot: Snapshot) -> types.Command:
    about: dict[str, object] = {
        "origin": suggestion.origin.value,
        "verdict": suggestion.verdict.value,
    }
    if suggestion.imports or "\n" in suggestion.text:
        # A block is looked at closely when it is accepted. Ghost text has no additional edits, so
        # that imports are made then, too.
        about |= {"uri": snapshot.document.uri, "imports": list(suggestion.imports)}
    # By keyword: the third parameter is a tooltip since lsprotocol 2025.
    return types.Command(
        title="Accept completion", command=ACCEPT_COMMAND, arguments=[suggestion.id, about]
    )


def _shown(suggestion: Suggestion) -> str:
    r"""Return the text with lines that end in ``\n``, whatever those of the document end in.

    Editors write their own line ends; Neovim would show and write the ``\r`` besides.
    """
    return suggestion.text.replace("\r\n", "\n")


def _fence(text: str) -> str:
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    return "`" * (longest + 1)
