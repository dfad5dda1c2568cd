"""One update runs, one waits."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from copilot_ls.server import background
from copilot_ls.server.background import UpdateQueue


class Updates:
    """Records updates; each waits until it is let go."""

    def __init__(self) -> None:
        self.asked: list[Sequence[str] | None] = []
        self.cancelled = 0
        self.begun = asyncio.Event()
        self.go = asyncio.Event()

    async def __call__(self, paths: Sequence[str] | None) -> None:
        self.asked.append(paths)
        self.begun.set()
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise


async def test_what_comes_during_an_update_becomes_one_more() -> None:
    updates = Updates()
    queue = UpdateQueue(updates)
    queue.request(["a.py"])
    await updates.begun.wait()
    for path in ("b.py", "c.py", "b.py"):
        queue.request([path])
    updates.go.set()
    await queue.idle()
    assert updates.asked == [["a.py"], ["b.py", "c.py"]]


async def test_the_whole_repository_covers_single_paths() -> None:
    updates = Updates()
    updates.go.set()
    queue = UpdateQueue(updates)
    queue.request(["a.py"])
    queue.request(None)
    await queue.idle()
    assert updates.asked == [None]


async def test_a_flood_of_paths_is_one_look_at_everything() -> None:
    updates = Updates()
    updates.go.set()
    queue = UpdateQueue(updates)
    queue.request([f"{number}.py" for number in range(background.MANY_PATHS)])
    queue.request(["one more.py"])
    await queue.idle()
    assert updates.asked == [None]


async def test_asking_for_nothing_does_nothing() -> None:
    updates = Updates()
    queue = UpdateQueue(updates)
    queue.request([])
    await queue.idle()
    assert updates.asked == []


async def test_cancelling_the_current_update_lets_the_next_run() -> None:
    updates = Updates()
    queue = UpdateQueue(updates)
    queue.request(None)
    await updates.begun.wait()
    queue.request(["a.py"])
    queue.cancel_current()
    updates.go.set()
    await queue.idle()
    assert updates.asked == [None, ["a.py"]]
    assert updates.cancelled == 1


async def test_closing_stops_the_update_and_forgets_the_rest() -> None:
    updates = Updates()
    queue = UpdateQueue(updates)
    queue.request(None)
    await updates.begun.wait()
    queue.request(["a.py"])
    await queue.aclose()
    assert updates.asked == [None]
    assert updates.cancelled == 1


async def test_a_queue_works_again_after_it_was_idle() -> None:
    updates = Updates()
    updates.go.set()
    queue = UpdateQueue(updates)
    for path in ("a.py", "b.py"):
        queue.request([path])
        await queue.idle()
    assert updates.asked == [["a.py"], ["b.py"]]


async def test_the_whole_repository_rests_while_single_files_go_on() -> None:
    updates = Updates()
    updates.go.set()
    queue = UpdateQueue(updates, rest=lambda _: 3_600.0)
    queue.request(None)
    await queue.idle()
    queue.request(None)
    queue.request(["a.py"])
    await turns()
    queue.request(["b.py"])
    await turns()
    assert updates.asked == [None, ["a.py"], ["b.py"]]
    assert queue.is_busy
    queue.request(None, at_once=True)
    await queue.idle()
    assert updates.asked == [None, ["a.py"], ["b.py"], None]


async def test_a_rest_can_be_paused_and_closed() -> None:
    updates = Updates()
    updates.go.set()
    queue = UpdateQueue(updates, rest=lambda _: 3_600.0)
    queue.request(None)
    await queue.idle()
    queue.request(None)
    await turns()
    queue.pause()
    await queue.idle()
    queue.request(["a.py"])
    await queue.aclose()
    queue.resume()
    await queue.idle()
    assert updates.asked == [None]


async def turns() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_pause_stops_and_forgets_nothing() -> None:
    updates = Updates()
    queue = UpdateQueue(updates)
    queue.request(None)
    await updates.begun.wait()
    queue.pause()
    queue.request(["a.py"])
    await queue.idle()
    assert (updates.asked, updates.cancelled) == ([None], 1)
    updates.go.set()
    queue.resume()
    await queue.idle()
    assert updates.asked == [None, None]
