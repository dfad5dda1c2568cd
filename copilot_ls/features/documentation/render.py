"""An account of a definition as a docstring in the style of its file. Pure."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence

from copilot_ls.features.documentation import words
from copilot_ls.features.documentation.account import Account, Said
from copilot_ls.features.documentation.layout import Layout
from copilot_ls.features.documentation.sections import SectionKind
from indexer.syntax.docstring import DocstringStyle

_STEP = "    "
_HEADS = {
    DocstringStyle.GOOGLE: {
        SectionKind.PARAMETERS: "Args",
        SectionKind.ATTRIBUTES: "Attributes",
        SectionKind.RETURNS: "Returns",
        SectionKind.YIELDS: "Yields",
        SectionKind.RAISES: "Raises",
    },
    DocstringStyle.NUMPY: {
        SectionKind.PARAMETERS: "Parameters",
        SectionKind.ATTRIBUTES: "Attributes",
        SectionKind.RETURNS: "Returns",
        SectionKind.YIELDS: "Yields",
        SectionKind.RAISES: "Raises",
    },
}
_SECOND_VERB = re.compile(
    r"\band ([a-z]+s)(?= (?:the|a|an|it|its|them|their|all|each|any|whether)\b)"
)
_FIELDS = {
    SectionKind.PARAMETERS: "param",
    SectionKind.ATTRIBUTES: "ivar",
    SectionKind.RETURNS: "return",
    SectionKind.YIELDS: "yields",
    SectionKind.RAISES: "raises",
}


def render(account: Account, layout: Layout, indent: str) -> str:
    """The literal, quotes included, whose first line stands at ``indent`` already."""
    text = "\n".join(_lines(account, layout, max(30, layout.width - len(indent.expandtabs(8)))))
    return quoted(text, layout, indent)


def quoted(text: str, layout: Layout, indent: str) -> str:
    """Text without indentation as a literal in its place."""
    prefix = "r" if "\\" in text else ""
    quote = layout.quote if len(layout.quote) == 3 else '"""'
    if quote in text:
        quote = "'''" if quote == '"""' else '"""'
    lines = text.split("\n")
    if len(lines) == 1 and not layout.summary_below:
        room = layout.width - len(indent) - 2 * len(quote) - len(prefix)
        if len(text) <= room and not text.endswith(quote[0]):
            return f"{prefix}{quote}{text}{quote}"
    first = lines[0]
    if layout.summary_below:
        opening = [f"{prefix}{quote}", indent + first]
    else:
        opening = [f"{prefix}{quote}{first}"]
    body = [indent + line if line.strip() else "" for line in lines[1:]]
    every = [*opening, *body]
    if layout.closing_on_text and not text.endswith(quote[0]):
        every[-1] += quote
    else:
        every += [""] if layout.blank_at_end else []
        every.append(indent + quote)
    return "\n".join(every)


def _wrapped(text: str, width: int, *, first: str = "", following: str = "") -> list[str]:
    """Lines of a text, with what each begins with; words and code stay whole."""
    return textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=following,
        break_long_words=False,
        break_on_hyphens=False,
    )


def summary_of(account: Account, layout: Layout) -> str:
    """The first sentence, in the mood of its file."""
    verb, rest = account.verb, account.summary
    if verb and layout.third_person:
        verb = words.third_person(verb)
    elif verb:
        rest = _SECOND_VERB.sub(_imperative, rest)
    return words.sentence(f"{verb} {rest}".strip(), full_stop=layout.full_stop)


def _imperative(match: re.Match[str]) -> str:
    """``and returns the rest`` → ``and return the rest``."""
    word = match[1]
    for verb in (word.removesuffix("s"), word.removesuffix("es"), f"{word[:-3]}y"):
        if words.is_verb(verb) and words.third_person(verb) == word:
            return f"and {verb}"
    return match[0]


def _lines(account: Account, layout: Layout, width: int) -> Iterator[str]:
    room = width - 3 if not layout.summary_below else width
    yield from _summary(summary_of(account, layout), room, width)
    paragraphs = list(account.paragraphs)
    if layout.style is DocstringStyle.PLAIN:
        paragraphs = [*_prose(account, layout), *paragraphs]
    for paragraph in paragraphs:
        yield ""
        yield from _wrapped(paragraph, width)
    match layout.style:
        case DocstringStyle.PLAIN:
            pass
        case DocstringStyle.SPHINX | DocstringStyle.EPYDOC:
            fields = list(_fields(account, layout, width))
            if fields:
                yield ""
                yield from fields
        case _:
            yield from _sections(account, layout, width)


def _summary(text: str, room: int, width: int) -> Iterator[str]:
    """The summary on its first line, which is shorter by the quotes."""
    if len(text) <= room:
        yield text
        return
    first, *rest = _wrapped(text, room)
    yield first
    yield from _wrapped(" ".join(rest), width)


def ordered(account: Account, layout: Layout) -> Iterator[tuple[SectionKind, Sequence[Said]]]:
    """The sections that are not empty, in the order of the file."""
    results = [
        (SectionKind.RETURNS, [account.result] if account.result else []),
        (SectionKind.YIELDS, [account.yielded] if account.yielded else []),
    ]
    raises = [(SectionKind.RAISES, list(account.raises))]
    rest = [*raises, *results] if layout.raises_before_result else [*results, *raises]
    for kind, said in [
        (SectionKind.PARAMETERS, list(account.parameters)),
        (SectionKind.ATTRIBUTES, list(account.attributes)),
        *rest,
    ]:
        if said:
            yield kind, said


def head_of(kind: SectionKind, layout: Layout) -> str:
    """The word that begins a section, or the name of a field."""
    if layout.style in {DocstringStyle.GOOGLE, DocstringStyle.NUMPY}:
        head = layout.heads.get(kind) or _HEADS[layout.style][kind]
        # A section for rest parameters alone is not the usual one.
        return (
            head
            if not head.lower().startswith(("other", "keyword"))
            else (_HEADS[layout.style][kind])
        )
    return layout.heads.get(kind) or _FIELDS[kind]


def _sections(account: Account, layout: Layout, width: int) -> Iterator[str]:
    for kind, entries in ordered(account, layout):
        head = head_of(kind, layout)
        yield ""
        if layout.style is DocstringStyle.NUMPY:
            yield head
            yield "-" * len(head)
        else:
            yield f"{head}:"
        for entry in entries:
            yield from entry_lines(kind, entry, layout, width)


def entry_lines(kind: SectionKind, said: Said, layout: Layout, width: int) -> list[str]:
    """One entry, relative to the docstring's margin."""
    text = _text(kind, said, layout)
    match layout.style:
        case DocstringStyle.NUMPY:
            return _numpy_entry(kind, said, text, width)
        case DocstringStyle.SPHINX | DocstringStyle.EPYDOC:
            return _field_lines(kind, said, text, layout, width)
        case _:
            return _google_entry(kind, said, text, layout, width)


def _text(kind: SectionKind, said: Said, layout: Layout) -> str:
    text = said.text
    is_stated = layout.states_defaults
    if layout.style is DocstringStyle.NUMPY:
        # There it stands behind the type, if there is one.
        is_stated = not said.type_name
    if said.default and kind is SectionKind.PARAMETERS and is_stated:
        text = f"{text.rstrip('.')}. Defaults to {said.default}."
    return text if layout.full_stop else text.removesuffix(".")


def _google_entry(
    kind: SectionKind, said: Said, text: str, layout: Layout, width: int
) -> list[str]:
    is_result = kind in {SectionKind.RETURNS, SectionKind.YIELDS}
    type_name = said.type_name if layout.names_types else ""
    if kind is SectionKind.RAISES:
        type_name = ""
    head = said.name
    if is_result:
        head = type_name
    elif type_name:
        head += f" ({type_name})"
    line = f"{head}: {text}" if head else text
    return _wrapped(
        line,
        width,
        first=_STEP,
        following=_STEP if is_result else 2 * _STEP,
    )


def _numpy_entry(kind: SectionKind, said: Said, text: str, width: int) -> list[str]:
    head = said.name
    if kind in {SectionKind.RETURNS, SectionKind.YIELDS}:
        head = said.type_name or "object"
    elif kind in {SectionKind.PARAMETERS, SectionKind.ATTRIBUTES}:
        type_name = said.type_name
        if said.default and type_name:
            type_name += f", default={said.default}"
        head += f" : {type_name}" if type_name else ""
    described = _wrapped(text, width, first=_STEP, following=_STEP)
    return [head, *described]


def _fields(account: Account, layout: Layout, width: int) -> Iterator[str]:
    for kind, entries in ordered(account, layout):
        for entry in entries:
            yield from entry_lines(kind, entry, layout, width)


def _field_lines(kind: SectionKind, said: Said, text: str, layout: Layout, width: int) -> list[str]:
    mark = "@" if layout.style is DocstringStyle.EPYDOC else ":"
    field = head_of(kind, layout)
    # Epydoc knows no stars.
    own = said.name.lstrip("*") if layout.style is DocstringStyle.EPYDOC else said.name
    name = f" {own}" if own else ""
    lines = _wrapped(f"{mark}{field}{name}: {text}", width, following=_STEP)
    if layout.names_types and said.type_name and kind is not SectionKind.RAISES:
        of_type = {SectionKind.RETURNS: "rtype", SectionKind.YIELDS: "ytype",
                   SectionKind.ATTRIBUTES: "vartype"}.get(kind, "type")  # fmt: skip
        lines.append(f"{mark}{of_type}{name}: {said.type_name}")
    return lines


def _prose(account: Account, layout: Layout) -> Iterator[str]:
    """What sections would say, in sentences."""
    bare = [_named(said, layout) for said in account.parameters if said.is_bare]
    sentences = [f"takes {words.enumerated(bare)}"] if bare else []
    sentences += [
        _about(said, layout)
        for said in (*account.parameters, *account.attributes)
        if not said.is_bare
    ]
    if account.result is not None and not _repeats(account.result.text, account.summary):
        sentences.append(f"returns {_lowered(account.result.text)}")
    if account.yielded is not None and not _repeats(account.yielded.text, account.summary):
        sentences.append(f"yields {_lowered(account.yielded.text)}")
    for said in account.raises:
        name = f"{layout.mark}{said.name}{layout.mark}"
        sentences.append(f"raises {name} {_lowered(said.text)}")
    if sentences:
        yield " ".join(words.sentence(each) for each in sentences)


def _named(said: Said, layout: Layout) -> str:
    remarks = [f"{layout.mark}{said.type_name}{layout.mark}"] if _is_short(said.type_name) else []
    remarks += [f"{said.default} if left out"] if said.default else []
    name = f"{layout.mark}{said.name}{layout.mark}"
    return f"{name} ({', '.join(remarks)})" if remarks else name


def _is_short(type_name: str) -> bool:
    return 0 < len(type_name) <= 40 and "`" not in type_name


def _about(said: Said, layout: Layout) -> str:
    name = f"{layout.mark}{said.name}{layout.mark}"
    text = _lowered(said.text.rstrip("."))
    first = text.split(" ", maxsplit=1)[0].lower()
    if first == "whether":
        said_of = f"{name} tells {text}"
    elif first in {"the", "a", "an", "what", "how", "largest", "smallest", "number", "called"}:
        article = "the " if first in {"largest", "smallest", "number"} else ""
        said_of = f"{name} is {article}{text}"
    elif first == "further":
        said_of = f"{name} are {text}"
    else:
        said_of = f"{name}: {text}"
    return f"{said_of} ({said.default} if left out)" if said.default else said_of


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text


def _repeats(text: str, summary: str) -> bool:
    """Whether a result only says again what the summary said."""
    return text.rstrip(".").lower().removeprefix("the ") in summary.lower()
