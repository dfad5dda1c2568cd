"""How errors are raised and caught, and how messages are logged, read off the code's lines. Pure.

Only Python is read closely; of the other languages, what they throw.
"""

from __future__ import annotations

import re

from indexer.conventions.notes import Notes

# Further than this no block is followed; code comes nowhere near it.
_MAX_BLOCK = 20_000
_MAX_STATEMENT = 2_000

_STATEMENT = re.compile(
    r"^([ \t]*)(raise|except|with|async[ \t]+with|assert|print)\b(?=[ \t(:*]|$)(.*)$", re.MULTILINE
)
_NAME = re.compile(r"\s*([A-Za-z_][\w.]*)")
_CALLED = re.compile(r"[ \t]*\(?[ \t]*([A-Za-z_][\w.]*)[ \t]*\(")
_NOTHING = re.compile(r"\s*(?:pass|\.\.\.)[ \t]*(?:\n|\Z)")
_BROAD = re.compile(r"[ \t]*\(?[ \t]*(?:\w+\.)*(?:Exception|BaseException)\b")
_CAUSE = re.compile(r"\bfrom[ \t]+(None\b)?")
_INDENT = re.compile(r"\n([ \t]*)(?=\S)")
_LOG_CALL = re.compile(
    r"\.(?:debug|info|warning|warn|error|exception|critical|fatal)\((?=\s*\(?\s*[fFrRbB]{0,2}[\"'])"
)
_LOGGER = re.compile(r"(?:^|[\W_])(?i:log|logger|logging)$|(?:Log|Logger)$")
_RECEIVER = re.compile(r"[\w.]+$")
_STRING = re.compile(r"\s*([fF]?)[rRbBuU]?[fF]?([\"'])")
_PARENTHESIS = re.compile(r"\s*\(")
_ARGUMENT = re.compile(r",\s*+(?!\)|\*|\w+\s*=[^=])")

_THROW_NEW = re.compile(r"\bthrow\s+new\s+(?:[\w$]+[.\\]|\\)*([\w$]+)")
_THROWN = {
    "javascript": _THROW_NEW,
    "typescript": _THROW_NEW,
    "tsx": _THROW_NEW,
    "java": _THROW_NEW,
    "csharp": _THROW_NEW,
    "php": _THROW_NEW,
    "ruby": re.compile(r"^\s*raise\s+([A-Z][\w:]*)", re.MULTILINE),
    "cpp": re.compile(r"\bthrow\s+([A-Za-z_][\w:]*)"),
    "go": re.compile(r"\b(errors\.New|fmt\.Errorf|errors\.Wrapf?|panic)\("),
    "rust": re.compile(r"\b(bail!|anyhow!|panic!|unreachable!|todo!|unwrap|expect)\("),
}


def note_statements(notes: Notes) -> None:
    """Note the statements that raise, catch, log, assert, and enter contexts."""
    if notes.parsed.language == "python":
        _note_python(notes)
        _note_log_messages(notes)
    elif (thrown := _THROWN.get(notes.parsed.language)) is not None:
        for match in thrown.finditer(notes.code):
            notes.add("errors.raised", match[1], notes.line_of(match.start(1)))


def _note_python(notes: Notes) -> None:
    code = notes.code
    handlers: list[tuple[int, int]] = []
    for match in _STATEMENT.finditer(code):
        indent, word, rest = len(match[1].expandtabs()), match[2].split()[-1], match[3]
        line = notes.line_of(match.start(2))
        match word:
            case "raise":
                handlers = [each for each in handlers if _is_within(code, *each, match.start(2))]
                _note_raise(notes, match.end(2), line, in_handler=bool(handlers))
            case "except":
                header = _logical_line(code, match.end(2))
                handlers = [each for each in handlers if each[0] < indent]
                handlers.append((indent, match.end(2) + len(header)))
                _note_handler(notes, header, code[handlers[-1][1] : handlers[-1][1] + 400], line)
            case "with":
                if called := _CALLED.match(rest):
                    name = ".".join(called[1].split(".")[-2:])
                    notes.add("idioms.context manager", name, line)
            case "assert":
                notes.add("tests.assertion", "assert", line)
            case _ if rest.lstrip().startswith("("):
                notes.add("logging.output", "print", line)


def _is_within(code: str, depth: int, start: int, end: int) -> bool:
    """Whether ``end`` lies in the block that begins at ``start`` below indentation ``depth``."""
    if end - start > _MAX_BLOCK:
        return False
    lines = _INDENT.finditer(code, start, end + 1)
    return all(len(line[1].expandtabs()) > depth for line in lines)


def _note_raise(notes: Notes, start: int, line: int, *, in_handler: bool) -> None:
    statement = _logical_line(notes.code, start)
    name = _NAME.match(statement)
    last = name[1].rpartition(".")[2] if name else ""
    if not last.lstrip("_")[:1].isupper():
        return
    notes.add("errors.raised", last, line)
    if in_handler:
        cause = _CAUSE.search(statement)
        how = "not chained" if cause is None else "from None" if cause[1] else "from the cause"
        notes.add("errors.chaining", how, line)


def _note_handler(notes: Notes, header: str, body: str, line: int) -> None:
    if header.lstrip("* \t").startswith(":"):
        notes.add("errors.caught", "everything (bare except)", line)
    elif _BROAD.match(header):
        notes.add("errors.caught", "Exception", line)
    else:
        notes.add("errors.caught", "named errors", line)
    is_idle = _NOTHING.match(header.rpartition(":")[2] + body) is not None
    notes.add("errors.handling", "nothing (pass)" if is_idle else "something", line)


def _logical_line(code: str, start: int) -> str:
    """From ``start`` to the end of the statement, which goes on inside brackets."""
    depth = 0
    for match in re.finditer(r"[()\[\]{}]|(?<!\\)\n|\Z", code[start : start + _MAX_STATEMENT]):
        if match[0] in {"(", "[", "{"}:
            depth += 1
        elif match[0] in {")", "]", "}"}:
            depth -= 1
        elif depth <= 0:
            return code[start : start + match.start()]
    return code[start : start + _MAX_STATEMENT]


def _note_log_messages(notes: Notes) -> None:
    code = notes.code
    for match in _LOG_CALL.finditer(code):
        receiver = _RECEIVER.search(code, max(0, match.start() - 60), match.start())
        if receiver is None or not _LOGGER.search(receiver[0]):
            continue
        line = notes.line_of(match.start())
        notes.add("logging.output", "logger", line)
        if how := _formatting(code, match.end()):
            notes.add("logging.message", how, line)


def _formatting(code: str, at: int) -> str:
    """How values get into the message that is a string at ``at``; empty if there are none."""
    if opening := _PARENTHESIS.match(code, at):
        at = opening.end()
    while (string := _STRING.match(code, at)) is not None:
        if string[1]:
            return "f-string"
        end = code.find(string[2], string.end())
        if end < 0:
            return ""
        at = end + 1
    after = code[at : at + 200].lstrip()
    if opening:
        after = after.removeprefix(")").lstrip()
    for start, how in (
        ("%", "% operator"),
        (".format", "str.format"),
        ("+", "concatenation"),
    ):
        if after.startswith(start):
            return how
    return "lazy arguments (%s)" if _ARGUMENT.match(after) else ""
