"""Secrets in the text of a file: where they are, and the text without them. Pure.

Two things count as a secret: what has the form of a known key (the forms are those of the
detect-secrets project, whose verification over the network is never called, and some of ours),
and a literal bound to a telling name, ``password = "…"``, that does not look like a word, a
placeholder or a path. A random text without a telling name is left alone: hashes, identifiers and
data are far more often that.

A masked text has the length and the lines of the original, so that all offsets hold.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from indexer.model import Masked, Span

_MASK = "*"
_VALUE_OF = "value of "
_OFTEN_PUBLIC = frozenset({"JSON web token", "Google API key", "bearer token"})
_MAX_LINE = 4_000
_MAX_AROUND = 400
# Whoever is alarmed for nothing can say so in the line, as other tools understand it too.
_ALLOWED = re.compile(r"pragma: ?(?:allow|white)list secret|gitleaks:allow")
_TEST = re.compile(
    r"(?:^|/)(?:tests?|specs?|__tests__|fixtures?|mocks?|examples?|samples?|docs?|testdata|stubs?)/"
    r"|(?:^|/)(?:test_|conftest)|[._-](?:test|tests|spec|e2e|example|sample)\.\w+$|Tests?\.\w+$"
)
# Languages whose values need no quotes.
_BARE = frozenset(
    {"yaml", "ini", "shell", "dockerfile", "makefile", "terraform", "text", "markdown", "rst"}
)
_PROSE = frozenset({"text", "markdown", "rst"})


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret and what is known of it without repeating it."""

    span: Span
    kind: str

    @property
    def is_known_form(self) -> bool:
        """Whether an issuer's documents describe it; otherwise its name gave it away."""
        return not self.kind.startswith(_VALUE_OF)

    @property
    def opens_by_itself(self) -> bool:
        """Whether whoever holds it is let in.

        What only its name gave away may be a public identifier, web tokens expire, and Google's
        keys and tokens of that form stand in web pages that everybody loads.
        """
        return self.is_known_form and self.kind not in _OFTEN_PUBLIC


def mask(text: str, path: str, language: str) -> tuple[str, tuple[Masked, ...]]:
    """The text with every secret replaced by as many asterisks, and what was replaced."""
    found = find(text, path, language)
    if not found:
        return text, ()
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    pieces: list[str] = []
    masked: list[Masked] = []
    end = 0
    for secret in found:
        start = secret.span.start
        pieces += [text[end:start], re.sub(r"[^\r\n]", _MASK, text[start : secret.span.end])]
        end = secret.span.end
        masked.append(Masked(path, bisect_right(starts, start) - 1, secret.kind))
    return "".join([*pieces, text[end:]]), tuple(masked)


def find(
    text: str, path: str = "", language: str = "", *, only_random: bool = False
) -> list[Secret]:
    """The secrets of a text in order, none overlapping another.

    ``only_random`` leaves out what a person may have made up, as in tests (known by ``path``) and
    in prose. Costs about 20 ms for each megabyte.
    """
    lower = text.lower()
    if len(lower) != len(text):
        # There is one letter that grows.
        lower = text.replace("\u0130", "I").lower()
    is_test = is_of_tests(path)
    found = [
        *_private_keys(text),
        *_forms(text),
        *_in_urls(text, is_test=is_test),
        *_named(text, lower, language, only_random=is_test or only_random or language in _PROSE),
    ]
    return list(_apart(text, found))


def is_of_tests(path: str) -> bool:
    """Whether a file's path says that it holds tests, examples or documentation."""
    return bool(_TEST.search(path))


def is_in_secret(left: str, right: str, language: str = "") -> bool:
    """Whether the place between two halves of a line is inside a secret, perhaps a coming one.

    True as well where the value of a telling name begins: what would be suggested there is a guess
    of a secret, or a copy of one.
    """
    left, right = left[-_MAX_AROUND:], right[:_MAX_AROUND]
    at = len(left)
    for secret in find(left + right, language=language):
        if secret.span.start <= at <= secret.span.end:
            return True
    for match in _BEGUN.finditer(left):
        strong = _strong_name(match["name"])
        is_open = match["quote"] or (language in _BARE - _PROSE and match["operator"] != ",")
        if strong and is_open:
            return True
    return False


def _apart(text: str, found: Iterable[Secret]) -> Iterator[Secret]:
    """The secrets that overlap no earlier one and that nobody has allowed."""
    end = -1
    for secret in sorted(found, key=lambda each: (each.span.start, -each.span.end)):
        if secret.span.start < end:
            continue
        line_start = text.rfind("\n", 0, secret.span.start) + 1
        line_end = text.find("\n", secret.span.start)
        line = text[
            line_start : min(line_end if line_end >= 0 else len(text), line_start + _MAX_LINE)
        ]
        if not _ALLOWED.search(line):
            end = secret.span.end
            yield secret


# Known forms

_KEY_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----")
_KEY_BODY = re.compile(r"[A-Za-z0-9+/=]{32}")
_PUTTY_BEGIN = re.compile(r"Private-Lines: \d+\r?\n")
_MAX_KEY = 20_000


def _private_keys(text: str) -> Iterator[Secret]:
    for needed, begin, end in (
        ("PRIVATE KEY", _KEY_BEGIN, "-----END "),
        ("PuTTY-User-Key-File", _PUTTY_BEGIN, "Private-MAC"),
    ):
        if needed not in text:
            continue
        for match in begin.finditer(text):
            start = match.end()
            stop = text.find(end, start, start + _MAX_KEY)
            # Whatever speaks of keys without holding one has no end or no body.
            if stop > start and _KEY_BODY.search(text, start, stop):
                yield Secret(Span(start, stop), "private key")


def _forms(text: str) -> Iterator[Secret]:
    for start, end in _lines_with_anchors(text):
        for kind, patterns in _known_forms():
            for pattern in patterns:
                for match in pattern.finditer(text, start, end):
                    group = next((n for n in range(1, (match.lastindex or 0) + 1) if match[n]), 0)
                    # Some groups hold only the beginning of a key.
                    if not match[0].endswith("EXAMPLE"):
                        # So end the keys in the documentation of AWS.
                        yield Secret(
                            Span(*match.span(group if len(match[group]) >= 8 else 0)), kind
                        )


# What no known form can be without, in terms that a search can skip to, and what must stand
# before it; asking for each beginning on its own costs three times as much (measured on Django).
_ANCHORS = (
    (
        re.compile(r"_[A-Za-z0-9]{16}"),
        re.compile(
            r"(?:gh[pousr]|github_pat|npm|hf|do[op]_v1|shp[a-z]{2}|[rs]k_(?:live|test)|whsec)\Z"
        ),
    ),
    (
        re.compile(r"-[A-Za-z0-9_-]{16}"),
        re.compile(r"(?:gl[a-z]{2,5}|xox[a-z]|xapp|sk|pypi|sq0csp)\Z", re.IGNORECASE),
    ),
    (re.compile(r"A(?:[KSBC][IC]A[0-9A-Z]{16}|Iza[\w-]{35}|ccountKey=)"), None),
)
_WORD_ANCHORS = (
    "eyJ",
    ":AA",
    "SG.",
    "ya29.",
    "earer ",
    "hooks.slack.com",
    ":_authToken",
    "GR1348941",
)


def _lines_with_anchors(text: str) -> Iterator[tuple[int, int]]:
    """Lines that may hold a known form; of a very long one only what is near."""
    places = [
        match.start()
        for pattern, before in _ANCHORS
        for match in pattern.finditer(text)
        if before is None or before.search(text, max(0, match.start() - 12), match.start())
    ]
    for word in _WORD_ANCHORS:
        at = text.find(word)
        while at >= 0:
            places.append(at)
            at = text.find(word, at + len(word))
    end = -1
    for place in sorted(places):
        if place >= end:
            start = max(text.rfind("\n", 0, place) + 1, place - _MAX_LINE, end)
            end = text.find("\n", place)
            end = min(len(text) if end < 0 else end, place + _MAX_LINE)
            yield start, end


@cache
def _known_forms() -> tuple[tuple[str, tuple[re.Pattern[str], ...]], ...]:
    from detect_secrets.plugins.aws import AWSKeyDetector
    from detect_secrets.plugins.azure_storage_key import AzureStorageKeyDetector
    from detect_secrets.plugins.github_token import GitHubTokenDetector
    from detect_secrets.plugins.gitlab_token import GitLabTokenDetector
    from detect_secrets.plugins.npm import NpmDetector
    from detect_secrets.plugins.openai import OpenAIDetector
    from detect_secrets.plugins.pypi_token import PypiTokenDetector
    from detect_secrets.plugins.sendgrid import SendGridDetector
    from detect_secrets.plugins.slack import SlackDetector
    from detect_secrets.plugins.square_oauth import SquareOAuthDetector
    from detect_secrets.plugins.stripe import StripeDetector

    theirs = (
        AWSKeyDetector,
        AzureStorageKeyDetector,
        GitHubTokenDetector,
        GitLabTokenDetector,
        NpmDetector,
        OpenAIDetector,
        PypiTokenDetector,
        SendGridDetector,
        SlackDetector,
        SquareOAuthDetector,
        StripeDetector,
    )
    ours = (
        ("Google API key", r"\bAIza[\w-]{35}\b"),
        ("Google OAuth token", r"\bya29\.[\w-]{30,}"),
        ("GitHub token", r"\bgithub_pat_\w{40,}"),
        ("npm token", r"\bnpm_[A-Za-z0-9]{36}\b"),
        ("Anthropic key", r"\bsk-ant-[\w-]{24,}"),
        ("OpenAI key", r"\bsk-(?:proj|svcacct)-[\w-]{24,}"),
        ("Hugging Face token", r"\bhf_[A-Za-z]{34}\b"),
        ("DigitalOcean token", r"\bdo[op]_v1_[0-9a-f]{64}\b"),
        ("Shopify token", r"\bshp(?:at|ss|ca|pa)_[0-9a-fA-F]{32}\b"),
        ("Slack token", r"\bxapp-\d-[\w-]{20,}"),
        ("Stripe key", r"\b(?:[rs]k_(?:live|test)|whsec)_[A-Za-z0-9+/=]{24,}"),
        ("Telegram token", r"(?<!\d)\d{8,10}:AA[\w-]{32,33}"),
        ("JSON web token", r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]*"),
        ("bearer token", r"\b[Bb]earer (?=[\w.~+/-]*\d)([\w.~+/-]{24,}=*)"),
    )
    return (
        *((str(each.secret_type), tuple(each.denylist)) for each in theirs),
        *((kind, (re.compile(pattern),)) for kind, pattern in ours),
    )


# In addresses

_URL = re.compile(
    r"://[^\s:/@'\"<>{}$]{0,64}:([^\s:/@'\"<>{}$%]{3,200}|[^\s/@'\"<>{}$]{8,200})@(?=[\w\[.-])"
)
_WEAK_PASSWORD = re.compile(r"secret|pass|pwd|token|pw$", re.IGNORECASE)


def _in_urls(text: str, *, is_test: bool) -> Iterator[Secret]:
    """``scheme://user:password@host``."""
    if "://" not in text or "@" not in text:
        return
    for match in _URL.finditer(text):
        password = match[1]
        if _is_no_value(password) or password.lower() in _DUMMIES:
            continue
        has_digit = any(c.isdigit() for c in password.replace("%20", ""))
        is_likely = _looks_random(password) if is_test else has_digit or len(password) >= 8
        if is_likely and (has_digit or not _WEAK_PASSWORD.search(password)):
            yield Secret(Span(*match.span(1)), "password in an address")


# Bound to a telling name

_STEMS = ("pass", "pwd", "secret", "key", "token", "credential", "salt")
_STRONG_NAME = re.compile(
    r"(?:^|_)(?P<sort>[a-z0-9]*(?:passw(?:or)?ds?|passwd|passphrase|pwd|secrets?)|credentials?"
    r"|(?:api|access|private|auth|service|account|client|encryption|signing|master|db|hmac|aes|jwt"
    r"|storage|shared|subscription|consumer|app|application|license|deploy|webhook|project|secret"
    r"|crypto|cipher|symmetric|session)_?keys?"
    r"|(?:auth|access|refresh|bot|bearer|api|oauth|session|github|gitlab|slack|npm|pypi|vault)_?tokens?"
    r"|(?:db|user|admin|root|smtp|ftp|ssh|redis|mysql|pg)_?pass)(?:_(?P<rest>\w+)|\d*$)"
)
_WEAK_NAME = re.compile(r"(?:^|_)(?:tokens?|salt)\d*$|(?<!public)_(?P<key>keys?)\d*$")
_PLAIN = re.compile(r"[\w+/=]{20,}")
# A single word with a digit is a password here, and something else elsewhere.
_WORDS = re.compile(r"\w*(?:passw(?:or)?ds?|passwd|pwd)|secrets?|\w+_?pass")
# What is named after a secret without being one.
_ABOUT = re.compile(
    r"(?:^|_)(?:names?|types?|fields?|file|filename|path|dir|url|uri|header|prefix|suffix|params?"
    r"|parameter|format|regex|re|pattern|label|env|var|variable|length|len|size|min|max|help|text"
    r"|errors?|message|msg|policy|hint|placeholder|class|algorithm|algo|alg|method|hashers?|input"
    r"|prompt|title|column|attr|attribute|arg|option|flag|ids?|version|expiry|expires|ttl|store"
    r"|manager|provider|service|endpoint|count|index|kind|scope|status|mode|reset|confirm|validators?"
    r"|strength|rules?|ref|arn|location|source|set|changed?|required|exchange|grant|flow)$"
)
_ANNOTATION = (
    r"(?:\s{0,2}:\s{0,2}[\w.]{1,30}(?:\[[\w., |]{1,40}\])?(?:\s?\|\s?\w{1,20})?(?=\s{0,2}=))?"
)
# A value that was begun and not ended, at the end of a line's left half.
_BEGUN = re.compile(
    r"(?P<name>[\w-]{2,80})(?:\\?[\"'`]?\]?)" + _ANNOTATION + r"[ \t]{0,20}"
    r"(?P<operator>=>|:=|={1,3}|:|,)[ \t]{0,20}\(?[a-zA-Z@$]{0,2}"
    r"(?P<quote>[\"'`])?(?P<value>(?(quote)(?:(?!(?P=quote)).){0,200}|[^\s\"'`]{0,200}))\Z"
)
_BINDING = (
    r"(?P<tail>[\w-]{0,40})(?:\\?[\"'`]?\]?)" + _ANNOTATION + r"[ \t]{0,20}"
    r"(?P<operator>=>|:=|={1,3}|!==?|:|,|\()[ \t]{0,20}\(?"
    r"(?:[a-z@$]{0,2}\\?(?P<quote>[\"'`])(?P<quoted>[^\"'`\s\\]{6,4096})\\?(?P=quote)"
    r"|(?P<bare>[^\s\"'`,;&<>(){}\[\]]{6,512}))"
)


def _named(text: str, lower: str, language: str, *, only_random: bool) -> Iterator[Secret]:
    for stem in _STEMS:
        if stem not in lower:
            continue
        for match in _binding(stem).finditer(lower):
            group = "quoted" if match["quoted"] else "bare"
            value = text[match.start(group) : match.end(group)]
            is_bound = match["operator"] not in {",", "("}
            if match["bare"] and not (is_bound and _may_be_bare(text, match, language)):
                continue
            name = _name(text, match)
            snake = _snake(name)
            if (strong := _STRONG_NAME.search(snake)) and _is_about(strong):
                continue
            weak = None if strong else _WEAK_NAME.search(snake)
            if not strong and (not weak or (weak["key"] and not _PLAIN.fullmatch(value))):
                # A key of a cache, a table or a dictionary is made of words and dots.
                continue
            if strong and is_bound and not only_random:
                is_word = bool(_WORDS.fullmatch(strong["sort"])) and not strong["rest"]
                is_secret = _looks_chosen(value, may_be_word=is_word)
            else:
                is_secret = _looks_random(value)
            if is_secret and _letters(value) not in _letters(name):
                yield Secret(Span(*match.span(group)), f"{_VALUE_OF}{name}")


def _strong_name(name: str) -> bool:
    found = _STRONG_NAME.search(_snake(name))
    return found is not None and not _is_about(found)


def _is_about(name: re.Match[str]) -> bool:
    """Whether a name speaks of a secret without being one: ``password_field``."""
    return bool(name["rest"] and _ABOUT.search(name["rest"]))


@cache
def _binding(stem: str) -> re.Pattern[str]:
    # Beginning with a literal lets the search skip most of the text.
    return re.compile(re.escape(stem) + _BINDING)


def _may_be_bare(text: str, match: re.Match[str], language: str) -> bool:
    """Whether a value without quotes can be a literal: in a settings file, or inside a string."""
    if match["operator"] not in {"=", ":"}:
        return False
    following = text[match.end() : match.end() + 1]
    if language in _BARE:
        return not following or following in "\n\r \t;&\"',"
    # ``"Server=db;Password=…;"`` and ``?api_key=…&``
    before = _LAST_NAME.search(text, max(0, match.start() - 40), match.start())
    opening = text[(before or match).start() - 1 : (before or match).start()]
    is_inside = bool(opening) and opening in ";&?\"' "
    return match["operator"] == "=" and is_inside and bool(following) and following in ";&\"'"


_LAST_NAME = re.compile(r"[\w-]+\Z")


def _name(text: str, match: re.Match[str]) -> str:
    """The whole identifier, to be shown instead of the value."""
    before = _LAST_NAME.search(text, max(0, match.start() - 40), match.start())
    return (before[0] if before else "") + text[match.start() : match.end("tail")]


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.lower()))


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|-", "_", name).lower()


# What a literal looks like

_PLACEHOLDER = re.compile(
    r"example|sample|dummy|placeholder|change.?me|your|xxx|\.\.\.|\u2026|<|>|\{|\}|\$\(|%s|%\(|todo|redacted"
    r"|\*\*\*|replace|insert|\benv\b|undefined|not.?set|lorem|fixme",
    re.IGNORECASE,
)
_DUMMIES = frozenset(
    {"password", "passwd", "pass", "pwd", "secret", "token", "user", "postgres", "mysql", "root",
     "admin", "test", "tiger", "guest", "foo", "bar", "baz", "pw", "p", "port", "username"}
)  # fmt: skip
_REGEX = re.compile(r"\(\?|\\[dwsb]|\[\^|\.\*|\.\+|\^.*\$$")
_PATH = re.compile(
    r"^[~.]{0,2}/|^[\w.-]+(?:/[\w.-]+)+$|^[A-Za-z]:\\|^(?:https?|file|s3|gs|arn|urn):"
)
_DOTTED = re.compile(r"^[A-Za-z_$][\w$]*(?:(?:\.|::|->)[A-Za-z_$][\w$]*)+(?:\(\)?)?$")
_WORD = re.compile(r"[a-z]{3,}\d{0,3}")
# Marks that names and paths do without.
_MARKS = re.compile(r"[!@#$%^&*?~+=|]")
_MAX_WORD = 24
_SEQUENCES = (
    "0123456789abcdefghijklmnopqrstuvwxyz",
    "abcdefghijklmnopqrstuvwxyz0123456789",
    "01234567890123456789",
    "0123456789abcdef0123456789abcdef",
    "qwertyuiopasdfghjklzxcvbnm",
)
# Words reach 3.2 bits a character, random letters and digits 3.7 (measured on 24 characters);
# hexadecimal digits at most 4.
_RANDOM_ENTROPY = 3.4
_MIN_RANDOM = 16


def _is_no_value(value: str) -> bool:
    """Whether a literal is a template, a reference, a pattern or a path."""
    return bool(
        _PLACEHOLDER.search(value)
        or value.startswith(("$", "#", "--", "@", "[", "%"))
        or _REGEX.search(value)
        or _PATH.search(value)
        or _DOTTED.search(value)
        or len(set(value)) < 5
        or any(value.lower() in sequence for sequence in _SEQUENCES)
    )


def _looks_chosen(value: str, *, may_be_word: bool) -> bool:
    """Whether a literal may be a password that somebody chose, or a random one.

    ``may_be_word`` lets one word with a digit count: ``password = "hunter2"``.
    """
    if _is_no_value(value) or value.lower() in _DUMMIES:
        return False
    if _is_wordy(value):
        has_both = any(map(str.isdigit, value)) and any(map(str.isalpha, value))
        is_short = len(value) <= _MAX_WORD and len(re.findall(r"[^\W_]+", value)) <= 2
        return may_be_word and ((has_both and is_short) or bool(_MARKS.search(value)))
    kinds = (str.islower, str.isupper, str.isdigit, _is_mark)
    n_kinds = sum(any(map(kind, value)) for kind in kinds)
    has_sign = any(map(str.isdigit, value)) or bool(_MARKS.search(value))
    return n_kinds >= 2 and has_sign


def _looks_random(value: str) -> bool:
    if len(value) < _MIN_RANDOM or _is_no_value(value) or _is_wordy(value):
        return False
    has_both = any(map(str.isdigit, value)) and any(map(str.isalpha, value))
    return has_both and _entropy(value) >= _RANDOM_ENTROPY


def _is_mark(character: str) -> bool:
    return not character.isalnum()


def _is_wordy(value: str) -> bool:
    """Whether most of a literal are words, perhaps with a number: ``oauth2-client_v1``."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", " ", value).lower()
    parts = [part for part in re.split(r"[^a-z0-9]+", spaced) if part]
    in_words = sum(len(part) for part in parts if _WORD.fullmatch(part))
    length = sum(map(len, parts))
    return bool(parts) and 2 * in_words >= length >= 3 * len(parts)


def _entropy(value: str) -> float:
    """Shannon's, in bits a character."""
    counts = Counter(value)
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())
