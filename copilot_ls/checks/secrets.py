"""Does a suggestion hold what looks like a real secret? Pure.

A model that was trained on leaked keys repeats them, and one that saw a key in a prompt copies it.
What a secret looks like is known to ``indexer.secrets``; here, what a person may have made up does
not count: a placeholder, an environment variable's name or a test's ``"hunter2"``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from copilot_ls.checks.draft import Draft
from copilot_ls.domain import Finding, Severity
from indexer import secrets
from indexer.model import Span
from indexer.resolve.outline import Repository
from indexer.secrets import Secret

RULE = "secret"
_PLACEHOLDER = re.compile(
    r"(?i)example|sample|dummy|placeholder|change_?me|your|xxx|\.\.\.|test|fake|<|\{|\$|password"
)


def check(draft: Draft, repository: Repository) -> Iterator[Finding]:
    """Report literals of the suggestion that look like keys."""
    del repository
    # A name left of the cursor may give a literal its meaning.
    start = draft.text.rfind("\n", 0, draft.span.start) + 1
    for secret in find_secrets(draft.text[start : draft.span.end]):
        span = Span(start + secret.span.start, start + secret.span.end)
        if span.end > draft.span.start:
            yield Finding(RULE, "this looks like a real secret", Severity.HIGH, span)


def find_secrets(text: str) -> list[Secret]:
    """Find what looks like real secrets in a text, in order; about 1 ms for 1,000 lines."""
    return [
        secret
        for secret in secrets.find(text, only_random=True)
        if not _PLACEHOLDER.search(text[secret.span.start : secret.span.end])
    ]
