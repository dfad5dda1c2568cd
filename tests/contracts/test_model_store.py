from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import textwrap
import threading
from dataclasses import replace
from pathlib import Path

import filelock
import pytest

from copilot_ls.domain import FimFormat
from copilot_ls.errors import ConfigError, DigestMismatch, DownloadError
from copilot_ls.models.catalog import (
    Catalog,
    CatalogEntry,
    FileSource,
    ModelFile,
    Preparation,
    Purpose,
)
from copilot_ls.models.gguf_file import describe_gguf
from copilot_ls.models.prepare import write_f16
from copilot_ls.models.progress import Progress
from copilot_ls.models.store import ModelState, ModelStore

CONTENT = b"weights" * 10_000
DIGEST = hashlib.sha256(CONTENT).hexdigest()
QWEN = FimFormat("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")


@pytest.fixture
def published(tmp_path: Path) -> Path:
    path = tmp_path / "published.gguf"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def entry(published: Path) -> CatalogEntry:
    return CatalogEntry(
        id="tiny",
        family="tiny",
        title="Tiny",
        publisher="me",
        licence="MIT",
        parameters=0.0001,
        purposes=frozenset({Purpose.CHAT}),
        files=(ModelFile("tiny.gguf", len(CONTENT), DIGEST),),
        sources=(FileSource(published),),
        context_tokens=100,
        has_chat=True,
    )


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return open_store(tmp_path)


def open_store(folder: Path) -> ModelStore:
    return ModelStore(
        folder / "models", catalog=Catalog({}, {}), pins_file=folder / "data" / "digests.json"
    )


def test_a_pulled_model_is_ready_and_a_second_pull_finds_it(
    store: ModelStore, entry: CatalogEntry
) -> None:
    assert store.status(entry).state is ModelState.ABSENT
    assert store.source_file(entry) is None
    assert not store.pull(entry).was_there
    assert store.status(entry).state is ModelState.READY
    file = store.source_file(entry)
    assert file is not None
    assert file.read_bytes() == CONTENT
    assert store.pull(entry, sources=()).was_there


def test_the_state_is_read_from_disk_by_any_other_process(
    tmp_path: Path, store: ModelStore, entry: CatalogEntry
) -> None:
    store.pull(entry)
    assert open_store(tmp_path).status(entry).state is ModelState.READY


def test_a_pull_that_died_before_its_last_step_needs_no_new_download(
    store: ModelStore, entry: CatalogEntry
) -> None:
    store.pull(entry)
    (store.folder("tiny") / "manifest.json").unlink()
    assert store.status(entry).state is ModelState.ABSENT
    store.pull(entry, sources=())
    assert store.status(entry).state is ModelState.READY


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"source": 1}'])
def test_a_damaged_manifest_counts_as_none(
    store: ModelStore, entry: CatalogEntry, damage: str
) -> None:
    store.pull(entry)
    (store.folder("tiny") / "manifest.json").write_text(damage)
    assert store.status(entry).state is ModelState.ABSENT
    store.pull(entry)
    assert store.status(entry).state is ModelState.READY


def test_one_flipped_byte_is_found_and_mended(store: ModelStore, entry: CatalogEntry) -> None:
    store.pull(entry)
    assert [check.problem for check in store.verify(entry)] == [""]
    file = store.folder("tiny") / "source" / "tiny.gguf"
    # The store's file may be another name of the user's; only this one is to be damaged.
    content = bytearray(file.read_bytes())
    content[1000] ^= 1
    file.unlink()
    file.write_bytes(content)
    assert store.status(entry).state is ModelState.READY
    [check] = store.verify(entry)
    assert "SHA-256" in check.problem
    assert store.status(entry).state is ModelState.ABSENT
    store.pull(entry)
    assert [check.problem for check in store.verify(entry)] == [""]


def test_what_is_not_here_cannot_be_verified(store: ModelStore, entry: CatalogEntry) -> None:
    with pytest.raises(DownloadError, match="copilot-ls model pull tiny"):
        store.verify(entry)


def test_removing_a_model_leaves_the_users_own_file(
    store: ModelStore, entry: CatalogEntry, published: Path
) -> None:
    store.pull(entry)
    assert store.remove(entry) > len(CONTENT)
    assert store.status(entry).state is ModelState.ABSENT
    assert store.remove(entry) == 0
    assert published.read_bytes() == CONTENT


def test_a_new_digest_in_the_catalogue_makes_the_old_file_absent(
    store: ModelStore, entry: CatalogEntry
) -> None:
    store.pull(entry)
    newer = replace(entry, files=(ModelFile("tiny.gguf", 0, "0" * 64),))
    assert store.status(newer).state is ModelState.ABSENT


def test_an_unverified_model_must_stay_what_it_was_at_first(
    store: ModelStore, entry: CatalogEntry, published: Path
) -> None:
    unverified = replace(entry, files=(ModelFile("tiny.gguf"),))
    assert not store.pull(unverified).status.is_verified
    store.remove(unverified)
    published.write_bytes(b"swapped")
    with pytest.raises(DigestMismatch):
        store.pull(unverified)
    assert store.forget_digests("tiny")
    assert store.pull(unverified).status.state is ModelState.READY


def test_damaged_notes_of_digests_are_an_error_and_not_a_pardon(
    tmp_path: Path, store: ModelStore, entry: CatalogEntry
) -> None:
    pins = tmp_path / "data" / "digests.json"
    pins.parent.mkdir()
    pins.write_text("{")
    with pytest.raises(DownloadError, match="delete it"):
        store.pull(replace(entry, files=(ModelFile("tiny.gguf"),)))


def test_a_second_pull_waits_for_the_first_and_finds_it_done(
    tmp_path: Path, store: ModelStore, entry: CatalogEntry
) -> None:
    waits = threading.Event()
    pulls: list[bool] = []

    def report(progress: Progress) -> None:
        if progress.stage.startswith("waiting for another process"):
            waits.set()

    def pull() -> None:
        pulls.append(open_store(tmp_path).pull(entry, report=report).was_there)

    first_done = threading.Event()

    def hold(progress: Progress) -> None:
        if progress.stage.startswith("asking") and not first_done.is_set():
            second.start()
            assert waits.wait(10)
            first_done.set()

    second = threading.Thread(target=pull)
    assert not store.pull(entry, report=hold).was_there
    second.join(10)
    assert pulls == [True]


def test_the_lock_of_a_killed_pull_is_free(tmp_path: Path, entry: CatalogEntry) -> None:
    store = open_store(tmp_path)
    store.pull(entry)
    lock = tmp_path / "models" / ".locks" / "tiny.lock"
    code = f"""
        import filelock, os, sys
        filelock.FileLock({str(lock)!r}).acquire(timeout=0)
        os._exit(9)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False)
    with filelock.FileLock(lock, timeout=0):
        pass
    assert store.pull(entry).was_there


def test_a_cache_that_cannot_be_written_is_told_with_the_remedy(
    tmp_path: Path, entry: CatalogEntry
) -> None:
    (tmp_path / "models").write_text("a file where the folder should be")
    with pytest.raises(DownloadError, match="COPILOT_LS_CACHE"):
        open_store(tmp_path).pull(entry)


def test_what_cannot_be_prepared_stays_downloaded_and_leaves_nothing_behind(
    store: ModelStore, entry: CatalogEntry
) -> None:
    entry = replace(entry, preparation=Preparation.OPENVINO)
    leftover = store.folder("tiny") / ".preparing" / "f16.gguf"
    leftover.parent.mkdir(parents=True)
    leftover.write_bytes(b"of a killed preparation")
    with pytest.raises(DownloadError, match="downloaded but could not be prepared") as caught:
        store.pull(entry)
    assert "llama_cpp" in caught.value.remedy
    assert store.status(entry).state is ModelState.DOWNLOADED
    assert store.prepared_folder(entry) is None
    assert sorted(path.name for path in store.folder("tiny").iterdir()) == [
        "manifest.json",
        "source",
    ]
    assert store.pull(entry, with_preparation=False).was_there


def test_a_model_made_by_an_older_recipe_is_only_downloaded(
    store: ModelStore, entry: CatalogEntry
) -> None:
    entry = replace(entry, preparation=Preparation.OPENVINO)
    store.pull(entry, with_preparation=False)
    folder = store.folder("tiny")
    (folder / "openvino").mkdir()
    (folder / "openvino" / "model.bin").write_bytes(b"12345")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["prepared"] = {"recipe": "old", "versions": {}, "seconds": 1, "peak_bytes": 1}
    manifest["prepared_files"] = {"model.bin": {"size": 5, "sha256": "0" * 64}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert store.status(entry).state is ModelState.DOWNLOADED


def write_gguf(path: Path, *, tokens: list[str], template: str = "{{ messages }}") -> None:
    import gguf
    import numpy as np

    writer = gguf.GGUFWriter(path, "qwen2")
    writer.add_name("Tiny Coder")
    writer.add_context_length(2048)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_token_list(tokens)
    writer.add_token_types([1] * len(tokens))
    if template:
        writer.add_chat_template(template)
    weights = np.random.default_rng(1).standard_normal((4, 64)).astype(np.float32)
    quantised = gguf.quants.quantize(weights, gguf.GGMLQuantizationType.Q8_0)
    writer.add_tensor("blk.0.weight", quantised, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    writer.add_tensor("blk.0.norm", np.ones(64, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def test_unpacking_weights_changes_their_type_and_nothing_else(tmp_path: Path) -> None:
    import gguf
    import numpy as np

    write_gguf(tmp_path / "q8.gguf", tokens=["a", "b"])
    write_f16(tmp_path / "q8.gguf", tmp_path / "f16.gguf")
    before, after = (gguf.GGUFReader(tmp_path / name) for name in ("q8.gguf", "f16.gguf"))
    changed = {"general.file_type"}
    assert {
        name: field.contents()
        for name, field in before.fields.items()
        if not name.startswith("GGUF.") and name not in changed
    } == {
        name: field.contents()
        for name, field in after.fields.items()
        if not name.startswith("GGUF.") and name not in changed
    }
    for old, new in zip(before.tensors, after.tensors, strict=True):
        assert (old.name, list(old.shape)) == (new.name, list(new.shape))
        exact = gguf.quants.dequantize(old.data, old.tensor_type)
        np.testing.assert_allclose(new.data.astype(np.float32), exact, rtol=1e-3)
    assert [tensor.tensor_type.name for tensor in after.tensors] == ["F16", "F32"]


def test_a_file_describes_itself(tmp_path: Path) -> None:
    path = tmp_path / "tiny.gguf"
    write_gguf(path, tokens=["a", *QWEN.special_tokens])
    formats = {"qwen": QWEN, "other": FimFormat("<PRE>", "<SUF>", "<MID>")}
    entry = describe_gguf(path, "mine", formats)
    assert entry.fim == QWEN
    assert entry.context_tokens == 2048
    assert entry.title == "Tiny Coder"
    assert entry.purposes == {Purpose.COMPLETION, Purpose.CHAT}
    assert entry.preparation is Preparation.OPENVINO
    assert entry.sources == (FileSource(path),)
    assert not entry.is_verified


def test_of_two_formats_with_the_same_marks_the_fuller_match_is_chosen(tmp_path: Path) -> None:
    path = tmp_path / "tiny.gguf"
    fuller = replace(QWEN, file_separator="<|file_sep|>")
    stranger = replace(QWEN, file_separator="<|file_separator|>")
    write_gguf(path, tokens=list(fuller.special_tokens), template="")
    entry = describe_gguf(path, "mine", {"stranger": stranger, "fuller": fuller})
    assert entry.fim == fuller
    assert entry.purposes == {Purpose.COMPLETION}


@pytest.mark.parametrize("content", [b"", b"not a model", b"GGUF", b"GGUF\x03\x00\x00\x00" * 9])
def test_what_is_not_a_model_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "tiny.gguf"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"tiny\.gguf"):
        describe_gguf(path, "mine", {})
