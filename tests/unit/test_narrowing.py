"""What is left for Semgrep: the rules that can say something of a text, and where."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from copilot_ls.domain import Confidence, Document, Severity
from copilot_ls.scanners.narrowing import Slice, functions_of, narrow, without
from copilot_ls.scanners.rulebook import Rule

RULE = Rule(
    id="",
    languages=("python",),
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    message="",
    category="",
    cwe=(),
    owasp=(),
    references=(),
    is_for_semgrep=True,
    definition={},
)


def rule(name: str, **formula: object) -> Rule:
    return replace(RULE, id=name, definition={"id": name, **formula})


def narrowed(text: str, *rules: Rule, language: str = "python") -> list[Slice]:
    return narrow(Document("", "file", language, text), rules)


def found_possible(text: str, language: str = "python", **formula: object) -> bool:
    return bool(narrowed(text, rule("a", **formula), language=language))


@pytest.mark.parametrize(
    ("pattern", "text", "is_possible"),
    [
        ("os.system($X)", "import os\nos.system(x)", True),
        ("os.system($X)", "from os import system\nsystem(x)", True),
        ("os.system($X)", "from os import system as run\nrun(x)", True),
        ("os.system($X)", "import os\nprint(x)", False),
        ("os.system($X)", "import platform, os\nsystem = os.path", False),
        ("$X.execute(...)", "cursor.execute(x)", True),
        ("$X.execute(...)", "execute(x)", False),
        ("$X.execute(...)", "from db import execute\nexecute(x)", True),
        ("$X.execute(...)", "# cursor.execute(x)", False),
        ("$X.execute(...)", '"""cursor.execute(x)"""', False),
        ('connect("secret")', 'key = "secret"\nconnect(key)', True),
        ('connect("secret")', "secret = 1\nconnect(secret)", False),
        ("foo(..., shell=True, ...)", "foo(a, shell = True)", True),
        ("$X == None", "a == None", True),
        ('f"...{$X}..."', "x", True),
        ("from wild import *", "from wild import *\nx", True),
    ],
)
def test_a_pattern_asks_for_the_names_that_it_cannot_do_without(
    pattern: str, text: str, is_possible: bool
):
    assert found_possible(text, pattern=pattern) is is_possible


@pytest.mark.parametrize(
    ("pattern", "regex", "text", "is_possible"),
    [
        ("request.$V", "^(args|form)$", "request.args", True),
        ("request.$V", "^(args|form)$", "request.path", False),
        ("request.$V", "(?i)^ARG", "request.args", True),
        ("$V.find($Q)", "(?i)^(.*[._])?(tree|root)$", "self.root.find(q)", True),
        ("$V.find($Q)", "(?i)^(.*[._])?(tree|root)$", "root = 1\ntext.find(q)", False),
        ("$V.find($Q)", "(?i)^(.*[._])?(tree|root)(\\(\\))?$", "get_root().find(q)", True),
        ("$V.find($Q)", "^(tree|root)$", "(root\n  .find(q))", True),
        ("$V.find($Q)", "(tree|root)", "root[1].find(q)", True),
        ("if <... $V(...) ...>: ...", "(?i).*(allow|check)", "if not allowed(x): pass", True),
        ("if <... $V(...) ...>: ...", "(?i).*(allow|check)", "if not a.b(x): pass", False),
        ("foo($V)", "^(True|1)$", "foo(1)", True),
        ("foo($V)", "^(True|1)$", "foo(0)", False),
        ("foo($V)", "^a$|^b$", "foo(b)", True),
        ("foo($V)", "^(?!a)", "foo(b)", True),
        ("foo($V)", "(", "foo(b)", True),
        ('{..., "$V": $X, ...}', "^(password|key)$", "{'password': x}", True),
        ('{..., "$V": $X, ...}', "^(password|key)$", "{'name': x}", False),
    ],
)
def test_what_a_variable_must_look_like_is_asked_for(
    pattern: str, regex: str, text: str, is_possible: bool
):
    condition = {"metavariable-regex": {"metavariable": "$V", "regex": regex}}
    assert found_possible(text, patterns=[{"pattern": pattern}, condition]) is is_possible


def test_of_a_decorated_function_the_decorator_is_asked_for():
    pattern = "@$APP.$ROUTE(...)\ndef $F(...): ..."
    condition = {"metavariable-regex": {"metavariable": "$ROUTE", "regex": "^(get|route)$"}}
    formula = [{"pattern": pattern}, condition]
    assert found_possible("@app.get('/')\ndef f(): ...", patterns=formula)
    assert not found_possible("@app.cache\ndef f(): x.get(1)", patterns=formula)


def test_choices_that_cannot_match_are_left_out():
    formula = [
        {"pattern-either": [{"pattern": "eval(...)"}, {"pattern": "exec(...)"}]},
        {"pattern-not": 'eval("...")'},
        {"pattern-not": "exec(compile(...))"},
    ]
    [part] = narrowed("eval(x)", rule("a", patterns=formula))
    assert part.definitions == [
        {
            "id": "a",
            "patterns": [
                {"pattern-either": [{"pattern": "eval(...)"}]},
                {"pattern-not": 'eval("...")'},
            ],
        }
    ]


LONG = "value = 1  # as long as other functions are\n    " * 20
FUNCTIONS = f"""\
import os

LIMIT = 3

def one(request):
    {LONG}
    name = "é" + request.args["name"] + str(LIMIT)
    os.system(name)

def two(request):
    {LONG}
    name = request.args["name"]
    return open(name)

def three(text):
    global LIMIT
    LIMIT = len(text) + 1_000_000_000
"""
FLOW = {
    "pattern-sources": [{"pattern": "request.args"}],
    "pattern-propagators": [{"pattern": "$L.append($X)", "from": "$X", "to": "$L"}],
}


def test_a_rule_sees_the_functions_in_which_it_can_match():
    shell = rule("shell", **FLOW, **{"pattern-sinks": [{"pattern": "os.system(...)"}]})
    path = rule("path", **FLOW, **{"pattern-sinks": [{"pattern": "open(...)"}]})
    other = rule("other", **FLOW, **{"pattern-sinks": [{"pattern": "eval(...)"}]})
    first, second = narrowed(FUNCTIONS, shell, path, other)
    assert [each["id"] for each in first.definitions] == ["shell"]
    assert "os.system" in first.text
    assert "open" not in first.text
    # Where a name of the module is set, it is no constant.
    assert "LIMIT = len" in first.text
    assert "def two(request):\n    pass" in first.text
    assert [each["id"] for each in second.definitions] == ["path"]
    assert "os.system" not in second.text
    for part in (first, second):
        assert len(part.text) == len(FUNCTIONS)
        kept = [(old, new) for old, new in zip(FUNCTIONS, part.text, strict=True) if old != new]
        assert {new for _, new in kept} <= set("pas ")
    assert "pattern-propagators" not in first.definitions[0]


ROUTES = f"""\
import os
from flask import Flask

app = Flask(__name__)
{{top}}

@app.route("/one/<name>")
def one(name):
    {LONG}
    return "é" + name

def two(name):
    {LONG}
    return "é" + name + name

class Pages{{base}}:
    @staticmethod
    def three(name):
        {LONG.replace("    ", "        ")}
        return name
"""


def kept(text: str, *rules: Rule) -> str:
    """Name the functions that a rule is shown."""
    names = {"one": '"é" + name\n', "two": "name + name", "three": "    return name\n"}
    parts = [part.text for part in narrowed(text, *rules)]
    return " ".join(name for name, own in names.items() if any(own in part for part in parts))


def test_the_head_of_a_function_counts_for_that_function_alone():
    inside = {"pattern-inside": "@$APP.route(...)\ndef $F(...): ..."}
    returned = rule("a", patterns=[inside, {"pattern": "return $X"}])
    assert kept(ROUTES.format(top="", base=""), returned) == "one"


def test_what_must_be_around_counts_wherever_it_stands():
    inside = {"pattern-inside": "class $C(..., View, ...): ..."}
    returned = rule("a", patterns=[inside, {"pattern": "return $X"}])
    assert kept(ROUTES.format(top="", base=""), returned) == ""
    # Which function is inside of it is for Semgrep to say.
    assert kept(ROUTES.format(top="", base="(View)"), returned) == "one two three"


def test_data_begins_in_the_function_or_outside_of_all():
    parameter = {"pattern": "@$APP.route(...)\ndef $F(..., $X, ...): ..."}
    built = {"label": "BUILT", "requires": "INPUT", "pattern": "$A + $B"}
    sources = [{"label": "INPUT", **parameter}, {"label": "INPUT", "pattern": "sys.argv"}, built]
    sinks = [{"requires": "BUILT", "pattern": "return $X"}]
    taint = rule("a", **{"pattern-sources": sources, "pattern-sinks": sinks})
    assert kept(ROUTES.format(top="", base=""), taint) == "one"
    assert kept(ROUTES.format(top="START = sys.argv", base=""), taint) == "one two three"


def test_a_rule_whose_text_is_not_there_is_left_out():
    literal = replace(rule("a", pattern='$NAME = "$VALUE"'), text=re.compile(r"password\s*="))
    assert kept(ROUTES.format(top="", base=""), literal) == ""
    set_there = "password = input()\n        return name\n"
    text = ROUTES.format(top="", base="").replace("return name\n", set_there)
    assert kept(text, literal) == "three"


def test_functions_can_be_blanked_out():
    document = Document("", "a.py", "python", FUNCTIONS)
    first, second, third = functions_of(document)
    left = without(document, [first, third])
    assert len(left.text) == len(FUNCTIONS)
    assert "open(name)" in left.text
    assert "os.system" not in left.text
    assert left.text[second.start : second.end] == FUNCTIONS[second.start : second.end]
    assert functions_of(replace(document, language="text")) == ()


def test_functions_that_do_not_parse_stay():
    torn = FUNCTIONS.replace("open(name", "open(name ((((")
    [part] = narrowed(torn, rule("a", pattern="os.system(...)"))
    assert "((((" in part.text


@pytest.mark.parametrize(
    ("language", "text", "pattern"),
    [
        (
            "javascript",
            "const a = (x) => { eval(x); };\nclass B { c(x) { return 'a text that is long enough to be worth it ' + x + x; } }\n",
            "eval(...)",
        ),
        (
            "java",
            (
                "class A { void a(String x) { Runtime.getRuntime().exec(x); }\nString b(String x) "
                '{ return "a text that is long enough to be worth it" + x + x; } }\n'
            ),
            "java.lang.Runtime.getRuntime().exec(...)",
        ),
        (
            "go",
            (
                "package a\nfunc a(x string) { exec.Command(x) }\nfunc b(x string) string "
                '{ return "a text that is long enough to be worth it" + x + x }\n'
            ),
            "exec.Command(...)",
        ),
    ],
)
def test_bodies_of_functions_are_known_in_other_languages(language: str, text: str, pattern: str):
    [part] = narrowed(text, rule("a", pattern=pattern), language=language)
    assert len(part.text) == len(text)
    assert "a text that is long enough to be worth it" not in part.text
    assert part.text.splitlines()[0].split("(")[0] == text.splitlines()[0].split("(")[0]


def test_a_very_long_text_is_left_as_it_is():
    text = "x = 1\n" * 200_000
    [part] = narrowed(text, rule("a", pattern="eval(...)"))
    assert part.text is text
    assert functions_of(Document("", "file", "python", text)) == ()
    assert narrowed(text) == []


def test_a_language_without_grammar_keeps_its_text():
    [part] = narrowed("system(x);", rule("a", pattern="system(...)"), language="php")
    assert part.text == "system(x);"
