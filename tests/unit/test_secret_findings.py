"""Secrets as findings: how grave, and how sure."""

from __future__ import annotations

import pytest

from copilot_ls.domain import Confidence, Document, Severity
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


WEB_TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        (f'TOKEN = "{KNOWN}"', Severity.HIGH),
        # What is in web pages, or only named like a secret, lets nobody in for certain.
        (f'JWT = "{WEB_TOKEN}"', Severity.MEDIUM),
        (NAMED, Severity.MEDIUM),
    ],
)
def test_what_lets_everybody_in_is_grave(text: str, severity: Severity):
    [found] = SecretScanner().find(Document("", "app.py", "python", text))
    assert found.severity is severity
