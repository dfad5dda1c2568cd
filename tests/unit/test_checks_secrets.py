"""Real keys are not suggested; placeholders, names and test values are."""

from __future__ import annotations

import pytest

from copilot_ls.checks import secrets
from copilot_ls.checks.draft import Draft
from copilot_ls.domain import Document, Edit
from indexer.model import Span
from indexer.resolve.outline import EmptyRepository

# Put together here, so that no scanner of this repository stumbles over them.
AWS = "AKIA" + "Q3EGRKJX7WBN2UZD"
GITHUB = "ghp" + "_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
RANDOM = "9fK2mQ7x" + "Tz4Lw8Rb1Yc5Vd"


def findings(before: str, suggestion: str) -> list[str]:
    document = Document("file:///a.py", "a.py", "python", before)
    draft = Draft(document, Edit(Span(len(before), len(before)), suggestion))
    return [
        draft.text[finding.span.start : finding.span.end]
        for finding in secrets.check(draft, EmptyRepository())
    ]


@pytest.mark.parametrize(
    ("before", "suggestion", "secret"),
    [
        ("key = ", f'"{AWS}"', AWS),
        ("", f"token = '{GITHUB}'", GITHUB),
        ("api_key = ", f'"{RANDOM}"', RANDOM),
        ('headers["X-Api-Key"] = ', f'"{RANDOM}"', RANDOM),
        ("connect(", '"postgres://admin:Xk29fmQ1@db.local/app")', "Xk29fmQ1"),
    ],
)
def test_what_looks_like_a_key_is_reported(before: str, suggestion: str, secret: str) -> None:
    assert findings(before, suggestion) == [secret]


@pytest.mark.parametrize(
    "suggestion",
    [
        'password = "hunter2"',
        'api_key = os.environ["SERVICE_API_KEY_2024_PRODUCTION"]',
        'token = "your-token-goes-here-1234567890"',
        'url = f"postgres://{user}:{password}@{host}/db"',
        'digest = "d41d8cd98f00b204e9800998ecf8427e"',
        f'aws = "{AWS[:-7]}EXAMPLE"',
        'token_type = "urn:ietf:params:oauth:token"',
    ],
)
def test_what_only_names_a_key_is_not(suggestion: str) -> None:
    assert findings("", suggestion) == []


def test_a_secret_that_the_user_typed_is_not_the_suggestion_s() -> None:
    assert findings(f'token = "{GITHUB}"; ', "x = 1") == []
