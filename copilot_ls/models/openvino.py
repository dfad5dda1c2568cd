"""OpenVINO GenAI: the default engine on processors with fast integer or matrix units.

The library cannot be stopped while it reads one prompt, so a long prompt is given to it in
growing prefixes: each goes into its prefix cache, and between two of them a cancel is heard.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from copilot_ls.domain import FinishReason, Prompt, Usage
from copilot_ls.errors import ModelRefused, ModelUnavailable
from copilot_ls.models.engine import EngineOptions, Generated, usable_threads
from copilot_ls.models.prompt_cache import PromptMemory, SliceSize
from copilot_ls.models.telemetry import refuse_telemetry
from copilot_ls.models.text_stream import Detokenizer, StopCutter

if TYPE_CHECKING:
    import openvino
    import openvino_genai

# The paged attention of the CPU plugin caches in blocks of this many tokens.
_BLOCK = 32
# Texts judged in one go: more are hardly faster, and a completion would wait for them.
_TOGETHER = 4
_ONE_TOKEN = Prompt(max_tokens=1)


class OpenVinoEngine:
    """Runs a folder with an OpenVINO model and its tokenizers."""

    def __init__(self, folder: Path, options: EngineOptions) -> None:
        self._folder = folder / "openvino" if (folder / "openvino").is_dir() else folder
        self._options = options
        self._memory = PromptMemory(block=_BLOCK)
        self._slice = SliceSize()
        self._stop_tokens: set[int] = set()
        self._n_asked = 0

    def load(self) -> None:
        refuse_telemetry()
        try:
            import openvino_genai
        except ImportError as error:
            raise ModelUnavailable(
                f"OpenVINO GenAI cannot be loaded: {error}",
                remedy="run: pip install --force-reinstall openvino-genai",
            ) from error
        if not (self._folder / "openvino_model.xml").is_file():
            raise ModelUnavailable(
                f"{self._folder} holds no OpenVINO model",
                remedy="run `copilot-ls model pull` again: it prepares the weights",
            )
        scheduler = openvino_genai.SchedulerConfig()
        scheduler.enable_prefix_caching = True
        scheduler.num_kv_blocks = self._options.cache_tokens // _BLOCK
        scheduler.max_num_batched_tokens = self._options.context_tokens
        device = self._options.device.replace("AUTO", "CPU")
        properties: dict[str, object] = {}
        if device == "CPU":
            properties["INFERENCE_NUM_THREADS"] = usable_threads(self._options.n_threads)
        try:
            self._tokenizer = openvino_genai.Tokenizer(str(self._folder))
            self._pipeline = openvino_genai.ContinuousBatchingPipeline(
                str(self._folder), self._tokenizer, scheduler, device, **properties
            )
            ends = self._pipeline.get_config()
            self._stop_tokens = {*ends.stop_token_ids, ends.eos_token_id} - {-1}
            # The first call compiles kernels; better now than while somebody waits for it.
            self._read(self._encode("\n" * _BLOCK))
        except RuntimeError as error:
            raise ModelUnavailable(
                f"OpenVINO cannot load {self._folder.name}: {_first_line(error)}",
                remedy="run `copilot-ls model pull` again, or choose another model.device",
            ) from error

    def generate(
        self, prompt: Prompt, on_text: Callable[[str], None], should_stop: Callable[[], bool]
    ) -> Generated:
        began = time.perf_counter()
        tokens = self._encode(self._text_of(prompt))
        self._check_length(len(tokens) + prompt.max_tokens)
        n_cached = self._memory.known(tokens)
        if not self._read_in_slices(tokens, should_stop):
            usage = Usage(len(tokens), n_cached, 0, 0.0, (time.perf_counter() - began) * 1e3)
            return Generated(FinishReason.CANCELLED, usage)
        config = self._config(prompt)
        ends = set(config.stop_token_ids)
        answer = _Answer(
            Detokenizer(self._decode), StopCutter(prompt.stops), on_text, should_stop, began, ends
        )
        self._run(tokens, config, answer.take)
        self._memory.remember(tokens)
        finish = answer.finish(prompt.max_tokens)
        total_ms = (time.perf_counter() - began) * 1e3
        return Generated(
            finish, Usage(len(tokens), n_cached, answer.n_tokens, answer.first_ms, total_ms)
        )

    def warm(self, text: str, should_stop: Callable[[], bool]) -> None:
        tokens = self._encode(text)
        self._check_length(len(tokens))
        if self._read_in_slices(tokens, should_stop):
            self._read(tokens)

    def likelihoods(
        self, texts: Sequence[str], continuation: str, should_stop: Callable[[], bool]
    ) -> list[float]:
        following = self._encode(continuation)
        found: list[float] = []
        for start in range(0, len(texts), _TOGETHER):
            if should_stop():
                break
            some = [self._encode(text) for text in texts[start : start + _TOGETHER]]
            for tokens in some:
                self._check_length(len(tokens) + len(following) + 1)
            found += self._likelihoods(some, following)
        return found

    def _likelihoods(self, texts: list[list[int]], following: list[int]) -> list[float]:
        # Read without the last token first: the library tells probabilities of all that it had
        # not read before, and that of the whole text would take a second pass over its logits.
        self._ask([tokens[:-1] for tokens in texts if len(tokens) > 1], self._config(_ONE_TOKEN))
        config = self._config(_ONE_TOKEN)
        config.echo = True
        config.logprobs = 1
        answers = self._ask([tokens + following for tokens in texts], config)
        n = len(following)
        newline = self._encode("\n")
        found: list[float] = []
        for tokens, told in zip(texts, answers, strict=True):
            # Asked before, all of it is cached: another start makes another text of it.
            whole = told if len(told) > n else self._ask([newline + tokens + following], config)[0]
            found.append(sum(whole[-1 - n : -1]))
        return found

    def _ask(
        self, prompts: list[list[int]], config: openvino_genai.GenerationConfig
    ) -> list[list[float]]:
        """Generate after each, all together: the log-probabilities that the library tells."""
        handles = []
        for tokens in prompts:
            self._n_asked += 1
            handles.append(self._pipeline.add_request(self._n_asked, _tensor(tokens), config))
        while self._pipeline.has_non_finished_requests():
            self._pipeline.step()
        return [list(handle.read_all()[0].generated_log_probs) for handle in handles]

    def count_tokens(self, text: str) -> int:
        return len(self._encode(text)) if text else 0

    def _read_in_slices(self, tokens: list[int], should_stop: Callable[[], bool]) -> bool:
        """Read all but the last slice of the prompt; false if told to stop."""
        n_known = self._memory.known(tokens)
        while not should_stop():
            n_next = (n_known + self._slice.tokens) // _BLOCK * _BLOCK
            if n_next >= len(tokens):
                return True
            began = time.perf_counter()
            self._read(tokens[:n_next])
            self._slice.learn(n_next - n_known, time.perf_counter() - began)
            n_known = n_next
        return False

    def _read(self, tokens: list[int]) -> None:
        self._run(tokens, self._config(_ONE_TOKEN), None)
        self._memory.remember(tokens)

    def _run(
        self,
        tokens: list[int],
        config: openvino_genai.GenerationConfig,
        take: Callable[[int], bool] | None,
    ) -> None:
        streamer = None if take is None else _streamer(take)
        self._pipeline.generate([_tensor(tokens)], [config], streamer)

    def _config(self, prompt: Prompt) -> openvino_genai.GenerationConfig:
        import openvino_genai

        config = openvino_genai.GenerationConfig()
        config.max_new_tokens = prompt.max_tokens
        config.apply_chat_template = False
        config.stop_token_ids = self._stop_tokens | self._single_tokens(prompt.stops)
        config.do_sample = prompt.temperature > 0
        if config.do_sample:
            config.temperature = prompt.temperature
            config.rng_seed = prompt.seed
        if prompt.choices:
            pattern = "|".join(map(re.escape, prompt.choices))
            config.structured_output_config = openvino_genai.StructuredOutputConfig(regex=pattern)
        return config

    def _single_tokens(self, stops: tuple[str, ...]) -> set[int]:
        encoded = (self._encode(stop) for stop in stops if stop)
        return {tokens[0] for tokens in encoded if len(tokens) == 1}

    def _text_of(self, prompt: Prompt) -> str:
        if not prompt.messages:
            return prompt.text
        history = [{"role": str(m.role), "content": m.text} for m in prompt.messages]
        try:
            return str(self._tokenizer.apply_chat_template(history, add_generation_prompt=True))
        except RuntimeError as error:
            raise ModelRefused(
                f"this model has no usable chat template: {_first_line(error)}",
                remedy="choose an instruct model",
            ) from error

    def _check_length(self, n_tokens: int) -> None:
        limit = min(self._options.context_tokens, self._options.cache_tokens)
        if n_tokens > limit:
            raise ModelRefused(
                f"prompt and answer need {n_tokens} tokens, the model has {limit}",
                remedy="shorten the prompt",
            )

    def _encode(self, text: str) -> list[int]:
        encoded = self._tokenizer.encode([text], add_special_tokens=False)
        tokens: list[int] = encoded.input_ids.data[0].tolist()
        if not tokens:
            raise ModelRefused("the prompt is empty", remedy="send some text")
        return tokens

    def _decode(self, tokens: list[int]) -> str:
        return str(self._tokenizer.decode(tokens, skip_special_tokens=False))


class _Answer:
    """What arrives from the library, token by token, in a thread of its own."""

    def __init__(
        self,
        detokenizer: Detokenizer,
        cutter: StopCutter,
        on_text: Callable[[str], None],
        should_stop: Callable[[], bool],
        began: float,
        end_tokens: set[int],
    ) -> None:
        self._detokenizer = detokenizer
        self._cutter = cutter
        self._on_text = on_text
        self._should_stop = should_stop
        self._began = began
        self._end_tokens = end_tokens
        self._has_ended = False
        self.n_tokens = 0
        self.first_ms = 0.0

    def take(self, token: int) -> bool:
        """Take the next token; true if that is enough."""
        if self.n_tokens == 0:
            self.first_ms = (time.perf_counter() - self._began) * 1e3
        self.n_tokens += 1
        if token in self._end_tokens:
            # The library streams the token that ended the text too, spelled out.
            self._has_ended = True
            return True
        self._show(self._detokenizer.push(token))
        return self._cutter.is_stopped or self._should_stop()

    def finish(self, max_tokens: int) -> FinishReason:
        """Show what was held back and say why it ended."""
        if self._cutter.is_stopped:
            return FinishReason.STOP
        if self._should_stop() and not self._has_ended:
            return FinishReason.CANCELLED
        self._show(self._detokenizer.flush())
        self._show_held()
        ended_by_itself = self._has_ended or self.n_tokens < max_tokens
        return FinishReason.STOP if ended_by_itself else FinishReason.LENGTH

    def _show(self, text: str) -> None:
        if shown := self._cutter.push(text):
            self._on_text(shown)

    def _show_held(self) -> None:
        if held := self._cutter.flush():
            self._on_text(held)


def _tensor(tokens: list[int]) -> openvino.Tensor:
    import numpy as np
    import openvino

    return openvino.Tensor(np.array([tokens], dtype=np.int64))


def _streamer(take: Callable[[int], bool]) -> openvino_genai.StreamerBase:
    import openvino_genai

    class Streamer(openvino_genai.StreamerBase):  # type: ignore[misc,unused-ignore]
        def write(self, token: int | list[int]) -> openvino_genai.StreamingStatus:
            tokens = token if isinstance(token, list) else [token]
            if any(take(one) for one in tokens):
                return openvino_genai.StreamingStatus.STOP
            return openvino_genai.StreamingStatus.RUNNING

        def end(self) -> None:
            pass

    return Streamer()


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:200] if lines else type(error).__name__
