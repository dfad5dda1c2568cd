"""The files that the editor watches for us are those that the index finds symbols in."""

from __future__ import annotations

import pytest

from copilot_ls.server.session import WATCHED_SUFFIXES
from indexer.syntax.parse import has_grammar, language_of


@pytest.mark.parametrize("suffix", WATCHED_SUFFIXES)
def test_watched_files_have_a_grammar(suffix: str) -> None:
    language = language_of(f"shop/orders.{suffix}")
    assert language is not None
    assert has_grammar(language)
