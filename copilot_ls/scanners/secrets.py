"""Keys and passwords in the text of any language; ``indexer.secrets`` knows what they look like."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from copilot_ls.domain import Confidence, Document, Finding, ScanReport, Severity
from copilot_ls.scanners.dependencies.manifests import is_lock_file
from copilot_ls.scanners.one_by_one import scan_each
from indexer import secrets
from indexer.model import Span
from indexer.secrets import Secret

RULE = "text.secrets.hard-coded"
_MESSAGE = (
    "This looks like a real secret ({kind}), and who can read the repository can use it. "
    "Revoke it, and read its successor from the environment or a secret store."
)


# Documentation and templates; what stands there by the name of a password is an example.
_LONG_TEXT = re.compile(r"\"\"\".*?\"\"\"|'''.*?'''", re.DOTALL)


class SecretScanner:
    """The ``Scanner`` port for secrets."""

    def find(self, document: Document) -> list[Finding]:
        """Find secrets in one document; about 1 ms for 1,000 lines.

        The digests of lock files are none.
        """
        if is_lock_file(document.path):
            return []
        is_python = document.language == "python"
        matches = _LONG_TEXT.finditer(document.text) if is_python else ()
        quoted = [Span(*match.span()) for match in matches]
        return [
            Finding(
                rule=RULE,
                message=_MESSAGE.format(kind=secret.kind),
                severity=Severity.HIGH if secret.opens_by_itself else Severity.MEDIUM,
                span=secret.span,
                path=document.path,
                confidence=_confidence(secret, quoted),
                category="hard-coded-secret",
                cwe=("CWE-798",),
                owasp=("A07:2021",),
                references=("https://cwe.mitre.org/data/definitions/798.html",),
            )
            for secret in secrets.find(document.text, document.path, document.language)
        ]

    async def scan(
        self, documents: Sequence[Document], on_progress: Callable[[int], None]
    ) -> ScanReport:
        return await scan_each(self.find, documents, on_progress)

    async def aclose(self) -> None:
        pass


def _confidence(secret: Secret, quoted: Sequence[Span]) -> Confidence:
    if secret.is_known_form:
        return Confidence.HIGH
    span = secret.span
    is_quoted = any(each.start < span.start and span.end < each.end for each in quoted)
    return Confidence.LOW if is_quoted else Confidence.MEDIUM
