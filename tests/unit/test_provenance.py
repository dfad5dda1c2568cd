"""Copied code is found again, renamed and reformatted too; code of one's own is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_ls.domain import CodeOrigin
from copilot_ls.features.completion.provenance import ProvenanceOptions, described, withheld_for
from copilot_ls.provenance.fingerprints import MIN_TOKENS, fingerprints_of, n_tokens
from copilot_ls.provenance.licences import licence_of, licence_of_text
from copilot_ls.provenance.packages import installed_packages, vendored_packages
from copilot_ls.provenance.store import OriginStore

ORIGINAL = '''
def merge(left, right, *, key=None):
    """Merge two sorted lists."""
    result = []
    i = j = 0
    while i < len(left) and j < len(right):
        a, b = left[i], right[j]
        if key is not None:
            a, b = key(a), key(b)
        if a <= b:
            result.append(left[i])
            i += 1
        else:
            result.append(right[j])
            j += 1
    result.extend(left[i:])
    result.extend(right[j:])
    return result
'''
RENAMED = """
def merge(xs, ys, *, by=None):
  # another comment
  out = []
  p = q = 0
  while (p < len(xs)) and q < len(ys):
      first, second = xs[p], ys[q]
      if by is not None:
          first, second = by(first), by(second)
      if first <= second:
          out.append(xs[p])
          p += 1
      else:
          out.append(ys[q])
          q += 1
  out.extend(xs[p:])
  out.extend(ys[q:])
  return out
"""
OTHER = """
def report(orders, *, currency):
    lines = []
    for order in sorted(orders, key=lambda order: order.created_at):
        total = sum(item.price * item.quantity for item in order.items)
        if order.is_paid:
            lines.append(f"{order.number}: {total:.2f} {currency}")
        else:
            lines.append(f"{order.number}: open since {order.created_at:%Y-%m-%d}")
    if not lines:
        raise ValueError("there are no orders")
    return "\\n".join(lines)
"""


def values(text: str) -> set[int]:
    return {fingerprint.value for fingerprint in fingerprints_of(text)}


def test_layout_comments_and_names_of_variables_do_not_count() -> None:
    shared = values(ORIGINAL) & values(RENAMED)
    assert len(shared) >= 0.5 * len(values(ORIGINAL))


def test_other_code_shares_nothing() -> None:
    assert not values(ORIGINAL) & values(OTHER)


def test_short_code_has_no_fingerprint() -> None:
    assert fingerprints_of("x = 1\n") == []


def test_lines_are_those_of_the_text() -> None:
    lines = [fingerprint.line for fingerprint in fingerprints_of("\n\n\n" + ORIGINAL)]
    assert lines == sorted(lines)
    assert lines[0] >= 3
    assert lines[-1] < len(ORIGINAL.splitlines()) + 3


@given(st.text(max_size=400))
def test_any_text_can_be_asked(text: str) -> None:
    assert len(fingerprints_of(text)) <= max(0, n_tokens(text))


@given(st.integers(0, 60), st.integers(0, 60))
def test_what_stands_around_a_long_copy_does_not_hide_it(n_before: int, n_after: int) -> None:
    around = "value = compute(value)\n"
    text = around * n_before + ORIGINAL + around * n_after
    assert n_tokens(ORIGINAL) > 2 * MIN_TOKENS
    assert len(values(text) & values(ORIGINAL)) >= 3


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site-packages"
    for name, licence, source in (
        ("sorting", "License-Expression: MIT", ORIGINAL),
        (
            "reports",
            "Classifier: License :: OSI Approved :: GNU General Public License v3 (GPLv3)",
            OTHER,
        ),
    ):
        info = folder / f"{name}-1.0.dist-info"
        info.mkdir(parents=True)
        (folder / f"{name}.py").write_text(source)
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n{licence}\n\n"
        )
        (info / "RECORD").write_text(f"{name}.py,,\n../../bin/{name}.py,,\n")
    return folder


@pytest.fixture
def store(tmp_path: Path, site: Path) -> OriginStore:
    store = OriginStore(tmp_path / "cache" / "origins.sqlite")
    store.add(list(installed_packages([site])), lambda _, __: None)
    return store


def test_copied_code_is_found_with_its_licence_and_place(store: OriginStore) -> None:
    (origin,) = store.origins(RENAMED)
    assert (origin.package, origin.version, origin.licence) == ("sorting", "1.0", "MIT")
    assert origin.path == "sorting.py"
    assert origin.share >= 0.5


def test_own_code_has_no_origin(store: OriginStore) -> None:
    own = OTHER.replace("order", "ticket").replace("sum(", "max(").replace("append", "insert")
    assert store.origins(own.replace("lambda", "lambda *_,")) == []


def test_a_package_is_read_once(store: OriginStore, site: Path) -> None:
    assert store.missing(list(installed_packages([site]))) == []
    assert store.status().n_packages == 2


def test_an_empty_or_damaged_store_answers_nothing(tmp_path: Path) -> None:
    file = tmp_path / "origins.sqlite"
    assert OriginStore(file).origins(ORIGINAL) == []
    file.write_bytes(b"not a database" * 100)
    assert OriginStore(file).origins(ORIGINAL) == []


def test_code_in_many_packages_is_an_idiom(tmp_path: Path, site: Path) -> None:
    for number in range(6):
        info = site / f"copy{number}-1.0.dist-info"
        info.mkdir()
        (site / f"copy{number}.py").write_text(ORIGINAL)
        (info / "METADATA").write_text(f"Name: copy{number}\nVersion: 1.0\nLicense: MIT\n\n")
        (info / "RECORD").write_text(f"copy{number}.py,,\n")
    store = OriginStore(tmp_path / "many.sqlite")
    store.add(list(installed_packages([site])), lambda _, __: None)
    assert store.origins(ORIGINAL) == []


def test_vendored_folders_are_packages_and_links_are_not_followed(tmp_path: Path) -> None:
    vendored = tmp_path / "repo" / "src" / "_vendor"
    (vendored / "lib").mkdir(parents=True)
    (vendored / "lib" / "core.js").write_text("export const x = 1;\n")
    (vendored / "lib" / "package.json").write_text('{"version": "2.1", "license": "ISC"}')
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.js").write_text("x\n")
    (vendored / "evil").symlink_to(tmp_path / "outside")
    (package,) = vendored_packages(tmp_path / "repo")
    assert (package.name, package.version, package.licence) == ("lib", "2.1", "ISC")
    assert package.files == ("core.js",)


@pytest.mark.parametrize(
    ("said", "spdx"),
    [
        ({"expression": "MIT OR Apache-2.0"}, "MIT OR Apache-2.0"),
        ({"classifiers": ["License :: OSI Approved :: BSD License"]}, "BSD-3-Clause"),
        ({"name": "GPL v3"}, "GPL-3.0-or-later"),
        ({"name": "Apache License, Version 2.0"}, "Apache-2.0"),
        ({"name": "UNKNOWN"}, ""),
        ({}, ""),
    ],
)
def test_licences_are_told_by_what_metadata_says(said: dict[str, str], spdx: str) -> None:
    assert licence_of(**said) == spdx  # type: ignore[arg-type]


def test_licences_are_told_by_their_text() -> None:
    mit = "Permission is hereby granted, free of charge, to any person … without restriction, …"
    assert licence_of_text(mit) == "MIT"
    assert licence_of_text("All rights reserved.") == ""


def test_policy_decides_what_is_kept_back() -> None:
    origin = CodeOrigin("reports", "1.0", "GPL-3.0-only", "reports.py", 4, 0.9)
    strict = ProvenanceOptions("withhold", ("MIT",))
    assert "reports 1.0 (GPL-3.0-only), reports.py:5" in withheld_for([origin], strict)
    assert withheld_for([origin], ProvenanceOptions("annotate")) == ""
    allowed = ProvenanceOptions("withhold", ("GPL-3.0-only",))
    assert withheld_for([origin], allowed) == ""
    assert described(origin).endswith("reports.py:5")
