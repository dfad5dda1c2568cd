"""What an engine is inside its process: blocking calls, driven by one thread.

The process around it (:mod:`copilot_ls.models.host`) owns queues, clients and cancellation; an
engine only loads, generates and counts. Nothing here knows a FIM layout.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from copilot_ls.domain import FinishReason, Prompt, Usage
from copilot_ls.errors import ModelRefused


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """How a local engine runs. Two clients share a process only if they agree on all of it.

    ``device`` AUTO leaves the choice to the engine; ``n_threads`` 0 means every physical core that
    this process may use. ``grace_s`` is how long the process outlives its last client,
    ``answer_timeout_s`` how long a client waits for the next piece of an answer, ``stuck_s`` how
    long an engine may ignore a cancel before its process ends itself.
    """

    device: str = "AUTO"
    n_threads: int = 0
    context_tokens: int = 8_192
    cache_tokens: int = 32_768
    grace_s: float = 10.0
    load_timeout_s: float = 180.0
    answer_timeout_s: float = 60.0
    stuck_s: float = 30.0


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """Which engine runs which weights, and how: what makes two clients share a process."""

    engine: str
    model: str
    model_dir: Path
    options: EngineOptions

    @property
    def name(self) -> str:
        """A file name for this combination: readable, and different if anything differs."""
        digest = hashlib.sha256(self.to_json().encode()).hexdigest()[:12]
        readable = re.sub(r"[^a-z0-9.]+", "-", f"{self.model}-{self.engine}".lower()).strip("-.")
        return f"{readable[:60]}-{digest}"

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), default=str, sort_keys=True)

    @staticmethod
    def from_json(text: str) -> EngineSpec:
        found = json.loads(text)
        return EngineSpec(
            engine=found["engine"],
            model=found["model"],
            model_dir=Path(found["model_dir"]),
            options=EngineOptions(**found["options"]),
        )


@dataclass(frozen=True, slots=True)
class Generated:
    """How a generation ended; its text went through ``on_text``."""

    finish: FinishReason
    usage: Usage


class Engine(Protocol):
    """A loaded model. One generation at a time; ``count_tokens`` may run beside it."""

    def load(self) -> None:
        """Read the weights.

        Raises:
            ModelUnavailable: with the remedy: pull the model, install the extra, free memory.
        """
        ...

    def generate(
        self, prompt: Prompt, on_text: Callable[[str], None], should_stop: Callable[[], bool]
    ) -> Generated:
        """Generate until the model, ``prompt`` or ``should_stop`` says enough.

        ``should_stop`` is asked between tokens and between slices of a long prompt. The pieces
        given to ``on_text`` never contain a stop string or half a character.
        """
        ...

    def warm(self, text: str, should_stop: Callable[[], bool]) -> None:
        """Read ``text`` into the prompt cache, if there is one, without generating."""
        ...

    def likelihoods(
        self, texts: Sequence[str], continuation: str, should_stop: Callable[[], bool]
    ) -> list[float]:
        """Return the natural logarithm of the probability that ``continuation`` follows each text.

        Told to stop, it returns those that it has.

        Raises:
            ModelRefused: this engine cannot tell.
        """
        ...

    def count_tokens(self, text: str) -> int: ...


def cannot_judge(engine: str) -> ModelRefused:
    """The refusal of an engine that tells no probabilities of a given text."""
    return ModelRefused(
        f"{engine} does not tell how likely a text is",
        remedy="use the engine openvino or transformers for this",
    )


def usable_threads(n_threads: int) -> int:
    """Return ``n_threads``, or if that is 0 the physical cores that this process may use."""
    if n_threads > 0:
        return n_threads
    import psutil

    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
    physical = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    return max(1, min(physical, allowed or physical))
