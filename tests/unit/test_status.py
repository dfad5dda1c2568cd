"""What matters most is what the status says, once."""

from __future__ import annotations

import pytest

from copilot_ls.server.status import Facts, Kind, Source, Status, StatusBoard, summarise

MODEL_DIED = {(Source.MODEL, ""): "the engine died"}
INDEX_LOCKED = {(Source.INDEX, "shop"): "another process writes"}


@pytest.mark.parametrize(
    ("facts", "kind", "message"),
    [
        (Facts(), Kind.NORMAL, "Ready"),
        (Facts(is_paused=True, troubles=MODEL_DIED), Kind.INACTIVE, "Paused"),
        (Facts(troubles=MODEL_DIED | INDEX_LOCKED), Kind.ERROR, "the engine died"),
        (Facts(model_is_loading=True, percents={"a": 3}), Kind.NORMAL, "Loading the model"),
        (
            Facts(inactive_reason="may hold secrets", percents={"a": 3}),
            Kind.INACTIVE,
            "Inactive here: may hold secrets",
        ),
        (Facts(troubles=INDEX_LOCKED), Kind.WARNING, "another process writes"),
        (Facts(percents={"a": 10, "b": 50}), Kind.NORMAL, "Indexing 30 %"),
    ],
)
def test_the_status_is_what_matters_most(facts: Facts, kind: Kind, message: str) -> None:
    status = summarise(facts)
    assert (status.kind, status.message) == (kind, message)


def test_a_status_is_published_when_it_changes_and_only_then() -> None:
    published: list[Status] = []
    board = StatusBoard(published.append)
    board.refresh()
    board.refresh()
    board.report_trouble(Source.MODEL, "the engine died")
    board.report_trouble(Source.MODEL, "the engine died")
    board.clear_trouble(Source.MODEL)
    board.clear_trouble(Source.MODEL)
    assert [status.message for status in published] == ["Ready", "the engine died", "Ready"]


def test_who_begins_to_listen_is_told_what_was_said_before() -> None:
    published: list[Status] = []
    board = StatusBoard(published.append)
    board.refresh()
    board.announce()
    assert len(published) == 2
