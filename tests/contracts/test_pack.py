from __future__ import annotations

import base64
import csv
import hashlib
import io
import tomllib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from copilot_ls.errors import ConfigError, DigestMismatch
from copilot_ls.models.catalog import (
    Catalog,
    CatalogEntry,
    FileSource,
    ModelFile,
    Purpose,
    parse_catalog,
)
from copilot_ls.models.pack import Packed, pack
from copilot_ls.models.progress import report_nothing
from copilot_ls.models.store import ModelState, ModelStore
from copilot_ls.models.user_files import entry_toml

ENTRY = CatalogEntry(
    id="tiny-1.5",
    family="tiny",
    title="Tiny\nCoder",
    publisher="me",
    licence="MIT",
    parameters=0.0001,
    purposes=frozenset({Purpose.CHAT}),
    files=(ModelFile("weights [v1].bin"), ModelFile("tokenizer.json")),
    sources=(),
    context_tokens=100,
    has_chat=True,
)


def fill(folder: Path, weights: bytes, tokenizer: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "weights [v1].bin").write_bytes(weights)
    (folder / "tokenizer.json").write_bytes(tokenizer)


def pack_here(folder: Path, part_bytes: int) -> Packed:
    return pack(
        ENTRY,
        folder / "in",
        folder / "out",
        version="1.0.0",
        part_bytes=part_bytes,
        report=report_nothing,
    )


def open_store(folder: Path) -> ModelStore:
    return ModelStore(folder, catalog=Catalog({}, {}), pins_file=folder.parent / "digests.json")


def test_what_one_machine_packs_another_pulls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path / "in", bytes(range(256)) * 200, b"{}" * 30)
    connected, offline = open_store(tmp_path / "a"), open_store(tmp_path / "b")
    entry = replace(ENTRY, sources=(FileSource(tmp_path / "in"),))
    connected.pull(entry)
    packed = pack(
        connected.vouched(entry),
        connected.folder(entry.id) / "source",
        tmp_path / "index",
        version="2.0",
        part_bytes=20_000,
        report=report_nothing,
    )
    assert len(packed.wheels) == 3
    text = entry_toml(connected.vouched(entry), packed.source)
    pasted = parse_catalog(tomllib.loads(text)).entries[entry.id]
    assert pasted.is_verified
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    pulled = offline.pull(pasted, patience=30)
    assert pulled.status.state is ModelState.READY
    for file in ENTRY.files:
        arrived = offline.folder(entry.id) / "source" / file.name
        assert arrived.read_bytes() == (tmp_path / "in" / file.name).read_bytes()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    weights=st.binary(min_size=1, max_size=9_000),
    tokenizer=st.binary(min_size=1, max_size=3_000),
    part_bytes=st.integers(1024, 10_000),
)
def test_pieces_in_order_are_the_files(
    tmp_path: Path, weights: bytes, tokenizer: bytes, part_bytes: int
) -> None:
    fill(tmp_path / "in", weights, tokenizer)
    packed = pack_here(tmp_path, part_bytes)
    pieces: dict[str, bytes] = {}
    for wheel in packed.wheels:
        with zipfile.ZipFile(wheel) as archive:
            carried = [info for info in archive.infolist() if "/data/" in info.filename]
            assert 0 < sum(info.file_size for info in carried) <= part_bytes
            for info in carried:
                name = info.filename.rsplit("/", 1)[1].rsplit(".part", 1)[0]
                pieces[name] = pieces.get(name, b"") + archive.read(info)
    assert pieces == {"weights [v1].bin": weights, "tokenizer.json": tokenizer}
    assert len(packed.wheels) == packed.source.parts == -(-len(weights + tokenizer) // part_bytes)


def test_a_wheel_is_valid_and_carries_nothing_that_runs(tmp_path: Path) -> None:
    fill(tmp_path / "in", b"w" * 3000, b"t")
    wheel = pack_here(tmp_path, 2000).wheels[0]
    assert wheel.name == "copilot_ls_model_tiny_1_5_part1-1.0.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        record = next(name for name in names if name.endswith("/RECORD"))
        listed = list(csv.reader(io.StringIO(archive.read(record).decode())))
        assert [row[0] for row in listed] == names
        for name, digest, size in listed:
            if name != record:
                content = archive.read(name)
                code = base64.urlsafe_b64encode(hashlib.sha256(content).digest())
                assert digest == "sha256=" + code.rstrip(b"=").decode()
                assert int(size) == len(content)
        assert [archive.read(name) for name in names if name.endswith(".py")] == [b""]
        metadata = archive.read(next(name for name in names if name.endswith("/METADATA")))
    assert b"Name: copilot-ls-model-tiny-1-5-part1\n" in metadata
    assert b"Summary: Weights of Tiny Coder," in metadata


def test_packing_the_same_model_twice_gives_the_same_wheels(tmp_path: Path) -> None:
    fill(tmp_path / "in", b"w" * 3000, b"t")
    first = [wheel.read_bytes() for wheel in pack_here(tmp_path, 2000).wheels]
    assert [wheel.read_bytes() for wheel in pack_here(tmp_path, 2000).wheels] == first


def test_a_damaged_model_is_not_passed_on(tmp_path: Path) -> None:
    fill(tmp_path / "in", b"w" * 3000, b"t")
    store = open_store(tmp_path / "a")
    entry = replace(ENTRY, sources=(FileSource(tmp_path / "in"),))
    store.pull(entry)
    damaged = store.folder(entry.id) / "source" / "tokenizer.json"
    damaged.unlink()
    damaged.write_bytes(b"T")
    with pytest.raises(DigestMismatch, match="damaged"):
        store.vouched(entry)


@pytest.mark.parametrize(("version", "part_bytes"), [("1 0", 5000), ("--x", 5000), ("1.0", 0)])
def test_numbers_that_cannot_work_are_refused(
    tmp_path: Path, version: str, part_bytes: int
) -> None:
    fill(tmp_path / "in", b"w", b"t")
    with pytest.raises(ConfigError):
        pack(
            ENTRY,
            tmp_path / "in",
            tmp_path / "out",
            version=version,
            part_bytes=part_bytes,
            report=report_nothing,
        )
    assert not (tmp_path / "out").exists()
