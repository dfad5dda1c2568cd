"""The rules that follow no data, matched in this process in milliseconds.

They are the same rules that Semgrep gets; what cannot be translated is left to it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from copilot_ls.domain import Document, Edit, Finding, ScanReport
from copilot_ls.scanners.languages import DIALECTS, dialect_of
from copilot_ls.scanners.lexicon import Lexicon, tokens_of, words_of
from copilot_ls.scanners.one_by_one import scan_each
from copilot_ls.scanners.patterns.formula import (
    File,
    Formula,
    Match,
    matches,
    needed_words,
    read_formula,
)
from copilot_ls.scanners.patterns.names import Condition, Names
from copilot_ls.scanners.patterns.translate import Untranslatable
from copilot_ls.scanners.rulebook import Rule, Rulebook

_log = logging.getLogger(__name__)
_MAX_CHARS = 1_000_000
_MAX_FILES_KNOWN = 16
_VARIABLE = re.compile(r"\$([A-Z_][A-Z_0-9]*)")


@dataclass(frozen=True, slots=True)
class _Translated:
    rule: Rule
    formula: Formula
    needs: Sequence[frozenset[str]]


class PatternScanner:
    """The ``Scanner`` port in this process; :meth:`find` is its synchronous heart.

    ``left_to_semgrep`` tells why a rule is not looked for here, by rule.
    """

    def __init__(self, rulebook: Rulebook) -> None:
        self.left_to_semgrep: dict[str, str] = {}
        self._rulebook = rulebook
        self._rules: dict[str, list[_Translated]] = {}
        self._by_aliases: dict[object, dict[int, Condition]] = {}

    def find(
        self, document: Document, wants: Callable[[Rule], bool] = lambda _: True
    ) -> list[Finding]:
        """Find what the rules that are wanted say of a document; about 10 ms for 1,000 lines."""
        dialect = dialect_of(document.language)
        if dialect is None or len(document.text) > _MAX_CHARS:
            return []
        words = words_of(document.text)
        rules = [
            each
            for each in self._translated(dialect.name, dialect.ast_grep)
            if any(needs <= words for needs in each.needs) and wants(each.rule)
        ]
        if not rules:
            return []
        from ast_grep_py import SgRoot

        root = SgRoot(document.text, dialect.ast_grep).root()
        names = Names(root, dialect.ast_grep)
        text = document.text
        is_python = dialect.name == "python"
        # What is quoted need not be told from what is not: fewer patterns would be looked for.
        tokens = tokens_of(text, words, words, names.aliases, is_python=is_python)
        file = File(root, text, words, names, Lexicon(tokens), self._written(names))
        return [
            _finding(each.rule, match, document)
            for each in rules
            for match in self._matches(each, file)
        ]

    def _written(self, names: Names) -> dict[int, Condition]:
        """Return what is known of patterns as they are written for a file with these imports."""
        key = frozenset(names.aliases.items())
        written = self._by_aliases.pop(key, {})
        self._by_aliases[key] = written
        while len(self._by_aliases) > _MAX_FILES_KNOWN:
            self._by_aliases.pop(next(iter(self._by_aliases)), None)
        return written

    def looks_for(self, rule: str) -> bool:
        """Tell whether a rule is one of those that are looked for here."""
        return rule in self._rulebook.rules and rule not in self.left_to_semgrep

    def prepare(self) -> None:
        """Translate the rules of all languages now; otherwise each waits for its first text."""
        for dialect in DIALECTS:
            self._translated(dialect.name, dialect.ast_grep)

    async def scan(
        self, documents: Sequence[Document], on_progress: Callable[[int], None]
    ) -> ScanReport:
        found = await scan_each(self.find, documents, on_progress)
        return replace(found, problems=self._rulebook.problems)

    async def aclose(self) -> None:
        pass

    def _matches(self, translated: _Translated, file: File) -> Sequence[Match]:
        try:
            return matches(translated.formula, file)
        except Exception as error:  # ast-grep says in many ways that it cannot read a rule.
            self.left_to_semgrep[translated.rule.id] = str(error)
            _log.warning("Rule %s is left to Semgrep: %s", translated.rule.id, error)
            for rules in self._rules.values():
                rules[:] = [each for each in rules if each.rule.id != translated.rule.id]
            return ()

    def _translated(self, name: str, language: str) -> Sequence[_Translated]:
        if name not in self._rules:
            translated = []
            for rule in self._rulebook.rules.values():
                if name not in rule.languages:
                    continue
                if rule.is_for_semgrep:
                    self.left_to_semgrep[rule.id] = "it follows data, or its author says so"
                    continue
                try:
                    formula = read_formula(rule.definition, language)
                except Untranslatable as error:
                    self.left_to_semgrep[rule.id] = str(error)
                else:
                    translated.append(_Translated(rule, formula, needed_words(formula)))
            self._rules[name] = translated
        return self._rules[name]


def _finding(rule: Rule, match: Match, document: Document) -> Finding:
    fix = rule.definition.get("fix")
    fixed = _filled(fix, match) if isinstance(fix, str) else None
    if rule.repair is not None:
        fixed = rule.repair.of(document.text[match.span.start : match.span.end])
    return Finding(
        rule=rule.id,
        message=_filled(rule.message, match),
        severity=rule.severity,
        span=match.span,
        path=document.path,
        confidence=rule.confidence,
        category=rule.category,
        cwe=rule.cwe,
        owasp=rule.owasp,
        fix=(Edit(match.span, fixed),) if fixed is not None else (),
        references=rule.references,
    )


def _filled(text: str, match: Match) -> str:
    """Put into a message or a fix what the variables stand for."""
    bound: Mapping[str, object] = {name: each.text for name, each in match.bound.items()}
    return _VARIABLE.sub(lambda found: str(bound.get(found[1], found[0])), text)
