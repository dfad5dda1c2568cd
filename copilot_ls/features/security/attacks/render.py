"""The source of tests that attack a function: one for each way in. Pure.

A test passes when the function refuses (whatever it raises) or does the harmless thing; it fails
only when the attack works, and says so in the words of ``WORKS``. What an attack would do to the
machine is stopped before it happens: commands and connections are seen and refused, files lie in
``tmp_path``.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from copilot_ls.features.security.attacks.pattern import exponential_input
from copilot_ls.features.security.attacks.places import CannotAttack, Place
from copilot_ls.features.security.cwe import are_related

WORKS = "the attack works"
_DATABASE = re.compile(r"^_?(?:conn(?:ection)?|cur(?:sor)?|db|database|session|engine|con)$")
_FOLDER = re.compile(r"(?:^|_)(?:dir|root|base|folder|home|upload|store)", re.IGNORECASE)
# No part of a pattern is likely to match this, so that all ways to divide a text are tried.
_NEVER = "\0"


@dataclass(frozen=True, slots=True)
class Attack:
    """A whole file of one test; ``way`` says in words where the attack goes in."""

    name: str
    text: str
    way: str


@dataclass(frozen=True, slots=True)
class _Kind:
    """One family of weaknesses: what its test is called, needs, prepares and asserts.

    ``values`` are sources of attack values, ``watch`` runs the call in ``{call}``.
    """

    name: str
    values: tuple[str, ...]
    before: str
    watch: str
    after: str
    imports: tuple[str, ...] = ()
    helper: str = ""
    fixtures: tuple[str, ...] = ("tmp_path",)


_PLAIN = """\
with contextlib.suppress(Exception, SystemExit):
    {call}
"""
_WATCHED = """\
seen = what_is_asked({call})
"""
_WAIT = "            asked.append((event, arguments))\n"


def _watcher(*events: str, is_refused: bool = True) -> str:
    """The helper that sees these events (of ``sys.audit``), and refuses them."""
    listed = "".join(f'    "{event}",\n' for event in events)
    helper = _WATCHER
    if is_refused:
        helper = helper.replace(_WAIT, f"{_WAIT}            raise PermissionError(event)\n")
    else:
        helper = helper.replace(_REFUSED, " and return what is asked of the system on the way")
    return f"EVENTS = {{\n{listed}}}\n\n\n{helper}"


_REFUSED = ", refuse what is asked of the system on the way, and return what that was"
_WATCHER = '''\
def what_is_asked(call):
    """Call, refuse what is asked of the system on the way, and return what that was."""
    asked = []
    is_on = [True]

    def watch(event, arguments):
        if is_on and event in EVENTS:
            asked.append((event, arguments))

    sys.addaudithook(watch)
    try:
        call()
    except (Exception, SystemExit):
        pass
    finally:
        is_on.clear()
    return asked
'''
_REACHED = """\
def is_reached(asked, file):
    paths = [each for _, arguments in asked for each in arguments if isinstance(each, (str, bytes))]
    return any(os.path.realpath(os.fsdecode(each)) == os.path.realpath(file) for each in paths)
"""
_FILES = (
    "open",
    "os.listdir",
    "os.scandir",
    "os.remove",
    "os.rename",
    "os.mkdir",
    "os.rmdir",
    "shutil.copyfile",
    "shutil.move",
    "shutil.rmtree",
    "sqlite3.connect",
)
_INJECTED = '''\
def is_injected(command):
    """Whether a word of the attack is a program: the first word, or one behind an operator."""
    line = command[2] if len(command) > 2 and command[1] == "-c" else None
    if line is None:
        return os.path.basename(str(command[0])) == "injected"
    is_first = True
    words = shlex.shlex(line, posix=True, punctuation_chars=True)
    with contextlib.suppress(ValueError):
        for word in words:
            if is_first and word == "injected":
                return True
            is_first = set(word) <= set("();|&")
    return False


def commands_in(asked):
    for event, arguments in asked:
        if event == "os.system":
            yield ["sh", "-c", os.fsdecode(arguments[0])]
        else:
            yield [os.fsdecode(each) for each in arguments[1]] or [os.fsdecode(arguments[0])]
'''
_STATEMENTS = '''\
class Database:
    """Stands in for a database, and keeps the statements that it is given."""

    def __init__(self):
        self.statements = []

    def execute(self, statement, *parameters, **named):
        self.statements.append(str(statement))
        return self

    executemany = executescript = execute

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *arguments, **named: self

    def fetchone(self):
        return None

    def fetchall(self):
        return []

    def __iter__(self):
        return iter(())

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        return None
'''
_PICKLED = """\
class Attack:
    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (self.mark,)
"""

_PATH = _Kind(
    "stays_in_its_folder",
    ('"../outside.txt"', '"../" * 12 + str(outside).lstrip("/")', "str(outside)"),
    """\
(tmp_path / "base").mkdir()
monkeypatch.chdir(tmp_path / "base")
outside = tmp_path / "outside.txt"
outside.write_text("nobody else's business")
""",
    _WATCHED,
    f'assert not is_reached(seen, outside), f"{WORKS}: {{outside}} is reached"',
    ("os", "sys"),
    f"{_watcher(*_FILES, is_refused=False)}\n\n{_REACHED}",
    ("tmp_path", "monkeypatch"),
)
_COMMAND = _Kind(
    "runs_no_other_command",
    ('"x; injected"', '"x\'; injected #"', "'x\"; injected #'", '"injected"'),
    "",
    _WATCHED,
    f'assert not any(map(is_injected, commands_in(seen))), f"{WORKS}: {{seen}}"',
    ("contextlib", "os", "shlex", "sys"),
    _watcher("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn") + f"\n\n{_INJECTED}",
)
_SQL = _Kind(
    "keeps_values_out_of_statements",
    ("\"x' OR 'a'='a\"", '"1 OR 1=1"', '\'x" OR "a"="a\''),
    """\
database = Database()
monkeypatch.setattr(sqlite3, "connect", lambda *arguments, **named: database)
""",
    _PLAIN,
    """\
statements = database.statements
"""
    f'assert not any(attack in each for each in statements), f"{WORKS}: {{statements}}"',
    ("contextlib", "sqlite3"),
    _STATEMENTS,
    ("tmp_path", "monkeypatch"),
)
_YAML = _Kind(
    "builds_no_objects_from_yaml",
    ("text", "io.StringIO(text)", "str(file)", "file"),
    """\
mark = tmp_path / "mark"
text = f'!!python/object/apply:os.mkdir ["{mark}"]'
file = tmp_path / "attack.yaml"
file.write_text(text)
""",
    _PLAIN,
    f'assert not mark.exists(), "{WORKS}: code of the text was run"',
    ("contextlib", "io"),
)
_PICKLE = _Kind(
    "runs_no_code_of_its_input",
    (
        "data",
        "io.BytesIO(data)",
        "str(file)",
        "file",
        "base64.b64encode(data)",
        "base64.b64encode(data).decode()",
    ),
    """\
mark = tmp_path / "mark"
data = pickle.dumps(Attack(str(mark)))
file = tmp_path / "attack.pickle"
file.write_bytes(data)
""",
    _PLAIN,
    f'assert not mark.exists(), "{WORKS}: code of the data was run"',
    ("base64", "contextlib", "io", "os", "pickle"),
    _PICKLED,
)
_CODE = _Kind(
    "runs_no_code_of_its_input",
    ("f'__import__(\"os\").mkdir({str(mark)!r})'",),
    """\
mark = tmp_path / "mark"
""",
    _PLAIN,
    f'assert not mark.exists(), "{WORKS}: code of the input was run"',
    ("contextlib",),
)
_SSRF = _Kind(
    "asks_no_host_inside",
    ('"http://169.254.169.254/latest/meta-data/"', '"169.254.169.254"'),
    "",
    _WATCHED,
    'asked = [each for each in seen if "169.254.169.254" in str(each)]\n'
    f'assert not asked, f"{WORKS}: {{asked}}"',
    ("sys",),
    _watcher("urllib.Request", "socket.getaddrinfo", "socket.connect"),
)
_REDIRECT = _Kind(
    "sends_nobody_to_another_site",
    ('"https://attacker.example/"', '"//attacker.example/"'),
    "",
    """\
answer = None
with contextlib.suppress(Exception, SystemExit):
    answer = {call}
""",
    """\
headers = getattr(answer, "headers", None) or {}
target = str(answer) if isinstance(answer, str) else str(headers.get("Location", ""))
"""
    f'assert not target.startswith(attack.rstrip("/")), f"{WORKS}: {{target}}"',
    ("contextlib",),
)
_TEMP = _Kind(
    "makes_no_file_of_a_guessable_name",
    ('"x"',),
    "",
    _WATCHED,
    f'assert not [*guessable(seen)], f"{WORKS}: {{[*guessable(seen)]}}"',
    ("os", "sys", "tempfile"),
    _watcher("open").replace("event in EVENTS:", "event in EVENTS and is_guessable(*arguments):")
    + '''

def is_guessable(path, mode, flags):
    """Whether a file that may be there already, a stranger's link for one, is written to."""
    if not isinstance(path, str) or not flags & (os.O_WRONLY | os.O_RDWR):
        return False
    folder = os.path.realpath(os.path.dirname(os.path.abspath(path)))
    shared = {os.path.realpath(each) for each in (tempfile.gettempdir(), "/tmp", "/var/tmp")}
    return folder in shared and not flags & os.O_EXCL


def guessable(asked):
    return (arguments[0] for _, arguments in asked)
''',
)
_REGEX = _Kind(
    "answers_in_time",
    (),
    "",
    "",
    "",
    ("contextlib", "time"),
    "",
    (),
)

_KINDS: tuple[tuple[tuple[str, ...], str, _Kind], ...] = (
    (("CWE-1333", "CWE-400"), r"", _REGEX),
    (("CWE-502",), r"(?i)\byaml\b", _YAML),
    (("CWE-502",), r"", _PICKLE),
    (("CWE-89", "CWE-943"), r"", _SQL),
    (("CWE-78", "CWE-77", "CWE-88"), r"", _COMMAND),
    (("CWE-94", "CWE-95"), r"\b(?:eval|exec|compile)\(", _CODE),
    (("CWE-22", "CWE-73"), r"", _PATH),
    (("CWE-601",), r"", _REDIRECT),
    (("CWE-918",), r"", _SSRF),
    (("CWE-377", "CWE-379", "CWE-378"), r"", _TEMP),
)


def attacks_on(
    place: Place, module: str, cwe: Sequence[str], rule: str, where: str, *, is_draft: bool = False
) -> list[Attack]:
    """Return tests that attack a function in the way of a weakness, the likeliest first.

    ``where`` names the file and the line of the finding. A draft says of itself that it was not
    seen to pass.

    Raises:
        CannotAttack: there is no test for such a weakness, or no way in.
    """
    kind = _kind_of(cwe, place)
    head = (
        f"An attack on `{_qualified(place)}` ({cwe[0] if cwe else rule}): fails while it works.\n\n"
        f"Written by copilot-ls for {rule} at {where}."
        + ("\nA draft: it has not been seen to pass on code that is fixed." if is_draft else "")
    )
    attacks = (
        _regex_test(place, module, head)
        if kind is _REGEX
        else [_test(place, module, head, kind, call, way) for way, call in _calls(place, kind)]
    )
    if not attacks:
        raise CannotAttack("nothing that comes in from outside reaches it by a parameter")
    return attacks


def is_attackable(cwe: Sequence[str]) -> bool:
    """Tell whether there are attacks for a weakness at all."""
    return any(are_related(cwe, numbers) for numbers, _, _ in _KINDS)


def _kind_of(cwe: Sequence[str], place: Place) -> _Kind:
    for numbers, code, kind in _KINDS:
        exact = {each.upper() for each in cwe} & set(numbers)
        if exact and re.search(code, f"{place.code}\n{place.body}" if code else ""):
            return kind
    for numbers, code, kind in _KINDS:
        if not code and are_related(cwe, numbers):
            return kind
    raise CannotAttack(f"no attack is known here for {', '.join(cwe) or 'it'}")


@dataclass(frozen=True, slots=True)
class _Call:
    """The source of a call that takes ``attack``, and what has to be there before."""

    source: str
    before: tuple[str, ...] = ()
    request: str = ""


def _calls(place: Place, kind: _Kind) -> Iterator[tuple[str, _Call]]:
    heard = sorted(
        place.heard,
        key=lambda name: bool(_DATABASE.match(name)) or bool(_FOLDER.search(name)),
    )
    targets = heard or ([""] if kind is _TEMP else [])
    for target in targets:
        if kind is _SQL and _DATABASE.match(target):
            continue
        yield (f"the parameter {target}" if target else "the call"), _call(place, kind, target, "")
    if place.keys and not heard:
        fields: dict[str, list[str]] = {}
        for part, key in place.keys:
            fields.setdefault("form" if part == "form" else part, []).append(key)
        yield "the fields of the request", _call(place, kind, "", _request(fields))


def _request(fields: dict[str, list[str]]) -> str:
    """The source of a Flask request whose fields all hold the attack."""
    options = {"args": "query_string", "values": "query_string", "form": "data"}
    given = []
    for part, keys in fields.items():
        pairs = ", ".join(f"{key!r}: attack" for key in keys)
        if part in options:
            given.append(f"{options[part]}={{{pairs}}}")
        elif part == "headers":
            given.append(f"headers={{{pairs}}}")
    method = ', method="POST"' if "form" in fields else ""
    return f'flask.Flask("attack").test_request_context("/", {", ".join(given)}{method})'


def _call(place: Place, kind: _Kind, target: str, request: str) -> _Call:
    arguments: list[str] = []
    is_named = False
    for each in place.parameters:
        if each.name != target and each.has_default:
            # What follows a parameter that is left out has to be named.
            is_named = True
            continue
        value = "attack" if each.name == target else _filler(each.name, each.annotation, kind)
        arguments.append(f"{each.name}={value}" if is_named or each.is_keyword else value)
    before: list[str] = []
    function = f"attacked.{place.name}"
    if place.owner and place.is_bound and place.is_constructible:
        function = f"attacked.{place.owner}().{place.name}"
    elif place.owner and place.is_bound:
        before.append(f"subject = attacked.{place.owner}.__new__(attacked.{place.owner})")
        before += [
            f"subject.{name} = {_filler(name, '', kind)}"
            for name in place.attributes
            if _DATABASE.match(name) or _FOLDER.search(name)
        ]
        function = f"subject.{place.name}"
    elif place.owner:
        function = f"attacked.{place.owner}.{place.name}"
    source = f"{function}({', '.join(arguments)})"
    if place.is_async:
        source = f"asyncio.run({source})"
    elif place.is_generator:
        source = f"list({source})"
    return _Call(source, tuple(before), request)


def _filler(name: str, annotation: str, kind: _Kind) -> str:
    if kind is _SQL and (
        _DATABASE.match(name) or re.search(r"Connection|Cursor|Session|Engine", annotation)
    ):
        return "database"
    if kind is _PATH and _FOLDER.search(name):
        base = 'tmp_path / "base"'
        return base if "Path" in annotation else f"str({base})"
    match annotation:
        case "int":
            return "1"
        case "float":
            return "1.0"
        case "bool":
            return "True"
        case "bytes":
            return 'b"x"'
    if "Path" in annotation:
        return 'tmp_path / "x"'
    if annotation.startswith(("list", "Sequence", "tuple", "Iterable")):
        return "[]"
    if annotation.startswith(("dict", "Mapping")):
        return "{}"
    return '"x"'


def _test(place: Place, module: str, head: str, kind: _Kind, call: _Call, way: str) -> Attack:
    name = f"test_{_plain_name(place)}_{kind.name}"
    prepared = [*kind.before.splitlines(), *call.before]
    if kind is _SQL:
        prepared += [
            f'monkeypatch.setattr(attacked, "{each}", database)' for each in place.receivers
        ]
    attack = [*_run(kind, call).splitlines(), *kind.after.splitlines()]
    values = [f"    {each}," for each in kind.values]
    loop = ["for attack in (", *values, "):"]
    loop += [f"    {line}" if line else "" for line in attack]
    body = "\n".join(f"    {line}" if line else "" for line in [*prepared, *loop])
    used = [*kind.imports]
    if place.is_async:
        used.append("asyncio")
    text = _file(
        head,
        used,
        ["import flask"] if call.request else [],
        f"import {module} as attacked",
        kind.helper,
        f"def {name}({', '.join(kind.fixtures)}):\n{body}\n",
    )
    return Attack(name, text, way)


def _run(kind: _Kind, call: _Call) -> str:
    if not call.request:
        source = f"lambda: {call.source}" if kind.watch is _WATCHED else call.source
        return kind.watch.replace("{call}", source)
    if kind.watch is _WATCHED:
        # The context has to be entered where the call is made.
        return (
            f"def call():\n    with {call.request}:\n        {call.source}\n\n"
            + kind.watch.replace("{call}", "call")
        )
    return kind.watch.replace("SystemExit):", f"SystemExit), {call.request}:").replace(
        "{call}", call.source
    )


def _regex_test(place: Place, module: str, head: str) -> list[Attack]:
    """The test of a regular expression: each longer text must be answered as quickly."""
    patterns = [
        node.value
        for node in ast.walk(_parsed(place.code) or _parsed(place.body) or ast.Module([], []))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    found = next((each for each in map(exponential_input, patterns) if each is not None), None)
    if found is None:
        raise CannotAttack("no text is known that its regular expression takes long for")
    before, piece = found
    name = f"test_{_plain_name(place)}_{_REGEX.name}"
    attacks = []
    for way, call in _calls(place, _REGEX):
        run = _run(replace(_REGEX, watch=_PLAIN), call)
        lines = [
            *call.before,
            "for length in range(8, 60):",
            f"    attack = {before!r} + {piece!r} * length + {_NEVER!r}",
            "    started = time.process_time()",
            *(f"    {line}" for line in run.splitlines()),
            "    seconds = time.process_time() - started",
            f'    assert seconds < 0.3, f"{WORKS}: {{len(attack)}} letters take {{seconds:.1f}} s"',
        ]
        body = "\n".join(f"    {line}" for line in lines)
        text = _file(
            head,
            [*_REGEX.imports, *(["asyncio"] if place.is_async else [])],
            ["import flask"] if call.request else [],
            f"import {module} as attacked",
            "",
            f"def {name}(tmp_path):\n{body}\n",
        )
        attacks.append(Attack(name, text, way))
    return attacks


def _parsed(source: str) -> ast.Module | None:
    try:
        return ast.parse(textwrap.dedent(source))
    except SyntaxError:
        return None


def _file(
    head: str,
    imports: Iterable[str],
    others: Sequence[str],
    own: str,
    helper: str,
    test: str,
) -> str:
    parts = [f'"""{head}\n"""', "\n".join(f"import {each}" for each in sorted(set(imports)))]
    parts += ["\n".join(others)] if others else []
    top = "\n\n".join([*parts, own])
    return "\n\n\n".join([top, *([helper.strip()] if helper else []), test.strip()]) + "\n"


def _qualified(place: Place) -> str:
    return f"{place.owner}.{place.name}" if place.owner else place.name


def _plain_name(place: Place) -> str:
    return re.sub(r"\W+|_+", "_", _qualified(place)).strip("_").lower()
