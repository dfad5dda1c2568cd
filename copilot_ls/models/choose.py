"""Chooses the engine when the user leaves it to us, and says why. Pure.

The figures behind the order are in ``docs/decisions``: OpenVINO reads a prompt about six times as
fast as llama.cpp where the processor multiplies small integers or bf16 in hardware, about as fast
where it does not, and keeps its speed better on a busy machine. Apple's GPU belongs to llama.cpp.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

OPENVINO = "openvino"
LLAMA_CPP = "llama_cpp"
TRANSFORMERS = "transformers"

_OPENVINO_MACHINES = frozenset({"x86_64", "amd64", "arm64", "aarch64"})


@dataclass(frozen=True, slots=True)
class Platform:
    """``system`` and ``machine`` as the module ``platform`` names them."""

    system: str
    machine: str


@dataclass(frozen=True, slots=True)
class WeightForms:
    """In which forms the weights of the model lie on this machine."""

    openvino: bool = False
    gguf: bool = False
    safetensors: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """``engine`` is empty if none can run; ``reason`` is for people, and then holds the remedy."""

    engine: str
    reason: str


def choose_engine(platform: Platform, installed: AbstractSet[str], weights: WeightForms) -> Choice:
    """Return the engine for this machine and these weights."""
    has_openvino = (
        OPENVINO in installed
        and weights.openvino
        and platform.machine.lower() in _OPENVINO_MACHINES
    )
    has_llama_cpp = LLAMA_CPP in installed and weights.gguf
    is_apple = platform.system == "Darwin" and platform.machine.lower() == "arm64"
    if has_llama_cpp and is_apple:
        return Choice(LLAMA_CPP, "llama.cpp uses the GPU of Apple processors")
    if has_openvino:
        return Choice(OPENVINO, "OpenVINO is the fastest engine for prepared weights on a CPU")
    if has_llama_cpp:
        why = "there are no prepared weights" if OPENVINO in installed else "OpenVINO is missing"
        return Choice(LLAMA_CPP, f"llama.cpp runs the GGUF file as it is; {why}")
    if TRANSFORMERS in installed and weights.safetensors:
        return Choice(TRANSFORMERS, "only transformers reads the safetensors that are here")
    return Choice("", _what_is_missing(installed, weights))


def _what_is_missing(installed: AbstractSet[str], weights: WeightForms) -> str:
    if weights.openvino:
        return "the weights are prepared for OpenVINO; run: pip install openvino-genai"
    if weights.gguf and OPENVINO in installed:
        return "the weights are not prepared; run: copilot-ls model pull"
    if weights.gguf:
        return "no engine reads the GGUF file; run: pip install 'copilot-ls[llama-cpp]'"
    if weights.safetensors:
        return "no engine reads safetensors; run: pip install 'copilot-ls[transformers]'"
    return "there are no weights on this machine; run: copilot-ls model pull"
