"""Secrets as findings: how sure they are."""

from __future__ import annotations

import pytest

from copilot_ls.domain import Confidence, Document
from copilot_ls.scanners.secrets import SecretScanner

NAMED = 'password = "Xk29dLq7vB7w"'
KNOWN = "ghp_" + "Ab3dEf6hIj9lMn2pQr5tUv8xYz1B4dF7hJ0k"


@pytest.mark.parametrize(
    ("text", "language", "confidence"),
    [
        (NAMED, "python", Confidence.MEDIUM),
        # In documentation and templates a telling name stands for an example.
        (f"EXAMPLES = r'''\n    {NAMED}\n'''", "python", Confidence.LOW),
        (f'def f():\n    """Call it.\n\n    {NAMED}\n    """', "python", Confidence.LOW),
        (f'"""A text."""\n{NAMED}\n"""Another one."""', "python", Confidence.MEDIUM),
        (f"x = '''\n{NAMED}\n'''", "javascript", Confidence.MEDIUM),
        (f'"""\n{KNOWN}\n"""', "python", Confidence.HIGH),
    ],
)
def test_an_example_in_a_long_text_is_less_sure(text: str, language: str, confidence: Confidence):
    [found] = SecretScanner().find(Document("", "app.py", language, text))
    assert found.confidence is confidence
