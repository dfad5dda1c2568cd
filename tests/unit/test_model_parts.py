"""The pure parts of the model adapters."""

from dataclasses import replace
from pathlib import Path

import pytest

from copilot_ls.domain import FimFormat, FimOrder
from copilot_ls.errors import ConfigError, ModelRefused
from copilot_ls.models.engine import EngineOptions, EngineSpec
from copilot_ls.models.local import CrashLog
from copilot_ls.models.openai import EndpointOptions, OpenAIModel, is_loopback, split_fim

FIM = FimFormat(
    prefix="<P>", suffix="<S>", middle="<M>", file_separator="<F>", repository_name="<R>"
)


def test_three_crashes_in_a_minute_are_enough():
    crashes = CrashLog(limit=3, window_s=60)
    for now in (0.0, 10.0):
        crashes.record(now)
        assert crashes.seconds_to_wait(now) == 0
    crashes.record(20.0)
    assert crashes.seconds_to_wait(20.0) == 40
    assert crashes.seconds_to_wait(60.0) == 0


def test_crashes_far_apart_are_never_too_many():
    crashes = CrashLog(limit=3, window_s=60)
    for now in range(0, 1_000, 31):
        crashes.record(now)
        assert crashes.seconds_to_wait(now) == 0


def test_a_specification_survives_the_command_line():
    spec = EngineSpec("openvino", "qwen/2.5", Path("models", "with spaces"), EngineOptions())
    assert EngineSpec.from_json(spec.to_json()) == spec


def test_processes_are_shared_only_by_those_who_agree_on_everything():
    spec = EngineSpec("openvino", "../Qwen 2.5", Path("models"), EngineOptions())
    others = [
        replace(spec, engine="llama_cpp"),
        replace(spec, model_dir=Path("elsewhere")),
        replace(spec, options=EngineOptions(n_threads=1)),
    ]
    assert len({spec.name, *(other.name for other in others)}) == 4
    assert replace(spec).name == spec.name
    assert "/" not in spec.name
    assert not spec.name.startswith(".")


def test_a_rendered_prompt_is_taken_apart_for_infill():
    text = "<R>repo<F>a.py\ndef a(): ...\n<F>b.py\n<P>x = <S>\ny<M>tail"
    assert split_fim(text, FIM) == {
        "input_prefix": "x = ",
        "input_suffix": "\ny",
        "prompt": "tail",
        "input_extra": [{"filename": "a.py", "text": "def a(): ...\n"}],
    }


@pytest.mark.parametrize("fim", [None, replace(FIM, order=FimOrder.SUFFIX_PREFIX_MIDDLE)])
def test_infill_refuses_what_it_cannot_express(fim):
    with pytest.raises(ModelRefused, match="catalog_id"):
        split_fim("<P>a<S>b<M>", fim)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8080/v1", True),
        ("http://localhost:1", True),
        ("http://[::1]:8080", True),
        ("http://localhost.example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("http://10.0.0.1", False),
        ("https://user@models.example.com", False),
        ("http://127.0.0.1@models.example.com", False),
    ],
)
def test_only_this_machine_itself_is_local(url, expected):
    assert is_loopback(url) is expected


@pytest.mark.parametrize(
    "url", ["", "localhost:8080", "file:///etc/passwd", "http://", "http://h:x"]
)
def test_an_address_that_is_none_is_refused_at_once(url):
    with pytest.raises(ConfigError, match="endpoint"):
        OpenAIModel(EndpointOptions(url))
