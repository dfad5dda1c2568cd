"""What the index has to say of one place: before the model writes, and while it does.

Late or failing answers mean that the model writes without them; nothing here fails.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from copilot_ls.domain import Document, PromptLayout, Snippet
from copilot_ls.features.completion.context import choose_snippets, examples_of
from copilot_ls.features.completion.options import CompletionOptions
from copilot_ls.features.completion.steps import (
    Call,
    exact_signature,
    settled_names,
    signature_of,
    word_before,
)
from copilot_ls.ports import CodeIndex
from indexer.errors import IndexerError
from indexer.model import Hit, Query, SearchMode

_log = logging.getLogger(__name__)
_INVOKED_PATIENCE = 10
_N_NAMESAKES = 6
# All members of a class should be among the answers where they are all that can stand there.
_N_HITS = 64
# Uses in the document itself are left out, so some more are asked for.
_N_OWN_USES = 3


@dataclass(frozen=True, slots=True)
class Around:
    """Signatures for a place, best first, and the names that alone can stand there, if known."""

    snippets: tuple[Snippet, ...] = ()
    choices: tuple[str, ...] = ()
    hits: Sequence[Hit] = ()
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class Grounding:
    """Asks the index; ``counts`` tells what came too late or not at all."""

    index: CodeIndex
    options: CompletionOptions
    counts: Counter[str] = field(default_factory=Counter)

    async def around(
        self, document: Document, offset: int, layout: PromptLayout, *, is_patient: bool
    ) -> Around:
        """Look at a place; who asks by a key is patient and waits rather than reading a guess."""
        if not self.options.context:
            return Around()
        query = Query(document.text, SearchMode.COMPLETION, document.path, offset, _N_HITS)
        hits = await self._search(query, is_patient=is_patient)
        if hits is None:
            return Around(is_late=True)
        choices = settled_names(hits, document, offset) if self.options.settled_names else ()
        snippets = choose_snippets(hits, layout)
        if len(snippets) == 1:
            snippets = [
                await self.with_examples(
                    snippets[0], document.path, layout.max_examples, is_patient=is_patient
                )
            ]
        return Around(tuple(snippets), choices, hits)

    async def callee(
        self, document: Document, offset: int, written: str, call: Call, *, is_patient: bool
    ) -> Snippet | None:
        """Return the declaration of what ``written``, the text at ``offset``, calls at ``call``."""
        if not (self.options.context and self.options.exact_signatures):
            return None
        named = written[: call.end - 1]
        text = document.text[:offset] + named + document.text[offset:]
        place = offset + len(named)
        query = Query(text, SearchMode.COMPLETION, document.path, place, _N_NAMESAKES)
        return exact_signature(call, await self._search(query, is_patient=is_patient) or ())

    def chosen(self, around: Around, document: Document, offset: int, rest: str) -> Snippet | None:
        """Return the declaration of a choice, ``rest`` of the name that is typed at ``offset``."""
        if not self.options.exact_signatures:
            return None
        return signature_of(word_before(document, offset) + rest, around.hits)

    async def with_examples(
        self, snippet: Snippet, path: str, limit: int, *, is_patient: bool
    ) -> Snippet:
        """Add real uses of a definition from other files than ``path``."""
        query = Query(snippet.name, SearchMode.USAGE, limit=limit + _N_OWN_USES)
        uses = await self._search(query, is_patient=is_patient) if limit else ()
        return replace(snippet, examples=examples_of(uses or (), path, limit))

    async def _search(self, query: Query, *, is_patient: bool) -> Sequence[Hit] | None:
        """Ask; nothing at all if the answer came too late."""
        patience = _INVOKED_PATIENCE if is_patient else 1
        try:
            async with asyncio.timeout(patience * self.options.context_ms / 1000):
                return await self.index.search(query)
        except TimeoutError:
            self.counts["context:late"] += 1
            return None
        except IndexerError as error:
            self.counts["context:failed"] += 1
            _log.warning("context left out: %s", error)
            return ()
