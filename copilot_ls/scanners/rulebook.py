"""Our security rules: reading them, checking their form, and making one file for Semgrep.

The rules stand in ``rules/<language>/<topic>.yaml`` in Semgrep's own syntax, with two additions
of ours: the metadata that every rule must have, and ``- use: NAME``, which stands for a list of
patterns in the ``shared.yaml`` of the same folder. Both engines read what this module makes of
them, so that they cannot disagree about what a rule says.
A rule that is not well-formed becomes a problem; the others serve.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from copilot_ls.domain import Confidence, Severity
from indexer.model import Problem

SHARED_FILE = "shared.yaml"
MAX_MESSAGE_CHARS = 400
_ID = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+){2}")
_CWE = re.compile(r"CWE-[1-9]\d*")
_OWASP = re.compile(r"A(0\d|10):20\d\d")
_CATEGORY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_METADATA = frozenset({"cwe", "owasp", "category", "confidence", "references", "tier", "text"})
# Keys whose entries are alternatives, so that those of a shared list can stand among them.
_ALTERNATIVES = frozenset(
    {
        "pattern-either",
        "pattern-sources",
        "pattern-sinks",
        "pattern-sanitizers",
        "pattern-propagators",
    }
)


@dataclass(frozen=True, slots=True)
class Repair:
    """A fix that changes a part of what a rule matched: Semgrep's ``fix-regex``."""

    regex: re.Pattern[str]
    replacement: str

    def of(self, text: str) -> str | None:
        """Return the repaired text, or nothing if there is nothing in it to repair."""
        repaired = self.regex.sub(self.replacement, text)
        return repaired if repaired != text else None


@dataclass(frozen=True, slots=True)
class Rule:
    """One well-formed rule; ``definition`` is what Semgrep reads, shared lists put in.

    ``is_for_semgrep`` marks a rule that must not be translated for the in-process engine:
    it follows data, or its author says so (``metadata.tier: semgrep``). ``text`` must be found in
    a text for the rule to match there (``metadata.text``), if its names alone say too little.
    """

    id: str
    languages: tuple[str, ...]
    severity: Severity
    confidence: Confidence
    message: str
    category: str
    cwe: tuple[str, ...]
    owasp: tuple[str, ...]
    references: tuple[str, ...]
    is_for_semgrep: bool
    definition: Mapping[str, object]
    repair: Repair | None = None
    text: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Rules by id, and what was wrong with those that are missing."""

    rules: Mapping[str, Rule]
    problems: tuple[Problem, ...] = ()

    def to_semgrep(self) -> str:
        """Write all rules as one configuration file; JSON, which is YAML and parses faster."""
        return json.dumps({"rules": [rule.definition for rule in self.rules.values()]})


@cache
def own_rulebook() -> Rulebook:
    """Return the rules that come with the product; read once in a process."""
    return read_rulebook(own_folder())


def own_folder() -> Path:
    """Return where the rules of the product stand."""
    return Path(str(resources.files("copilot_ls.scanners"))) / "rules"


def read_rulebook(folder: Path) -> Rulebook:
    """Read every rule below ``folder``, which holds one folder for each language."""
    rules: dict[str, Rule] = {}
    problems: list[Problem] = []
    lists: dict[Path, Mapping[str, list[object]]] = {}
    for path in _topic_paths(folder):
        name = path.relative_to(folder).as_posix()
        try:
            definitions = list(_definitions(path, lists))
        except (OSError, ValueError) as error:
            problems.append(Problem(name, f"no rule of this file is used: {error}"))
            continue
        for definition in definitions:
            try:
                rule = _rule(definition, prefix=name.removesuffix(".yaml").replace("/", "."))
            except ValueError as error:
                problems.append(Problem(name, f"{definition.get('id')} is not used: {error}"))
                continue
            if rules.setdefault(rule.id, rule) is not rule:
                problems.append(Problem(name, f"{rule.id} is not used: its id is taken"))
    return Rulebook(rules, tuple(problems))


def topics(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield each rule file as Semgrep can read it: its path relative to ``folder``, its text.

    Raises:
        ValueError: a file is malformed.
    """
    lists: dict[Path, Mapping[str, list[object]]] = {}
    for path in _topic_paths(folder):
        text = json.dumps({"rules": list(_definitions(path, lists))})
        yield path.relative_to(folder).as_posix(), text


def _topic_paths(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*/*.yaml") if path.name != SHARED_FILE)


def _definitions(
    path: Path, lists: dict[Path, Mapping[str, list[object]]]
) -> Iterator[Mapping[str, object]]:
    """Yield the rules of a file; ``lists`` keeps what was read of each folder's shared lists."""
    shared = lists.get(path.parent)
    if shared is None:
        shared = lists[path.parent] = _shared_lists(path.with_name(SHARED_FILE))
    for entry in _list(_mapping(_parse(path)).get("rules")):
        yield _mapping(_expanded(_mapping(entry), shared))


def _shared_lists(path: Path) -> Mapping[str, list[object]]:
    if not path.exists():
        return {}
    lists = _mapping(_mapping(_parse(path)).get("shared"))
    return {name: _list(entries) for name, entries in lists.items()}


def _parse(path: Path) -> object:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - safe, in C
    except yaml.YAMLError as error:
        raise ValueError(f"it is not YAML: {error}") from error


def _expanded(
    value: object, shared: Mapping[str, list[object]], *, key: str = "", using: tuple[str, ...] = ()
) -> object:
    """Put shared lists in the places where they are used.

    ``key`` is what ``value`` stands under, ``using`` are the lists that it is part of.
    """
    if isinstance(value, Mapping):
        return {
            str(name): _expanded(item, shared, key=str(name), using=using)
            for name, item in value.items()
        }
    if not isinstance(value, list):
        return value
    expanded: list[object] = []
    for item in value:
        match item:
            case {"use": str(name), **rest} if not rest:
                if name in using:
                    raise ValueError(f"the shared list '{name}' uses itself")
                if name not in shared:
                    raise ValueError(f"{SHARED_FILE} has no list '{name}'")
                used = _list(
                    _expanded(shared[name], shared, key="pattern-either", using=(*using, name))
                )
                expanded += used if key in _ALTERNATIVES else [{"pattern-either": used}]
            case _:
                expanded.append(_expanded(item, shared, using=using))
    return expanded


def _rule(definition: Mapping[str, object], *, prefix: str) -> Rule:
    id_ = _text(definition, "id")
    if not _ID.fullmatch(id_) or not id_.startswith(f"{prefix}."):
        raise ValueError(f"its id is not of the form {prefix}.<name>")
    message = " ".join(_text(definition, "message").split())
    if not 20 <= len(message) <= MAX_MESSAGE_CHARS:
        raise ValueError(f"its message has not 20 to {MAX_MESSAGE_CHARS} characters")
    metadata = _mapping(definition.get("metadata"))
    if unknown := set(metadata) - _METADATA:
        raise ValueError(f"unknown metadata: {', '.join(sorted(unknown))}")
    cwe = _texts(metadata, "cwe", _CWE)
    if not cwe:
        raise ValueError("'cwe' is empty")
    category = _text(metadata, "category")
    if not _CATEGORY.fullmatch(category):
        raise ValueError("'category' is not of the form sql-injection")
    return Rule(
        id=id_,
        languages=_texts(definition, "languages"),
        severity=Severity(_word(definition, "severity", Severity)),
        confidence=Confidence(_word(metadata, "confidence", Confidence)),
        message=message,
        category=category,
        cwe=cwe,
        owasp=_texts(metadata, "owasp", _OWASP),
        references=(
            *_texts({"references": [], **metadata}, "references", re.compile(r"https://\S+")),
            f"https://cwe.mitre.org/data/definitions/{cwe[0].removeprefix('CWE-')}.html",
        ),
        is_for_semgrep=definition.get("mode") == "taint" or metadata.get("tier") == "semgrep",
        definition=definition,
        repair=_repair(definition.get("fix-regex")),
        text=_regex(metadata, "text"),
    )


def _regex(metadata: Mapping[str, object], key: str) -> re.Pattern[str] | None:
    if key not in metadata:
        return None
    try:
        return re.compile(_text(metadata, key))
    except re.error as error:
        raise ValueError(f"'{key}' is no regular expression: {error}") from error


def _repair(value: object) -> Repair | None:
    match value:
        case None:
            return None
        case {"regex": str(regex), "replacement": str(replacement), **rest} if not rest:
            try:
                return Repair(re.compile(regex), replacement)
            except re.error as error:
                raise ValueError(f"its fix-regex is none: {error}") from error
    raise ValueError("its fix-regex is not of the form {regex, replacement}")


def _mapping(value: object) -> dict[str, object]:
    if not isinstance(value, Mapping):
        raise ValueError(f"there is a {type(value).__name__} in the place of a mapping")  # noqa: TRY004 - the file's fault
    return {str(key): item for key, item in value.items()}


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise ValueError(f"there is a {type(value).__name__} in the place of a list")  # noqa: TRY004 - the file's fault
    return value


def _text(mapping: Mapping[str, object], key: str) -> str:
    value = mapping.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"'{key}' is missing or not a text")
    return value


def _texts(
    mapping: Mapping[str, object], key: str, form: re.Pattern[str] = _CATEGORY
) -> tuple[str, ...]:
    texts = []
    for value in _list(mapping.get(key)):
        if not isinstance(value, str) or not form.fullmatch(value):
            raise ValueError(f"'{key}' holds '{value}', which is not of the form {form.pattern}")
        texts.append(value)
    return tuple(texts)


def _word(mapping: Mapping[str, object], key: str, words: Iterable[str]) -> str:
    word = _text(mapping, key)
    allowed = [known.upper() for known in words]
    if word not in allowed:
        raise ValueError(f"'{key}' is not one of {', '.join(allowed)}")
    return word.lower()
