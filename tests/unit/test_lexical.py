import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.syntax.lexical import skeleton


@pytest.mark.parametrize(
    ("language", "text", "code"),
    [
        ("python", "x = 'a#b' # c'd\n", "x = '   '      \n"),
        ("python", 'f"""a\n"b"\n""" + 1', 'f""" \n   \n""" + 1'),
        ("python", "'open\ny = 1", "'    \ny = 1"),
        ("javascript", "a = `x\n${y}` // z", "a = ` \n    `     "),
        ("javascript", 'a /* "b" */ + "c"', 'a           + " "'),
        ("rust", "let x: &'a str = \"b\"; 'c'", "let x: &'a str = \" \"; ' '"),
        ("rust", 'r#"a"b"# + 1', "r#     # + 1"),
        ("csharp", '@"C:\\" + 1', '@"   " + 1'),
        ("php", "#[Attr]\n# note", "#[Attr]\n      "),
        ("ruby", '"#{x}" # note', '"    "       '),
        ("markdown", "it's # text", "it's # text"),
    ],
)
def test_strings_and_comments_are_blanked(language: str, text: str, code: str) -> None:
    assert skeleton(text, language).code == code


def test_quotes_count_where_there_was_a_choice() -> None:
    text = 'a = \'x\'; b = "y"; c = "it\'s"; d = \'\'\'z\'\'\'; e = """w"""\n'
    assert skeleton(text, "python").quotes == {"'": 1, '"': 1}


LANGUAGES = st.sampled_from(["python", "javascript", "go", "java", "csharp", "rust", "php", "ruby"])


@given(st.text(st.sampled_from("ab'\"`\\#/*@r \n{}"), max_size=60), LANGUAGES)
def test_offsets_and_lines_stay(text: str, language: str) -> None:
    code = skeleton(text, language).code
    assert len(code) == len(text)
    assert [i for i, c in enumerate(code) if c == "\n"] == [
        i for i, c in enumerate(text) if c == "\n"
    ]
