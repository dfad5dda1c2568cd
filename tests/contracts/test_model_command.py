from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from copilot_ls.cli import model
from copilot_ls.errors import ConfigError

CONTENT = b"weights" * 1000


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COPILOT_LS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COPILOT_LS_CONFIG", str(tmp_path / "config" / "config.toml"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "own.gguf").write_bytes(CONTENT)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "models.toml").write_text(
        f"""
        [models.own]
        purposes = ["chat"]
        context_tokens = 100
        licence = "MIT [sic]"
        files = [{{ name = "own.gguf" }}]
        sources = [{{ kind = "file", path = {json.dumps(str(tmp_path / "own.gguf"))} }}]

        [models.broken]
        """
    )
    return tmp_path


def run(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(model.app, list(arguments), catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result


def row_of(model_id: str) -> dict[str, object]:
    rows = json.loads(run("list", "--json").stdout)["models"]
    return next(row for row in rows if row["id"] == model_id)


def test_the_life_of_a_model(home: Path) -> None:
    assert row_of("own")["state"] == "not here"
    pulled = run("pull", "own").stdout
    assert "own is ready" in pulled
    assert "licence MIT [sic]" in pulled
    assert hashlib.sha256(CONTENT).hexdigest() in pulled
    assert row_of("own")["state"] == "ready"
    assert run("pull", "own").stdout == "own is ready\n"
    assert "own: 1 files since its first download" in run("verify").stdout
    assert "removed" in run("remove", "own").stdout
    assert row_of("own")["state"] == "not here"


def test_the_list_shows_the_choice_and_what_is_wrong_with_the_users_file() -> None:
    result = run("list")
    assert "your completion model" in result.stdout
    assert "models.toml: broken: 'purposes' is missing" in result.stderr
    assert json.loads(run("list", "--here", "--json").stdout)["models"] == []


def test_a_choice_is_written_into_the_users_settings(home: Path) -> None:
    result = run("use", "own")
    assert "copilot-ls model pull own" in result.stdout
    settings = tomllib.loads((home / "config" / "config.toml").read_text())
    assert settings == {"model": {"chat": "own"}}
    assert row_of("own")["used_for"] == ["chat"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("use", "own", "--for", "completion"),
        ("use", "all-minilm-l6-v2"),
        ("pull", "nothing"),
        ("pull", "--as", "mine"),
        ("pull", "--file", "x.gguf"),
        ("pull", "--file", "own.gguf", "--as", "Not an id"),
        ("pack", "own", "--out", "x", "--part-size", "many"),
    ],
)
def test_a_wrong_request_is_an_error_with_a_remedy(arguments: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as caught:
        run(*arguments)
    assert caught.value.remedy


def test_a_damaged_model_is_a_finding(home: Path) -> None:
    run("pull", "own")
    file = home / "cache" / "models" / "own" / "source" / "own.gguf"
    file.unlink()
    file.write_bytes(CONTENT[:-1] + b"!")
    assert "damaged own: own.gguf" in run("verify", "own", code=1).stdout


def test_a_packed_model_comes_with_the_entry_that_pulls_it(home: Path) -> None:
    run("pull", "own")
    printed = run("pack", "own", "--out", str(home / "wheels"), "--part-size", "3kB").stdout
    entry = tomllib.loads(printed)["models"]["own"]
    assert entry["sources"][0]["parts"] == len(list((home / "wheels").glob("*.whl"))) == 3
    assert entry["files"][0]["sha256"] == hashlib.sha256(CONTENT).hexdigest()
