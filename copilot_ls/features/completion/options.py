"""The choices that a user has about completions; the settings tree builds this."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CompletionOptions:
    """How completions behave. Times in milliseconds."""

    enabled: bool = field(default=True, metadata={"doc": "Offer completions while typing."})
    context: bool = field(
        default=True,
        metadata={"doc": "Put signatures of the repository's own definitions into the prompt."},
    )
    multiline: bool = field(
        default=True,
        metadata={"doc": "Offer whole blocks where a block begins; otherwise one line."},
    )
    max_line_tokens: int = field(
        default=48, metadata={"doc": "Longest one-line suggestion, in tokens of the model."}
    )
    max_block_tokens: int = field(
        default=160, metadata={"doc": "Longest suggestion of several lines, in tokens."}
    )
    block_ms: int = field(
        default=700,
        metadata={
            "doc": "After this long, a block is shown as far as it has come; "
            "the rest follows as it is typed."
        },
    )
    debounce_ms: int = field(
        default=120,
        metadata={
            "doc": "Longest wait for a pause in typing, where the editor does not wait itself. "
            "How long it really is follows the user's rhythm and the model's speed; 0 never waits."
        },
    )
    look_ahead: bool = field(
        default=True,
        metadata={
            "doc": "Write what follows a suggestion while it is looked at, so that it is there "
            "when the suggestion is accepted."
        },
    )
    context_ms: int = field(
        default=100,
        metadata={"doc": "How long the search for signatures may take before it is left out."},
    )
    candidates: int = field(
        default=3,
        metadata={"doc": "How many suggestions at most when they are asked for by a key."},
    )
    quiet: tuple[str, ...] = field(
        default=(),
        metadata={
            "doc": "Where and when to offer nothing unbidden: a language or a pattern as in "
            "`.gitignore`, hours, or both, such as `markdown`, `22:00-07:00`, "
            "`*.sql 09:00-12:00`."
        },
    )
    languages_off: tuple[str, ...] = field(
        default=(), metadata={"doc": "Languages (by their identifier) without completions."}
    )
    exact_signatures: bool = field(
        default=True,
        metadata={
            "doc": "When the model has named one of the repository's functions, let it write the "
            "arguments with that very signature in view."
        },
    )
    settled_names: bool = field(
        default=True,
        metadata={
            "doc": "Where the repository settles which names can stand at the cursor (all members "
            "of a receiver are known, or an import waits for its use), write one of those."
        },
    )
    second_try: bool = field(
        default=True,
        metadata={
            "doc": "Where a suggestion would be kept back, but it is known what exists in the "
            "place of what does not, let the model write it anew from there."
        },
    )
    verify: bool = field(
        default=True,
        metadata={
            "doc": "Check each suggestion before it is shown: grammar, names and calls against "
            "the repository, secrets; what is wrong is repaired or withheld."
        },
    )
    verify_ms: int = field(
        default=5_000,
        metadata={
            "doc": "How long the checks may take before a suggestion is kept back. They need more "
            "than some milliseconds in very large files only, and the next key ends the wait."
        },
    )
