import pytest

from copilot_ls.models.choose import Platform, WeightForms, choose_engine, wants_preparation

LINUX = Platform("Linux", "x86_64", has_fast_integers=True)
OLDER = Platform("Linux", "x86_64")
APPLE = Platform("Darwin", "arm64")
ALL = {"openvino", "llama_cpp", "transformers"}


@pytest.mark.parametrize(
    ("platform", "installed", "weights", "engine"),
    [
        (LINUX, ALL, WeightForms(openvino=True, gguf=True), "openvino"),
        (
            Platform("Windows", "AMD64", has_fast_integers=True),
            ALL,
            WeightForms(openvino=True, gguf=True),
            "openvino",
        ),
        (
            Platform("Linux", "aarch64"),
            {"openvino"},
            WeightForms(openvino=True, gguf=True),
            "openvino",
        ),
        (OLDER, ALL, WeightForms(openvino=True, gguf=True), "llama_cpp"),
        (OLDER, {"openvino"}, WeightForms(openvino=True, gguf=True), "openvino"),
        (LINUX, ALL, WeightForms(gguf=True), "llama_cpp"),
        (LINUX, {"llama_cpp"}, WeightForms(openvino=True, gguf=True), "llama_cpp"),
        (Platform("Linux", "riscv64"), ALL, WeightForms(openvino=True, gguf=True), "llama_cpp"),
        (APPLE, ALL, WeightForms(openvino=True, gguf=True), "llama_cpp"),
        (APPLE, {"openvino"}, WeightForms(openvino=True, gguf=True), "openvino"),
        (LINUX, ALL, WeightForms(safetensors=True), "transformers"),
    ],
)
def test_the_engine_follows_machine_packages_and_weights(platform, installed, weights, engine):
    choice = choose_engine(platform, installed, weights)
    assert choice.engine == engine
    assert choice.reason


@pytest.mark.parametrize(
    ("installed", "weights", "remedy"),
    [
        (ALL, WeightForms(), "copilot-ls model pull"),
        ({"openvino"}, WeightForms(gguf=True), "copilot-ls model pull"),
        ({"openvino"}, WeightForms(safetensors=True), "copilot-ls[transformers]"),
        (set(), WeightForms(gguf=True), "pip install xllamacpp"),
        (set(), WeightForms(openvino=True), "pip install openvino-genai"),
    ],
)
def test_when_none_can_run_the_reason_is_the_remedy(installed, weights, remedy):
    choice = choose_engine(LINUX, installed, weights)
    assert choice.engine == ""
    assert remedy in choice.reason


def test_weights_are_prepared_only_where_that_changes_the_choice():
    assert wants_preparation(LINUX, ALL)
    assert wants_preparation(OLDER, {"openvino"})
    assert not wants_preparation(OLDER, ALL)
    assert not wants_preparation(APPLE, ALL)
