from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.model import FileStamp
from indexer.plan import RACY_NS, covers, plan_update, unsure_paths

STORED_AT = 10 * RACY_NS
OLD = FileStamp("a.py", size=3, modified_ns=RACY_NS, content_hash="h1")


def by_path(*stamps: FileStamp) -> dict[str, FileStamp]:
    return {stamp.path: stamp for stamp in stamps}


def unsure(stored: FileStamp, found: FileStamp) -> bool:
    return bool(unsure_paths(by_path(stored), by_path(found), stored_at_ns=STORED_AT))


def test_a_file_of_same_size_and_time_is_not_read() -> None:
    assert not unsure(OLD, replace(OLD, content_hash=""))


@pytest.mark.parametrize(
    "found",
    [
        replace(OLD, size=4),
        replace(OLD, modified_ns=RACY_NS - 1),
        replace(OLD, modified_ns=STORED_AT),
    ],
)
def test_a_file_of_other_size_or_time_is_read(found: FileStamp) -> None:
    assert unsure(OLD, found)


def test_a_file_written_just_before_its_stamp_is_read_again() -> None:
    fresh = replace(OLD, modified_ns=STORED_AT - RACY_NS // 2)
    assert unsure(fresh, fresh)


def test_new_files_are_not_unsure_but_added() -> None:
    assert unsure_paths({}, by_path(OLD), stored_at_ns=STORED_AT) == ()
    assert plan_update({}, by_path(OLD)).added == ("a.py",)


def test_a_touched_file_with_the_same_content_is_unchanged() -> None:
    touched = replace(OLD, modified_ns=STORED_AT)
    assert plan_update(by_path(OLD), by_path(touched)).is_empty


def test_the_content_decides_even_if_size_and_time_agree() -> None:
    assert plan_update(by_path(OLD), by_path(replace(OLD, content_hash="h2"))).changed == ("a.py",)


def test_without_a_hash_size_and_time_decide() -> None:
    unread = replace(OLD, content_hash="")
    assert plan_update(by_path(OLD), by_path(unread)).unchanged == ("a.py",)
    assert plan_update(by_path(OLD), by_path(replace(unread, size=9))).changed == ("a.py",)


def test_a_restricted_scan_removes_nothing_elsewhere() -> None:
    stored = by_path(*(FileStamp(path, 1, 1) for path in ("a/x.py", "a/y.py", "ab.py", "b.py")))
    assert plan_update(stored, {}, only=["a"]).removed == ("a/x.py", "a/y.py")
    assert plan_update(stored, {}, only=["b.py"]).removed == ("b.py",)
    assert plan_update(stored, {}, only=[]).removed == ()
    assert covers(["."], "b.py")


STAMPS = st.dictionaries(
    st.sampled_from("abcdef"),
    st.tuples(st.integers(0, 2), st.integers(0, 2), st.sampled_from(["", "h1", "h2"])),
).map(lambda raw: {path: FileStamp(path, *rest) for path, rest in raw.items()})


@given(STAMPS, STAMPS)
def test_a_plan_names_every_path_once(
    stored: dict[str, FileStamp], found: dict[str, FileStamp]
) -> None:
    plan = plan_update(stored, found)
    named = [*plan.added, *plan.changed, *plan.removed, *plan.unchanged]
    assert sorted(named) == sorted(stored.keys() | found.keys())
    assert plan_update(found, found).is_empty
