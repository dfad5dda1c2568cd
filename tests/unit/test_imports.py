"""A missing import goes where a person would write it."""

from __future__ import annotations

import pytest

from copilot_ls.checks.imports import import_edits
from copilot_ls.domain import Document

NEW = "from shop.money import Money"


def with_import(text: str, language: str = "python", statement: str = NEW) -> str:
    document = Document("file:///a", "a", language, text)
    for edit in import_edits(document, [statement]):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 1\n", f"{NEW}\n\nx = 1\n"),
        ("", f"{NEW}\n"),
        ("import os\n\nx = 1\n", f"import os\n{NEW}\n\nx = 1\n"),
        ('"""Doc."""\n\nx = 1\n', f'"""Doc."""\n{NEW}\n\n\nx = 1\n'),
        ("#!/bin/sh\n# A\nx = 1\n", f"#!/bin/sh\n# A\n{NEW}\n\nx = 1\n"),
        (
            '"""Doc\n\nmore\n"""\nfrom __future__ import annotations\nx = 1\n',
            f'"""Doc\n\nmore\n"""\nfrom __future__ import annotations\n{NEW}\nx = 1\n',
        ),
        (
            "from a import (\n    b,\n    c,\n)\nimport d\n\n\ndef f(): ...\n",
            f"from a import (\n    b,\n    c,\n)\nimport d\n{NEW}\n\n\ndef f(): ...\n",
        ),
        ("import a\r\nx = 1\r\n", f"import a\r\n{NEW}\r\nx = 1\r\n"),
        ("x = 1\nimport late\n", f"{NEW}\n\nx = 1\nimport late\n"),
        ("import a", f"import a\n{NEW}\n"),
        (f"{NEW}\nx = 1\n", f"{NEW}\nx = 1\n"),
    ],
)
def test_python(before: str, after: str) -> None:
    assert with_import(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "// A\nimport {\n  b,\n} from './b';\n\nb();\n",
            "// A\nimport {\n  b,\n} from './b';\nimport c from './c';\n\nb();\n",
        ),
        ("/* A\n*/\nb();\n", "/* A\n*/\nimport c from './c';\n\nb();\n"),
    ],
)
def test_typescript(before: str, after: str) -> None:
    assert with_import(before, "typescript", "import c from './c';") == after
