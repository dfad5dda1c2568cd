"""llama.cpp inside the engine process: any GGUF, Metal, odd quantisations.

Through the xllamacpp wheel, which carries llama.cpp's server as a library. Small batches keep the
prompt interruptible: between two of them it reports progress, and the callback may say stop.
"""

from __future__ import annotations

import http.client
import json
import secrets
import time
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from copilot_ls.domain import FinishReason, Prompt, Usage
from copilot_ls.errors import ModelRefused, ModelUnavailable
from copilot_ls.models.engine import EngineOptions, Generated, cannot_judge, usable_threads
from copilot_ls.models.text_stream import StopCutter

if TYPE_CHECKING:
    import xllamacpp

# A cancel waits for one batch; measured 0.1-0.2 s for a small model, against seconds at 2,048.
_BATCH = 64
_CACHE_MIB = 512
_ALL_LAYERS = 999
_TOKENIZE_TIMEOUT_S = 30.0


class LlamaCppEngine:
    """Runs a GGUF file: ``folder`` itself, or the one in it or in its ``source`` folder."""

    def __init__(self, folder: Path, options: EngineOptions) -> None:
        self._folder = folder
        self._options = options
        # The library also listens on a loopback port, which nobody else may use.
        self._key = secrets.token_hex(32)

    def load(self) -> None:
        try:
            import xllamacpp
        except ImportError as error:
            raise ModelUnavailable(
                "llama.cpp is not installed",
                remedy="run: pip install xllamacpp",
            ) from error
        parameters = self._parameters(xllamacpp.CommonParams(), _weights(self._folder))
        try:
            self._server = xllamacpp.Server(parameters)
        except (RuntimeError, ValueError) as error:
            raise ModelUnavailable(
                f"llama.cpp cannot load {self._folder.name}: {error}",
                remedy="run `copilot-ls model verify`, or free memory",
            ) from error
        address = urllib.parse.urlsplit(self._server.listening_address)
        self._host, self._port = address.hostname or "127.0.0.1", address.port or 0

    def generate(
        self, prompt: Prompt, on_text: Callable[[str], None], should_stop: Callable[[], bool]
    ) -> Generated:
        request: dict[str, object] = {
            "stream": True,
            "return_progress": True,
            "cache_prompt": True,
            "temperature": prompt.temperature,
            "seed": prompt.seed,
        }
        if prompt.choices:
            choices = (json.dumps(choice, ensure_ascii=False) for choice in prompt.choices)
            request["grammar"] = f"root ::= {' | '.join(choices)}"
        answer = _Answer(StopCutter(prompt.stops), on_text, should_stop)
        if prompt.messages:
            chat = [{"role": str(m.role), "content": m.text} for m in prompt.messages]
            request |= {"messages": chat, "max_tokens": prompt.max_tokens}
            self._server.handle_chat_completions(request, answer.take)
        else:
            request |= {"prompt": prompt.text, "n_predict": prompt.max_tokens}
            self._server.handle_completions(request, answer.take)
        return answer.finish()

    def warm(self, text: str, should_stop: Callable[[], bool]) -> None:
        self.generate(Prompt(text=text, max_tokens=0), lambda _: None, should_stop)

    def likelihoods(
        self,
        texts: Sequence[str],  # noqa: ARG002
        continuation: str,  # noqa: ARG002
        should_stop: Callable[[], bool],  # noqa: ARG002
    ) -> list[float]:
        raise cannot_judge("llama.cpp")

    def count_tokens(self, text: str) -> int:
        # The library has no call for this; its HTTP side does not wait for a generation.
        connection = http.client.HTTPConnection(self._host, self._port, timeout=_TOKENIZE_TIMEOUT_S)
        body = json.dumps({"content": text, "add_special": False, "parse_special": True})
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._key}"}
        try:
            connection.request("POST", "/tokenize", body, headers)
            return len(json.loads(connection.getresponse().read())["tokens"])
        except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
            raise ModelUnavailable(
                "llama.cpp did not count the tokens", remedy="try again"
            ) from error
        finally:
            connection.close()

    def _parameters(
        self, parameters: xllamacpp.CommonParams, weights: Path
    ) -> xllamacpp.CommonParams:
        # Threads that poll at barriers are the ruin of a busy machine (p95 of a line 6.2 s against
        # 2.3 s on two busy cores); without polling an idle one loses nothing.
        n_threads = self._options.n_threads or _default_threads(usable_threads(0))
        parameters.model.path = str(weights)
        parameters.n_ctx = self._options.context_tokens
        parameters.n_parallel = 1
        parameters.n_batch = parameters.n_ubatch = _BATCH
        parameters.cpuparams.n_threads = n_threads
        parameters.cpuparams_batch.n_threads = n_threads
        parameters.cpuparams.poll = parameters.cpuparams_batch.poll = 0
        if self._options.device != "AUTO":
            parameters.n_gpu_layers = 0 if self._options.device == "CPU" else _ALL_LAYERS
        parameters.cache_ram_mib = _CACHE_MIB
        parameters.api_keys = [self._key]
        parameters.endpoint_slots = False
        parameters.ui = False
        parameters.verbosity = 0
        return parameters


def _default_threads(n_cores: int) -> int:
    """Leave a core to the editor where there are enough."""
    return n_cores if n_cores <= 2 else n_cores - 1


class _Answer:
    """What the library streams: progress with the prompt, then text, then the count of tokens."""

    def __init__(
        self, cutter: StopCutter, on_text: Callable[[str], None], should_stop: Callable[[], bool]
    ) -> None:
        self._cutter = cutter
        self._on_text = on_text
        self._should_stop = should_stop
        self._began = time.perf_counter()
        self._first_ms = 0.0
        self._n_chunks = 0
        self._is_cancelled = False
        self._error: Mapping[str, object] | None = None
        self._last_reason = ""
        self._timings: Mapping[str, float] = {}
        self._progress: Mapping[str, int] = {}

    def take(self, event: Mapping[str, object]) -> bool:
        """Take the next event; true if that is enough."""
        match event:
            case {"error": Mapping() as error}:
                self._error = error
                return True
            case {"choices": [{"text": str(text), "finish_reason": reason}]}:
                pass
            case {"choices": [{"delta": {"content": str(text)}, "finish_reason": reason}]}:
                pass
            case {"choices": [{"finish_reason": reason}]}:
                text = ""
            case _:
                return self._wants_to_stop()
        self._timings = _mapping(event.get("timings")) or self._timings
        self._progress = _mapping(event.get("prompt_progress")) or self._progress
        self._last_reason = str(reason or self._last_reason)
        if text:
            self._first_ms = self._first_ms or self._elapsed_ms()
            self._n_chunks += 1
            if shown := self._cutter.push(text):
                self._on_text(shown)
        return self._cutter.is_stopped or self._wants_to_stop()

    def finish(self) -> Generated:
        if self._error is not None:
            raise ModelRefused(
                f"llama.cpp refused: {str(self._error.get('message'))[:200]}",
                remedy="shorten the prompt, or choose a model with a larger context",
            )
        finish = FinishReason.LENGTH if self._last_reason == "length" else FinishReason.STOP
        if self._cutter.is_stopped:
            finish = FinishReason.STOP
        elif self._is_cancelled:
            finish = FinishReason.CANCELLED
        elif held := self._cutter.flush():
            self._on_text(held)
        return Generated(finish, self._usage())

    def _usage(self) -> Usage:
        n_cached = int(self._timings.get("cache_n", self._progress.get("cache", -1)))
        n_read = int(self._timings.get("prompt_n", 0))
        return Usage(
            prompt_tokens=n_cached + n_read if n_read else self._progress.get("total", 0),
            cached_tokens=n_cached,
            output_tokens=int(self._timings.get("predicted_n", self._n_chunks)),
            first_token_ms=self._first_ms,
            total_ms=self._elapsed_ms(),
        )

    def _wants_to_stop(self) -> bool:
        self._is_cancelled = self._is_cancelled or self._should_stop()
        return self._is_cancelled

    def _elapsed_ms(self) -> float:
        return (time.perf_counter() - self._began) * 1e3


def _mapping(value: object) -> Mapping[str, int]:
    return value if isinstance(value, Mapping) else {}


def _weights(folder: Path) -> Path:
    if folder.is_file():
        return folder
    # A file in parts is opened by its first part.
    found = sorted([*folder.glob("source/*.gguf"), *folder.glob("*.gguf")])
    if not found:
        raise ModelUnavailable(
            f"{folder} holds no GGUF file", remedy="run `copilot-ls model pull` again"
        )
    return found[0]
