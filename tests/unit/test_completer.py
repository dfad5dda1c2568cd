from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from copilot_ls.domain import CompletionRequest, Document, Origin, Outcome
from copilot_ls.features.completion.completer import Completer
from copilot_ls.features.completion.options import CompletionOptions
from copilot_ls.models.scripted import Crash, Hang, Reach, Reply, Say, Script, ScriptedModel
from indexer.errors import IndexCorrupt
from indexer.model import Hit, Query, Span, Symbol, SymbolKind
from tests.fakes.ports import QWEN_FIM, FakeIndex, scripted
from tests.fakes.repository import MemoryRepository
from tests.fakes.stubs import STUBS

OPTIONS = CompletionOptions(debounce_ms=0, verify_ms=60_000)


def completer_of(
    model: ScriptedModel | None, index: FakeIndex | None = None, **options
) -> Completer:
    async def source() -> ScriptedModel | None:
        return model

    return Completer(
        model=source,
        index=index or FakeIndex(),
        options=replace(OPTIONS, **options),
        orphan_seconds=0.0,
    )


def request_of(
    marked: str, *, invoked: bool = False, uri: str = "file:///a.py"
) -> CompletionRequest:
    offset = marked.index("█")
    document = Document(uri, "a.py", "python", marked.replace("█", ""))
    return CompletionRequest(document, offset, invoked=invoked)


class SlowIndex(FakeIndex):
    async def search(self, query: Query) -> Sequence[Hit]:
        await asyncio.Event().wait()
        return ()


class BrokenIndex(FakeIndex):
    async def search(self, query: Query) -> Sequence[Hit]:
        raise IndexCorrupt("the index is unreadable")


async def test_nothing_is_offered_inside_a_secret_even_if_asked_for():
    model = scripted("hunter2")
    completion = await completer_of(model).complete(request_of('password = "█"', invoked=True))
    assert (completion.outcome, completion.suggestions) == (Outcome.NOT_WORTH_IT, ())
    assert completion.reason == "the cursor is inside a secret"


async def test_typing_along_serves_the_rest_without_the_model():
    model = scripted("alpha + beta")
    completer = completer_of(model)
    first = await completer.complete(request_of("x = █"))
    typed = await completer.complete(request_of("x = alpha █"))
    back = await completer.complete(request_of("x = █"))
    assert first.suggestions[0].origin is Origin.MODEL
    assert (typed.suggestions[0].text, typed.suggestions[0].origin) == (
        "+ beta",
        Origin.TYPED_AHEAD,
    )
    assert (back.suggestions[0].text, back.suggestions[0].origin) == ("alpha + beta", Origin.CACHE)
    assert len(model.prompts) == 1


async def test_typing_something_else_asks_again():
    model = scripted("alpha", "gamma")
    completer = completer_of(model)
    await completer.complete(request_of("x = █"))
    other = await completer.complete(request_of("x = be█"))
    assert other.suggestions[0].text == "gamma"


async def test_an_editor_that_closes_brackets_does_not_break_typing_along():
    completer = completer_of(scripted("print(value)"))
    await completer.complete(request_of("█\n", invoked=True))
    typed = await completer.complete(request_of("print(█)\n"))
    assert typed.suggestions[0].text == "value)"
    assert typed.suggestions[0].span.end - typed.suggestions[0].span.start == 1


async def test_cancelling_stops_the_engine_and_is_counted():
    model = ScriptedModel(Script([Reply((Say("some"), Reach("begun"), Hang()))]), fim=QWEN_FIM)
    completer = completer_of(model)
    task = asyncio.create_task(completer.complete(request_of("x = █")))
    await model.mark("begun").wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()
    await model.stopped.wait()
    assert completer.counts[Outcome.SUPERSEDED] == 1


async def test_a_failing_model_is_an_outcome_with_its_reason():
    completion = await completer_of(scripted(Crash())).complete(request_of("x = █"))
    assert completion.outcome is Outcome.MODEL_FAILED
    assert "died" in completion.reason


class SlowJudge(FakeIndex):
    async def consult(self, question, *, about=""):
        await asyncio.Event().wait()


class BrokenJudge(FakeIndex):
    async def consult(self, question, *, about=""):
        raise IndexCorrupt("the index is unreadable")


async def test_what_cannot_be_checked_in_time_is_kept_back():
    completer = completer_of(scripted("a + b"), index=SlowJudge(), verify_ms=20)
    completion = await completer.complete(request_of("x = █"))
    assert completion.outcome is Outcome.WITHHELD
    assert completion.reason == "it could not be checked in time"


class SlowFirstJudge(FakeIndex):
    """The first check of a document takes long; those that follow do not."""

    is_warm = False

    async def consult(self, question, *, about=""):
        if not self.is_warm:
            self.is_warm = True
            await asyncio.Event().wait()
        return await super().consult(question, about=about)


async def test_what_was_checked_too_late_is_checked_again_when_it_is_asked_for_again():
    completer = completer_of(scripted("a + b", "a + b"), index=SlowFirstJudge(), verify_ms=20)
    assert (await completer.complete(request_of("x = █"))).outcome is Outcome.WITHHELD
    completion = await completer.complete(request_of("x = █"))
    assert completion.suggestions[0].text == "a + b"


async def test_what_is_read_ahead_of_a_document_leaves_out_none_of_its_declarations():
    index = FakeIndex()
    document = request_of("def first(): ...\n█").document
    await completer_of(scripted(), index=index).warm(document)
    assert index.queries[0].offset == len(document.text)


async def test_without_an_index_that_answers_the_grammar_is_checked_still():
    sound = await completer_of(scripted("a + b"), BrokenJudge()).complete(request_of("x = █"))
    assert sound.outcome is Outcome.SHOWN
    broken = await completer_of(scripted("a if b or"), BrokenJudge()).complete(request_of("x = █"))
    assert broken.outcome is Outcome.WITHHELD


async def test_late_context_is_left_out_and_the_suggestion_still_comes():
    completer = completer_of(scripted("alpha"), SlowIndex(), context_ms=1)
    completion = await completer.complete(request_of("x = █"))
    assert completion.suggestions[0].text == "alpha"
    assert completer.counts["context:late"] == 1


async def test_a_broken_index_costs_the_context_only():
    completion = await completer_of(scripted("alpha"), BrokenIndex()).complete(request_of("x = █"))
    assert completion.suggestions[0].text == "alpha"


async def test_without_a_model_there_is_a_reason():
    completion = await completer_of(None).complete(request_of("x = █"))
    assert completion.outcome is Outcome.NO_MODEL


async def test_a_model_that_cannot_fill_in_the_middle_is_named():
    completion = await completer_of(scripted("x", fim=None)).complete(request_of("x = █"))
    assert completion.outcome is Outcome.NO_MODEL
    assert "scripted cannot" in completion.reason


async def test_paused_means_only_on_demand():
    completer = completer_of(scripted("alpha"))
    completer.is_paused = True
    assert (await completer.complete(request_of("x = █"))).outcome is Outcome.PAUSED
    asked = await completer.complete(request_of("x = █", invoked=True))
    assert asked.outcome is Outcome.SHOWN


async def test_a_block_stops_the_model_once_its_scope_has_ended():
    endless = "return 1\n\n" + "def more():\n    pass\n" * 50
    model = scripted(endless)
    completion = await completer_of(model).complete(request_of("def f():\n    █"))
    assert completion.suggestions[0].text == "return 1"
    assert model.n_cancelled == 1


async def test_the_text_just_accepted_is_not_offered_again():
    completer = completer_of(scripted("alpha", "alpha"))
    first = await completer.complete(request_of("x = █"))
    completer.accepted(first.suggestions[0].id)
    again = await completer.complete(request_of("x = alpha█"))
    assert again.outcome is Outcome.EMPTY


async def test_a_suggestion_can_be_explained_later():
    completer = completer_of(scripted("alpha"))
    completion = await completer.complete(request_of("x = █"))
    story = completer.explain(completion.suggestions[0].id)
    assert story is not None
    assert story.prompt_text.startswith("<|fim_prefix|>x = ")
    assert completer.explain("unknown") is None
    assert completer.explain("") == story


async def test_languages_can_be_switched_off():
    completer = completer_of(scripted("alpha"), languages_off=("python",))
    assert (await completer.complete(request_of("x = █"))).outcome is Outcome.NOT_WORTH_IT


def closed_hit(name: str) -> Hit:
    stub = f"Client.{name}(item: Item)"
    symbol = Symbol("shop.py", "python", name, name, SymbolKind.METHOD, Span(0, 1), 0, 1, stub)
    return Hit(
        "shop.py", 0, 1, name, 0.5, {"receiver": 1.0}, symbol=symbol, text=stub, is_closed=True
    )


async def test_where_all_members_are_known_the_model_writes_one_of_them():
    model = scripted("put_item", "(item)")
    model.can_choose = True
    index = FakeIndex(closed_hit("get_item"), closed_hit("put_item"))
    completion = await completer_of(model, index).complete(request_of("client.█\n"))
    assert completion.suggestions[0].text == "put_item(item)"
    assert model.prompts[0].choices == ("get_item", "put_item")
    assert "# Client.put_item(item: Item)\nclient.put_item<|fim_suffix|>" in model.prompts[1].text
    assert "get_item" not in model.prompts[1].text.rpartition("<|fim_prefix|>")[2]


async def test_what_is_typed_of_a_member_is_not_written_again():
    model = scripted("_item", "(item)")
    model.can_choose = True
    index = FakeIndex(closed_hit("put_all"), closed_hit("put_item"))
    completion = await completer_of(model, index).complete(request_of("client.put█\n"))
    assert model.prompts[0].choices == ("_all", "_item")
    assert completion.suggestions[0].text == "_item(item)"


async def test_the_only_member_needs_no_model_to_be_named():
    model = scripted("(item)")
    index = FakeIndex(closed_hit("put_item"))
    completion = await completer_of(model, index).complete(request_of("client.█\n"))
    assert completion.suggestions[0].text == "put_item(item)"
    assert len(model.prompts) == 1


async def test_an_engine_that_cannot_be_held_to_choices_writes_freely():
    model = scripted("anything(item)")
    index = FakeIndex(closed_hit("get_item"), closed_hit("put_item"))
    completion = await completer_of(model, index).complete(request_of("client.█\n"))
    assert completion.suggestions[0].text == "anything(item)"
    assert model.prompts[0].choices == ()


SAVED = "def save(key, value): ...\n\ndef f(order):\n    █\n"
KNOWING = FakeIndex(repository=MemoryRepository(STUBS))


async def test_what_does_not_exist_is_written_anew_with_what_does():
    model = scripted("save(order, unheard)", "order", ")")
    model.can_choose = True
    completion = await completer_of(model, KNOWING).complete(request_of(SAVED))
    assert [s.text for s in completion.suggestions] == ["save(order, order)"]
    assert "order" in model.prompts[1].choices
    assert "    save(order, <|fim_suffix|>" in model.prompts[1].text
    assert "    save(order, order<|fim_suffix|>" in model.prompts[2].text


async def test_what_is_wrong_again_is_kept_back():
    model = scripted("save(unheard)", *["order", ", unheard)"] * 9)
    model.can_choose = True
    completion = await completer_of(model, KNOWING).complete(request_of(SAVED))
    assert completion.outcome is Outcome.WITHHELD
    assert len(model.prompts) == 3


async def test_a_chosen_name_is_not_made_longer():
    model = scripted("save(order, unheard)", "order", "_total)")
    model.can_choose = True
    completion = await completer_of(model, KNOWING).complete(request_of(SAVED))
    assert [s.text for s in completion.suggestions] == ["save(order, order)"]


async def test_what_can_go_on_in_one_way_only_asks_no_model_for_it():
    model = scripted("save(value)", ")")
    saved = SAVED.replace("(order)", "(value)").replace("save(key, value)", "save(key, *, value)")
    completion = await completer_of(model, KNOWING).complete(request_of(saved))
    assert [s.text for s in completion.suggestions] == ["save(value, value=value)"]


async def test_an_engine_that_cannot_be_held_to_choices_gets_no_second_try():
    model = scripted("save(order, unheard)", "order", ")")
    completion = await completer_of(model, KNOWING).complete(request_of(SAVED))
    assert (completion.outcome, len(model.prompts)) == (Outcome.WITHHELD, 1)


async def test_a_second_try_can_be_switched_off():
    model = scripted("save(order, unheard)", "order", ")")
    model.can_choose = True
    completer = completer_of(model, KNOWING, second_try=False)
    assert (await completer.complete(request_of(SAVED))).outcome is Outcome.WITHHELD


async def test_who_asks_by_a_key_gets_several_suggestions_each_of_them_once():
    model = scripted("alpha", "alpha", "beta")
    completion = await completer_of(model).complete(request_of("x = █", invoked=True))
    assert [s.text for s in completion.suggestions] == ["alpha", "beta"]
    assert [p.temperature > 0 for p in model.prompts] == [False, True, True]
    assert len({p.seed for p in model.prompts}) == 3


async def test_who_types_gets_one():
    model = scripted("alpha", "beta")
    completion = await completer_of(model, look_ahead=False).complete(request_of("x = █"))
    assert [s.text for s in completion.suggestions] == ["alpha"]
    assert len(model.prompts) == 1


async def test_what_was_dismissed_is_not_offered_there_again_until_it_is_asked_for():
    completer = completer_of(scripted("alpha", "beta"), candidates=1)
    first = await completer.complete(request_of("x = █"))
    completer.rejected(first.suggestions[0].id)
    again = await completer.complete(request_of("x = █"))
    assert (again.outcome, again.reason) == (Outcome.EMPTY, "it was dismissed here")
    asked = await completer.complete(request_of("x = █", invoked=True))
    assert asked.suggestions[0].text == "beta"


async def test_the_rest_of_what_was_taken_in_part_stays_on_offer():
    model = scripted("alpha + beta")
    completer = completer_of(model)
    first = await completer.complete(request_of("x = █"))
    completer.partly_accepted(first.suggestions[0].id, 5)
    rest = await completer.complete(request_of("x = alpha█"))
    assert rest.suggestions[0].text == " + beta"
    assert completer.counts["partly_accepted_chars"] == 5


async def test_a_document_that_is_opened_is_read_by_the_model_before_anybody_asks():
    model = scripted("alpha")
    await completer_of(model).warm(request_of("import os\nx = █").document)
    assert model.warmed == ["<|fim_prefix|>import os\nx = "]
    await completer_of(model).warm(request_of("█" + "x = 1\n" * 2_000).document)
    assert len(model.warmed) == 1
    await completer_of(model).warm(request_of("█" + "x = 1\n" * 2_000).document, 6_000)
    assert len(model.warmed) == 2


async def test_quiet_places_get_nothing_unbidden():
    completer = completer_of(scripted("alpha"), quiet=("python",), candidates=1)
    assert (await completer.complete(request_of("x = █"))).reason == "quiet here: python"
    assert (await completer.complete(request_of("x = █", invoked=True))).suggestions
