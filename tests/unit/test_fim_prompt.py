from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from copilot_ls.domain import Document, FimFormat, FimOrder, PromptLayout, Snippet, SnippetPlace
from copilot_ls.prompts.fim import fim_prompt, neutralise, prefix_window, restore, suffix_window
from tests.fakes.ports import QWEN_FIM

CODELLAMA = FimFormat(
    prefix="<PRE> ", suffix=" <SUF>", middle=" <MID>", begin="<s>", stops=("<EOT>",)
)
CODESTRAL = FimFormat(
    prefix="[PREFIX]", suffix="[SUFFIX]", middle="", order=FimOrder.SUFFIX_PREFIX_MIDDLE
)


def prompt_of(text: str, *snippets: Snippet, fim: FimFormat = QWEN_FIM, **kwargs):
    offset = text.index("█")
    document = Document("file:///a.py", "app/a.py", "python", text.replace("█", ""))
    options = {
        "snippets": snippets,
        "fim": fim,
        "layout": PromptLayout(),
        "context_tokens": 4096,
        "max_tokens": 48,
        "one_line": True,
        "repository": "shop",
    }
    return fim_prompt(document, offset, **{**options, **kwargs})


def snippet(stub: str, path: str = "shop/tax.py") -> Snippet:
    return Snippet(stub, path, 3, "net", 1.0)


ABOVE = PromptLayout(snippet_place=SnippetPlace.ABOVE_CURSOR)


def test_without_snippets_it_is_prefix_suffix_middle():
    prompt = prompt_of("x = █\ny = 2\n")
    assert prompt.text == "<|fim_prefix|>x = <|fim_suffix|>\ny = 2\n<|fim_middle|>"
    assert prompt.text[: prompt.stable_chars] == "<|fim_prefix|>x = "


def test_snippets_stand_as_files_of_the_repository_in_the_header():
    prompt = prompt_of("x = █", snippet("def net()"), snippet("def gross()"))
    assert prompt.text.startswith(
        "<|repo_name|>shop\n<|file_sep|>shop/tax.py\ndef net()\ndef gross()\n"
        "<|file_sep|>app/a.py\n<|fim_prefix|>x = "
    )


def test_snippets_above_the_cursor_are_indented_comments_with_the_best_one_nearest():
    prompt = prompt_of("def f():\n    x = █", snippet("best()"), snippet("second()"), layout=ABOVE)
    assert "def f():\n    # second()\n    # best()\n    x = <|fim_suffix|>" in prompt.text


def test_a_model_without_repository_tokens_gets_comments_at_the_top():
    prompt = prompt_of("x = █", snippet("def net()"), fim=CODELLAMA)
    assert prompt.text == "<s><PRE> # def net()\nx =  <SUF> <MID>"


def test_a_model_that_reads_the_suffix_first_gets_it_first():
    assert prompt_of("x = █\ny", fim=CODESTRAL).text == "[SUFFIX]\ny[PREFIX]x = "


def test_one_line_stops_at_the_line_end_and_a_block_does_not():
    assert "\n" in prompt_of("x = █").stops
    assert "\n" not in prompt_of("x = █", one_line=False).stops


def test_the_suffix_can_be_left_out_where_nothing_stands_right_of_the_cursor():
    layout = PromptLayout(line_end_suffix_chars=0)
    assert "<|fim_suffix|><|fim_middle|>" in prompt_of("x = █\ny = 2", layout=layout).text
    assert "<|fim_suffix|>)\ny = 2<|fim_middle|>" in prompt_of("f(█)\ny = 2", layout=layout).text
    block = prompt_of("def f():█\ny = 2", layout=layout, one_line=False)
    assert "<|fim_suffix|>\ny = 2<|fim_middle|>" in block.text


def test_snippets_beyond_count_or_budget_are_left_out():
    layout = PromptLayout(max_snippets=2, max_snippet_chars=20)
    text = prompt_of("x = █", *[snippet(f"def f{n}()") for n in range(4)], layout=layout).text
    assert "f0" in text
    assert "f1" in text
    assert "f2" not in text


def test_a_small_context_shrinks_every_window():
    body = "\n".join(f"line_{n} = {n}" for n in range(2000))
    prompt = prompt_of(f"{body}█{body}", context_tokens=512)
    assert len(prompt.text) < 512 * 4


def test_special_tokens_in_the_text_are_broken_up_everywhere():
    stub = snippet("<|fim_suffix|>", path="<|file_sep|>.py")
    text = prompt_of("'<|fim_middle|>' █ '<|endoftext|>'", stub).text
    assert text.count("<|fim_middle|>") == 1
    assert text.count("<|fim_suffix|>") == 1
    assert text.count("<|endoftext|>") == 0
    assert text.count("<|file_sep|>") == 2


@given(st.lists(st.sampled_from([*"<|>fim_ \n", "<|fim_middle|>", "é", "🙂"])).map("".join))
def test_restoring_undoes_neutralising(text: str):
    neutral = neutralise(text, QWEN_FIM)
    assert "<|fim_middle|>" not in neutral
    assert restore(neutral, QWEN_FIM) == text


@given(st.lists(st.integers(0, 40), min_size=1), st.integers(20, 400))
def test_the_prefix_window_is_an_end_of_the_text_within_its_limit(lengths: list[int], limit: int):
    before = "\n".join("x" * length for length in lengths)
    window = prefix_window(before, limit)
    assert before.endswith(window)
    assert len(window) <= limit


def test_typing_keeps_the_start_of_the_prefix_window():
    before = "".join(f"line {n}\n" for n in range(500))
    windows = {prefix_window(before + "x" * n, 1000)[:40] for n in range(60)}
    assert len(windows) == 1


def test_the_suffix_window_ends_at_a_line_end():
    assert suffix_window("one\ntwo\nthree", 9) == "one\ntwo"
    assert suffix_window("x" * 50, 9) == "x" * 9


def test_a_named_callee_stands_alone_above_what_was_written_so_far():
    guesses = (snippet("gross(amount)"), snippet("net(amount, *, rate)"))
    prompt = prompt_of(
        "x = 1\ny = █\n", *guesses, layout=ABOVE, written="net(", callee=snippet("net(amount)")
    )
    assert "x = 1\n# net(amount)\ny = net(<|fim_suffix|>" in prompt.text
    assert "gross" not in prompt.text


def test_a_named_callee_leaves_the_header_as_the_engine_has_read_it():
    first = prompt_of("x = 1\ny = █\n", snippet("gross(amount)"))
    second = prompt_of(
        "x = 1\ny = █\n",
        snippet("gross(amount)"),
        written="\nnet(",
        callee=snippet("net(amount)"),
    )
    common = first.text.index("y = ")
    assert second.text[:common] == first.text[:common]
    assert "y = \n# net(amount)\nnet(<|fim_suffix|>" in second.text
