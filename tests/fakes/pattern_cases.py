"""Patterns and texts with the lines that match: what both engines must agree about.

A line that ends in ``# here`` (or ``// here``) is where a match begins, the others are not.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PatternCase:
    """One rule's formula, as YAML would give it, and a text with its matches marked."""

    name: str
    formula: dict[str, object]
    text: str
    language: str = "python"

    @property
    def lines(self) -> list[int]:
        """The marked lines, from 1."""
        return [n for n, line in enumerate(self.text.splitlines(), 1) if line.endswith(" here")]


def case(name: str, formula: str | dict[str, object], text: str, language: str = "python"):
    given = {"pattern": formula} if isinstance(formula, str) else formula
    return PatternCase(name, given, text, language)


def both(*parts: dict[str, object]) -> dict[str, object]:
    return {"patterns": list(parts)}


CASES = [
    case(
        "a call with any arguments",
        "os.system(...)",
        "os.system(x)  # here\nos.system()  # here\nos.system2(x)\nmy.os.system(x)\n",
    ),
    case(
        "a call with exactly one positional argument",
        "yaml.load($X)",
        "yaml.load(x)  # here\nyaml.load(x, Loader=y)\nyaml.load(x, y)\n"
        "yaml.load(**x)  # here\nyaml.load(x=1)\nyaml.load(  # here\n    x)\n",
    ),
    case(
        "keyword arguments stand anywhere",
        "f(..., shell=True, ...)",
        "f(a, shell=True)  # here\nf(shell=True, check=True)  # here\nf(a, shell=False)\nf(True)\n",
    ),
    case(
        "an argument after a gap is the last",
        "f(..., $X, key=$Y)",
        "f(a, b, key=c)  # here\nf(key=c)\nf(a, key=c, other=d)\n",
    ),
    case(
        "an imported function under its own name",
        "subprocess.run(...)",
        "from subprocess import run\nrun(x)  # here\nsubprocess.run(x)  # here\nother.run(x)\n",
    ),
    case(
        "an imported module under another name",
        "xml.etree.ElementTree.parse(...)",
        "import xml.etree.ElementTree as ET\nfrom xml.etree import ElementTree as E2\n"
        "from xml.etree.ElementTree import parse as p\nET.parse(x)  # here\nE2.parse(x)  # here\n"
        "p(x)  # here\nxml.etree.ElementTree.parse(x)  # here\n",
    ),
    case(
        "a member of a module",
        both(
            {"pattern": "hashlib.$A(...)"},
            {"metavariable-regex": {"metavariable": "$A", "regex": "md5|sha1$"}},
        ),
        "import hashlib\nfrom hashlib import md5\nhashlib.md5(x)  # here\nhashlib.sha1()  # here\n"
        "hashlib.sha256()\nmd5(x)  # here\n",
    ),
    case(
        "any literal text, and what holds one",
        both({"pattern": "run($X)"}, {"pattern-not": 'run("...")'}),
        'A = "ls"\nB = "x" + y\nC = "one"\nC = z\nrun(A)\nrun(B)  # here\nrun(C)  # here\n'
        'run("a" "b")\nrun("a" + "b")\nrun(f"{x}")  # here\nrun(f"a")\nrun(x)  # here\n',
    ),
    case(
        "a certain text in any quotes",
        'open($F, "r")',
        "open(f, 'r')  # here\nopen(f, \"r\")  # here\nopen(f, 'rb')\nopen(f, '''r''')  # here\n",
    ),
    case(
        "a text that an expression matches",
        'execute("=~/select .* from/i", ...)',
        "execute('SELECT a FROM b')  # here\nexecute('  select x from y', z)  # here\n"
        "execute('insert')\nexecute(q)\n",
    ),
    case(
        "a text with holes",
        'run(f"...{$X}...")',
        "run(f'{x}')  # here\nrun(f'a {x} b {y}')  # here\nrun(f'a')\nrun('{x}')\n",
    ),
    case("any formatted text", 'run(f"...")', "run(f'{x}')  # here\nrun(f'a')  # here\nrun('a')\n"),
    case(
        "the same variable is the same thing",
        "$X == $X",
        "a == a  # here\na == b\na.b == a . b  # here\n",
    ),
    case("operators count", '"..." % $X', "'a%s' % b  # here\n'a' + b\nc % d\n"),
    case(
        "what lies deep inside",
        "run(<... request.args ...>)",
        "run(request.args)  # here\nrun(f(request.args['x']) + 1)  # here\nrun(x)\n",
    ),
    case(
        "inside of a function",
        both(
            {"pattern": "eval(...)"},
            {"pattern-inside": "def $F(...): ..."},
            {"pattern-not-inside": "def safe(...): ..."},
        ),
        "eval(a)\ndef f(x):\n    if x:\n        eval(x)  # here\ndef safe(x):\n    eval(x)\n",
    ),
    case(
        "after a statement",
        both({"pattern": "$C.go()"}, {"pattern-inside": "$C = connect(...)\n...\n"}),
        "def f():\n    c = connect(1)\n    c.go()  # here\n    d.go()\ndef g():\n    c.go()\n",
    ),
    case(
        "a focus within what was found",
        both({"pattern": "f(..., verify=$V, ...)"}, {"focus-metavariable": "$V"}),
        "f(\n    a,\n    verify=False,  # here\n)\n",
    ),
    case(
        "a comparison of numbers",
        both(
            {"pattern": "generate($BITS)"},
            {"metavariable-comparison": {"metavariable": "$BITS", "comparison": "$BITS < 2048"}},
        ),
        "generate(1024)  # here\ngenerate(4096)\ngenerate(n)\n",
    ),
    case(
        "what a variable holds",
        both(
            {"pattern": "execute($Q)"},
            {
                "metavariable-pattern": {
                    "metavariable": "$Q",
                    "patterns": [
                        {"pattern-either": [{"pattern": "$A + $B"}, {"pattern": 'f"..."'}]}
                    ],
                }
            },
        ),
        "execute(a + b)  # here\nexecute(a)\nexecute(f'{x}')  # here\n",
    ),
    case(
        "an assignment to an attribute",
        "$X.verify = False",
        "s.verify = False  # here\ns.verify = True\n",
    ),
    case(
        "a key of a dictionary",
        '{..., "debug": True, ...}',
        "{'debug': True}  # here\n{'a': 1, 'debug': True}  # here\n{'debug': False}\n",
    ),
    case(
        "a decorated function",
        "@$APP.route(...)\ndef $F(...): ...",
        "@app.route('/')  # here\ndef f(a, b):\n    pass\n@other\ndef g():\n    pass\n",
    ),
    case(
        "a required module in JavaScript",
        both({"pattern-either": [{"pattern": "child_process.exec(...)"}]}),
        "const cp = require('child_process');\nconst {exec: run} = require('child_process');\n"
        "child_process.exec(a); // here\n",
        "javascript",
    ),
    case(
        "an option of a call in JavaScript",
        "request({..., rejectUnauthorized: false, ...})",
        "request({rejectUnauthorized: false, a: 1}) // here\nrequest({rejectUnauthorized: true})\n",
        "javascript",
    ),
    case(
        "a template with holes in JavaScript",
        "$DB.query(`...${$X}...`)",
        "db.query(`select ${id}`) // here\ndb.query('select')\n",
        "javascript",
    ),
    case(
        "a call in Go",
        'fmt.Sprintf("...", $X)',
        'package p\nfunc f() {\n\tfmt.Sprintf("a%s", x) // here\n\tfmt.Sprintf(y, x)\n}\n',
        "go",
    ),
    case(
        "a call in Java",
        '$M.getInstance("MD5")',
        'class A {\n void f() {\n  MessageDigest.getInstance("MD5"); // here\n  MessageDigest.getInstance("SHA");\n }\n}\n',
        "java",
    ),
    case(
        "a module of Node under its long name",
        "child_process.exec(...)",
        "import { exec } from 'node:child_process';\n"
        "import * as tasks from 'node:child_process';\n"
        "exec(x); // here\n"
        "tasks.exec(x); // here\n"
        "/a/.exec(x);\n",
        "javascript",
    ),
    case(
        "a function with nothing in it",
        "({..., check: () => {}, ...})",
        "run({ check: () => {} }); // here\n"
        "run({ host, check: () => { } }); // here\n"
        "run({ check: () => { test(); } });\n",
        "javascript",
    ),
    case(
        "a text that a regular expression describes to its end",
        'sign({algorithm: "=~/^none$/i"})',
        "sign({algorithm: 'None'}) // here\nsign({algorithm: 'nonesuch'})\n",
        "javascript",
    ),
    case(
        "a comparison with what is no number",
        both(
            {"pattern": "wait($TIME)"},
            {"metavariable-comparison": {"comparison": "$TIME < 10"}},
        ),
        "wait(5); // here\nwait(60);\nwait(options?.time ?? 5);\n",
        "javascript",
    ),
    case(
        "a call that could be a conversion",
        "des.NewCipher($KEY)",
        "package a\n\nfunc f() {\n\tdes.NewCipher(key) // here\n"
        "\tc, err := des.NewCipher([]byte(key)) // here\n\taes.NewCipher(key)\n}\n",
        "go",
    ),
    case(
        "a field of a literal",
        "tls.Config{..., InsecureSkipVerify: true, ...}",
        "package a\n\nvar a = &tls.Config{Name: b, InsecureSkipVerify: true} // here\n"
        "var b = tls.Config{InsecureSkipVerify: false}\n",
        "go",
    ),
    case(
        "an array of some length",
        "new IvParameterSpec(new byte[$N])",
        "class A { void f() {\n  new IvParameterSpec(new byte[16]); // here\n"
        "  new IvParameterSpec(bytes);\n} }\n",
        "java",
    ),
]
