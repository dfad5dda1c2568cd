"""Turns downloaded weights into what a local engine runs fastest, once, right after the download.

It happens in a process of its own at low priority (:func:`main`), in a work folder that becomes
the result by one rename, and only after the result was loaded and answered; a killed preparation
leaves nothing but a work folder, which the next one removes.
Which recipe pays was measured: 8-bit weights per channel keep the quality of the small models and
are the fastest on CPUs; OpenVINO's reader of GGUF files knows few quantisations, therefore the
weights go through 16 bits.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import sys
import time
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from copilot_ls.errors import DownloadError
from copilot_ls.models.catalog import CatalogEntry, Preparation
from copilot_ls.models.child import end_with_watcher, parse_event, python_module, run_child, tell
from copilot_ls.models.progress import Progress, Report
from copilot_ls.models.telemetry import refuse_telemetry

if TYPE_CHECKING:
    import openvino_genai

RECIPES = {Preparation.OPENVINO: "openvino-int8-asym-1", Preparation.ONNX: "onnx-int8-1"}
"""Names of the recipes; a new name makes ``pull`` prepare again what an old one made."""

_LIBRARIES = {
    Preparation.OPENVINO: ("openvino", "openvino-genai", "nncf", "gguf"),
    Preparation.ONNX: ("onnx", "onnxruntime"),
}
# Bytes per parameter, measured with 0.5 and 1.5 billion, pages that can be dropped left out.
_DISK_PER_PARAMETER = 6.5
_MEMORY_PER_PARAMETER = 6.0
_WORK = ".preparing"
_OLD = ".old-"
_SMOKE_PROMPT = ("def add(first, second):\n    return ", "\n\n\nprint(add(1, 2))\n")
_CHAT_PROMPT = "Write a Python function that adds two numbers."


@dataclass(frozen=True, slots=True)
class Prepared:
    """How a preparation went: recipe, library versions, seconds, and peak memory in bytes."""

    recipe: str
    versions: dict[str, str]
    seconds: float
    peak_bytes: int


def disk_needed(entry: CatalogEntry) -> int:
    """Bytes that preparing ``entry`` takes at its peak, result included."""
    return int(entry.parameters * 1e9 * _DISK_PER_PARAMETER) if entry.preparation != "none" else 0


def result_folder(entry: CatalogEntry, model_folder: Path) -> Path:
    """Where the prepared files of ``entry`` belong."""
    return model_folder / str(entry.preparation)


def clean_up(model_folder: Path) -> None:
    """Remove what a killed preparation left, gigabytes perhaps."""
    for leftover in (model_folder / _WORK, *model_folder.glob(f"{_OLD}*")):
        shutil.rmtree(leftover, ignore_errors=True)


def prepare(entry: CatalogEntry, model_folder: Path, *, report: Report) -> Prepared:
    """Make ``result_folder`` from the files in ``source/``.

    Raises:
        DownloadError: a library, memory or room is missing, or the result does not answer; the
            downloaded files stay and serve engines that need no preparation.
    """
    _require_memory(entry)
    clean_up(model_folder)
    work = model_folder / _WORK
    result = work / "result"
    result.mkdir(parents=True)
    reasons: list[str] = []
    peaks = [0]

    def hear(line: str) -> None:
        match parse_event(line):
            case {"event": "progress", "stage": str(stage), "done": int(done), "total": int(total)}:
                report(Progress(stage, done, total))
            case {"event": "done", "peak": int(peak)}:
                peaks.append(peak)
            case {"event": "failed", "reason": str(reason)}:
                reasons.append(reason)
            case _:
                pass

    task = {
        "preparation": str(entry.preparation),
        "source": str(model_folder / "source"),
        "files": [file.name for file in entry.files],
        "result": str(result),
        "fim": [entry.fim.prefix, entry.fim.suffix, entry.fim.middle] if entry.fim else [],
        "stops": list(entry.fim.stops) if entry.fim else [],
    }
    started = time.monotonic()
    try:
        report(Progress("preparing"))
        outcome = run_child(
            python_module("copilot_ls.models.prepare", json.dumps(task)),
            cwd=work,
            environment={},
            on_line=hear,
        )
        if outcome.returncode or reasons or len(peaks) < 2:
            raise _failed(entry, reasons, outcome.returncode, outcome.tail)
        _swap(result, result_folder(entry, model_folder))
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return Prepared(
        recipe=RECIPES[entry.preparation],
        versions=_versions(entry.preparation),
        seconds=round(time.monotonic() - started, 1),
        peak_bytes=max(peaks),
    )


def _swap(result: Path, target: Path) -> None:
    old = target.with_name(f"{_OLD}{target.name}")
    if target.exists():
        target.rename(old)
    result.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _failed(entry: CatalogEntry, reasons: list[str], returncode: int, tail: str) -> DownloadError:
    last = tail.splitlines()[-1][:200] if tail else "no message"
    reason = reasons[0] if reasons else f"it ended with code {returncode}: {last}"
    return DownloadError(
        f"{entry.id} is downloaded but could not be prepared: {reason}",
        remedy=f"`copilot-ls model pull {entry.id}` tries again{_alternative(entry)}",
    )


def _alternative(entry: CatalogEntry) -> str:
    is_gguf = entry.preparation is Preparation.OPENVINO
    return "; the llama_cpp engine runs it as it is" if is_gguf else ""


def _require_memory(entry: CatalogEntry) -> None:
    import psutil

    needed = entry.parameters * 1e9 * _MEMORY_PER_PARAMETER
    available = psutil.virtual_memory().available
    if available < needed:
        raise DownloadError(
            f"preparing {entry.id} takes {needed / 1e9:.1f} GB of memory, "
            f"{available / 1e9:.1f} GB are free",
            remedy=f"close programs and pull again{_alternative(entry)}",
        )


def _versions(preparation: Preparation) -> dict[str, str]:
    found: dict[str, str] = {}
    for library in _LIBRARIES[preparation]:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found


# --- inside the helper process ---


@dataclass(frozen=True, slots=True)
class _Task:
    preparation: str
    source: str
    files: list[str]
    result: str
    fim: list[str]
    stops: list[str]


class _BrokenResultError(Exception):
    """The prepared model does not do what a model does."""


def main(task_json: str) -> int:
    """Carry out the task that :func:`prepare` wrote, telling stages and the end as events."""
    end_with_watcher()
    refuse_telemetry()
    _step_back()
    task = _Task(**json.loads(task_json))
    try:
        if task.preparation == Preparation.ONNX:
            from copilot_ls.models.prepare_embedder import prepare_embedder

            prepare_embedder(
                Path(task.source) / task.files[0],
                Path(task.source) / task.files[1],
                Path(task.result),
                tell_stage,
            )
        else:
            _prepare_openvino(task)
    except MemoryError:
        tell(event="failed", reason="there is not enough memory")
    except ImportError as error:
        tell(event="failed", reason=f"a library is missing: {error}")
    except Exception as error:
        text = " ".join(str(error).split())[-300:]
        tell(event="failed", reason=f"{type(error).__name__}: {text}")
    else:
        tell(event="done", peak=_peak_bytes())
        return 0
    return 1


def tell_stage(stage: str, done: int = 0, total: int = 0) -> None:
    """Tell the watcher what is being done."""
    tell(event="progress", stage=stage, done=done, total=total)


def _prepare_openvino(task: _Task) -> None:
    work = Path(task.result).parent
    result = Path(task.result)
    half = work / "f16.gguf"
    write_f16(Path(task.source) / task.files[0], half)
    tell_stage("converting to OpenVINO")
    converted = _convert(half, work)
    half.unlink()
    tell_stage("compressing to 8 bits")
    _compress(converted, result / converted.name)
    for path in work.glob("openvino_*tokenizer.*"):
        path.rename(result / path.name)
    for path in work.glob("openvino_model.*"):
        path.unlink()
    tell_stage("trying the prepared model")
    _finish(task, result)


def write_f16(source: Path, target: Path) -> None:
    """Write a GGUF file again with its weights in 16 bits, tensor by tensor."""
    import gguf
    import numpy as np

    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(target, str(reader.fields["general.architecture"].contents()))
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name == "general.architecture":
            continue
        if name == "general.file_type":
            writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
            continue
        is_array = field.types[0] == gguf.GGUFValueType.ARRAY
        writer.add_key_value(
            name,
            field.contents(),
            field.types[0],
            sub_type=field.types[-1] if is_array else None,
        )
    kept = gguf.GGMLQuantizationType.F32
    shapes = [[int(size) for size in reversed(tensor.shape)] for tensor in reader.tensors]
    types = [np.float32 if tensor.tensor_type == kept else np.float16 for tensor in reader.tensors]
    for tensor, shape, kind in zip(reader.tensors, shapes, types, strict=True):
        n_bytes = math.prod(shape) * np.dtype(kind).itemsize
        writer.add_tensor_info(tensor.name, shape, np.dtype(kind), n_bytes)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for index, (tensor, shape, kind) in enumerate(zip(reader.tensors, shapes, types, strict=True)):
        weights = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        writer.write_tensor_data(weights.reshape(shape).astype(kind))
        tell_stage("unpacking weights", index + 1, len(shapes))
    writer.close()


def _convert(source: Path, work: Path) -> Path:
    """Let OpenVINO GenAI write its own form of a GGUF file beside it."""
    import openvino_genai

    converted = work / "openvino_model.xml"
    # It saves the model before it compiles it for a device. Compiling 16 bits is of no use here
    # and takes a third more memory and time, and a device that does not exist spares it.
    for device in ("NONE", "CPU"):
        try:
            openvino_genai.LLMPipeline(str(source), device, enable_save_ov_model=True)
        except RuntimeError:
            if device == "CPU":
                raise
        if converted.exists():
            return converted
    raise _BrokenResultError("OpenVINO wrote no model; it may not know this architecture")


def _compress(source: Path, target: Path) -> None:
    import nncf
    import openvino

    model = openvino.Core().read_model(source)
    compressed = nncf.compress_weights(model, mode=nncf.CompressWeightsMode.INT8_ASYM)
    openvino.save_model(compressed, target, compress_to_fp16=False)


def _finish(task: _Task, folder: Path) -> None:
    """Write what the engine must know about ending, and see the model answer."""
    import openvino_genai

    tokenizer = openvino_genai.Tokenizer(str(folder))
    ends = {tokenizer.get_eos_token_id(), *_stop_ids(tokenizer, task.stops)}
    # Engines drop special tokens from the text, so as texts they would never stop anything.
    config = {"eos_token_id": sorted(ends), "pad_token_id": tokenizer.get_pad_token_id()}
    (folder / "generation_config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")
    pipeline = openvino_genai.LLMPipeline(str(folder), "CPU")
    if task.fim:
        before, hole, middle = task.fim
        head, rest = _SMOKE_PROMPT
        prompt, chat = f"{before}{head}{hole}{rest}{middle}", False
    else:
        prompt, chat = _CHAT_PROMPT, True
    answer = str(pipeline.generate(prompt, max_new_tokens=12, apply_chat_template=chat))
    if not answer.strip() or "\ufffd" in answer or len(set(answer.split())) < 2:
        raise _BrokenResultError(f"the prepared model answers nonsense: {answer[:60]!r}")


def _stop_ids(tokenizer: openvino_genai.Tokenizer, stops: list[str]) -> list[int]:
    ids: list[int] = []
    for stop in stops:
        tokens = tokenizer.encode(stop, add_special_tokens=False).input_ids.data.flatten()
        if len(tokens) == 1:
            ids.append(int(tokens[0]))
    return ids


def _step_back() -> None:
    """Leave the machine to whoever works on it."""
    import psutil

    try:
        if sys.platform == "win32":
            psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
        else:
            os.nice(10)
    except (OSError, psutil.Error):
        return


def _peak_bytes() -> int:
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak if sys.platform == "darwin" else peak * 1024)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
