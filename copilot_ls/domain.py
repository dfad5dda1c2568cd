"""The nouns of the copilot: plain immutable data in the editor's words.

A position is a code-point offset into the immutable text of a :class:`Document`.
UTF-16 is known only to ``copilot_ls.server.convert``.
Nothing here does input or output.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from indexer.model import Problem, Span


@dataclass(frozen=True, slots=True)
class Document:
    """One version of one text.

    ``path`` is POSIX-style and relative to the workspace folder it belongs to; empty for a
    buffer that was never saved. ``text`` keeps the line endings of the buffer.
    """

    uri: str
    path: str
    language: str
    text: str
    version: int = 0


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace ``span`` by ``text``."""

    span: Span
    text: str


def edited(text: str, *edits: Edit) -> str:
    """Return a text after some edits, none of which overlap."""
    for edit in sorted(edits, key=lambda edit: edit.span, reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


@dataclass(frozen=True, slots=True)
class CompletionRequest:
    """A wish for ghost text at ``offset``.

    ``invoked`` is true if the user asked by a key: no waiting, no trigger rules.
    ``client_debounces`` is true if the client already waits for a pause in typing.
    """

    document: Document
    offset: int
    invoked: bool = False
    client_debounces: bool = False


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of repository knowledge that goes into a prompt.

    ``stub`` is a declaration without body (perhaps with members below it), ``examples`` are real
    uses of it, ``path`` and ``line`` (0-based) where it stands, ``signals`` why it was chosen.
    """

    stub: str
    path: str
    line: int
    name: str
    score: float
    signals: Mapping[str, float] = field(default_factory=dict)
    examples: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """What a prompt shows of it."""
        return (*self.stub.splitlines(), *self.examples)


class FimOrder(StrEnum):
    """In which order a model was trained to read the pieces of a fill-in-the-middle prompt."""

    PREFIX_SUFFIX_MIDDLE = "psm"
    SUFFIX_PREFIX_MIDDLE = "spm"


@dataclass(frozen=True, slots=True)
class FimFormat:
    """The special tokens with which a model marks a hole, as its publisher documents them.

    ``end`` follows the prompt (StarCoder-like models need none); ``stops`` end the answer.
    ``file_separator`` and ``repository_name`` are empty for models that were not trained on
    whole repositories.
    """

    prefix: str
    suffix: str
    middle: str
    order: FimOrder = FimOrder.PREFIX_SUFFIX_MIDDLE
    begin: str = ""
    file_separator: str = ""
    repository_name: str = ""
    stops: tuple[str, ...] = ()

    @property
    def special_tokens(self) -> tuple[str, ...]:
        """Every string that must not reach the model as part of the user's text."""
        tokens = (
            self.begin,
            self.prefix,
            self.suffix,
            self.middle,
            self.file_separator,
            self.repository_name,
            *self.stops,
        )
        return tuple(sorted({token for token in tokens if token.strip()}, key=len, reverse=True))


class SnippetPlace(StrEnum):
    """Where a model listens to signatures; measured per model, see ``docs/decisions``."""

    ABOVE_CURSOR = "above_cursor"
    HEADER = "header"


@dataclass(frozen=True, slots=True)
class PromptLayout:
    """How much of what a model is shown, and where. Lengths in characters; others are counts.

    ``max_examples`` real uses of a definition are shown with its signature.
    ``line_end_suffix_chars`` replaces ``max_suffix_chars`` where one line is completed and nothing
    stands right of the cursor: a small model is led astray by what follows, and without it a
    keystroke only appends to the prompt (``docs/decisions/0006``).
    """

    snippet_place: SnippetPlace = SnippetPlace.HEADER
    max_snippets: int = 4
    max_examples: int = 1
    max_snippet_chars: int = 1_200
    max_prefix_chars: int = 3_000
    max_suffix_chars: int = 600
    line_end_suffix_chars: int = 600


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a model can do, as its engine and the catalogue declare it.

    ``fim`` is absent for a model that cannot fill in the middle; ``is_local`` is true if the
    prompt stays on this machine; ``context_tokens`` is prompt and answer together; ``can_choose``
    if its engine can hold an answer to given choices, ``can_judge`` if it tells how likely a text
    is.
    """

    model: str
    engine: str
    context_tokens: int
    fim: FimFormat | None = None
    layout: PromptLayout = PromptLayout()
    has_chat: bool = False
    is_local: bool = True
    can_choose: bool = False
    can_judge: bool = False


class ChatRole(StrEnum):
    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True)
class ChatMessage:
    role: ChatRole
    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is sent to a model.

    Exactly one of ``text`` (raw, special tokens included, ready for the tokenizer) and
    ``messages`` (the engine applies the model's chat template) is set.
    ``stable_chars`` is how much of ``text`` from its start will most likely be sent again with
    the next keystroke; an engine may warm its cache with it.
    ``stops`` are strings at which the engine must stop (they are not part of the answer).
    With ``choices`` the answer is exactly one of these; only engines that ``can_choose`` heed it.
    ``temperature`` 0 is greedy. ``language`` is that of the code in it: it decides what looks like
    a secret, should the prompt leave this machine.
    """

    text: str = ""
    messages: tuple[ChatMessage, ...] = ()
    stops: tuple[str, ...] = ()
    max_tokens: int = 64
    temperature: float = 0.0
    stable_chars: int = 0
    seed: int = 0
    choices: tuple[str, ...] = ()
    language: str = ""


class FinishReason(StrEnum):
    """Why a stream ended."""

    STOP = "stop"
    LENGTH = "length"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Usage:
    """What a generation cost, where the engine tells: tokens, and milliseconds inside it.

    ``cached_tokens`` of the prompt came from the engine's prefix cache (-1: unknown).
    """

    prompt_tokens: int = 0
    cached_tokens: int = -1
    output_tokens: int = 0
    first_token_ms: float = 0.0
    total_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Delta:
    """One piece of a streamed answer; the last one has ``finish`` set and may carry ``usage``."""

    text: str = ""
    finish: FinishReason | None = None
    usage: Usage | None = None


class Severity(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Confidence(StrEnum):
    """How sure a rule is that what it matches is a weakness and not merely looks like one."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One place on the way from where data enters to where it does harm, in the same text."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Opening:
    """From where a text that is wrong can be written anew: behind ``at``, with one of ``choices``.

    What follows the choice is open.
    """

    at: int
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a check has to say of a text; ``span`` is in the text that was checked.

    ``path`` names the document if there is more than one. ``cwe`` holds numbers such as
    ``CWE-89``, the most specific first. ``fix`` are edits of the same text which remove the
    cause; empty if no rule knows a safe one. ``opening`` is for who wrote the text: what could
    stand there instead. ``references`` are addresses to read, best first.
    """

    rule: str
    message: str
    severity: Severity
    span: Span
    path: str = ""
    confidence: Confidence = Confidence.HIGH
    category: str = ""
    cwe: tuple[str, ...] = ()
    owasp: tuple[str, ...] = ()
    fix: tuple[Edit, ...] = ()
    opening: Opening | None = None
    references: tuple[str, ...] = ()
    trace: tuple[TraceStep, ...] = ()


VULNERABLE_DEPENDENCY = "vulnerable-dependency"
"""The category of findings about published weaknesses of packages; each has its own number."""


class Verdict(StrEnum):
    """What the checks made of a suggestion before it was shown."""

    UNCHECKED = "unchecked"
    PASSED = "passed"
    REPAIRED = "repaired"
    WITHHELD = "withheld"


@dataclass(frozen=True, slots=True)
class ScanReport:
    """What scanning found, and what it could not look at (files, parts of them, rules)."""

    findings: tuple[Finding, ...] = ()
    problems: tuple[Problem, ...] = ()


class Origin(StrEnum):
    """Where a suggestion came from."""

    MODEL = "model"
    IN_FLIGHT = "in_flight"
    """Begun for an earlier key, and what was typed since fits it."""
    TYPED_AHEAD = "typed_ahead"
    SPECULATIVE = "speculative"
    """Made before anybody asked, for what follows an accepted suggestion."""
    CACHE = "cache"


class Outcome(StrEnum):
    """What became of a request; every empty answer has a reason that can be counted."""

    SHOWN = "shown"
    NOT_WORTH_IT = "not_worth_it"
    EMPTY = "empty"
    WITHHELD = "withheld"
    SUPERSEDED = "superseded"
    MODEL_FAILED = "model_failed"
    NO_MODEL = "no_model"
    PAUSED = "paused"
    EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Ghost text: replace ``span`` by ``text``.

    ``span`` starts at the cursor and may reach right over closers that the text repeats.
    ``verdict`` is that of the checks when the text was made. ``code_origins`` tell where the same
    code stands in other people's packages. ``imports`` are statements that the text needs and the
    document lacks; whoever takes the suggestion gets them too.
    """

    id: str
    text: str
    span: Span
    origin: Origin
    verdict: Verdict = Verdict.UNCHECKED
    code_origins: tuple[CodeOrigin, ...] = ()
    imports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Completion:
    """The answer to a request, with what is needed to explain and to measure it.

    ``milliseconds`` by stage (``wait``, ``context``, ``prompt``, ``model``, ``postprocess``,
    ``verify``, ``total``). ``findings`` are what the checks said, of what was repaired too;
    their spans are in the document as it would be with the suggestion.
    ``ends_line`` is true if the model ended the line behind what it suggests.
    ``reason`` says in words why there is no suggestion.
    """

    outcome: Outcome
    suggestions: tuple[Suggestion, ...] = ()
    snippets: tuple[Snippet, ...] = ()
    findings: tuple[Finding, ...] = ()
    raw_text: str = ""
    ends_line: bool = False
    prompt_text: str = ""
    model: str = ""
    usage: Usage | None = None
    reason: str = ""
    milliseconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a process of a project's own code may use. Output beyond its share is dropped."""

    seconds: float = 60.0
    memory_bytes: int = 2 << 30
    file_bytes: int = 64 << 20
    folder_bytes: int = 512 << 20
    processes: int = 64
    output_bytes: int = 200_000


@dataclass(frozen=True, slots=True)
class Protection:
    """What keeps a confined process in: how files, the network and resources are guarded.

    Empty where nothing does; ``problem`` says what could not be had.
    """

    files: str = ""
    network: str = ""
    limits: str = ""
    problem: str = ""


class Ending(StrEnum):
    """How a confined process came to its end."""

    EXITED = "exited"
    OUT_OF_TIME = "out of time"
    OUT_OF_SPACE = "out of space"
    TOO_MANY_PROCESSES = "too many processes"


@dataclass(frozen=True, slots=True)
class SandboxRun:
    """What became of a command in the sandbox; ``output`` is the end of what it printed."""

    ending: Ending
    returncode: int
    output: str
    seconds: float
    protection: Protection


@dataclass(frozen=True, slots=True)
class CodeOrigin:
    """Where the same code stands in somebody else's package; ``line`` is 0-based.

    ``licence`` is an SPDX identifier, empty if it could not be told; ``share`` says how much of
    the asked code is found there, 0 to 1.
    """

    package: str
    version: str
    licence: str
    path: str
    line: int
    share: float
