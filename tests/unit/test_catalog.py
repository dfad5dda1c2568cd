from __future__ import annotations

import tomllib
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest

from copilot_ls.domain import FimFormat, FimOrder, SnippetPlace
from copilot_ls.errors import ConfigError
from copilot_ls.models.catalog import (
    CatalogEntry,
    FileSource,
    HubSource,
    Preparation,
    Purpose,
    WheelsSource,
    check_id,
    entry_table,
    load_catalog,
    parse_catalog,
)
from copilot_ls.models.user_files import choose_model, entry_toml, save_entry

SHIPPED = load_catalog()
ENTRIES = list(SHIPPED.entries.values())
OWN = """
[models.mine]
purposes = ["completion"]
context_tokens = 4096
fim = "qwen"
files = [{ name = "mine.gguf" }]
sources = [{ kind = "hub", repo = "me/mine" }]
"""


def render(fim: FimFormat) -> str:
    before, after = f"{fim.prefix}HEAD", f"{fim.suffix}REST"
    pieces = (after, before) if fim.order is FimOrder.SUFFIX_PREFIX_MIDDLE else (before, after)
    return "".join((fim.begin, *pieces, fim.middle))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_every_shipped_entry_survives_being_written_and_read_again(entry: CatalogEntry) -> None:
    read = parse_catalog({"models": {entry.id: entry_table(entry)}})
    assert read.problems == ()
    assert read.entries[entry.id] == entry


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_an_entry_can_do_what_its_purposes_say(entry: CatalogEntry) -> None:
    assert (entry.fim is not None) == (Purpose.COMPLETION in entry.purposes)
    assert entry.has_chat == (Purpose.CHAT in entry.purposes)
    assert entry.sources
    for fim in filter(None, [entry.fim]):
        assert {fim.prefix, fim.suffix} <= set(fim.special_tokens)


@pytest.mark.parametrize(
    ("format_name", "prompt"),
    [
        ("qwen", "<|fim_prefix|>HEAD<|fim_suffix|>REST<|fim_middle|>"),
        ("starcoder", "<fim_prefix>HEAD<fim_suffix>REST<fim_middle>"),
        ("granite", "<fim_prefix>HEAD<fim_suffix>REST<fim_middle>"),
        ("deepseek", "<｜fim▁begin｜>HEAD<｜fim▁hole｜>REST<｜fim▁end｜>"),
        ("codestral", "[SUFFIX]REST[PREFIX]HEAD"),
        ("codegemma", "<|fim_prefix|>HEAD<|fim_suffix|>REST<|fim_middle|>"),
        ("codellama", "<PRE> HEAD <SUF>REST <MID>"),
    ],
)
def test_a_hole_is_marked_as_the_publisher_documents_it(format_name: str, prompt: str) -> None:
    assert render(SHIPPED.fim_formats[format_name]) == prompt


def test_the_defaults_are_vouched_for_and_measured_layouts_hold() -> None:
    small = SHIPPED.find("qwen2.5-coder-0.5b-instruct")
    large = SHIPPED.find("qwen2.5-coder-1.5b-instruct")
    embedder = SHIPPED.find("all-minilm-l6-v2")
    assert small.is_verified
    assert large.is_verified
    assert embedder.is_verified
    assert small.layout.snippet_place is SnippetPlace.ABOVE_CURSOR
    assert large.layout.snippet_place is SnippetPlace.HEADER
    assert [type(source) for source in small.sources] == [HubSource, WheelsSource]
    assert {small.preparation, embedder.preparation} == {Preparation.OPENVINO, Preparation.ONNX}


def test_the_shipped_catalogue_names_repositories_and_never_hosts() -> None:
    text = resources.files("copilot_ls.models").joinpath("catalog.toml").read_text("utf-8")
    assert "://" not in text


def test_an_entry_of_the_user_is_added_and_may_replace_ours(tmp_path: Path) -> None:
    file = tmp_path / "models.toml"
    replaced = OWN.replace("[models.mine]", "[models.starcoder2-3b]")
    file.write_text(OWN + replaced, "utf-8")
    catalog = load_catalog(file)
    assert catalog.problems == ()
    assert catalog.find("mine").fim == SHIPPED.fim_formats["qwen"]
    assert not catalog.find("mine").is_verified
    assert catalog.find("starcoder2-3b").sources == (HubSource("me/mine"),)
    assert len(catalog.entries) == len(SHIPPED.entries) + 1


def test_a_fim_format_of_the_user_can_be_named_by_an_entry() -> None:
    own = OWN.replace('"qwen"', '"mine"') + '\n[fim.mine]\nprefix = "<P>"\nsuffix = "<S>"\n'
    catalog = parse_catalog(tomllib.loads(own))
    assert catalog.problems == ()
    assert catalog.entries["mine"].fim == FimFormat("<P>", "<S>", "")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('fim = "qwen"', 'fim = "qwem"', "no format is called 'qwem'"),
        ('fim = "qwen"', "", "needs 'fim'"),
        ('fim = "qwen"', 'fim = "qwen"\ncontxt = 1', "'contxt' is unknown"),
        ("context_tokens = 4096", 'context_tokens = "many"', "context_tokens: must be a number"),
        ("context_tokens = 4096", "", "'context_tokens' is missing"),
        ('purposes = ["completion"]', 'purposes = ["typing"]', "'typing' is not one of"),
        ("[models.mine]", "[models.'../mine']", "an id consists of"),
        ('name = "mine.gguf"', 'name = "../mine.gguf"', "not a plain file name"),
        ('name = "mine.gguf"', 'name = "C:mine.gguf"', "not a plain file name"),
        ('name = "mine.gguf"', 'name = "mine.gguf", sha256 = "12"', "64 hexadecimal digits"),
        ('repo = "me/mine"', 'repo = "../../mine"', "owner/name"),
        ('kind = "hub", repo', 'kind = "ftp", repo', "not one of hub, wheels, file"),
        (
            'kind = "hub", repo = "me/mine"',
            'kind = "wheels", package = "--index-url=x", version = "1"',
            "not the name of a package",
        ),
        (
            'kind = "hub", repo = "me/mine"',
            'kind = "wheels", package = "a", version = "1 --pre"',
            "not a version",
        ),
        (
            'kind = "hub", repo = "me/mine"',
            'kind = "wheels", package = "a", version = "1", parts = 2',
            "needs '{part}'",
        ),
    ],
)
def test_a_broken_entry_is_one_line_and_leaves_the_rest(old: str, new: str, problem: str) -> None:
    assert old in OWN
    broken = OWN.replace(old, new) + OWN.replace("[models.mine]", "[models.good]")
    catalog = parse_catalog(tomllib.loads(broken), fim_formats=SHIPPED.fim_formats)
    assert set(catalog.entries) == {"good"}
    assert len(catalog.problems) == 1
    assert problem in catalog.problems[0]
    assert "\n" not in catalog.problems[0]


@pytest.mark.parametrize("content", [b"\xff\xfe", b"models = [", b"models = 3", b"modles = {}"])
def test_a_broken_file_of_the_user_leaves_our_entries(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "models.toml"
    file.write_bytes(content)
    catalog = load_catalog(file)
    assert catalog.entries == SHIPPED.entries
    assert len(catalog.problems) == 1


def test_a_wrong_id_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"did you mean qwen2\.5-coder-0\.5b-instruct"):
        SHIPPED.find("qwen2.5-coder-0.5b")


@pytest.mark.parametrize("model_id", ["", "..", "a/b", "A", "a.", "x" * 81, "con tent"])
def test_what_cannot_name_a_folder_cannot_be_an_id(model_id: str) -> None:
    with pytest.raises(ConfigError):
        check_id(model_id)


def test_choosing_a_model_keeps_the_rest_of_the_settings_file(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('# mine\n[model]\nengine = "off" # slow machine\n\n[log]\nlevel = "debug"\n')
    choose_model(file, Purpose.CHAT, "phi-4")
    assert file.read_text() == (
        '# mine\n[model]\nengine = "off" # slow machine\nchat = "phi-4"\n\n[log]\nlevel = "debug"\n'
    )


def test_choosing_a_model_creates_the_settings_file(tmp_path: Path) -> None:
    file = tmp_path / "new" / "config.toml"
    choose_model(file, Purpose.COMPLETION, "starcoder2-3b")
    assert tomllib.loads(file.read_text()) == {"model": {"completion": "starcoder2-3b"}}


@pytest.mark.parametrize("content", [b"[model", b"\xff", b'model = "x"'])
def test_a_broken_settings_file_is_refused_and_left_as_it_is(
    tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"config\.toml"):
        choose_model(file, Purpose.CHAT, "phi-4")
    assert file.read_bytes() == content
    assert list(tmp_path.iterdir()) == [file]


def test_an_entry_can_be_saved_for_the_next_start(tmp_path: Path) -> None:
    file = tmp_path / "models.toml"
    file.write_text(f"# my models\n{OWN}")
    entry = replace(
        SHIPPED.find("codestral-22b-v0.1"),
        id="local-1.0",
        sources=(FileSource(tmp_path / "m.gguf"),),
        origin="models.toml",
    )
    save_entry(file, entry)
    catalog = load_catalog(file)
    assert catalog.problems == ()
    assert catalog.find("local-1.0") == entry
    assert "mine" in catalog.entries
    assert file.read_text().startswith("# my models\n")


def test_what_pack_prints_can_be_pasted_into_a_catalogue() -> None:
    entry = SHIPPED.find("qwen2.5-coder-0.5b-instruct")
    source = WheelsSource("our-model-part{part}", "1.0", parts=6)
    pasted = parse_catalog(tomllib.loads(entry_toml(entry, source)))
    assert pasted.problems == ()
    assert pasted.entries[entry.id] == replace(entry, sources=(source,))


@pytest.mark.parametrize(
    ("name", "model_id"),
    [
        ("qwen2.5-coder:7b", "qwen2.5-coder-7b-instruct"),
        ("Qwen/Qwen2.5-Coder-1.5B-Instruct-AWQ", "qwen2.5-coder-1.5b-instruct"),
        ("qwen3-coder:30b", "qwen3-coder-30b-a3b-instruct"),
        ("/models/starcoder2-7b.Q8_0.gguf", "starcoder2-7b"),
        ("codellama/CodeLlama-7b-hf", "codellama-7b"),
        ("deepseek-coder:6.7b-base", "deepseek-coder-6.7b-base"),
        ("granite-3b-code-base", "granite-3b-code-base"),
        ("dolphin-mixtral", None),
        ("gpt-4o", None),
        ("", None),
    ],
)
def test_a_servers_name_for_a_model_is_recognised(name: str, model_id: str | None) -> None:
    entry = SHIPPED.like(name)
    assert (entry.id if entry else None) == model_id
