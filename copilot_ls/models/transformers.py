"""Hugging Face transformers: safetensors on CPU or GPU, for models that no other engine reads.

Needs the extra ``transformers``. Nothing is fetched from a hub and no code from the model's folder
is run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from copilot_ls.domain import FinishReason, Prompt, Usage
from copilot_ls.errors import ModelRefused, ModelUnavailable
from copilot_ls.models.engine import EngineOptions, Generated, usable_threads
from copilot_ls.models.text_stream import Detokenizer, StopCutter

if TYPE_CHECKING:
    import torch


class TransformersEngine:
    """Runs a folder with ``config.json``, a tokenizer and safetensors."""

    def __init__(self, folder: Path, options: EngineOptions) -> None:
        self._folder = folder / "source" if (folder / "source").is_dir() else folder
        self._options = options

    def load(self) -> None:
        try:
            import torch
            from transformers import AutoModelForCausalLM, AutoTokenizer
        except ImportError as error:
            raise ModelUnavailable(
                "transformers is not installed",
                remedy="run: pip install 'copilot-ls[transformers]'",
            ) from error
        torch.set_num_threads(usable_threads(self._options.n_threads))
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(
                self._folder, local_files_only=True, trust_remote_code=False
            )
            self._model = AutoModelForCausalLM.from_pretrained(
                self._folder,
                dtype="auto",
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
            )
        except (OSError, ValueError, RuntimeError) as error:
            raise ModelUnavailable(
                f"transformers cannot load {self._folder}: {str(error)[:200]}",
                remedy="name a folder with config.json, a tokenizer and safetensors",
            ) from error
        self._model.to(self._device()).eval()

    def generate(
        self, prompt: Prompt, on_text: Callable[[str], None], should_stop: Callable[[], bool]
    ) -> Generated:
        import torch
        from transformers import StoppingCriteria, StoppingCriteriaList

        began = time.perf_counter()
        tokens = self._encode(self._text_of(prompt))
        n_prompt = len(tokens)
        if n_prompt + prompt.max_tokens > self._options.context_tokens:
            raise ModelRefused(
                f"prompt and answer need {n_prompt + prompt.max_tokens} tokens, "
                f"the model has {self._options.context_tokens}",
                remedy="shorten the prompt",
            )
        cutter = StopCutter(prompt.stops)
        detokenizer = Detokenizer(self._decode)
        end_tokens = self._end_tokens()
        first_ms = 0.0
        n_output = 0

        class Watch(StoppingCriteria):  # type: ignore[misc,unused-ignore]
            """Called after each token: shows it, and says whether to stop."""

            def __call__(
                self, input_ids: torch.Tensor, _scores: object, **_: object
            ) -> torch.Tensor:
                nonlocal first_ms, n_output
                first_ms = first_ms or (time.perf_counter() - began) * 1e3
                n_output += 1
                token = int(input_ids[0, -1])
                text = "" if token in end_tokens else detokenizer.push(token)
                if shown := cutter.push(text):
                    on_text(shown)
                is_enough = cutter.is_stopped or should_stop()
                return torch.full((1,), is_enough, dtype=torch.bool, device=input_ids.device)

        torch.manual_seed(prompt.seed)
        ids = torch.tensor([tokens], device=self._model.device)
        sampling = {"temperature": prompt.temperature} if prompt.temperature > 0 else {}
        with torch.inference_mode():
            output = self._model.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=prompt.max_tokens,
                do_sample=prompt.temperature > 0,
                pad_token_id=self._tokenizer.pad_token_id or 0,
                stopping_criteria=StoppingCriteriaList([Watch()]),
                **sampling,
            )
        usage = Usage(n_prompt, 0, n_output, first_ms, (time.perf_counter() - began) * 1e3)
        if cutter.is_stopped:
            return Generated(FinishReason.STOP, usage)
        if should_stop():
            return Generated(FinishReason.CANCELLED, usage)
        for held in (cutter.push(detokenizer.flush()), cutter.flush()):
            if held:
                on_text(held)
        has_ended = int(output[0, -1]) in end_tokens
        return Generated(FinishReason.STOP if has_ended else FinishReason.LENGTH, usage)

    def warm(self, text: str, should_stop: Callable[[], bool]) -> None:
        """There is no prompt cache to warm."""

    def likelihoods(
        self, texts: Sequence[str], continuation: str, should_stop: Callable[[], bool]
    ) -> list[float]:
        import torch

        following = self._encode(continuation)
        n = len(following)
        found: list[float] = []
        for text in texts:
            if should_stop():
                break
            ids = torch.tensor([[*self._encode(text), *following]], device=self._model.device)
            with torch.inference_mode():
                logits = self._model(ids, logits_to_keep=n + 1).logits[0, :-1].float()
            found.append(float(logits.log_softmax(-1).gather(1, ids[0, -n:, None]).sum()))
        return found

    def count_tokens(self, text: str) -> int:
        return len(self._encode(text))

    def _device(self) -> str:
        import torch

        match self._options.device:
            case "AUTO":
                if torch.cuda.is_available():
                    return "cuda"
                return "mps" if torch.backends.mps.is_available() else "cpu"
            case "GPU":
                return "cuda"
            case device:
                return device.lower()

    def _text_of(self, prompt: Prompt) -> str:
        if not prompt.messages:
            return prompt.text
        history = [{"role": str(m.role), "content": m.text} for m in prompt.messages]
        try:
            return str(
                self._tokenizer.apply_chat_template(
                    history, tokenize=False, add_generation_prompt=True
                )
            )
        except ValueError as error:
            raise ModelRefused(
                "this model has no chat template", remedy="choose an instruct model"
            ) from error

    def _end_tokens(self) -> set[int]:
        ends = self._model.generation_config.eos_token_id
        return set(ends) if isinstance(ends, list) else {ends}

    def _encode(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False))

    def _decode(self, tokens: list[int]) -> str:
        return str(
            self._tokenizer.decode(
                tokens, skip_special_tokens=False, clean_up_tokenization_spaces=False
            )
        )
