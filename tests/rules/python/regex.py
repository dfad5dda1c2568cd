import re

from django.core.validators import RegexValidator

# ruleid: python.regex.exponential
FIRST = re.compile(r"^(a+)+$")
# ruleid: python.regex.exponential
SECOND = re.compile(r"^([a-zA-Z]+)*$")
# ruleid: python.regex.exponential
THIRD = re.compile(r"^(\w+\s?)*$")
# ruleid: python.regex.exponential
FOURTH = RegexValidator(r"^(.*)*x$")
# ruleid: python.regex.exponential
FIFTH = re.compile(r"^(a|a)*b$")
# ok: python.regex.exponential
SIXTH = re.compile(r"^[a-z]+$")
# ok: python.regex.exponential
SEVENTH = re.compile(r"^(\d+,)*\d+$")
# ok: python.regex.exponential
EIGHTH = re.compile(r"^(ab|cd)*$")
# ok: python.regex.exponential
NINTH = re.compile(r"(a+)b")
# ruleid: python.regex.host-dot-not-escaped
TENTH = re.compile(r"^https://www.example.com/")
# ruleid: python.regex.host-dot-not-escaped
ELEVENTH = re.match(r"https?://example.org", "x")
# ok: python.regex.host-dot-not-escaped
TWELFTH = re.compile(r"^https://www\.example\.com/")


def check(url, text):
    # ruleid: python.regex.address-checked-by-substring
    if "example.com" in url:
        return True
    # ruleid: python.regex.address-checked-by-substring
    if url.startswith("https://example.com"):
        return True
    # ruleid: python.regex.address-checked-by-substring
    if url.endswith("example.com"):
        return True
    # ok: python.regex.address-checked-by-substring
    if url.startswith("https://example.com/"):
        return True
    # ok: python.regex.address-checked-by-substring
    if urlsplit(url).hostname == "example.com":
        return True
    # ok: python.regex.address-checked-by-substring
    return "example.com" in text
