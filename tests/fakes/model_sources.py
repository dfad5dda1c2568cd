"""A model hub and a package index on this machine, small enough to see what they were asked."""

from __future__ import annotations

import contextlib
import hashlib
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

REVISION = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class FakeHub:
    """Files by name.

    ``is_silent`` never answers; ``breaks`` is how many downloads end halfway, and ``holds``
    lets them stop there with the connection open.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    is_silent: bool = False
    breaks: int = 0
    holds: bool = False
    requests: list[tuple[str, str, str]] = field(default_factory=list)
    endpoint: str = ""
    released: threading.Event = field(default_factory=threading.Event)


@contextmanager
def run_hub(hub: FakeHub) -> Iterator[FakeHub]:
    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def _answer(self, *, with_body: bool) -> None:
            start_text = self.headers.get("Range", "")
            hub.requests.append((self.command, self.path, start_text))
            if hub.is_silent:
                hub.released.wait(30)
                return
            content = hub.files.get(self.path.rsplit("/", 1)[-1])
            if content is None or "/resolve/" not in self.path:
                self.send_response(404)
                self.send_header("X-Error-Code", "EntryNotFound")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            start = int(start_text.removeprefix("bytes=").partition("-")[0] or 0)
            body = content[start:]
            self.send_response(206 if start else 200)
            self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
            self.send_header("X-Repo-Commit", REVISION)
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("Content-Length", str(len(body)))
            if start:
                end = f"bytes {start}-{len(content) - 1}/{len(content)}"
                self.send_header("Content-Range", end)
            self.end_headers()
            if not with_body:
                return
            with contextlib.suppress(OSError):  # the client may be gone
                if not hub.breaks and not hub.holds:
                    self.wfile.write(body)
                    return
                self.wfile.write(body[: len(body) // 2])
                self.close_connection = True
                if hub.holds:
                    hub.released.wait(30)
                else:
                    hub.breaks -= 1

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    hub.endpoint = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        hub.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


def write_wheel(
    folder: Path, package: str, version: str, members: dict[str, bytes], code: str = ""
) -> Path:
    """Write a wheel whose module holds ``members`` as data and ``code`` that nobody may run."""
    folder.mkdir(parents=True, exist_ok=True)
    module = package.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    wheel = folder / f"{module}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"{module}/__init__.py", code)
        for name, content in members.items():
            archive.writestr(f"{module}/{name}", content)
        archive.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n"
        )
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return wheel
