"""Chooses the engine when the user leaves it to us, and says why. Pure, but for `this_platform`.

Measured (``docs/decisions/0007``): where the processor multiplies small integers in hardware
(AVX-512 VNNI, AVX-VNNI, AMX), OpenVINO reads a prompt about six times as fast as llama.cpp. Where
it does not, both read equally fast, and llama.cpp answers a keystroke in half the time, because
its prompt cache works token by token. Apple's GPU belongs to llama.cpp.
"""

from __future__ import annotations

import importlib
import platform as host
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

OPENVINO = "openvino"
LLAMA_CPP = "llama_cpp"
TRANSFORMERS = "transformers"

_OPENVINO_MACHINES = frozenset({"x86_64", "amd64", "arm64", "aarch64"})
_FAST_INTEGERS = frozenset({"avx512_vnni", "avx_vnni", "amx_int8"})


@dataclass(frozen=True, slots=True)
class Platform:
    """``system`` and ``machine`` as the module ``platform`` names them.

    ``has_fast_integers``: the processor multiplies vectors of 8-bit integers in one step.
    """

    system: str
    machine: str
    has_fast_integers: bool = False


def this_platform() -> Platform:
    """Look at the machine that this process runs on."""
    return Platform(host.system(), host.machine(), _has_fast_integers())


def _has_fast_integers() -> bool:
    try:
        for line in (
            Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
        ):
            if line.startswith("flags"):
                return bool(_FAST_INTEGERS & set(line.split()))
    except OSError:
        pass
    # Other systems have no such file; numpy looks at the processor itself when it is imported.
    try:
        umath = importlib.import_module("numpy._core._multiarray_umath")
    except ImportError:
        return False
    features = getattr(umath, "__cpu_features__", {})
    return any(features.get(name) for name in ("AVX512_CLX", "AVX512_ICL", "AVX512_SPR"))


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
    if has_openvino and platform.has_fast_integers:
        return Choice(OPENVINO, "OpenVINO uses this processor's instructions for small integers")
    if has_llama_cpp:
        if not platform.has_fast_integers:
            why = "this processor has no instructions for small integers that OpenVINO could use"
        elif OPENVINO in installed:
            why = "the weights are not prepared for OpenVINO"
        else:
            why = "OpenVINO is not installed"
        return Choice(LLAMA_CPP, f"llama.cpp runs the GGUF file as it is; {why}")
    if has_openvino:
        return Choice(OPENVINO, "OpenVINO runs the prepared weights; llama.cpp is not installed")
    if TRANSFORMERS in installed and weights.safetensors:
        return Choice(TRANSFORMERS, "only transformers reads the safetensors that are here")
    return Choice("", _what_is_missing(installed, weights))


def _what_is_missing(installed: AbstractSet[str], weights: WeightForms) -> str:
    if weights.openvino:
        return "the weights are prepared for OpenVINO; run: pip install openvino-genai"
    if weights.gguf and OPENVINO in installed:
        return "the weights are not prepared; run: copilot-ls model pull"
    if weights.gguf:
        return "no engine reads the GGUF file; run: pip install xllamacpp"
    if weights.safetensors:
        return "no engine reads safetensors; run: pip install 'copilot-ls[transformers]'"
    return "there are no weights on this machine; run: copilot-ls model pull"


def wants_preparation(platform: Platform, installed: AbstractSet[str]) -> bool:
    """Tell whether preparing weights for OpenVINO would change the choice."""
    everything = WeightForms(openvino=True, gguf=True)
    return choose_engine(platform, installed, everything).engine == OPENVINO
