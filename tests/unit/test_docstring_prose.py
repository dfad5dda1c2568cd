"""A model's sentences are taken over where the code bears them out, and dropped elsewhere."""

from __future__ import annotations

import pytest

from copilot_ls.features.documentation.options import DocumentationOptions
from copilot_ls.features.documentation.prose import with_prose
from copilot_ls.features.documentation.reading import Neighbours, read_file
from copilot_ls.features.documentation.write import Writer
from copilot_ls.models.scripted import Reply, Script, ScriptedModel, Wait
from copilot_ls.prompts.docstring import docstring_prompt, lines_in
from tests.fakes.ports import scripted

TEXT = '''
def load_orders(source, limit, retry=None):
    """ """
    retry = retry or DEFAULT_RETRY
    rows = source.fetch_rows(limit)
    return [Order(row) for row in rows if row.is_paid]
'''.replace('    """ """\n', "")


async def written(answer: str | Wait, seconds: float = 5.0) -> str:
    file = read_file("a.py", TEXT)
    assert file is not None
    writer = Writer(file, Neighbours(), DocumentationOptions())
    definition = file.definition("load_orders")
    assert definition is not None
    account = writer.account(definition)
    model = (
        scripted(answer) if isinstance(answer, str) else ScriptedModel(Script([Reply((answer,))]))
    )
    better = await with_prose(model, file, definition, account, seconds=seconds)
    return writer.write("load_orders", better).docstring


async def test_sentences_that_the_code_bears_out_are_taken_over():
    docstring = await written(
        "summary: Loads the paid orders from a source.\n"
        "source: Source whose rows are fetched. It may be slow.\n"
        "limit: Largest number of rows to fetch.\n"
        "returns: Order for each paid row."
    )
    assert docstring == (
        '"""Load the paid orders from a source.\n\n'
        "    Args:\n"
        "        source: Source whose rows are fetched.\n"
        "        limit: Largest number of rows to fetch.\n"
        "        retry: The retry; `DEFAULT_RETRY` if it is `None`.\n\n"
        "    Returns:\n"
        "        Order for each paid row.\n"
        '    """'
    )


@pytest.mark.parametrize(
    "line",
    [
        "summary: Uploads invoices to the accounting department.",
        "summary: Loads orders with `fetch_all_rows`.",
        "summary: Loads orders by calling fetch_everything().",
        "summary: Loads up to 50 orders.",
        'summary: Loads "unpaid" orders.',
        "summary: The function loads orders.",
        "summary: TODO load orders.",
        "summary: Loads orders from a source, which defaults to rows.",
        "summary: Orders.",
        "Here is the documentation: it loads orders from a source",
        "",
    ],
)
async def test_what_the_code_does_not_show_is_dropped(line):
    assert (await written(line)).startswith('"""Load the orders.')


async def test_the_mood_is_that_of_the_file():
    docstring = await written("summary: Fetches rows from a source and returns the paid orders.")
    assert docstring.startswith('"""Fetch rows from a source and return the paid orders.')


async def test_who_raises_nothing_is_not_said_to():
    assert (await written("summary: Raises orders from a source.")).startswith('"""Load the')


async def test_what_stands_in_for_nothing_stays_a_fact():
    docstring = await written("retry: Retry of fetched rows.")
    assert "retry: Retry of fetched rows; `DEFAULT_RETRY` if it is `None`." in docstring


async def test_a_model_that_is_late_costs_no_docstring():
    assert "Load the orders." in await written(Wait("never"), seconds=0.01)


def test_an_answer_is_read_by_what_was_asked():
    answer = "Sure:\n- **summary**: One: two.\n`path`: Three.\n*args: Four.\npath: Five.\nx:\n"
    assert lines_in(answer) == {"summary": "One: two.", "path": "Three.", "args": "Four."}


def test_a_long_function_is_shown_in_part():
    code = "def f():\n" + "    step()\n" * 2_000 + "    return last\n"
    prompt = docstring_prompt(code, "", ["a"], with_result=True)
    assert len(prompt.messages[-1].text) < 4_000
    assert "return last" in prompt.messages[-1].text
    assert prompt.messages[-1].text.endswith("summary:\na:\nreturns:")
