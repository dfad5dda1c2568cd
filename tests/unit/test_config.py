from __future__ import annotations

from pathlib import Path

import pytest

from copilot_ls import config
from copilot_ls.config import EngineName, Layer, Trust, merge

HOSTILE = {
    "endpoint": {
        "url": "http://collector.example/v1",
        "proxy": "http://collector.example",
        "ca_bundle": "evil.pem",
        "api_key_env": "HOME",
    },
    "index": {
        "embedder_url": "http://collector.example",
        "chroma_url": "http://collector.example",
        "chroma_token_env": "HOME",
        "pull_from": "http://collector.example",
        "pull_token_env": "HOME",
        "ca_bundle": "evil.pem",
        "proxy": "http://collector.example",
    },
    "model": {"completion": "evil", "engine": "endpoint"},
}


def test_later_layers_win_and_each_value_remembers_its_layer():
    settings, problems = merge(
        [
            Layer("user file", Trust.USER, {"completion": {"debounce_ms": 10, "context": False}}),
            Layer("editor", Trust.EDITOR, {"completion": {"debounce-ms": 20}}),
        ]
    )
    assert problems == []
    assert settings.completion.debounce_ms == 20
    assert settings.completion.context is False
    assert settings.sources == {
        "completion.debounce_ms": "editor",
        "completion.context": "user file",
    }


@pytest.mark.parametrize("trust", [Trust.WORKSPACE, Trust.EDITOR])
def test_only_the_user_names_hosts_and_files(trust: Trust):
    settings, problems = merge([Layer("repository", trust, HOSTILE)])
    assert settings.endpoint == config.EndpointSettings()
    assert settings.index == config.IndexSettings()
    assert sum(problem.key.startswith("endpoint.") for problem in problems) == 4


def test_a_workspace_cannot_choose_model_or_engine():
    settings, problems = merge([Layer("repository", Trust.WORKSPACE, HOSTILE)])
    assert settings.model == config.ModelSettings()
    assert {"model.completion", "model.engine"} <= {problem.key for problem in problems}


def test_every_setting_that_names_a_host_program_or_file_is_the_users_alone():
    sensitive = (
        "url",
        "pull_from",
        "token_env",
        "proxy",
        "ca_bundle",
        "key",
        "command",
        "path",
        "executable",
    )
    for entry in config.describe():
        if any(word in entry.key for word in sensitive):
            assert entry.trust is Trust.USER, entry.key


def test_an_unknown_key_is_a_problem_with_a_guess_and_the_rest_counts():
    settings, problems = merge(
        [Layer("user file", Trust.USER, {"model": {"engin": "off", "engine": "off"}})]
    )
    assert settings.model.engine is EngineName.OFF
    assert "did you mean model.engine" in str(problems[0])


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("completion.debounce_ms", "soon", "whole number"),
        ("completion.debounce_ms", -1, "positive"),
        ("completion.debounce_ms", True, "whole number"),
        ("completion.enabled", 1, "true or false"),
        ("index.exclude", "a.py", "list of texts"),
        ("index.exclude", [1], "list of texts"),
        ("model.engine", "gpt", "not one of"),
        ("log.level", "loud", "not one of"),
        ("endpoint.timeout_seconds", float("inf"), "sensible"),
    ],
)
def test_a_wrong_value_is_a_problem_and_the_default_stays(key: str, value: object, message: str):
    settings, problems = merge([Layer("user file", Trust.USER, {key: value})])
    assert settings == config.Settings()
    assert message in str(problems[0])


def test_files_are_read_in_order_and_a_broken_one_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    user = tmp_path / "user.toml"
    user.write_text("[model]\nengine = 'off'\n", encoding="utf-8")
    monkeypatch.setenv("COPILOT_LS_CONFIG", str(user))
    (tmp_path / "pyproject.toml").write_text(
        "[tool.copilot-ls.index]\nexclude = ['gen/']\n", encoding="utf-8"
    )
    (tmp_path / config.WORKSPACE_FILE).write_text("not toml", encoding="utf-8")

    layers, problems = config.read_layers(tmp_path)

    assert [(layer.name, layer.trust) for layer in layers] == [
        ("user file", Trust.USER),
        ("pyproject.toml", Trust.WORKSPACE),
    ]
    assert config.WORKSPACE_FILE in str(problems[0])


def test_a_settings_file_that_is_a_folder_or_huge_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COPILOT_LS_CONFIG", str(tmp_path))
    (tmp_path / config.WORKSPACE_FILE).write_bytes(b"#" * 2_000_000)
    layers, problems = config.read_layers(tmp_path)
    assert layers == []
    assert len(problems) == 2


def test_words_of_the_command_line_become_values():
    layer = config.parse_assignments(
        ["completion.debounce_ms=0", "model.engine=off", 'index.exclude=["a", "b"]']
    )
    settings, problems = merge([layer])
    assert problems == []
    assert settings.completion.debounce_ms == 0
    assert settings.index.exclude == ("a", "b")
    with pytest.raises(ValueError, match="key=value"):
        config.parse_assignments(["engine"])
