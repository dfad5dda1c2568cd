"""What the cursor's own line says of what comes next."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.search.cursor import Cursor, Role


@pytest.mark.parametrize(
    ("typed", "role"),
    [
        ("    ", Role.STATEMENT),
        ("    client.", Role.STATEMENT),
        ("    await client.", Role.STATEMENT),
        ("    total = ", Role.VALUE),
        ("    total: Money = order.", Role.VALUE),
        ("    return ", Role.RETURNED),
        ("    yield ", Role.RETURNED),
        ("    raise ", Role.RAISED),
        ("    pay(order, ", Role.ARGUMENT),
        ("    pay(amount=", Role.ARGUMENT),
        ("    if not ", Role.CONDITION),
        ("    for line in ", Role.ITERATED),
        ("    with ", Role.ENTERED),
        ("@", Role.DECORATOR),
        ("def pay(order: ", Role.ANNOTATION),
        ("    x = [", Role.OTHER),
    ],
)
def test_the_text_before_an_expression_tells_what_it_is_for(typed: str, role: Role) -> None:
    assert Cursor.of(typed, len(typed)).role is role


def test_an_argument_knows_its_call_its_place_and_its_keyword() -> None:
    typed = "    shop.pay(order, lines(a, b), amount="
    cursor = Cursor.of(typed, len(typed))
    assert (cursor.callee, cursor.n_arguments, cursor.target) == ("shop.pay", 2, "amount")


def test_an_assignment_knows_its_target_and_its_type() -> None:
    typed = "    total: Money = await "
    cursor = Cursor.of(typed, len(typed))
    assert (cursor.target, cursor.annotation, cursor.is_awaited) == ("total", "Money", True)


@pytest.mark.parametrize(
    ("typed", "path", "receiver"),
    [
        ("x = order.total.", "a.py", "order.total"),
        ("order?.total.ro", "a.ts", "order?.total"),
        ("$this->client->", "a.php", "$this.client"),
        ("let x = Order::", "a.rs", "Order"),
        ("box->lid->", "a.cpp", "box.lid"),
        ("def f() ->", "a.py", ""),
        ("x = 1.", "a.py", ""),
    ],
)
def test_a_receiver_is_found_behind_the_marks_of_its_language(
    typed: str, path: str, receiver: str
) -> None:
    assert Cursor.of(typed, len(typed), path=path).receiver == receiver


@given(st.text(alphabet="ab.()[]{}:=,'\"\n \t-><@awaitreturn", max_size=80), st.integers(0, 90))
def test_any_text_and_offset_are_read(text: str, offset: int) -> None:
    cursor = Cursor.of(text, offset)
    assert cursor.typed.endswith(cursor.word)
    assert text[cursor.line_start : cursor.line_end].startswith(cursor.typed)
