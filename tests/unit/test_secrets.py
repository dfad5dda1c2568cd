"""Secrets are found and masked; what only looks a little like one is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.secrets import find, is_in_secret, mask

# Put together here, so that no scanner of this repository stumbles over them.
RANDOM = "9fK2mQ7x" + "Tz4Lw8Rb1Yc5Vd"
KEYS = {
    "AWS": "AKIA" + "Q3EGRKJX7WBN2UZD",
    "GitHub": "ghp" + "_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
    "GitHub fine": "github" + "_pat_" + "11ABCDEFG0" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0",
    "GitLab": "glpat" + "-" + "xY3_zK9-qW7vB5nM1rT2",
    "Slack": "xoxb" + "-" + "123456789012-1234567890123-" + "aBcDeFgHiJkLmNoPqRsTuVwX",
    "Stripe": "sk" + "_live_" + "4eC39HqLyjWDarjtT1zdp7dc",
    "Google": "AIza" + "SyD3x7Q9bKf2LmN8pRtUvWxYz0123456789",
    "Anthropic": "sk" + "-ant-" + "api03-" + RANDOM + RANDOM,
    "npm": "npm" + "_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
    "PyPI": "pypi" + "-AgEIcHlwaS5vcmc" + RANDOM * 4,
    "SendGrid": "SG" + "." + RANDOM + "." + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0u1V",
    "JWT": "eyJ" + "hbGciOiJIUzI1NiJ9" + ".eyJ" + "zdWIiOiIxMjM0NTY3ODkwIn0" + "." + RANDOM,
    "Telegram": "123456789" + ":AA" + "HdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"[:32],
}
BEGIN = "-----BEGIN RSA PRIVATE KEY-----"
KEY_BLOCK = f"{BEGIN}\n{(RANDOM * 3)[:64]}\n{BEGIN.replace('BEGIN', 'END')}\n"


def found(text: str, path: str = "shop/pay.py", language: str = "python") -> list[str]:
    return [text[secret.span.start : secret.span.end] for secret in find(text, path, language)]


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS.keys())
def test_known_forms_are_found_wherever_they_stand(key: str) -> None:
    for text in (f'x = "{key}"', f"# {key}\n", f"see {key}, or not", f"a={key}&b"):
        assert found(text) == [key]
        assert found(text, "tests/test_pay.py") == [key]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('password = "hunter2"', "hunter2"),
        ("self.db_password: str = 'Tr0ub4dor&3'", "Tr0ub4dor&3"),
        ('{"clientSecret": "' + RANDOM + '"}', RANDOM),
        ("headers['X-Api-Key'] = '" + RANDOM + "'", RANDOM),
        ('os.environ.get("API_KEY", "' + RANDOM + '")', RANDOM),
        ('connect(user="app", password="s3cr3t!pw")', "s3cr3t!pw"),
        ('TOKEN = "' + RANDOM + '"', RANDOM),
        ('FERNET_KEY = b"' + RANDOM + RANDOM + '="', RANDOM + RANDOM + "="),
        ('"Server=db;Uid=sa;Password=P@ss-w0rd9;"', "P@ss-w0rd9"),
        ('url = "postgres://app:Xk29fmQ1@db.local/shop"', "Xk29fmQ1"),
        ("const apiKey = `" + RANDOM + "`", RANDOM),
        ('password := "Winter2024!"', "Winter2024!"),
    ],
)
def test_a_literal_bound_to_a_telling_name_is_found(text: str, value: str) -> None:
    assert found(text) == [value]


@pytest.mark.parametrize(
    ("language", "text", "value"),
    [
        ("yaml", "db:\n  password: hunter2-prod\n", "hunter2-prod"),
        ("ini", "api_key=" + RANDOM + "\n", RANDOM),
        ("shell", "export SECRET_KEY=" + RANDOM + " # x\n", RANDOM),
        ("dockerfile", "ENV DB_PASSWORD=Zx81spectrum\n", "Zx81spectrum"),
    ],
)
def test_settings_need_no_quotes(language: str, text: str, value: str) -> None:
    assert found(text, "config/app", language) == [value]
    assert found(text, "config/app", "python") == []


@pytest.mark.parametrize(
    "text",
    [
        'password = ""',
        'password = "password"',
        'PASSWORD = "password_field"',
        'password = "${DB_PASSWORD}"',
        'password = "<your password here>"',
        'password = "changeme123"',
        'password = "xxxxxxxx1"',
        "password = config.password2",
        'api_key = os.environ["SERVICE_API_KEY_2024"]',
        'password_field = "input2"',
        'secret_name = "projects/1/secrets/db-pass-2"',
        'password_hasher = "pbkdf2_sha256"',
        'OAUTH2_CLIENT_CREDENTIALS = "OAuth2ClientCredentials"',
        'token = "+="',
        'token_type = "urn:ietf:params:oauth:token-type:jwt"',
        'primary_key = "user_id_2"',
        'cache_key = "template.cache.foo.493e283d571a73056196f1a68efd0f66"',
        'sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"',
        '"integrity": "sha512-' + RANDOM * 3 + '=="',
        'id = "550e8400-e29b-41d4-a716-446655440000"',
        'image = "data:image/png;base64,iVBORw0KGgo' + RANDOM * 8 + '"',
        'url = f"postgres://{user}:{password}@{host}/db"',
        'url = "postgres://user:password@localhost/db"',
        'url = "https://example.org:8080/a@b"',
        'key = lambda pair: pair[1]; password = re.compile(r"^(?=.*\\d).{8,}$")',
        "if token == 'identifier1': pass",
        "-----BEGIN RSA PRIVATE KEY-----",
        '_KEY = re.compile(r"-----BEGIN (?:RSA )?PRIVATE KEY-----")',
        'placeholder="Password" type="password" autocomplete="new-password"',
    ],
)
def test_what_is_no_secret_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_in_tests_only_random_values_count() -> None:
    text = 'password = "hunter2"\nsecret = "s3cr3t!pw"\napi_key = "' + RANDOM + '"\n'
    assert found(text, "tests/test_pay.py") == [RANDOM]
    assert found(text) == ["hunter2", "s3cr3t!pw", RANDOM]


def test_a_private_key_loses_its_body_and_keeps_its_frame() -> None:
    masked, places = mask("key = '''" + KEY_BLOCK + "'''\n", "a.py", "python")
    assert masked.splitlines()[0] == "key = '''-----BEGIN RSA PRIVATE KEY-----"
    assert masked.splitlines()[1] == "*" * 64
    assert [(place.line, place.kind) for place in places] == [(0, "private key")]


def test_what_is_masked_is_told_without_the_secret() -> None:
    text = 'a = 1\nDB_PASSWORD = "hunter2"\nx = "' + KEYS["AWS"] + '"\n'
    masked, places = mask(text, "shop/pay.py", "python")
    assert masked == 'a = 1\nDB_PASSWORD = "*******"\nx = "' + "*" * 20 + '"\n'
    assert [(p.path, p.line, p.kind) for p in places] == [
        ("shop/pay.py", 1, "value of DB_PASSWORD"),
        ("shop/pay.py", 2, "AWS Access Key"),
    ]


def test_the_owner_of_a_line_may_say_that_it_is_no_secret() -> None:
    text = f'token = "{RANDOM}"  # pragma: allowlist secret\ntoken = "{RANDOM}"\n'
    assert [secret.span.start for secret in find(text)] == [text.rindex(RANDOM)]


PIECES = st.lists(
    st.sampled_from(
        [
            *KEYS.values(),
            KEY_BLOCK,
            RANDOM,
            'password = "',
            "token=",
            '"',
            "\n",
            "\r\n",
            "ü",
            "\u0130",
            " ",
            "://a:",
            "@b",
            "key",
            "secret: ",
        ]
    ),
    max_size=12,
)


@given(PIECES)
def test_a_masked_text_keeps_its_length_and_lines_and_no_key(pieces: list[str]) -> None:
    text = "".join(pieces)
    masked, _ = mask(text, "a.yaml", "yaml")
    assert len(masked) == len(text)
    assert [c for c in masked if c in "\r\n"] == [c for c in text if c in "\r\n"]
    assert all(a in {b, "*"} for a, b in zip(masked, text, strict=True))
    for name in ("AWS", "GitHub", "Stripe"):
        assert f" {KEYS[name]} " not in masked


@pytest.mark.parametrize(
    ("marked", "language", "is_inside"),
    [
        ('password = "█"', "python", True),
        ('password = "hun█ter2"', "python", True),
        ('api_key: str = "█', "python", True),
        ('connect(user="a", password="█")', "python", True),
        ('os.getenv("API_KEY", "█")', "python", True),
        ("password: █", "yaml", True),
        (f'x = "{KEYS["GitHub"][:20]}█{KEYS["GitHub"][20:]}"', "python", True),
        ("password: █", "python", False),
        ("password = █", "python", False),
        ('password_field = "█"', "python", False),
        ('token = "█"', "python", False),
        ('print("the password is █")', "python", False),
        ('password = "hunter2"; x = █', "python", False),
    ],
)
def test_a_place_inside_a_secret_is_known(marked: str, language: str, is_inside: bool) -> None:
    left, _, right = marked.partition("█")
    assert is_in_secret(left, right, language) is is_inside


def test_the_key_of_the_documentation_of_aws_is_no_secret():
    key = "AKIA" + "IOSFODNN7"
    assert find(f'key_id = "{key}EXAMPLE"') == []
    assert [each.kind for each in find(f'id = "{key}QX3W7ZA"')] == ["AWS Access Key"]
