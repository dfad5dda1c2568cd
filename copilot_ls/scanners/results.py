"""From what Semgrep writes to findings: pure, and tolerant of what it does not know.

Both programs are understood, the core and the public command line; their JSON differs in the
names of errors. Semgrep counts bytes, we count code points.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from copilot_ls.domain import Document, Edit, Finding, TraceStep
from copilot_ls.scanners.rulebook import Rule
from indexer.model import Problem, Span

_MAX_MESSAGE_CHARS = 600
_MAX_QUOTE_CHARS = 60


class UnknownOutput(ValueError):
    """What was written is not what any Semgrep that we know writes."""


@dataclass(frozen=True, slots=True)
class Results:
    """What one run of Semgrep found; ``broken_rules`` it could not compile, with the reason."""

    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...] = ()
    broken_rules: Mapping[str, str] = field(default_factory=dict)


def read_results(
    output: bytes, documents: Mapping[str, Document], rules: Mapping[str, Rule]
) -> Results:
    """Read the JSON of one run; ``documents`` and ``rules`` by the paths and ids that it was given.

    Raises:
        UnknownOutput: it is torn, or another version's.
    """
    # The core shows its progress as dots before the JSON.
    start = output.find(b"{")
    try:
        content: object = json.loads(output[max(start, 0) :])
    except ValueError as error:
        raise UnknownOutput(f"not JSON: {error}") from error
    match content:
        case {"results": list(matches), "errors": list(errors)}:
            pass
        case _:
            raise UnknownOutput("no lists 'results' and 'errors'")
    texts = {path: _Bytes(document.text) for path, document in documents.items()}
    findings = [
        _finding(match, documents[path], texts[path], rule)
        for match in matches
        if (path := _text(match, "path")) in documents
        and (rule := rules.get(_text(match, "check_id"))) is not None
    ]
    return Results(
        tuple(findings),
        tuple(dict.fromkeys(_problems(errors, documents, rules))),
        {_rule_id(e, rules): _first_line(e) for e in errors if _is_about_rule(e)},
    )


class _Bytes:
    """Turns offsets in the UTF-8 form of a text into offsets of code points."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._data = None if text.isascii() else text.encode(errors="replace")

    def span(self, value: object) -> Span:
        start, end = self._offset(value, "start"), self._offset(value, "end")
        return Span(start, max(start, end))

    def _offset(self, value: object, key: str) -> int:
        match value:
            case {"start": {"offset": int(start)}, "end": {"offset": int(end)}}:
                offset = start if key == "start" else end
            case _:
                raise UnknownOutput("a match without its place")
        if self._data is None:
            return min(offset, len(self.text))
        return len(self._data[:offset].decode(errors="ignore"))


def _finding(match: object, document: Document, text: _Bytes, rule: Rule) -> Finding:
    extra = match.get("extra", {}) if isinstance(match, Mapping) else {}
    span = text.span(match)
    message = " ".join(str(extra.get("message") or rule.message).split())
    fix = extra.get("fix")
    if rule.repair is not None:
        fix = rule.repair.of(document.text[span.start : span.end])
    return Finding(
        rule=rule.id,
        message=message[:_MAX_MESSAGE_CHARS],
        severity=rule.severity,
        span=span,
        path=document.path,
        confidence=rule.confidence,
        category=rule.category,
        cwe=rule.cwe,
        owasp=rule.owasp,
        fix=(Edit(span, fix),) if isinstance(fix, str) else (),
        references=rule.references,
        trace=tuple(_trace(extra.get("dataflow_trace"), text)),
    )


def _trace(trace: object, text: _Bytes) -> Iterator[TraceStep]:
    """Yield the steps from the source to the sink, ends included."""
    if not isinstance(trace, Mapping):
        return
    yield from _call_trace(trace.get("taint_source"), text, "enters here")
    for step in trace.get("intermediate_vars") or []:
        match step:
            case {"location": dict(location), "content": str(content)}:
                yield TraceStep(text.span(location), f"passes through {_quote(content)}")
    yield from _call_trace(trace.get("taint_sink"), text, "ends here")


def _call_trace(trace: object, text: _Bytes, what: str) -> Iterator[TraceStep]:
    match trace:
        case ["CliLoc", [dict(location), str(content)]]:
            yield TraceStep(text.span(location), f"{_quote(content)} {what}")
        case ["CliCall", [[dict(location), str(content)], _, inner]]:
            yield TraceStep(text.span(location), f"{_quote(content)} {what}")
            yield from _call_trace(inner, text, what)


def _problems(
    errors: list[object], documents: Mapping[str, Document], rules: Mapping[str, Rule]
) -> Iterator[Problem]:
    for error in errors:
        if _is_about_rule(error) or not isinstance(error, Mapping):
            continue
        location = error.get("location")
        place = location if isinstance(location, Mapping) else error
        document = documents.get(_text(place, "path"))
        if document is None:
            continue
        kind = _kind(error)
        if "Timeout" in kind or "memory" in kind.lower():
            rule = _rule_id(error, rules)
            what = "takes too much memory" if "memory" in kind.lower() else "takes too long"
            yield Problem(document.path, f"{what} to scan" + (f" for {rule}" if rule else ""))
        elif "Partial" in kind:
            yield Problem(document.path, "does not parse everywhere; those parts are not scanned")
        else:
            yield Problem(document.path, "does not parse, and is not scanned by Semgrep")


def _is_about_rule(error: object) -> bool:
    kind = _kind(error)
    return bool(_text(error, "rule_id")) and ("rule" in kind.lower() or "pattern" in kind.lower())


def _rule_id(error: object, rules: Mapping[str, Rule]) -> str:
    """Return what we call the rule that an error is about."""
    given = _text(error, "rule_id")
    return rules[given].id if given in rules else given


def _kind(error: object) -> str:
    if not isinstance(error, Mapping):
        return ""
    kind = error.get("error_type", error.get("type", ""))
    return str(kind[0]) if isinstance(kind, list) and kind else str(kind)


def _first_line(error: object) -> str:
    lines = _text(error, "message").split("\n")
    return next((line.strip() for line in lines if "Invalid" in line), lines[0].strip())


def _text(value: object, key: str) -> str:
    found = value.get(key) if isinstance(value, Mapping) else None
    return found if isinstance(found, str) else ""


def _quote(content: str) -> str:
    text = " ".join(content.split())
    return f"`{text[:_MAX_QUOTE_CHARS]}…`" if len(text) > _MAX_QUOTE_CHARS else f"`{text}`"
