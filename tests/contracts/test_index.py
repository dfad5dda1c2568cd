"""The index of a folder, from outside: what it finds, what it survives."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from indexer.embed.hashing import HashingEmbedder
from indexer.errors import EmbedderUnavailable, IndexLocked, PathRefused
from indexer.index import Index
from indexer.model import (
    IndexOptions,
    IndexState,
    Query,
    SearchMode,
    SkipReason,
    UpdatePhase,
    UpdateProgress,
)
from indexer.ports import Vectors
from indexer.store import lock
from indexer.store.database import Database
from indexer.store.generations import FIRST

FILES = {
    "shop/__init__.py": "",
    "shop/orders.py": (
        "class Order:\n"
        "    def total_with_tax(self, rate: float) -> float:\n"
        '        """The sum of all lines, tax included."""\n'
        "        return 1.0\n\n\n"
        "def cancel_order(order: Order) -> None:\n    order.total_with_tax(0.1)\n"
    ),
    "shop/pay.py": (
        "from shop.orders import Order\n\n\ndef pay(order: Order) -> None:\n    amount = 1\n"
    ),
    "README.md": "# Shop\n\nHow to refund a customer.\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for path, text in FILES.items():
        file = tmp_path / "root" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path / "root"


@pytest.fixture
def open_index(root: Path, tmp_path: Path) -> Iterator[Callable[..., Index]]:
    opened: list[Index] = []

    def open_(**changes: object) -> Index:
        index = Index.open(
            root,
            tmp_path / "cache",
            options=changes.get("options", IndexOptions(vectors=False)),
            embedder=changes.get("embedder"),
        )
        opened.append(index)
        return index

    yield open_
    for index in opened:
        index.close()


@pytest.fixture
def index(open_index: Callable[..., Index]) -> Index:
    index = open_index()
    index.update()
    return index


def titles(index: Index, text: str) -> list[str]:
    return [hit.title for hit in index.search(Query(text))]


def complete(index: Index, path: str, marked: str) -> list[str]:
    offset = marked.index("█")
    query = Query(marked.replace("█", ""), SearchMode.COMPLETION, path, offset)
    return [hit.title for hit in index.search(query)]


def test_an_update_finds_files_symbols_and_words(index: Index) -> None:
    assert index.state is IndexState.READY
    status = index.status()
    assert (status.n_files, status.languages) == (4, {"python": 3, "markdown": 1})
    assert [s.path for s in index.lookup("total_with_tax")] == ["shop/orders.py"]
    assert titles(index, "sum with tax")[0] == "Order.total_with_tax"
    assert index.search(Query("refund"))[0].path == "README.md"


def test_of_generated_code_only_the_definitions_are_kept(index: Index, root: Path) -> None:
    (root / "shop/api_pb2.py").write_text("def send_invoice(order): return post(order)\n")
    index.update(["shop/api_pb2.py"])
    assert [symbol.path for symbol in index.lookup("send_invoice")] == ["shop/api_pb2.py"]
    assert "send_invoice" not in titles(index, "send invoice post")
    assert index.status().n_chunks == 6
    assert index.conventions("shop/api_pb2.py").habits == ()
    assert [(each.path, each.reason, each.rule) for each in index.skipped()] == [
        ("shop/api_pb2.py", SkipReason.GENERATED_CODE, "protocol buffers")
    ]


# Put together here, so that no scanner of this repository stumbles over it.
SECRET = "ghp" + "_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


def test_no_byte_of_a_secret_is_stored(
    open_index: Callable[..., Index], root: Path, tmp_path: Path
) -> None:
    (root / "shop/pay.py").write_text(
        f'TOKEN = "{SECRET}"\n\n\ndef pay(key: str = "{SECRET}") -> None:\n    """{SECRET}"""\n'
        '    password = "hunter2"\n'
    )
    (root / "notes.md").write_text(f"# Notes\n\nThe token is {SECRET}.\n")
    (root / ".env").write_text(f"TOKEN={SECRET}\n")
    seen: list[str] = []

    class Embedder(HashingEmbedder):
        def embed(self, texts: Sequence[str]) -> Vectors:
            seen.extend(texts)
            return super().embed(texts)

    index = open_index(options=IndexOptions(), embedder=Embedder())
    index.update()
    assert [(each.path, each.line, each.kind) for each in index.masked()] == [
        ("notes.md", 2, "GitHub Token"),
        ("shop/pay.py", 0, "GitHub Token"),
        ("shop/pay.py", 3, "GitHub Token"),
        ("shop/pay.py", 4, "GitHub Token"),
        ("shop/pay.py", 5, "value of password"),
    ]
    assert index.status().n_masked == 5
    (symbol,) = index.lookup("pay")
    assert "*" * len(SECRET) in symbol.stub
    assert symbol.span.end == len((root / "shop/pay.py").read_text()) - 1
    index.search(Query("token"))
    index.close()
    assert not any(SECRET[4:] in text for text in seen)
    for file in (tmp_path / "cache").rglob("*"):
        data = file.read_bytes() if file.is_file() else b""
        assert SECRET[4:].encode() not in data, file
        assert b"hunter2" not in data, file


def test_a_secret_that_was_taken_out_is_no_longer_listed(index: Index, root: Path) -> None:
    (root / "shop/pay.py").write_text(f'TOKEN = "{SECRET}"\n')
    index.update(["shop/pay.py"])
    assert len(index.masked()) == 1
    (root / "shop/pay.py").write_text("TOKEN = read()\n")
    index.update(["shop/pay.py"])
    assert index.masked() == []


def test_conventions_follow_the_files(index: Index, root: Path) -> None:
    found = index.conventions()
    assert found.languages == {"python": (3, 16), "markdown": (1, 4)}
    functions = found.habit("python", "naming", "function")
    assert functions is not None
    assert (functions.usual.value, functions.n) == ("snake_case", 1)
    assert [str(place) for place in functions.usual.examples] == ["shop/orders.py:7"]
    (root / "shop/pay.py").write_text("def payNow(): ...\ndef refundNow(): ...\n")
    index.update(["shop/pay.py"])
    functions = index.conventions().habit("python", "naming", "function")
    assert functions is not None
    assert (functions.usual.value, functions.n) == ("camelCase", 3)


def test_conventions_of_a_folder_are_those_of_its_files(index: Index) -> None:
    assert index.conventions("shop").n_files == 3
    assert index.conventions("shop/pay.py").n_files == 1
    assert index.conventions("sho").n_files == 0


def test_without_an_index_there_are_no_conventions(open_index: Callable[..., Index]) -> None:
    assert open_index().conventions().n_files == 0


@pytest.mark.parametrize(
    ("name", "n_found"),
    [
        ("Order.total_with_tax", 1),
        ("shop.orders.Order.total_with_tax", 1),
        ("orders.Order", 1),
        ("shop.pay.Order", 0),
        ("nothing", 0),
        ("", 0),
    ],
)
def test_a_name_is_looked_up_by_any_of_its_endings(index: Index, name: str, n_found: int) -> None:
    assert len(index.lookup(name)) == n_found


def test_a_stored_symbol_is_the_parsed_one(index: Index, root: Path) -> None:
    from indexer.syntax.parse import parse

    parsed = parse("shop/orders.py", "python", (root / "shop/orders.py").read_text())
    for symbol in parsed.symbols:
        assert symbol in index.lookup(symbol.name)


def test_completion_offers_the_members_of_a_known_receiver(index: Index) -> None:
    text = FILES["shop/pay.py"].replace("amount = 1", "amount = order.█")
    assert complete(index, "shop/pay.py", text)[0] == "Order.total_with_tax"


def test_the_open_document_shadows_its_stored_self(index: Index) -> None:
    text = "from shop.orders import Order\n\ndef fresh(thing: Order):\n    thing.tot█\n"
    assert complete(index, "shop/pay.py", text) == ["Order.total_with_tax"]
    assert "pay" not in complete(index, "shop/pay.py", "def pay(): ...\n\n█\n")


def test_an_unchanged_folder_costs_no_parsing(index: Index, root: Path) -> None:
    for path in FILES:
        os.utime(root / path, (1, 1))
    index.update()
    report = index.update()
    assert report.plan.is_empty
    assert len(report.plan.unchanged) == len(FILES)
    assert report.n_files == 0


def test_changes_additions_and_removals_are_followed(index: Index, root: Path) -> None:
    (root / "shop/orders.py").write_text("def brand_new() -> None: ...\n")
    (root / "shop/pay.py").unlink()
    (root / "more.py").write_text("def added_later() -> None: ...\n")
    plan = index.update().plan
    assert (plan.added, plan.changed, plan.removed) == (
        ("more.py",),
        ("shop/orders.py",),
        ("shop/pay.py",),
    )
    assert [len(index.lookup(n)) for n in ("brand_new", "added_later", "pay", "Order")] == [
        1,
        1,
        0,
        0,
    ]
    assert "pay" not in titles(index, "pay order")


def test_a_reader_that_is_open_sees_each_update(
    index: Index, open_index: Callable[..., Index], root: Path
) -> None:
    reader = open_index()
    text = "from shop.orders import Order\n\ndef go(order: Order):\n    order.█\n"
    for name in ("first", "second", "third"):
        (root / "shop/orders.py").write_text(f"class Order:\n    def {name}(self): ...\n")
        index.update(["shop/orders.py"])
        assert complete(reader, "x.py", text)[0] == f"Order.{name}"
        assert [s.name for s in reader.lookup(name)] == [name]


def test_a_saved_file_is_updated_alone(index: Index, root: Path) -> None:
    (root / "shop/orders.py").write_text("def changed() -> None: ...\n")
    (root / "shop/pay.py").write_text("def unseen() -> None: ...\n")
    report = index.update(["shop/orders.py"])
    assert report.plan.changed == ("shop/orders.py",)
    assert (len(index.lookup("changed")), len(index.lookup("unseen"))) == (1, 0)
    (root / "shop/orders.py").unlink()
    assert index.update(["shop/orders.py"]).plan.removed == ("shop/orders.py",)


def test_a_change_that_keeps_size_and_time_is_seen(index: Index, root: Path) -> None:
    file = root / "shop/pay.py"
    before = file.stat()
    file.write_text(FILES["shop/pay.py"].replace("def pay(", "def buy("))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert index.update().plan.changed == ("shop/pay.py",)


def test_a_file_with_syntax_errors_is_a_problem_and_is_indexed(index: Index, root: Path) -> None:
    (root / "broken.py").write_text("def whole(): ...\ndef half(:\n")
    report = index.update()
    assert [problem.path for problem in report.problems] == ["broken.py"]
    assert index.problems() == list(report.problems)
    assert index.lookup("whole")


def test_what_is_left_out_is_said_and_not_read_again(index: Index, root: Path) -> None:
    (root / "data.py").write_bytes(b"\0\1\2" * 100)
    os.utime(root / "data.py", (1, 1))
    for _ in range(3):
        report = index.update()
        assert [(s.path, s.reason) for s in report.skipped] == [("data.py", SkipReason.BINARY)]
    assert report.plan.is_empty
    assert [s.path for s in index.skipped()] == ["data.py"]
    (root / "data.py").write_text("def text(): ...\n")
    index.update()
    assert index.skipped() == []
    assert index.lookup("text")


def test_a_file_that_becomes_binary_leaves_the_index(index: Index, root: Path) -> None:
    (root / "shop/orders.py").write_bytes(b"\0" * 400)
    index.update()
    assert index.lookup("Order") == []


def test_other_options_apply_at_the_next_update(
    index: Index, open_index: Callable[..., Index]
) -> None:
    other = open_index(options=IndexOptions(vectors=False, exclude=("shop/pay.py",)))
    assert other.state is IndexState.OPTIONS_CHANGED
    assert other.lookup("pay")
    other.update(["README.md"])
    assert other.state is IndexState.READY
    assert not other.lookup("pay")


def test_a_missing_index_answers_with_nothing(open_index: Callable[..., Index]) -> None:
    index = open_index()
    assert index.state is IndexState.MISSING
    assert index.search(Query("order")) == []
    assert index.search(Query("x", SearchMode.COMPLETION, "a.py", 1)) == []
    assert index.lookup("Order") == []
    assert index.skipped() == []
    assert index.status().n_files == 0


def test_a_removed_index_answers_with_nothing_and_is_made_anew(
    index: Index, tmp_path: Path
) -> None:
    assert index.lookup("Order")
    shutil.rmtree(tmp_path / "cache")
    assert index.lookup("Order") == []
    assert index.search(Query("order")) == []
    assert index.state is IndexState.MISSING
    index.update(["shop/pay.py"])
    assert index.lookup("Order")


@pytest.mark.parametrize("damage", ["garbage", "pages", "truncated"])
def test_a_damaged_index_is_no_traceback_and_is_rebuilt(
    index: Index, open_index: Callable[..., Index], tmp_path: Path, damage: str
) -> None:
    index.close()
    file = tmp_path / "cache" / FIRST
    content = file.read_bytes()
    match damage:
        case "garbage":
            file.write_bytes(b"garbage" * 1_000)
        case "pages":
            file.write_bytes(content[:4096] + os.urandom(len(content) - 4096))
        case _:
            file.write_bytes(content[:9_000])
    again = open_index()
    assert again.lookup("Order") == []
    assert again.search(Query("order")) == []
    report = again.update()
    assert any("damaged" in problem.message for problem in report.problems)
    assert again.state is IndexState.READY
    assert again.lookup("Order")


def test_every_page_is_checked_once_a_day_and_after_a_death(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = 0
    check = Database.is_sound

    def count(self: Database) -> bool:
        nonlocal checks
        checks += 1
        return check(self)

    monkeypatch.setattr(Database, "is_sound", count)
    index.update()
    index.update()
    assert checks == 0
    (tmp_path / "cache" / "writer.pid").write_text("999999999")
    index.update()
    assert checks == 1
    index.update()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 100_000)
    index.update()
    index.update()
    assert checks == 2


def test_a_second_writer_is_refused_and_readers_are_served(index: Index, tmp_path: Path) -> None:
    with lock.hold(tmp_path / "cache"):
        with pytest.raises(IndexLocked):
            index.update()
        assert index.lookup("Order")
        assert index.status().writer == f"process {os.getpid()}"


def test_a_missing_folder_is_refused(index: Index, root: Path) -> None:
    shutil.rmtree(root)
    with pytest.raises(PathRefused):
        index.update()
    assert index.lookup("Order")


def test_an_update_can_be_stopped_and_goes_on_later(
    open_index: Callable[..., Index], root: Path
) -> None:
    index = open_index()
    seen: list[UpdateProgress] = []
    index.update(
        on_progress=seen.append,
        should_stop=lambda: sum(p.phase is UpdatePhase.PARSE for p in seen) >= 2,
    )
    assert 0 < index.status().n_files < len(FILES)
    report = index.update()
    assert index.status().n_files == len(FILES)
    assert len(report.plan.unchanged) + len(report.plan.added) == len(FILES)


def test_a_killed_update_leaves_an_index_that_the_next_one_completes(
    open_index: Callable[..., Index], root: Path, tmp_path: Path
) -> None:
    for number in range(450):
        (root / f"module_{number}.py").write_text(f"def function_{number}() -> int: ...\n")
    script = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "import indexer.update\n"
        "from indexer.index import Index\n"
        "from indexer.model import IndexOptions, UpdatePhase\n"
        "indexer.update._FILES_PER_TRANSACTION = 200\n"
        "index = Index.open(Path(sys.argv[1]), Path(sys.argv[2]), options=IndexOptions(vectors=False))\n"
        "def tell(progress):\n"
        "    if progress.phase is UpdatePhase.PARSE and progress.done == 300:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "index.update(on_progress=tell)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(root), str(tmp_path / "cache")], check=False, timeout=60
    )
    assert done.returncode == -signal.SIGKILL
    index = open_index()
    n_kept = index.status().n_files
    assert n_kept == 200
    report = index.update()
    assert report.n_files == 450 + len(FILES) - n_kept
    assert all(len(index.lookup(f"function_{n}")) == 1 for n in range(450))


def test_threads_search_while_another_updates(index: Index, root: Path) -> None:
    failures: list[BaseException] = []
    is_done = threading.Event()

    def ask() -> None:
        try:
            while not is_done.is_set():
                assert index.lookup("cancel_order")
                index.search(Query("order tax"))
                complete(index, "x.py", "from shop.orders import Order\nOrder().█\n")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(15):
        (root / "shop/pay.py").write_text(f"def pay_{number}(): ...\n")
        index.update(["shop/pay.py"])
    is_done.set()
    for thread in threads:
        thread.join()
    assert failures == []


def test_text_that_no_file_could_hold_is_searched_all_the_same(index: Index) -> None:
    assert index.search(Query("\ud800 total\ud801 \0 \" ' * ( NEAR AND")) is not None
    text = "\ud800x = '\0'\norder.█"
    assert complete(index, "x.py", text) is not None
    assert index.lookup("\ud800") == []


class CountingEmbedder(HashingEmbedder):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.texts += texts
        return super().embed(texts)


class BrokenEmbedder(HashingEmbedder):
    def embed(self, texts: Sequence[str]) -> Vectors:
        raise EmbedderUnavailable("no model", remedy="pull it")


def test_only_new_texts_are_embedded(open_index: Callable[..., Index], root: Path) -> None:
    embedder = CountingEmbedder()
    index = open_index(embedder=embedder, options=IndexOptions())
    report = index.update()
    assert report.n_embedded == len(embedder.texts) == index.status().n_vectors > 0
    embedder.texts.clear()
    (root / "shop/pay.py").write_text(FILES["shop/pay.py"] + "\n\ndef new() -> None: ...\n")
    index.update()
    assert [text for text in embedder.texts if "def pay" in text] == []
    assert [text for text in embedder.texts if "def new" in text] != []
    hit = index.search(Query("sum of all lines"))[0]
    assert hit.title == "Order.total_with_tax"
    assert "meaning" in hit.signals
    assert index.status().vectors == "open in this process"


def test_vectors_are_not_opened_where_nothing_is_new(
    open_index: Callable[..., Index], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = open_index(embedder=HashingEmbedder(), options=IndexOptions())
    first.update()
    first.close()
    again = open_index(embedder=HashingEmbedder(), options=IndexOptions())
    again.update()
    assert again.status().vectors == "clean"
    (root / "shop" / "pay.py").unlink()
    again.update()
    assert again.status().vectors == "open in this process"


def test_without_its_model_the_index_is_lexical_and_says_so(
    open_index: Callable[..., Index],
) -> None:
    index = open_index(embedder=BrokenEmbedder(), options=IndexOptions())
    report = index.update()
    assert [problem.message for problem in report.problems] == ["no model (pull it)"]
    assert titles(index, "total with tax")[0] == "Order.total_with_tax"


def test_vectors_can_wait(open_index: Callable[..., Index]) -> None:
    embedder = CountingEmbedder()
    index = open_index(embedder=embedder, options=IndexOptions())
    index.update(with_vectors=False)
    assert embedder.texts == []
    assert index.lookup("Order")
    assert index.update().n_embedded > 0


def test_opening_imports_nothing_heavy(root: Path, tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from indexer.index import Index\n"
        "from indexer.model import IndexOptions\n"
        "index = Index.open(Path(sys.argv[1]), Path(sys.argv[2]), options=IndexOptions())\n"
        "index.lookup('x')\n"
        "heavy = {'chromadb', 'numpy', 'onnxruntime', 'tokenizers', 'git', 'httpx'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(root), str(tmp_path / "c")],
        check=False,
        timeout=60,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""


def test_vectors_of_the_hashing_embedder_are_unit_rows() -> None:
    vectors = HashingEmbedder().embed(["parseHTTPResponse", "", "…"])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0)


def test_words_that_most_of_the_code_holds_are_weighed_but_not_looked_for(
    root: Path, open_index: Callable[..., Index], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.search.natural._COMMON", 3)
    (root / "steps.py").write_text(
        "".join(f"def device_step_{n}():\n    return {n}\n\n\n" for n in range(6))
    )
    (root / "lamp.py").write_text(
        "def livisi_state():\n    return 1\n\n\ndef livisi_device():\n    return 2\n"
    )
    index = open_index()
    index.update()
    assert titles(index, "step of the livisi device") == ["livisi_device", "livisi_state"]
    assert len(titles(index, "the step of a device")) == 6
    (root / "lights.py").write_text(
        "".join(f"def dim_{n}():\n    return {n}\n\n\n" for n in range(6))
    )
    index.update()
    assert any(title.startswith("dim") for title in titles(index, "dim a device"))
