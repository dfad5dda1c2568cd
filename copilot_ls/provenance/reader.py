"""The ``Provenance`` port on the store of fingerprints, off the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from copilot_ls.domain import CodeOrigin
from copilot_ls.provenance.store import OriginStore


class OriginReader:
    """Answers from what is stored; without a store, with nothing."""

    def __init__(self, store: OriginStore) -> None:
        self._store = store

    async def origins(self, text: str) -> Sequence[CodeOrigin]:
        return await asyncio.to_thread(self._store.origins, text)
