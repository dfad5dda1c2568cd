"""A selection and an instruction become a checked change, or a reason why not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from copilot_ls.checks.gate import CHECKS
from copilot_ls.checks.weaknesses import weakness_check
from copilot_ls.cli.edit import replace_file
from copilot_ls.domain import ChatRole, Document, Edit, Finding, Severity, edited
from copilot_ls.errors import ModelUnavailable, WorkspaceError
from copilot_ls.features.edit.editor import Editor, fitted, whole_lines
from copilot_ls.models.scripted import ScriptedModel
from copilot_ls.prompts.edit import code_in, edit_prompt
from indexer.model import Span
from tests.fakes.ports import FakeIndex, scripted
from tests.fakes.repository import MemoryRepository
from tests.fakes.stubs import STUBS

SOURCE = "import os\n\n\ndef total(items):\n    result = 0\n    return result\n\n\nprint(1)\n"
START, END = SOURCE.index("    result = 0"), SOURCE.index("\n\n\nprint")


def document(text: str = SOURCE) -> Document:
    return Document("file:///app.py", "app.py", "python", text)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("Sure!\n```python\nx = 1\n```\nDone.", "x = 1\n"),
        ("~~~\na\nb\n~~~", "a\nb\n"),
        ("````\n```\ninner\n```\n````", "```\ninner\n```\n"),
        ("```python\ncut off", "cut off"),
        ("no fence at all", "no fence at all"),
    ],
)
def test_code_is_taken_out_of_an_answer(answer: str, code: str) -> None:
    assert code_in(answer) == code


def test_code_gets_the_indentation_and_line_ends_of_what_it_replaces() -> None:
    assert fitted("a\n    b\n", "    old\n    older") == "    a\n        b"
    assert fitted("        a\n\n            b", "    old") == "    a\n\n        b"
    assert fitted("a\nb", "x\r\ny") == "a\r\nb"
    assert fitted("a\n\tb", "\told") == "\ta\n\t\tb"


def test_a_selection_is_widened_to_whole_lines() -> None:
    text = "one\ntwo\nthree\n"
    assert whole_lines(text, Span(5, 5)) == Span(4, 7)
    assert whole_lines(text, Span(1, 8)) == Span(0, 7)
    assert whole_lines(text, Span(1, 9)) == Span(0, 13)
    assert whole_lines("a\r\nb", Span(0, 1)) == Span(0, 1)


def test_the_prompt_holds_selection_instruction_and_both_sides() -> None:
    prompt = edit_prompt(document(), Span(START, END), "sum the items", context_tokens=2_000)
    text = prompt.messages[-1].text
    assert "    result = 0\n    return result\n" in text
    assert "Instruction: sum the items" in text
    assert "import os" in text
    assert "print(1)" in text
    assert text.index("import os") < text.index("result = 0") < text.index("Instruction")


def test_a_small_context_keeps_the_selection_whole() -> None:
    long = "x = 1\n" * 4_000
    text = long + SOURCE
    span = Span(len(long) + START, len(long) + END)
    prompt = edit_prompt(document(text), span, "change it", context_tokens=1_000)
    written = sum(len(message.text) for message in prompt.messages)
    assert written < 3 * 1_000
    assert "    return result" in prompt.messages[-1].text


def test_a_complaint_follows_the_answer_that_it_is_about() -> None:
    prompt = edit_prompt(
        document(),
        Span(START, END),
        "change it",
        context_tokens=2_000,
        complaint="it does not parse",
        answer="```\nx(\n```",
    )
    roles = [message.role for message in prompt.messages]
    assert roles[-2:] == [ChatRole.ASSISTANT, ChatRole.USER]
    assert "it does not parse" in prompt.messages[-1].text


def editor(
    *answers: str, has_chat: bool = True, repository: MemoryRepository | None = None
) -> Editor:
    model = scripted(*answers)
    model.has_chat = has_chat

    async def source() -> ScriptedModel:
        return model

    return Editor(source, FakeIndex(repository=repository))


async def test_a_sound_answer_is_proposed() -> None:
    told: list[str] = []
    proposal = await editor("```python\nresult = sum(items)\nreturn result\n```").edit(
        document(), Span(START, END), "sum the items", told.append
    )
    assert proposal.edit is not None
    assert proposal.edit.text == "    result = sum(items)\n    return result"
    assert proposal.edit.span == Span(START, END)
    assert proposal.n_rounds == 1
    assert told[-1].endswith("```")


async def test_a_broken_answer_gets_one_more_chance() -> None:
    proposal = await editor("```\nresult = sum((items\n```", "```\nreturn sum(items)\n```").edit(
        document(), Span(START, END), "sum the items"
    )
    assert proposal.n_rounds == 2
    assert proposal.edit is not None
    assert proposal.edit.text == "    return sum(items)"


async def test_an_answer_with_a_weakness_of_its_own_is_refused() -> None:
    def find(document: Document) -> list[Finding]:
        places = [m.span() for m in re.finditer(r"eval\([^()]*\)", document.text)]
        return [Finding("weak", "eval runs", Severity.HIGH, Span(*each)) for each in places]

    model = scripted("```\nreturn eval(items)\n```", "```\nreturn eval(items)\n```")

    async def source() -> ScriptedModel:
        return model

    checked = Editor(source, FakeIndex(), [*CHECKS, weakness_check(find)])
    proposal = await checked.edit(document(), Span(START, END), "sum the items")
    assert proposal.edit is None
    assert "eval runs" in model.prompts[-1].messages[-1].text
    assert proposal.problem == "eval runs"


async def test_what_stays_broken_is_refused_and_shown() -> None:
    proposal = await editor("```\nreturn ((1\n```", "```\nreturn ((2\n```").edit(
        document(), Span(START, END), "sum the items"
    )
    assert proposal.edit is None
    assert proposal.problem
    assert "return ((2" in proposal.rejected


async def test_no_change_is_no_proposal() -> None:
    proposal = await editor("```\n    result = 0\n    return result\n```").edit(
        document(), Span(START, END), "do nothing"
    )
    assert proposal.edit is None
    assert proposal.problem == "the model changed nothing"


async def test_a_model_without_chat_is_named_with_a_remedy() -> None:
    with pytest.raises(ModelUnavailable, match=r"model\.chat"):
        await editor("x", has_chat=False).edit(document(), Span(START, END), "x")


def test_a_file_is_replaced_only_if_it_still_is_what_was_read(tmp_path: Path) -> None:
    file = tmp_path / "app.py"
    file.write_bytes(b"x = 1\r\n")
    replace_file(file, "x = 1\r\n", "x = 2\r\n")
    assert file.read_bytes() == b"x = 2\r\n"
    with pytest.raises(WorkspaceError, match="changed meanwhile"):
        replace_file(file, "x = 1\r\n", "x = 3\r\n")
    assert file.read_bytes() == b"x = 2\r\n"
    file.write_bytes("é = 1\n".encode("latin-1"))
    with pytest.raises(WorkspaceError):
        replace_file(file, "é = 1\n", "é = 2\n")
    assert file.read_bytes() == b"\xe9 = 1\n"
    assert [entry.name for entry in tmp_path.iterdir()] == ["app.py"]


async def test_who_asked_may_object_and_the_model_hears_it() -> None:
    async def refuse_zero(changed: Document, edit: Edit) -> str:
        return "a total is no zero" if "return 0" in changed.text else ""

    first, second = "```\nreturn 0\n```", "```\nreturn sum(items)\n```"
    for answers, n_rounds in (((first, second), 2), ((second,), 1)):
        proposal = await editor(*answers).edit(
            document(), Span(START, END), "sum the items", object_to=refuse_zero
        )
        assert proposal.edit is not None
        assert proposal.n_rounds == n_rounds
    refused = await editor(first, first).edit(
        document(), Span(START, END), "sum the items", object_to=refuse_zero
    )
    assert (refused.edit, refused.problem) == (None, "a total is no zero")


async def test_what_the_new_text_needs_is_imported_with_it() -> None:
    files = {**STUBS, "money.py": "def added(items): ...\n", "app.py": SOURCE}
    one = editor("```\nreturn added(items)\n```", repository=MemoryRepository(files))
    proposal = await one.edit(document(), Span(START, END), "sum the items")
    assert proposal.imports == ("from money import added",)
    changed = edited(SOURCE, *proposal.edits(document()))
    assert changed.startswith("import os\nfrom money import added\n")
    assert "    return added(items)\n\n\nprint(1)\n" in changed


async def test_a_refused_edit_changes_nothing() -> None:
    proposal = await editor("```\nx(\n```", "```\nx(\n```").edit(document(), Span(START, END), "x")
    assert proposal.edits(document()) == ()


async def test_an_edit_of_which_only_a_beginning_is_right_is_refused() -> None:
    files = {**STUBS, "app.py": SOURCE}
    answer = "```\nresult = sum(items)\nreturn rounded(result)\n```"
    one = editor(answer, answer, repository=MemoryRepository(files))
    proposal = await one.edit(document(), Span(START, END), "sum the items")
    assert proposal.edit is None
    assert "rounded" in proposal.problem
