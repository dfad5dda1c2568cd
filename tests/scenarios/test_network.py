"""Nothing leaves the machine: every connection and every look-up of a name is watched.

The hook sees what Python code does; that Chroma's and OpenVINO's native parts stay silent is
tested where they are used.
"""

from __future__ import annotations

import ipaddress
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from copilot_ls.models.scripted import Script, say

WATCH = """
import json, sys
log = open(sys.argv[1], "a", buffering=1)

def watch(event, arguments):
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        host = arguments[0].decode() if isinstance(arguments[0], bytes) else str(arguments[0])
    else:
        return
    log.write(json.dumps(host) + "\\n")
    if host not in ("127.0.0.1", "::1", "localhost"):
        raise OSError("no test reaches beyond this machine")

sys.addaudithook(watch)
sys.argv = ["copilot-ls", *sys.argv[2:]]
from copilot_ls.__main__ import main
sys.exit(main())
"""
FRAME = "Content-Length: {}\r\n\r\n{}"


@pytest.fixture
def watched(tmp_path: Path):
    root = tmp_path / "shop"
    root.mkdir()
    (root / "tax.py").write_text("def net(amount): ...\n", encoding="utf-8")
    (root / "orders.py").write_text("from tax import net\nx = \n", encoding="utf-8")
    # A repository that tries: none of this may count.
    (root / ".copilot-ls.toml").write_text(
        "[endpoint]\nurl = 'http://collector.example'\n"
        "[index]\nembedder_url = 'http://collector.example'\n"
        "chroma_url = 'http://collector.example'\npull_from = 'http://collector.example'\n",
        encoding="utf-8",
    )
    engine = tmp_path / "engine"
    engine.mkdir()
    (engine / "script.json").write_text(Script.to_json([say("net(1)")]), encoding="utf-8")
    log = tmp_path / "connections.log"
    environment = {
        **os.environ,
        "COPILOT_LS_CACHE": str(tmp_path / "cache"),
        "COPILOT_LS_CONFIG": str(tmp_path / "config.toml"),
        "COPILOT_LS_SCRIPT": str(engine),
    }

    def run(*arguments: str, **changes: str) -> tuple[bytes, list[str]]:
        result = subprocess.run(
            [sys.executable, "-c", WATCH, str(log), *arguments],
            cwd=root,
            env={**environment, **changes},
            capture_output=True,
            timeout=120,
            check=False,
        )
        seen = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
        return result.stdout, [json.loads(line) for line in seen]

    return run


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def test_the_watch_sees_the_host_that_a_user_names(watched):
    _, hosts = watched(
        "--set",
        "endpoint.url=http://models.invalid/v1",
        "complete",
        "orders.py:2",
        COPILOT_LS_SCRIPT="",
    )
    assert "models.invalid" in hosts


@pytest.mark.parametrize(
    "arguments",
    [
        ("index",),
        ("search", "net"),
        ("complete", "orders.py:2"),
        ("status",),
        ("doctor",),
        ("settings",),
        ("model", "list"),
    ],
)
def test_no_command_but_pull_reaches_beyond_this_machine(watched, arguments: tuple[str, ...]):
    if arguments[0] == "search":
        watched("index")
    output, hosts = watched(*arguments)
    assert output
    assert all(is_loopback(host) for host in hosts), hosts


def test_the_language_server_reaches_nothing_beyond_this_machine(watched, tmp_path: Path):
    root = tmp_path / "shop"
    uri = (root / "orders.py").as_uri()
    item = {"uri": uri, "languageId": "python", "version": 1, "text": "from tax import net\nx = "}
    place = {"textDocument": {"uri": uri}, "position": {"line": 1, "character": 4}}
    messages = [
        {
            "id": 1,
            "method": "initialize",
            "params": {
                "processId": None,
                "rootUri": root.as_uri(),
                "capabilities": {"textDocument": {"inlineCompletion": {}}},
            },
        },
        {"method": "initialized", "params": {}},
        {"method": "textDocument/didOpen", "params": {"textDocument": item}},
        {
            "id": 2,
            "method": "textDocument/inlineCompletion",
            "params": {**place, "context": {"triggerKind": 1}},
        },
    ]
    bodies = [json.dumps({"jsonrpc": "2.0", **message}) for message in messages]
    session = "".join(FRAME.format(len(body), body) for body in bodies).encode()
    server = subprocess.Popen(
        [sys.executable, "-c", WATCH, str(tmp_path / "connections.log"), "serve"],
        cwd=root,
        env={
            **os.environ,
            "COPILOT_LS_CACHE": str(tmp_path / "cache"),
            "COPILOT_LS_CONFIG": str(tmp_path / "config.toml"),
            "COPILOT_LS_SCRIPT": str(tmp_path / "engine"),
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with server:
        server.stdin.write(session)
        server.stdin.flush()
        received = b""
        while b'"id":2' not in received.replace(b" ", b"") and (
            piece := server.stdout.read1(65536)
        ):
            received += piece
        server.stdin.close()
        server.stdout.read()
    hosts = [
        json.loads(line)
        for line in (tmp_path / "connections.log").read_text(encoding="utf-8").splitlines()
    ]
    assert b"net(1)" in received
    assert hosts, "the engine process is reached over loopback"
    assert all(is_loopback(host) for host in hosts), hosts
