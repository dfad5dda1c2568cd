"""A function → the messages that ask a chat model for inputs to test it with. Pure.

Small models answer best in a form that they were just shown, and go astray in anything longer than
a few lines: so first calls alone are asked for, and a whole test only where those were of no use.
"""

from __future__ import annotations

from copilot_ls.domain import ChatMessage, ChatRole, Prompt

MAX_CALLS = 6
_CALLS_SYSTEM = (
    "You choose inputs for tests of Python code. Write calls of the function, one a line, each "
    "with other arguments, so that together they take it through all of its branches: ordinary "
    "input, limits, empty and wrong input. Arguments are literals. Write nothing but calls."
)
_TEST_SYSTEM = (
    "You write pytest tests for Python code. Make the objects that the function needs, with "
    "literals and the classes shown, and call it so that it takes its different branches. "
    "Write one test function and nothing else."
)
_FUNCTION = """\
def span(text, unit="s", *, strict=False):
    match = re.match(r"(\\d+)(ms|s|min)?$", text)
    if not match:
        if strict:
            raise ValueError(text)
        return None
    number, found = match.groups()
    return int(number) * FACTORS[found or unit]"""
_FUNCTION_CALLS = """\
span("250ms")
span("3min")
span("90")
span("15", unit="min")
span("soon")
span("", strict=True)"""
_METHOD = """\
class Ledger:
    def __init__(self, owner: str, limit: int = 100): ...

    def book(self, amounts: list[int], reason: str | None = None) -> int:
        total = sum(amounts)
        if total > self.limit:
            raise LimitError(total)
        self.booked.append((reason or self.owner, total))
        return self.limit - total"""
_METHOD_CALLS = """\
Ledger("Ann").book([20, 30])
Ledger("Ann", limit=5).book([4, 4])
Ledger("Bo").book([], reason="rent")
Ledger("Bo", 0).book([0])"""
_METHOD_TEST = """\
def test_book():
    ledger = Ledger("Ann", limit=10)
    assert ledger.book([4, 3]) == 3
    assert ledger.book([], reason="rent") == 10
    strict = Ledger("Bo", limit=0)
    strict.book([1])"""
_MAX_CODE_CHARS = 2_400


def calls_prompt(code: str, callable_: str) -> Prompt:
    """Ask for calls of ``callable_`` (``name`` or ``Class.name``), which ``code`` shows."""
    messages = (
        ChatMessage(ChatRole.SYSTEM, _CALLS_SYSTEM),
        ChatMessage(ChatRole.USER, _form(_FUNCTION, "Calls of span:")),
        ChatMessage(ChatRole.ASSISTANT, _FUNCTION_CALLS),
        ChatMessage(ChatRole.USER, _form(_METHOD, "Calls of Ledger.book:")),
        ChatMessage(ChatRole.ASSISTANT, _METHOD_CALLS),
        ChatMessage(ChatRole.USER, _form(code, f"Calls of {callable_}:")),
    )
    return Prompt(messages=messages, max_tokens=36 * MAX_CALLS, language="python")


def whole_test_prompt(code: str, callable_: str, complaints: str = "") -> Prompt:
    """Ask for a whole test; ``complaints`` says what was wrong with the calls before it."""
    asked = f"A test of {callable_}:"
    if complaints:
        asked = f"These calls were of no use:\n{complaints}\n\n{asked}"
    messages = (
        ChatMessage(ChatRole.SYSTEM, _TEST_SYSTEM),
        ChatMessage(ChatRole.USER, _form(_METHOD, "A test of Ledger.book:")),
        ChatMessage(ChatRole.ASSISTANT, _METHOD_TEST),
        ChatMessage(ChatRole.USER, _form(code, asked)),
    )
    return Prompt(messages=messages, max_tokens=400, language="python")


def _form(code: str, asked: str) -> str:
    shown = code if len(code) <= _MAX_CODE_CHARS else _shortened(code)
    return f"```python\n{shown}\n```\n\n{asked}"


def _shortened(code: str) -> str:
    """The beginning and the end of long code."""
    head = code[: 2 * _MAX_CODE_CHARS // 3].rsplit("\n", 1)[0]
    tail = code[-_MAX_CODE_CHARS // 3 :].split("\n", 1)[-1]
    return f"{head}\n    ...\n{tail}"
